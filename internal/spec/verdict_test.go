package spec_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

type gateCase struct {
	Name     string            `json:"name"`
	Gates    []json.RawMessage `json:"gates"`
	Metrics  *string           `json:"metrics"`
	Champion map[string]any    `json:"champion"`
	Exit     int               `json:"exit"`
	Sentence string            `json:"sentence"`
}

// gateCases is the table that the emitted gate is tested with.
func gateCases(t *testing.T) (out []gateCase) {
	t.Helper()
	data, err := os.ReadFile("../templates/promotion/programs/tests/gate_cases.json")
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.UseNumber()
	if err := dec.Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestJudge_saysWhatTheEmittedGateSays: the same verdict in every row, and the same
// sentence up to where the program names its file, its registry or NaN, which no JSON
// text can hold here.
func TestJudge_saysWhatTheEmittedGateSays(t *testing.T) {
	t.Parallel()
	sentences, exits := 0, map[int]int{}
	for _, c := range gateCases(t) {
		var gates []spec.Gate
		for _, text := range c.Gates {
			var g spec.Gate
			if err := json.Unmarshal(text, &g); err != nil {
				t.Fatal(err)
			}
			gates = append(gates, g)
		}
		m := spec.Metrics{Fault: "there is no file"}
		if c.Metrics != nil {
			m = spec.ReadMetrics(*c.Metrics)
		}
		var champion *spec.Metrics
		if c.Champion != nil {
			champion = &spec.Metrics{Values: c.Champion}
		}
		accepted, findings := spec.Judge(gates, m, champion)
		if accepted != (c.Exit == 0) {
			t.Errorf("%s: accepted is %v, the emitted gate's exit code %d: %v", c.Name, accepted, c.Exit, findings)
		}
		exits[c.Exit]++
		var said []string
		for _, f := range findings {
			said = append(said, f.Sentence)
		}
		want := strings.ReplaceAll(c.Sentence, "champion version 1 has", "the champion has")
		nowhere := strings.Contains(*orEmpty(c.Metrics), "NaN}") || strings.Contains(*orEmpty(c.Metrics), "Infinity") || len(gates) == 0 && accepted
		if !nowhere && !strings.Contains(strings.Join(said, "\n"), want) {
			t.Errorf("%s: says %q, the emitted gate %q", c.Name, said, want)
		}
		if !nowhere {
			sentences++
		}
	}
	if sentences < 55 || exits[0] < 15 || exits[3] < 30 {
		t.Errorf("only %d sentences and %v verdicts were compared", sentences, exits)
	}
}

func orEmpty(text *string) *string {
	if text == nil {
		return new(string)
	}
	return text
}

func TestJudge_unknownChampion(t *testing.T) {
	t.Parallel()
	gates := []spec.Gate{{Metric: "auc", Op: ">=", Baseline: "champion"}}
	accepted, findings := spec.Judge(gates, spec.ReadMetrics(`{"auc": 1}`), nil)
	if accepted || !strings.Contains(findings[0].Sentence, "which is not known here") {
		t.Errorf("%v %v", accepted, findings)
	}
}

func TestReadMetrics_keysTwice(t *testing.T) {
	t.Parallel()
	for text, broken := range map[string]bool{
		`{"a": {"x": 1}, "b": {"x": 1}}`: false, `{"a": ["x", "x"], "x": "a"}`: false, `{"a": {"x": 1, "x": 2}}`: true,
		`{"a": [{"x": 1}, {"x": 1}], "b": 1}`: false, `{"a": [], "a": 1}`: true, `{"\u0061": 1, "a": 1}`: true,
	} {
		if got := spec.ReadMetrics(text); got.Broken != broken {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

// TestJudge_writesNumbersAsPython compares the texts with those of Python's own decimals.
func TestJudge_writesNumbersAsPython(t *testing.T) {
	t.Parallel()
	numbers := []string{"0", "-0", "0.0", "-0.0", "1", "1e2", "12e1", "1.20e1", "0.000001", "0.0000001", "1e-7", "1.5e-7", "92e-2", "123456789.123", "1.7976931348623157e308", "100", "1E+3", "0e5", "0.00", "1e-300", "-1.5e10"}
	data, err := json.Marshal(numbers)
	if err != nil {
		t.Fatal(err)
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal("python3 is needed")
	}
	out, err := exec.Command(python, "-c", "import decimal, json, sys; print(json.dumps([str(decimal.Decimal(n)) for n in json.loads(sys.argv[1])]))", string(data)).Output()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	if err := json.Unmarshal(out, &want); err != nil || len(want) != len(numbers) {
		t.Fatalf("%s: %v", out, err)
	}
	for i, n := range numbers {
		_, findings := spec.Judge([]spec.Gate{{Metric: "m", Op: ">=", Threshold: "0"}}, spec.ReadMetrics(`{"m": `+n+`}`), nil)
		if got := *findings[0].Value; got != want[i] {
			t.Errorf("%s is written %s, Python writes %s", n, got, want[i])
		}
	}
	if _, findings := spec.Judge([]spec.Gate{{Metric: "m", Op: ">=", Threshold: "0"}}, spec.ReadMetrics(`{"m": 1e-99999999999999999999}`), nil); findings[0].Passed {
		t.Error("a number of endless digits passed")
	}
}
