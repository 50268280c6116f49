package prometheus_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// promtool runs every rule and every test of rules that was written.
func promtool(t *testing.T, files *tree.Tree) {
	t.Helper()
	root := t.TempDir()
	for _, f := range files.Files() {
		path := filepath.Join(root, f.Path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests, err := filepath.Glob(root + "/monitoring/*/rules_test.yaml")
	if err != nil || len(tests) == 0 {
		t.Fatalf("no rules to test: %v", err)
	}
	realtools.PromtoolRules(t, root, rulesBeside(tests)...).Accept(t, "rules")
	realtools.PromtoolTests(t, root, tests...).Accept(t, "tests of rules")
}

func rulesBeside(tests []string) []string {
	var out []string
	for _, path := range tests {
		out = append(out, filepath.Join(filepath.Dir(path), "rules.yaml"))
	}
	return out
}

func TestPromtool_cases(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]*templatestest.Case{"quickstart": templatestest.Quickstart(t), "full": templatestest.Full(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, faults := c.Link()
			if err := faults.Err(); err != nil {
				t.Fatal(err)
			}
			promtool(t, rendered(t, p))
		})
	}
}

// Each kind of server, with all that can be asked of it, and the settings at which
// arithmetic has its edges.
func TestPromtool_settings(t *testing.T) {
	t.Parallel()
	drift := func(method string, threshold float64) object {
		return object{"drift": object{"dataset": "transactions", "method": method, "threshold": threshold, "schedule": "0 0 1 1 *", "retrain": "train"}}
	}
	for name, endpoint := range map[string]object{
		"sklearn":        {"runtime": "sklearn", "slo": object{"latency_p95_ms": 0.5}},
		"xgboost":        {"runtime": "xgboost", "slo": nil},
		"triton":         {"runtime": "triton", "slo": object{"availability": 99.99, "window": "90d"}},
		"vllm":           {"runtime": "vllm", "slo": object{"availability": 50, "latency_p95_ms": 30000, "window": "1d"}},
		"custom":         {"runtime": "custom", "custom": object{"image": "ghcr.io/a/b:1", "port": 9000}, "slo": object{"availability": 99.5, "latency_p95_ms": 120, "window": "7d"}},
		"no slo":         {"slo": nil},
		"ks":             {"monitors": drift("ks", 0.05)},
		"chisquare":      {"monitors": drift("chisquare", 0.01)},
		"all nulls":      {"monitors": object{"quality": object{"max_null_ratio": 1}}},
		"no nulls":       {"monitors": object{"quality": object{"max_null_ratio": 0}}},
		"error bound":    {"monitors": object{"performance": object{"metric": "rmse", "op": "<", "threshold": 1.5, "labels": "transactions"}}},
		"braces":         {"alerts": object{"runbook": "https://example.com/{{ $x }}{{`{{`}}"}},
		"fixed replicas": {"replicas": object{"min": 3, "max": 3}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			platform := object{"owner": `{{ "x" }} it's`, "environments": object{"production": object{"budget": object{"monthly": 0.5}}, "staging": object{}}}
			promtool(t, rendered(t, edited(t, endpoint, platform)))
		})
	}
}
