package spec

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
)

var jsonNumber = pattern.New(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// deepest is the smallest exponent that is compared: below it a number is refused, so
// that nobody makes us write out millions of digits.
const deepest = -5000

// decimal is the exact value of a JSON number that a registry can store as float64.
func decimal(value any) (*big.Rat, bool) {
	number, ok := value.(json.Number)
	if !ok || !jsonNumber.MatchString(number.String()) {
		return nil, false
	}
	if _, err := number.Float64(); err != nil {
		return nil, false // infinite
	}
	if _, exponent := digits(number.String()); exponent < deepest {
		return nil, false
	}
	return new(big.Rat).SetString(number.String())
}

// show is how a value stands in a sentence.
func show(value any) string {
	switch value := value.(type) {
	case json.Number:
		if _, err := value.Float64(); err != nil || !jsonNumber.MatchString(value.String()) {
			return clipped(value.String())
		}
		return clipped(decimalText(value.String()))
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	}
	text, err := marshal(value)
	if err != nil {
		return clipped(fmt.Sprint(value))
	}
	return clipped(string(text))
}

func clipped(text string) string {
	if runes := []rune(text); len(runes) > 40 {
		return string(runes[:37]) + "..."
	}
	return text
}

// digits are those of a number without sign and point, and the exponent of the last.
func digits(text string) (all string, exponent int) {
	mantissa, power, _ := strings.Cut(strings.ToLower(strings.TrimPrefix(text, "-")), "e")
	exponent, err := strconv.Atoi(power)
	if power != "" && err != nil {
		exponent = deepest - 1 // too long to be read: only a tiny number gets here
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	all = strings.TrimLeft(whole+fraction, "0")
	if all == "" {
		all = "0"
	}
	return all, exponent - len(fraction)
}

// decimalPlaces are the digits after the point.
func decimalPlaces(text string) int {
	_, exponent := digits(text)
	return max(0, -exponent)
}

// decimalText writes a number as Python's decimal module does, which the emitted gate
// uses: to-scientific-string of the General Decimal Arithmetic Specification 1.70.
func decimalText(text string) string {
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign = "-"
	}
	all, exponent := digits(text)
	adjusted := exponent + len(all) - 1
	switch {
	case exponent > 0 || adjusted < -6:
		point := ""
		if len(all) > 1 {
			point = "."
		}
		return fmt.Sprintf("%s%s%s%sE%+d", sign, all[:1], point, all[1:], adjusted)
	case exponent == 0:
		return sign + all
	case adjusted >= 0:
		return sign + all[:len(all)+exponent] + "." + all[len(all)+exponent:]
	}
	return sign + "0." + strings.Repeat("0", -adjusted-1) + all
}
