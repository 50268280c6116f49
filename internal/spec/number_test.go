package spec_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func TestNumber_isExact(t *testing.T) {
	t.Parallel()
	for pair, want := range map[[2]spec.Number]int{
		{"0.9199999", "0.92"}: -1, {"0.92", "0.920"}: 0, {"0.92000000000000000001", "0.92"}: 1, {"1e3", "1000"}: 0, {"-1", "0"}: -1, {"", "0"}: 0,
		{"9007199254740993", "9007199254740992"}: 1, {"0.30000000000000004", "0.3"}: 1, {"1E-2", "0.01"}: 0, {"-0", "0"}: 0,
	} {
		if got := pair[0].Cmp(pair[1]); got != want {
			t.Errorf("%s against %s is %d, want %d", pair[0], pair[1], got, want)
		}
	}
	if f := spec.Number("0.1").Float(); f != 0.1 {
		t.Error(f)
	}
}

func TestNumber_JSON(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`0.920`: "0.920", `"0.05"`: "0.05", `1e3`: "1e3", `-0.5`: "-0.5", `null`: "",
		`"null"`: "error", `"x"`: "error", `true`: "error", `"0x10"`: "error", `"1/3"`: "error", `"+1"`: "error", `"01"`: "error", `""`: "error", `"NaN"`: "error", `"1e9999"`: "error", `".5"`: "error", `"1 "`: "error",
	} {
		var n spec.Number
		err := json.Unmarshal([]byte(text), &n)
		if got := string(n); (err != nil) != (want == "error") || (err == nil && got != want) {
			t.Errorf("%s gives %q, %v; want %q", text, got, err, want)
		}
		if err != nil || n == "" {
			continue
		}
		if back, err := json.Marshal(n); err != nil || string(back) != want {
			t.Errorf("%s is written as %s, %v", text, back, err)
		}
	}
	if _, err := json.Marshal(spec.Number("1/3")); err == nil {
		t.Error("1/3 is written as a number")
	}
}

func TestParameter_value(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	for name, tt := range map[string]struct {
		p    spec.Parameter
		want any
	}{
		"none":    {spec.Parameter{Type: "number"}, nil},
		"number":  {spec.Parameter{Type: "number", Default: text("0.050")}, spec.Number("0.050")},
		"integer": {spec.Parameter{Type: "integer", Default: text("3")}, spec.Number("3")},
		"boolean": {spec.Parameter{Type: "boolean", Default: text("true")}, true},
		"string":  {spec.Parameter{Type: "string", Default: text("0.10")}, "0.10"},
	} {
		if got := tt.p.Value(); got != tt.want {
			t.Errorf("%s: %#v, want %#v", name, got, tt.want)
		}
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	for text, want := range map[spec.Duration]time.Duration{
		"90s": 90 * time.Second, "10m": 10 * time.Minute, "1h30m": 90 * time.Minute, "30d": 720 * time.Hour, "2w": 336 * time.Hour, "0s": 0, "1500ms": 1500 * time.Millisecond, "100m5s": 6005 * time.Second, "36500d": 876000 * time.Hour,
	} {
		if got, ok := text.Value(); !ok || got != want {
			t.Errorf("%s is %v, %v; want %v", text, got, ok, want)
		}
		if got := text.Seconds(); got != int64(want/time.Second) {
			t.Errorf("%s is %d seconds", text, got)
		}
	}
	for _, text := range []spec.Duration{"", "10", "m", "1.5h", "-1s", "1 h", "1h ", "1y", "1H", "2147483647w", "99999999999999999999s", "100000000h", "36501d", "36500d1s", "forever", "1h\n"} {
		if got, ok := text.Value(); ok || got != 0 || text.Seconds() != 0 {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}

func TestQuantity(t *testing.T) {
	t.Parallel()
	for text, want := range map[spec.Quantity]string{
		"2": "2", "500m": "1/2", "0.5": "1/2", "8Gi": "8589934592", "1.5Gi": "1610612736", "1k": "1000", "1Ki": "1024", "1M": "1000000", "1Mi": "1048576", "1G": "1000000000",
		"1T": "1000000000000", "1Ti": "1099511627776", "1P": "1000000000000000", "1Pi": "1125899906842624", "0": "0",
	} {
		if got, ok := text.Rat(); !ok || got.RatString() != want {
			t.Errorf("%s is %s, %v; want %s", text, got.RatString(), ok, want)
		}
	}
	for _, text := range []spec.Quantity{"", "-1", "1 Gi", "Gi", "1gi", "1KB", "1e3", ".5", "1.", "1/2", "one", "8Gi\n"} {
		if got, ok := text.Rat(); ok || got.Sign() != 0 {
			t.Errorf("%q is taken for %s", text, got.RatString())
		}
	}
}

func TestQuantity_canonical(t *testing.T) {
	t.Parallel()
	for text, want := range map[spec.Quantity]string{
		"2": "2", "0.5": "500m", "500m": "500m", "1000m": "1", "1024Mi": "1Gi", "8Gi": "8Gi", "1.5Gi": "1536Mi", "1000": "1k", "0": "0", "x": "x", "0.0001": "0.0001",
	} {
		if got := text.Canonical(); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
		a, _ := text.Rat()
		if b, ok := spec.Quantity(text.Canonical()).Rat(); ok && a.Cmp(b) != 0 {
			t.Errorf("%s and %s are not equal", text, text.Canonical())
		}
	}
}

func TestAcceleratorTypes(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, name := range spec.AcceleratorTypes() {
		resource := spec.Accelerator{Type: name}.Resource()
		if resource == "" {
			t.Errorf("%s has no resource", name)
		}
		seen[resource] = true
	}
	if !seen["nvidia.com/gpu"] || !seen["amd.com/gpu"] || !seen["aws.amazon.com/neuron"] {
		t.Error(seen)
	}
}
