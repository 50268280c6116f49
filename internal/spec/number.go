package spec

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
)

// Number is a decimal as the user wrote it. It is never rounded: targets print
// its text, comparisons use exact arithmetic. "" is "not set".
type Number string

var numberForm = pattern.New(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$`)

func isNumber(text string) bool { return numberForm.MatchString(text) }

// MarshalJSON writes the digits as a JSON number.
func (n Number) MarshalJSON() ([]byte, error) {
	if !isNumber(string(n)) {
		return nil, fmt.Errorf("%q is not a number", string(n))
	}
	return []byte(n), nil
}

// UnmarshalJSON reads a JSON number or a string that holds one.
func (n *Number) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	text := strings.Trim(string(data), `"`)
	if !isNumber(text) {
		return fmt.Errorf("%s is not a number", data)
	}
	*n = Number(text)
	return nil
}

// Rat is the exact value; zero when n is not set.
func (n Number) Rat() *big.Rat {
	r, ok := new(big.Rat).SetString(string(n))
	if !ok {
		return new(big.Rat)
	}
	return r
}

// Cmp compares exactly: -1, 0 or 1.
func (n Number) Cmp(o Number) int { return n.Rat().Cmp(o.Rat()) }

// Float is the nearest float64, for targets whose format has no decimals.
func (n Number) Float() float64 {
	f, _ := n.Rat().Float64()
	return f
}

// Duration is a length of time with its unit: "90s", "10m", "1h30m", "30d", "2w".
type Duration string

var durationForm = pattern.New(`^([0-9]+(ms|s|m|h|d|w))+$`)
var durationPart = pattern.New(`([0-9]+)(ms|s|m|h|d|w)`)

var units = map[string]time.Duration{
	"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour,
}

// Value is the length of d; ok is false when d is not a duration or too long.
func (d Duration) Value() (length time.Duration, ok bool) {
	if !durationForm.MatchString(string(d)) {
		return 0, false
	}
	for _, part := range durationPart.FindAllStringSubmatch(string(d), -1) {
		n, err := strconv.ParseInt(part[1], 10, 32)
		if err != nil {
			return 0, false
		}
		if n > int64(longest/units[part[2]]) {
			return 0, false
		}
		length += time.Duration(n) * units[part[2]]
		if length > longest {
			return 0, false
		}
	}
	return length, true
}

const longest = 100 * 365 * 24 * time.Hour

// Seconds is the length of d in whole seconds.
func (d Duration) Seconds() int64 {
	v, _ := d.Value()
	return int64(v / time.Second)
}

func (c *checker) duration(at Path, d Duration) {
	if d == "" {
		return
	}
	v, ok := d.Value()
	switch {
	case !ok:
		c.fault(at, "%q is not a duration: write a number with its unit, such as \"90s\", \"10m\", \"24h\" or \"30d\"", string(d))
	case v%time.Second != 0:
		c.fault(at, "%q must be whole seconds", string(d))
	}
}

// span checks a duration that cannot be zero.
func (c *checker) span(at Path, d Duration) {
	c.duration(at, d)
	if v, ok := d.Value(); ok && v == 0 {
		c.fault(at, "%q must be at least one second", string(d))
	}
}

// Quantity is an amount of cpu or memory in Kubernetes' notation: "500m", "8Gi".
type Quantity string

var quantityForm = pattern.New(`^([0-9]+(?:\.[0-9]+)?)(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$`)

var suffixes = map[string]*big.Rat{
	"": big.NewRat(1, 1), "m": big.NewRat(1, 1000), "k": big.NewRat(1e3, 1), "M": big.NewRat(1e6, 1), "G": big.NewRat(1e9, 1),
	"T": big.NewRat(1e12, 1), "P": big.NewRat(1e15, 1), "Ki": big.NewRat(1<<10, 1), "Mi": big.NewRat(1<<20, 1),
	"Gi": big.NewRat(1<<30, 1), "Ti": big.NewRat(1<<40, 1), "Pi": big.NewRat(1<<50, 1),
}

// Rat is the amount in cores or bytes; ok is false when q is not a quantity.
func (q Quantity) Rat() (amount *big.Rat, ok bool) {
	m := quantityForm.FindStringSubmatch(string(q))
	if m == nil {
		return new(big.Rat), false
	}
	amount, ok = new(big.Rat).SetString(m[1])
	if !ok {
		return new(big.Rat), false
	}
	return amount.Mul(amount, suffixes[m[2]]), true
}

// Canonical is q as Kubernetes' API servers write it back ("0.5" → "500m",
// "1024Mi" → "1Gi"), so that nobody sees a difference where there is none.
func (q Quantity) Canonical() string {
	amount, ok := q.Rat()
	if !ok {
		return string(q)
	}
	forms := []string{"P", "T", "G", "M", "k", "", "m"}
	if strings.HasSuffix(string(q), "i") && amount.IsInt() {
		forms = []string{"Pi", "Ti", "Gi", "Mi", "Ki", ""}
	}
	for _, suffix := range forms {
		if count := new(big.Rat).Quo(amount, suffixes[suffix]); count.IsInt() && count.Sign() > 0 {
			return count.Num().String() + suffix
		}
	}
	return string(q)
}

// quantity reports whether q is set and an amount above zero.
func (c *checker) quantity(at Path, q Quantity) (amount *big.Rat, ok bool) {
	if q == "" {
		return nil, false
	}
	if amount, ok = q.Rat(); !ok || amount.Sign() <= 0 {
		c.fault(at, "%q is not an amount above zero: write \"2\", \"500m\" or \"8Gi\"", string(q))
		return nil, false
	}
	return amount, true
}

func (c *checker) cpu(at Path, q Quantity) {
	if _, ok := c.quantity(at, q); ok && strings.ContainsAny(string(q), "kMGTP") {
		c.fault(at, "%q is not a number of cores: write \"2\" or \"500m\"", string(q))
	}
}

func (c *checker) memory(at Path, q Quantity) {
	if amount, ok := c.quantity(at, q); ok && amount.Cmp(suffixes["Mi"]) < 0 {
		c.fault(at, "%q is less than a mebibyte: write the unit, such as \"512Mi\" or \"8Gi\"", string(q))
	}
}
