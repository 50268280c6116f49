package kubernetes

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

func full(t *testing.T) *spec.Project {
	t.Helper()
	p, faults := templatestest.Full(t).Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return p
}

// file renders one file of platform/base; "" when it is not written.
func file(t *testing.T, p *spec.Project, name string) string {
	t.Helper()
	files, err := Target{}.Render(p)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(files, func(f tree.File) bool { return f.Path == folder+name })
	if i < 0 {
		return ""
	}
	return string(files[i].Data)
}

func expect(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if gone, absent := strings.CutPrefix(part, "!"); absent == strings.Contains(text, gone) {
			t.Errorf("want %q in:\n%s", part, text)
		}
	}
}

func TestNamespaces_level(t *testing.T) {
	t.Parallel()
	p := full(t)
	p.Platform.Security.PodSecurity = "baseline"
	expect(t, file(t, p, "namespaces.yaml"), "pod-security.kubernetes.io/enforce: baseline", "!restricted")
	expect(t, file(t, p, "storage.yaml"), "pod-security.kubernetes.io/enforce: privileged")
}

func TestNetwork_off(t *testing.T) {
	t.Parallel()
	p := full(t)
	*p.Platform.Security.NetworkPolicies = false
	expect(t, file(t, p, "kustomization.yaml"), "!networkpolicies.yaml")
	if file(t, p, "networkpolicies.yaml") != "" {
		t.Error("policies are written although they are off")
	}
}

// TestNetwork_events: Alertmanager's namespace alone reaches the webhooks of drift, every
// namespace those of data.
func TestNetwork_events(t *testing.T) {
	t.Parallel()
	p := full(t)
	expect(t, file(t, p, "networkpolicies.yaml"), "!-events")
	p.Pipelines[0].Triggers.Drift = &spec.DriftTrigger{Endpoint: "fraud-score"}
	text := file(t, p, "networkpolicies.yaml")
	_, drift, _ := strings.Cut(text, "  name: allow-drift-events\n  namespace: fraud-training\n")
	drift, _, _ = strings.Cut(drift, "---")
	expect(t, drift, "podSelector:\n    matchLabels:\n      eventsource-name: mlops\n", "kubernetes.io/metadata.name: monitoring\n", "port: 12000\n", "!port: 12001")
	expect(t, text, "!allow-data-events")
	p.Pipelines[0].Triggers.Data = &spec.DataTrigger{Dataset: "labels"}
	_, data, _ := strings.Cut(file(t, p, "networkpolicies.yaml"), "  name: allow-data-events\n  namespace: fraud-training\n")
	data, _, _ = strings.Cut(data, "---")
	expect(t, data, "- namespaceSelector: {}\n", "port: 12001\n", "!port: 12000")
	p.Pipelines[0].Orchestrator = "dagster"
	expect(t, file(t, p, "networkpolicies.yaml"), "!-events")
}

func TestQuotas(t *testing.T) {
	t.Parallel()
	p := full(t)
	p.Platform.Environments["production"] = spec.Environment{PromoteFrom: "staging", Quota: &spec.Quota{
		CPU: "1000m", Accelerators: map[string]int64{"nvidia-l4": 2, "nvidia-a100": 1, "aws-trainium": 3},
	}}
	text := file(t, p, "quotas.yaml")
	if n := strings.Count(text, "kind: ResourceQuota"); n != 3 { // training has that of staging
		t.Errorf("%d quotas, want 3", n)
	}
	_, production, _ := strings.Cut(text, "namespace: fraud-production")
	expect(t, production, `requests.cpu: "1"`, "!requests.memory", `requests.nvidia.com/gpu: "3"`, `requests.aws.amazon.com/neuron: "3"`, `requests.amd.com/gpu: "0"`,
		"mlops.dev/accelerators: aws-trainium=3,nvidia-a100=1,nvidia-l4=2")
}

func TestQuotas_none(t *testing.T) {
	t.Parallel()
	p := full(t)
	p.Platform.Environments["staging"] = spec.Environment{}
	if file(t, p, "quotas.yaml") != "" || file(t, p, "limits.yaml") != "" {
		t.Error("a quota is written that nobody asked for")
	}
}

func TestTracker(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"http://mlflow.tracking.svc.cluster.local:5000": "in tracking",
		"http://mlflow.tracking.svc":                    "in tracking",
		"http://mlflow.tracking:5000":                   "in tracking, 0.0.0.0/0 at 5000",
		"https://mlflow.example.com":                    "0.0.0.0/0 at 443",
		"http://mlflow.example.com/path":                "0.0.0.0/0 at 80",
		"https://10.1.2.3:8443":                         "10.1.2.3/32 at 8443",
		"http://[fd00::1]:5000":                         "fd00::1/128 at 5000",
		"http://mlflow:5000":                            "",
	} {
		var got []string
		for _, r := range outside(uri, false) {
			if r.To[0].Block == nil {
				got = append(got, "in "+r.To[0].Namespaces.MatchLabels["kubernetes.io/metadata.name"])
				continue
			}
			got = append(got, r.To[0].Block.CIDR+" at "+strconv.Itoa(r.Ports[0].Port))
		}
		if text := strings.Join(got, ", "); text != want {
			t.Errorf("%s: got %q, want %q", uri, text, want)
		}
	}
}

// Pods of pipelines reach the lakeFS server of a dataset that they read, and no other.
func TestLakes(t *testing.T) {
	t.Parallel()
	p := full(t)
	if strings.Contains(file(t, p, "networkpolicies.yaml"), "allow-lakefs") {
		t.Error("no dataset is of lakeFS")
	}
	for i, name := range []string{"labels", "transactions"} { // a pipeline reads the second
		d := p.Dataset(name)
		d.Local, d.LakeFS = nil, &spec.LakeFSSource{Endpoint: "https://lakefs.example.com:8000", Repository: "payments", Ref: "main", Path: "t"}
		if n := strings.Count(file(t, p, "networkpolicies.yaml"), "port: 8000"); n != i {
			t.Errorf("%s: %d rules let pods through to lakeFS, want %d", name, n, i)
		}
	}
}

// Only servers that load from the registry may reach it.
func TestTrackers_ofEnvironments(t *testing.T) {
	t.Parallel()
	p := full(t)
	if n := strings.Count(file(t, p, "networkpolicies.yaml"), "allow-trackers\n  namespace:"); n != 1 {
		t.Errorf("with a bucket, %d namespaces reach the registry, want that of training", n)
	}
	c := templatestest.Full(t)
	c.Specs = slices.DeleteFunc(c.Specs, func(s map[string]any) bool {
		delete(s, "monitors") // they need a bucket
		return s["kind"] == "bucket" || s["kind"] == "pipeline" || s["kind"] == "identity"
	})
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(file(t, p, "networkpolicies.yaml"), "allow-trackers\n  namespace:"); n != 3 {
		t.Errorf("without a bucket, %d namespaces reach the registry, want 3", n)
	}
}

func TestVolumes_onlyWhereUsed(t *testing.T) {
	t.Parallel()
	p := full(t)
	other := *p.Buckets[0]
	other.Name = "other"
	p.Buckets = append(p.Buckets, &other)
	text := file(t, p, "volumes.yaml")
	expect(t, text, "name: fraud-training-other", "!name: fraud-production-other", "path: /var/lib/mlops/fraud/other")
	expect(t, file(t, p, "storage.yaml"), "- /storage/fraud-artifacts\n            - /storage/other\n")
	name := func(text string) string { _, after, _ := strings.Cut(text, "\n  name: storage-"); return after[:8] }
	if before := name(file(t, full(t), "storage.yaml")); before == name(file(t, p, "storage.yaml")) {
		t.Errorf("the Job keeps its name %s, though a Job cannot be changed", before)
	}
}

func TestRetention(t *testing.T) {
	t.Parallel()
	p := full(t)
	p.Buckets[0].Lifecycle[0].Prefix = "$(HOME)"
	expect(t, file(t, p, "retention.yaml"), `"prefix": "$$(HOME)"`)
	p.Buckets[0].Lifecycle = nil
	if file(t, p, "retention.yaml") != "" {
		t.Error("a CronJob without a rule")
	}
}

// Without a pipeline nobody else brings the programs into the namespace.
func TestRetention_programs(t *testing.T) {
	t.Parallel()
	p := full(t)
	expect(t, file(t, p, "kustomization.yaml"), "!../../mlops")
	p.Pipelines = nil
	expect(t, file(t, p, "kustomization.yaml"), "- ../../mlops\n", "value: fraud-training")
	p.Models, p.Endpoints = nil, nil
	_, err := Target{}.Render(p)
	if err == nil || !strings.Contains(err.Error(), `bucket "fraud-artifacts": lifecycle: cloud "local" keeps buckets in folders`) {
		t.Errorf("got %v", err)
	}
}
