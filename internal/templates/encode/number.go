package encode

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// isNumber reports whether s is a number in the grammar of JSON.
func isNumber(s string) bool {
	if s == "" || s[0] != '-' && !isDigit(s[0]) || !isDigit(s[len(s)-1]) {
		return false
	}
	return json.Valid([]byte(s))
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func notNumber(s string) error { return fmt.Errorf("%q: must be a decimal number", s) }

// decimal is a JSON number as every reader of YAML and Python takes for a number:
// YAML 1.1 wants a point and a signed exponent, so that 1e3 is 1.0e+3.
func decimal(s string) (string, error) {
	if !isNumber(s) {
		return "", notNumber(s)
	}
	mantissa, exponent, found := strings.Cut(strings.ToLower(s), "e")
	if !found {
		return s, nil
	}
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	if isDigit(exponent[0]) {
		exponent = "+" + exponent
	}
	return mantissa + "e" + exponent, nil
}

// appendFloat writes f in the shortest digits that read back as f. A whole number
// has no point, as in JSON, since decoded JSON holds its integers as floats.
func appendFloat(b []byte, f float64, bits int) ([]byte, error) {
	switch abs := math.Abs(f); {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return b, fmt.Errorf("%v: must be a finite number", f)
	case f == 0 && math.Signbit(f):
		return append(b, "-0.0"...), nil
	case f == 0 || 1e-6 <= abs && abs < 1e21:
		return strconv.AppendFloat(b, f, 'f', -1, bits), nil
	}
	s, err := decimal(strconv.FormatFloat(f, 'e', -1, bits))
	return append(b, s...), err
}
