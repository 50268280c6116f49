package prometheus

import (
	"slices"
	"strings"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/signals"
)

// group is the rules of one environment, with the series that test them. healthy
// silences every alert, broken raises every alert but those that are raised when
// nothing is measured at all.
type group struct {
	name            string
	records         []record
	alerts          []alert
	healthy, broken []signals.Sample
	at              time.Duration // when the tests look: after every wait
}

type record struct {
	name, expr string
	labels     map[string]string
}

type alert struct {
	name, expr, wait string
	labels           map[string]string // without those of the expression
	annotations      map[string]string
	found            map[string]string // labels of the expression when the tests raise the alert
	gone             bool              // raised when nothing is measured
}

func (g group) rules() ruleGroup {
	out := ruleGroup{Name: g.name}
	for _, r := range g.records {
		out.Rules = append(out.Rules, rule{Record: r.name, Expr: r.expr, Labels: r.labels})
	}
	for _, a := range g.alerts {
		out.Rules = append(out.Rules, rule{Alert: a.name, Expr: a.expr, For: a.wait, Labels: literals(a.labels), Annotations: literals(a.annotations)})
	}
	return out
}

// testsOf demands of each alert of a file that it fires and that it is silent. All
// groups of a file are evaluated together, so they are tested together.
func testsOf(groups []group, interval string) []ruleTest {
	var healthy, broken []signals.Sample
	var at time.Duration
	gone := false
	for _, g := range groups {
		healthy, broken, at = append(healthy, g.healthy...), append(broken, g.broken...), max(at, g.at)
		gone = gone || slices.ContainsFunc(g.alerts, func(a alert) bool { return a.gone })
	}
	test := func(name string, series []signals.Sample, fires func(alert) bool) ruleTest {
		t := ruleTest{Name: name, Interval: interval, Series: []inputSeries{}}
		for _, in := range series {
			t.Series = append(t.Series, inputSeries(in))
		}
		for _, alert := range names(groups) {
			t.Alerts = append(t.Alerts, alertTest{At: duration(int64(at / time.Second)), Name: alert, Expected: expect(groups, alert, fires)})
		}
		return t
	}
	out := []ruleTest{
		test("healthy", healthy, func(alert) bool { return false }),
		test("broken", broken, func(a alert) bool { return !a.gone }),
	}
	if gone {
		out = append(out, test("nothing is measured", nil, func(a alert) bool { return a.gone }))
	}
	return out
}

// names lists the alerts, each once.
func names(groups []group) []string {
	var out []string
	for _, g := range groups {
		for _, a := range g.alerts {
			if !slices.Contains(out, a.name) {
				out = append(out, a.name)
			}
		}
	}
	return out
}

func expect(groups []group, name string, fires func(alert) bool) []expectedAlert {
	out := []expectedAlert{}
	for _, g := range groups {
		for _, a := range g.alerts {
			if a.name == name && fires(a) {
				out = append(out, expectedAlert{Labels: joined(a.found, a.labels), Annotations: a.annotations})
			}
		}
	}
	return out
}

// joined is the first map with the second written over it.
func joined(first, second map[string]string) map[string]string {
	out := make(map[string]string, len(first)+len(second))
	for _, m := range []map[string]string{first, second} {
		for key, value := range m {
			out[key] = value
		}
	}
	return out
}

// literals keeps Prometheus and Alertmanager from reading values as templates.
func literals(m map[string]string) map[string]string {
	out := make(map[string]string, len(m))
	for key, value := range m {
		out[key] = literal(value)
	}
	return out
}

func literal(text string) string { return strings.ReplaceAll(text, "{{", "{{`{{`}}") }

// The part of Prometheus' rule files and of promtool's tests this package writes,
// in output order.
type (
	ruleFile struct {
		Groups []ruleGroup `yaml:"groups"`
	}
	ruleGroup struct {
		Name  string `yaml:"name"`
		Rules []rule `yaml:"rules"`
	}
	rule struct {
		Record      string            `yaml:"record,omitempty"`
		Alert       string            `yaml:"alert,omitempty"`
		Expr        string            `yaml:"expr"`
		For         string            `yaml:"for,omitempty"`
		Labels      map[string]string `yaml:"labels,omitempty"`
		Annotations map[string]string `yaml:"annotations,omitempty"`
	}
	testFile struct {
		RuleFiles []string   `yaml:"rule_files"`
		Interval  string     `yaml:"evaluation_interval"`
		Tests     []ruleTest `yaml:"tests"`
	}
	ruleTest struct {
		Name     string        `yaml:"name"`
		Interval string        `yaml:"interval"`
		Series   []inputSeries `yaml:"input_series"`
		Alerts   []alertTest   `yaml:"alert_rule_test"`
	}
	inputSeries struct {
		Series string `yaml:"series"`
		Values string `yaml:"values"`
	}
	alertTest struct {
		At       string          `yaml:"eval_time"`
		Name     string          `yaml:"alertname"`
		Expected []expectedAlert `yaml:"exp_alerts"`
	}
	expectedAlert struct {
		Labels      map[string]string `yaml:"exp_labels"`
		Annotations map[string]string `yaml:"exp_annotations"`
	}
)
