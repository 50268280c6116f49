package signals_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/evidently"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/grafana"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/prometheus"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/signals"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

var watching = []templates.Target{evidently.Target{}, grafana.Target{}, prometheus.Target{}}

// What an endpoint promises and how it is watched is written by the three together.
func TestWatching_noSettingVanishes(t *testing.T) {
	t.Parallel()
	elsewhere := map[string]string{}
	for _, setting := range []string{"model", "custom", "resources", "autoscaling", "rollout", "pool", "fallback", "shadow", "access", "environments"} {
		elsewhere["endpoint."+setting] = "kserve"
	}
	templatestest.NoSettingVanishes(t, watching, templatestest.Options{Expresses: []spec.Kind{spec.KindEndpoint}, Elsewhere: elsewhere})
}

// runtimes is the full case with an endpoint of every runtime and every monitor.
func runtimes(t *testing.T) *tree.Tree {
	t.Helper()
	c := templatestest.Full(t)
	for _, runtime := range spec.Supported("runtime") {
		e := map[string]any{"kind": "endpoint", "name": "of-" + runtime, "model": "fraud-detector", "runtime": runtime}
		if runtime == "custom" {
			e["custom"] = map[string]any{"image": "ghcr.io/acme/server:1", "port": json.Number("9000")}
		}
		c.Specs = append(c.Specs, e)
	}
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	files, err := templates.Render(watching, p)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

type board struct {
	UID    string
	Panels []struct {
		ID      int
		Title   string
		Grid    struct{ H, W, X, Y int } `json:"gridPos"`
		Targets []struct{ Expr string }
	}
}

func boards(t *testing.T, files *tree.Tree) map[string]board {
	t.Helper()
	out := map[string]board{}
	for _, f := range files.Files() {
		if strings.HasSuffix(f.Path, "dashboard.json") {
			var b board
			if err := json.Unmarshal(f.Data, &b); err != nil {
				t.Fatal(err)
			}
			out[f.Path] = b
		}
	}
	if len(out) < 7 {
		t.Fatalf("only %d dashboards", len(out))
	}
	return out
}

func TestDashboards_panelsAreNumberedAndDoNotOverlap(t *testing.T) {
	t.Parallel()
	uids := map[string]bool{}
	for path, b := range boards(t, runtimes(t)) {
		if uids[b.UID] || b.UID == "" || len(b.UID) > 40 {
			t.Errorf("%s: uid %q", path, b.UID)
		}
		uids[b.UID] = true
		cells, ids := map[[2]int]string{}, map[int]bool{}
		for _, panel := range b.Panels {
			if ids[panel.ID] {
				t.Errorf("%s: id %d twice", path, panel.ID)
			}
			ids[panel.ID] = true
			for x := panel.Grid.X; x < panel.Grid.X+panel.Grid.W; x++ {
				for y := panel.Grid.Y; y < panel.Grid.Y+panel.Grid.H; y++ {
					if other, taken := cells[[2]int{x, y}]; taken || x >= 24 {
						t.Fatalf("%s: %q lies on %q", path, panel.Title, other)
					}
					cells[[2]int{x, y}] = panel.Title
				}
			}
		}
	}
}

// scraped lists what the monitors of an emitted repository and the chart's own
// monitors (kubelet, kube-state-metrics, NVIDIA's exporter where there is one) bring.
func scraped() []string {
	names := slices.Clone(signals.CostMetrics)
	for _, runtime := range spec.Supported("runtime") {
		names = append(names, signals.Of(&spec.Endpoint{Runtime: runtime, Custom: &spec.Custom{}}).Metrics()...)
	}
	return append(names,
		signals.DriftShare, signals.ColumnDrift, signals.NullRatio, signals.Performance, signals.Rows, signals.LastRun, signals.Events, signals.Refused, signals.CostRecord,
		"ALERTS", "up", "argo_workflows_workflowtemplate_triggered_total", "container_cpu_usage_seconds_total", "container_memory_working_set_bytes", "DCGM_FI_DEV_GPU_UTIL",
		"kube_deployment_spec_replicas", "kube_deployment_status_replicas", "kube_deployment_status_replicas_available", "kube_pod_container_resource_requests")
}

var metricName = regexp.MustCompile(`([A-Za-z_:][A-Za-z0-9_:]*)\{`)

func TestDashboards_metricsAreScraped(t *testing.T) {
	t.Parallel()
	known, seen := scraped(), 0
	for path, b := range boards(t, runtimes(t)) {
		for _, panel := range b.Panels {
			for _, target := range panel.Targets {
				for _, m := range metricName.FindAllStringSubmatch(target.Expr, -1) {
					seen++
					if !slices.Contains(known, m[1]) {
						t.Errorf("%s: %s: nothing exposes %s", path, panel.Title, m[1])
					}
				}
			}
		}
	}
	if seen < 100 {
		t.Errorf("only %d metrics were seen", seen)
	}
}

// The parser is Prometheus' own: each expression becomes a rule that promtool checks.
func TestDashboards_promQL(t *testing.T) {
	t.Parallel()
	var rules []any
	for _, b := range boards(t, runtimes(t)) {
		for _, panel := range b.Panels {
			for _, target := range panel.Targets {
				rules = append(rules, encode.Map{{Key: "alert", Value: "A"}, {Key: "expr", Value: strings.ReplaceAll(target.Expr, "$environment", "fraud-staging")}})
			}
		}
	}
	data, err := encode.YAML(encode.Map{{Key: "groups", Value: []any{encode.Map{{Key: "name", Value: "dashboards"}, {Key: "rules", Value: rules}}}}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	realtools.PromtoolRules(t, ".", "--lint=none", path).Accept(t, "the expressions of the dashboards")
}

// The names are written twice, here and in Python: they must be the same.
func TestMonitor_exposesItsMetrics(t *testing.T) {
	t.Parallel()
	files := runtimes(t)
	var programs string
	for _, name := range []string{"exposition.py", "collector.py"} {
		f, there := files.Get("mlops_monitor/" + name)
		if !there {
			t.Fatalf("%s is not written", name)
		}
		programs += string(f.Data)
	}
	for _, name := range []string{signals.DriftShare, signals.ColumnDrift, signals.NullRatio, signals.Performance, signals.Rows, signals.LastRun, signals.Events, signals.Refused} {
		if !strings.Contains(programs, `"`+name+`"`) {
			t.Errorf("%s is not exposed", name)
		}
	}
}
