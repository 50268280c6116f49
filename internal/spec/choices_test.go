package spec_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// places says where each enumeration is written, %q being its value.
var places = map[string]struct {
	kind  spec.Kind
	patch string
	path  string
}{
	"cloud":           {spec.KindPlatform, `{"cloud": %q, "region": "r"}`, "cloud"},
	"orchestrator":    {spec.KindPlatform, `{"orchestrator": %q}`, "orchestrator"},
	"serving":         {spec.KindPlatform, `{"serving": %q}`, "serving"},
	"mesh":            {spec.KindPlatform, `{"mesh": %q}`, "mesh"},
	"autoscaling":     {spec.KindPlatform, `{"autoscaling": %q}`, "autoscaling"},
	"gitops":          {spec.KindPlatform, `{"gitops": %q}`, "gitops"},
	"ci":              {spec.KindPlatform, `{"ci": %q}`, "ci"},
	"secret_store":    {spec.KindPlatform, `{"secret_store": %q}`, "secret_store"},
	"queueing":        {spec.KindPlatform, `{"queueing": %q}`, "queueing"},
	"metrics":         {spec.KindPlatform, `{"observability": {"metrics": [%q]}}`, "observability.metrics"},
	"dashboards":      {spec.KindPlatform, `{"observability": {"dashboards": [%q]}}`, "observability.dashboards"},
	"drift":           {spec.KindPlatform, `{"observability": {"drift": [%q]}}`, "observability.drift"},
	"tracing":         {spec.KindPlatform, `{"observability": {"tracing": [%q]}}`, "observability.tracing"},
	"logs":            {spec.KindPlatform, `{"observability": {"logs": [%q]}}`, "observability.logs"},
	"cost":            {spec.KindPlatform, `{"observability": {"cost": [%q]}}`, "observability.cost"},
	"pod_security":    {spec.KindPlatform, `{"security": {"pod_security": %q}}`, "security.pod_security"},
	"scan_severity":   {spec.KindPlatform, `{"security": {"scan_severity": %q}}`, "security.scan_severity"},
	"registry":        {spec.KindRegistry, `{"type": %q}`, "type"},
	"dataset":         {spec.KindDataset, `{"local": null, %q: {"path": "x"}}`, ""},
	"op":              {spec.KindModel, `{"gates": [{"metric": "m", "op": %q, "threshold": 1}]}`, "gates[0].op"},
	"column":          {spec.KindDataset, `{"columns": {"c": {"type": %q}}}`, `columns["c"].type`},
	"parameter":       {spec.KindPipeline, `{"parameters": {"p": {"type": %q}}}`, `parameters["p"].type`},
	"concurrency":     {spec.KindPipeline, `{"concurrency": %q}`, "concurrency"},
	"promotion":       {spec.KindModel, `{"promotion": {"mode": %q}}`, "promotion.mode"},
	"lineage":         {spec.KindModel, `{"lineage": {"require": [%q]}}`, "lineage.require[0]"},
	"runtime":         {spec.KindEndpoint, `{"runtime": %q}`, "runtime"},
	"autoscale":       {spec.KindEndpoint, `{"autoscaling": {"metric": %q}}`, "autoscaling.metric"},
	"rollout":         {spec.KindEndpoint, `{"rollout": {"strategy": %q}}`, "rollout.strategy"},
	"analysis":        {spec.KindEndpoint, `{"rollout": {"strategy": "canary", "analysis": [{"metric": %q, "op": "<=", "threshold": 1}]}}`, "rollout.analysis[0].metric"},
	"drift_method":    {spec.KindEndpoint, `{"monitors": {"drift": {"dataset": "d", "method": %q}}}`, "monitors.drift.method"},
	"access":          {spec.KindIdentity, `{"grants": [{"access": %q, "bucket": "b"}]}`, "grants[0].access"},
	"capacity":        {spec.KindGPUPool, `{"capacity": [%q]}`, "capacity[0]"},
	"sharing":         {spec.KindGPUPool, `{"sharing": {"strategy": %q}}`, "sharing.strategy"},
	"taint":           {spec.KindGPUPool, `{"taints": [{"key": "k", "effect": %q}]}`, "taints[0].effect"},
	"driver":          {spec.KindGPUPool, `{"driver": %q}`, "driver"},
	"provisioner":     {spec.KindGPUPool, `{"aws": {"provisioner": %q}}`, "aws.provisioner"},
	"deletion_policy": {spec.KindSecret, `{"vault": {"deletion_policy": %q}}`, "vault.deletion_policy"},
	"starter":         {}, // an argument of the repository
}

// Every value of every enumeration is either accepted or refused by its name, and
// nothing else is accepted.
func TestChoices(t *testing.T) {
	t.Parallel()
	for _, enum := range spec.Enumerations() {
		place, there := places[enum]
		if !there {
			t.Errorf("nobody says where %s is written", enum)
			continue
		}
		if place.patch == "" {
			continue
		}
		t.Run(enum, func(t *testing.T) {
			t.Parallel()
			for _, value := range spec.Values(enum) {
				at := place.path
				if at == "" {
					at = value
				}
				got := faultAt(decode(t, place.kind, fmt.Sprintf(place.patch, value)), at)
				supported := slices.Contains(spec.Supported(enum), value)
				if refused := strings.Contains(got, fmt.Sprintf("%q is not supported by this version of the provider yet; ", value)); refused == supported {
					t.Errorf("%s (supported: %v): %s", value, supported, got)
				}
			}
			if place.path == "" {
				return
			}
			if got := faultAt(decode(t, place.kind, fmt.Sprintf(place.patch, "other")), place.path); !strings.Contains(got, `"other" is not one of `+strings.Join(spec.Values(enum), ", ")) {
				t.Errorf("other: %s", got)
			}
		})
	}
	for enum := range places {
		if len(spec.Values(enum)) == 0 {
			t.Errorf("%s is no enumeration", enum)
		}
	}
}

func faultAt(d spec.Decoded, path string) string {
	for _, f := range d.Faults {
		if f.Path.String() == path {
			return f.Message
		}
	}
	return ""
}

func TestChoices_orchestratorOfOnePipeline(t *testing.T) {
	t.Parallel()
	try(t, map[string]rule{
		"of a system that is none": {spec.KindPipeline, `{"orchestrator": "cronjob"}`, one("orchestrator", "is not one of argo_workflows, kubeflow_pipelines")},
		"cron":                     {spec.KindPipeline, `{"orchestrator": "cron"}`, one("orchestrator", "is not one of argo_workflows, kubeflow_pipelines")},
	})
}

func TestOneOf(t *testing.T) {
	t.Parallel()
	for enum, want := range map[string]string{
		"starter": "One of `none`, `sklearn`",
		"serving": "One of `kserve`; not supported yet: `seldon`",
		"tracing": "Not supported yet: `opentelemetry`, `datadog`",
	} {
		if got := spec.OneOf(enum); got != want {
			t.Errorf("%s: %s", enum, got)
		}
	}
}
