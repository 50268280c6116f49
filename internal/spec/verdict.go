package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
)

// Metrics is what a training step measured: names and what stands there, as JSON has it.
type Metrics struct {
	Values map[string]any
	// Fault says why there are none, or "". Broken: something was written, and cannot be read.
	Fault  string
	Broken bool
}

// Finding is what one gate says of metrics.
type Finding struct {
	Metric   string
	Op       string
	Bound    string
	Value    *string // as it was measured; nil when it was not
	Passed   bool
	Sentence string
}

// ReadMetrics reads one JSON object of numbers. What is wrong with it is kept, not
// returned as an error: gates reject it. JSON has no NaN and no infinity.
func ReadMetrics(text string) Metrics {
	broken := func(format string, args ...any) Metrics {
		return Metrics{Fault: fmt.Sprintf(format, args...), Broken: true}
	}
	if strings.TrimSpace(text) == "" {
		return broken("the text is empty")
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var values any
	if err := dec.Decode(&values); err != nil {
		return broken("the text is not valid JSON: %v", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return broken("the text is not valid JSON: something follows the object")
	}
	object, ok := values.(map[string]any)
	if !ok {
		return broken("the text does not hold a JSON object")
	}
	if key := twice(text); key != "" {
		return broken("the text is not valid JSON: key '%s' is written twice", key)
	}
	return Metrics{Values: object}
}

// twice is a key that a valid JSON object has twice, or "": of two values one would
// be taken in silence.
func twice(text string) string {
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	dec.UseNumber()
	var seen []map[string]bool // of each open object; nil of a list
	expectKey := false
	for {
		token, err := dec.Token()
		if err != nil {
			return ""
		}
		switch token {
		case json.Delim('{'):
			seen, expectKey = append(seen, map[string]bool{}), true
			continue
		case json.Delim('['):
			seen, expectKey = append(seen, nil), false
			continue
		case json.Delim('}'), json.Delim(']'):
			seen = seen[:len(seen)-1]
		default:
			if key, text := token.(string); expectKey && text {
				if seen[len(seen)-1][key] {
					return key
				}
				seen[len(seen)-1][key] = true
				expectKey = false
				continue
			}
		}
		expectKey = len(seen) > 0 && seen[len(seen)-1] != nil
	}
}

// Judge applies gates to metrics by the rules of the emitted gate, mlops/verdict.py:
// numbers are compared as decimals, and what is missing, is no number, is infinite or
// was written twice never passes. champion is nil when nothing is known of the
// champion, which rejects where a gate compares with it, and has no values when there
// is none yet.
func Judge(gates []Gate, m Metrics, champion *Metrics) (accepted bool, findings []Finding) {
	for _, g := range gates {
		findings = append(findings, g.judge(m, champion))
	}
	if len(gates) == 0 && m.Broken {
		findings = []Finding{{Sentence: "there are no gates, but the metrics are broken: " + m.Fault}}
	}
	return !slices.ContainsFunc(findings, func(f Finding) bool { return !f.Passed }), findings
}

func (g Gate) judge(m Metrics, champion *Metrics) Finding {
	out := Finding{Metric: g.Metric, Op: g.Op, Bound: g.bound()}
	end := func(passed bool, format string, args ...any) Finding {
		out.Passed, out.Sentence = passed, g.Metric+" "+fmt.Sprintf(format, args...)
		return out
	}
	needed := g.Required == nil || *g.Required
	value, there := m.Values[g.Metric]
	switch {
	case m.Fault != "" && (needed || m.Broken):
		return end(false, "is missing, must be %s: %s", out.Bound, m.Fault)
	case !there && needed:
		return end(false, "is missing, must be %s", out.Bound)
	case !there:
		return end(true, "is missing, which is allowed; where it is measured it must be %s", out.Bound)
	}
	shown := show(value)
	out.Value = &shown
	number, ok := decimal(value)
	if !ok {
		return end(false, "is %s, which is not a number, must be %s", shown, out.Bound)
	}
	if g.Baseline == "" {
		return end(g.holds(number, g.Threshold.Rat()), "is %s, must be %s", shown, out.Bound)
	}
	if champion == nil {
		return end(false, "is %s, must be %s, which is not known here", shown, out.Bound)
	}
	if len(champion.Values) == 0 {
		return end(true, "is %s, and there is no champion yet to compare with (the first promotion still needs approval)", shown)
	}
	best, ok := decimal(champion.Values[g.Metric])
	if !ok {
		return end(!needed, "is %s, must be %s, but the champion has no such metric", shown, out.Bound)
	}
	low, limit := g.beside(champion.Values[g.Metric], best)
	out.Bound = g.Op + " " + limit
	note := "the champion has " + show(champion.Values[g.Metric])
	if g.Tolerance.Rat().Sign() != 0 {
		note += ", tolerance " + decimalText(string(g.Tolerance))
	}
	return end(g.holds(number, low), "is %s, must be %s (%s)", shown, out.Bound, note)
}

// beside is the bound that the champion's value sets, and its text.
func (g Gate) beside(value any, best *big.Rat) (bound *big.Rat, text string) {
	slack := g.Tolerance.Rat()
	if strings.HasPrefix(g.Op, ">") {
		slack = new(big.Rat).Neg(slack)
	}
	bound = new(big.Rat).Add(best, slack)
	places := max(decimalPlaces(fmt.Sprint(value)), decimalPlaces(string(g.Tolerance)))
	return bound, clipped(decimalText(bound.FloatString(places)))
}

func (g Gate) holds(value, bound *big.Rat) bool {
	switch g.Op {
	case ">=":
		return value.Cmp(bound) >= 0
	case ">":
		return value.Cmp(bound) > 0
	case "<=":
		return value.Cmp(bound) <= 0
	case "<":
		return value.Cmp(bound) < 0
	case "between":
		return value.Cmp(g.Min.Rat()) >= 0 && value.Cmp(g.Max.Rat()) <= 0
	}
	return false
}

func (g Gate) bound() string {
	switch {
	case g.Op == "between":
		return "between " + decimalText(string(g.Min)) + " and " + decimalText(string(g.Max))
	case g.Baseline != "":
		return g.Op + " that of the champion"
	}
	return g.Op + " " + decimalText(string(g.Threshold))
}
