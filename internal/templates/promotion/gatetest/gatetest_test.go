package gatetest_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/promotion/gatetest"
)

func TestMain(m *testing.M) { realtools.Main(m) }

// TestRun applies the table to the emitted gate itself, started as every orchestrator starts it.
func TestRun(t *testing.T) {
	t.Parallel()
	example, err := os.ReadFile("../programs/tests/example-pipeline.json")
	if err != nil {
		t.Fatal(err)
	}
	python := realtools.Python(t, "train")
	gatetest.Run(t, func(t *testing.T, metricsFile string, gates json.RawMessage) (int, string) {
		pipeline := filepath.Join(t.TempDir(), "pipeline.json")
		document, err := gatetest.WithGates(example, gates)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(pipeline, document, 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(python, "-m", "mlops.gate", "--pipeline", pipeline, "--metrics", metricsFile)
		cmd.Env = append(os.Environ(), "PYTHONPATH=../programs", "PYTHONDONTWRITEBYTECODE=1")
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return cmd.ProcessState.ExitCode(), string(out)
	})
}

func TestCases(t *testing.T) {
	t.Parallel()
	all, err := gatetest.Cases()
	if err != nil {
		t.Fatal(err)
	}
	offline, err := gatetest.Offline()
	if err != nil || len(offline) == 0 || len(all)-len(offline) < 8 {
		t.Fatalf("%d cases, %d offline: %v", len(all), len(offline), err)
	}
	names, exits := map[string]bool{}, map[int]int{}
	for _, c := range all {
		if names[c.Name] || c.Sentence == "" {
			t.Errorf("%q is there twice, or says nothing", c.Name)
		}
		names[c.Name] = true
		exits[c.Exit]++
	}
	if exits[0] < 15 || exits[3] < 30 || len(exits) != 2 {
		t.Errorf("exit codes %v", exits)
	}
}

// TestCheck_teeth: a gate that lets everything through, or says nothing, is found out.
func TestCheck_teeth(t *testing.T) {
	t.Parallel()
	all, err := gatetest.Cases()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if err := c.Check(c.Exit, c.Sentence); err != nil {
			t.Error(err)
		}
		for _, exit := range []int{0, 1, 2, 3} {
			if err := c.Check(exit, c.Sentence); (err == nil) != (exit == c.Exit) {
				t.Errorf("%s: exit code %d: %v", c.Name, exit, err)
			}
		}
		if err := c.Check(c.Exit, strings.Repeat("ok", 10)); err == nil {
			t.Errorf("%s: any sentence will do", c.Name)
		}
	}
}

func TestWithGates(t *testing.T) {
	t.Parallel()
	got, err := gatetest.WithGates([]byte(`{"version": 1, "model": {"name": "m", "gates": []}}`), json.RawMessage(`[{"metric": "a"}]`))
	if err != nil || !strings.Contains(string(got), `"metric": "a"`) || !strings.Contains(string(got), `"name": "m"`) {
		t.Errorf("%s: %v", got, err)
	}
	if _, err := gatetest.WithGates([]byte(`{"version": 1}`), nil); err == nil {
		t.Error("a pipeline without a model was taken")
	}
}
