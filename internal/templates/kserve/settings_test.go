package kserve

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

const bucket = `{"kind": "bucket", "platform": "p", "name": "store"}`

// project has one model and the endpoints given; more are other specs.
func project(t testing.TB, endpoint string, more ...string) *spec.Project {
	t.Helper()
	specs := append([]string{
		`{"kind": "platform", "name": "p", "owner": "o", "environments": {"staging": {}, "production": {"promote_from": "staging"}}}`,
		`{"kind": "model_registry", "name": "main", "mlflow": {"managed": true}}`,
		`{"kind": "registered_model", "name": "m", "registry": "main", "gates": []}`,
		endpoint,
	}, more...)
	text := `{"repository": {"url": "https://git.example.com/a/b.git", "branch": "main"}, "tags": {}, "specs": [` + strings.Join(specs, ",") + `]}`
	p, faults := templatestest.ParseCase(t, []byte(text)).Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return p
}

func endpoint(settings string) string {
	return `{"kind": "endpoint", "name": "e", "model": "m", ` + settings + `}`
}

// rendered joins the files of a folder of the endpoint.
func rendered(t testing.TB, p *spec.Project, folder string) string {
	t.Helper()
	files, err := Target{}.Render(p)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range files {
		if strings.HasPrefix(f.Path, "endpoints/e/"+folder) {
			b.Write(f.Data)
		}
	}
	return b.String()
}

func expect(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if gone, absent := strings.CutPrefix(part, "!"); absent == strings.Contains(text, gone) {
			t.Errorf("want %q in:\n%s", part, text)
		}
	}
}

func TestRuntimes(t *testing.T) {
	t.Parallel()
	const custom = `"runtime": "custom", "custom": {"image": "ghcr.io/a/b@sha256:fd61a03af4f77d870fc21e05e7e80678095c92d808cfb3b5c279ee04c74aca13", "port": 9000, "command": ["sh", "-c", "echo $HOME $(HOME) $$x"]}, "autoscaling": {"metric": "cpu"}`
	for name, c := range map[string]struct {
		settings string
		base     []string
		overlay  []string
	}{
		"mlserver": {`"runtime": "mlserver"`,
			[]string{"runtime: kserve-mlserver", "name: mlflow", "storageUri: pvc://store/models/m/0", "path: /v2/models/e/ready", "containerPort: 8082"},
			[]string{"- spec.predictor.model.storageUri", `rest_server_request_duration_seconds_sum{namespace="p-staging",mlops_endpoint="e",path=~".*/infer|/invocations"}`}},
		"sklearn": {`"runtime": "sklearn"`, []string{"runtime: kserve-sklearnserver", "name: sklearn", "!8082"}, []string{"request_predict_seconds_sum"}},
		"xgboost": {`"runtime": "xgboost"`, []string{"runtime: kserve-xgbserver", "name: xgboost"}, []string{"request_predict_seconds_sum"}},
		"triton": {`"runtime": "triton", "autoscaling": {"metric": "queue_depth"}`,
			[]string{"runtime: kserve-tritonserver", "containerPort: 8002", "runAsUser: 1000"}, []string{"nv_inference_queue_duration_us"}},
		"vllm": {`"runtime": "vllm", "autoscaling": {"metric": "queue_depth", "target": 2.5}`,
			[]string{"runtime: kserve-vllmserver", "name: vLLM", "path: /health", "!protocolVersion", "runAsUser: 1000"}, []string{"vllm:num_requests_waiting", `value: "2.5"`}},
		"custom": {custom, []string{"!containers", "!model:"},
			[]string{"spec.predictor.containers.[name=kserve-container].env.[name=STORAGE_URI].value", "echo $$HOME $$(HOME) $$$$x", "averageUtilization: 80", "tcpSocket"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := project(t, endpoint(c.settings), bucket)
			expect(t, rendered(t, p, "base"), c.base...)
			expect(t, rendered(t, p, "overlays/staging"), c.overlay...)
		})
	}
}

// Without a bucket MLServer loads the pinned version from the registry.
func TestRegistry(t *testing.T) {
	t.Parallel()
	p := project(t, endpoint(`"runtime": "mlserver"`))
	expect(t, rendered(t, p, "base"), "!storageUri", "value: http://mlflow.mlflow:5000", "value: models:/m/0", "name: MLSERVER_LOAD_MODELS_AT_STARTUP\n          value: \"true\"")
	expect(t, rendered(t, p, "overlays/production"), "spec.predictor.model.env.[name=MLSERVER_MODEL_URI].value", "name: m-production")
}

func TestOverrides(t *testing.T) {
	t.Parallel()
	p := project(t, endpoint(`"replicas": {"min": 3, "max": 3}, "resources": {"cpu": "0.5", "memory": "1024Mi"}, "environments": {"staging": {
		"replicas": {"min": 1, "max": 2}, "resources": {"accelerator": {"type": "aws-inferentia2", "count": 2}},
		"autoscaling": {"metric": "prometheus", "target": 7, "prometheus": {"query": "up"}}}}`), bucket)
	expect(t, rendered(t, p, "overlays/production"), `autoscalerClass: "none"`, "minReplicas: 3", "maxReplicas: 3", "!autoScaling:", "cpu: 500m", "memory: 1Gi", "maxUnavailable: 1", "!nodeSelector")
	expect(t, rendered(t, p, "overlays/staging"), "autoscalerClass: keda", "maxReplicas: 2", "query: up", `value: "7"`, `aws.amazon.com/neuron: "2"`, "mlops.dev/accelerator: aws-inferentia2", "!PodDisruptionBudget")
}

// A pool says on which nodes the pods run, in every environment.
func TestPool(t *testing.T) {
	t.Parallel()
	p := project(t, endpoint(`"pool": "l4", "resources": {"accelerator": {"type": "nvidia-l4"}}, "environments": {"staging": {"resources": {"cpu": "1"}}}`), bucket,
		`{"kind": "gpu_pool", "platform": "p", "name": "l4", "accelerator": {"type": "nvidia-l4"}, "taints": [{"key": "dedicated", "value": "serving", "effect": "NoExecute"}]}`)
	expect(t, rendered(t, p, "overlays/production"), "mlops.dev/accelerator: nvidia-l4\n      mlops.dev/pool: l4", "key: nvidia.com/gpu\n        operator: Exists", "key: dedicated\n        operator: Equal\n        value: serving\n        effect: NoExecute")
	expect(t, rendered(t, p, "overlays/staging"), "mlops.dev/pool: l4", "!mlops.dev/accelerator", "!nvidia.com/gpu", "key: dedicated")
}

func TestGPUUtilization(t *testing.T) {
	t.Parallel()
	p := project(t, endpoint(`"resources": {"accelerator": {"type": "nvidia-l4", "count": 2}}, "autoscaling": {"metric": "gpu_utilization", "target": 70}`), bucket)
	expect(t, rendered(t, p, "overlays/staging"), `exported_pod=~"e-predictor-[^-]+-[^-]+"`, `or DCGM_FI_DEV_GPU_UTIL{namespace="p-staging"`, ") / 2\n")
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	const custom = `"runtime": "custom", "custom": {"image": "ghcr.io/a/b@sha256:fd61a03af4f77d870fc21e05e7e80678095c92d808cfb3b5c279ee04c74aca13", "port": 9000}`
	for name, c := range map[string]struct {
		settings string
		more     []string
		want     string
	}{
		"no bucket":         {`"runtime": "sklearn"`, nil, `endpoint "e": runtime: KServe's server for "sklearn" reads a model from a bucket, and model "m" has none`},
		"custom metric":     {custom, []string{bucket}, `endpoint "e": autoscaling.metric: a custom server tells Prometheus nothing about concurrency: take cpu, or prometheus with a query of your own`},
		"no queue":          {`"autoscaling": {"metric": "queue_depth"}`, []string{bucket}, `KServe's server for "mlserver" tells Prometheus nothing about queue_depth`},
		"no GPU":            {`"autoscaling": {"metric": "gpu_utilization"}`, []string{bucket}, `autoscaling.metric: NVIDIA's DCGM exporter is what measures gpu_utilization`},
		"no GPU of NVIDIA":  {`"resources": {"accelerator": {"type": "amd-mi300x"}}, "autoscaling": {"metric": "gpu_utilization"}`, []string{bucket}, "asks for no NVIDIA accelerator"},
		"half percents":     {`"autoscaling": {"metric": "cpu", "target": 70.5}`, []string{bucket}, `autoscaling.target: KEDA compares cpu with whole percents only, and 70.5 is none`},
		"of an environment": {`"environments": {"staging": {"autoscaling": {"metric": "queue_depth"}}}`, []string{bucket}, `environments["staging"].autoscaling.metric: `},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Target{}.Render(project(t, endpoint(c.settings), c.more...))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if faults := spec.FaultsOf(err); len(faults) != 1 {
				t.Errorf("%d faults, want 1: %v", len(faults), faults)
			}
		})
	}
}

// KServe runs the texts of a model server's container as a Go template.
func TestRefusals_template(t *testing.T) {
	t.Parallel()
	p := project(t, endpoint(`"runtime": "mlserver"`))
	p.Registries[0].MLflow.TrackingURI = "http://x/{{.Name}}"
	_, err := Target{}.Render(p)
	if err == nil || !strings.Contains(err.Error(), "mlflow.tracking_uri") {
		t.Errorf("got %v", err)
	}
}

func TestExisting(t *testing.T) {
	t.Parallel()
	p := project(t, endpoint(`"runtime": "mlserver"`))
	p.Platform.Packages = map[string]spec.Package{"kserve": {Existing: true}}
	files, err := Target{}.Render(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasPrefix(f.Path, "platform/") {
			t.Errorf("%s is written for a KServe that others deploy", f.Path)
		}
	}
}

func BenchmarkFleet(b *testing.B) {
	var more []string
	for i := range 999 {
		name, _ := json.Marshal(fmt.Sprintf("e%04d", i))
		more = append(more, `{"kind": "endpoint", "name": `+string(name)+`, "model": "m"}`)
	}
	p := project(b, endpoint(`"runtime": "mlserver"`), more...)
	for b.Loop() {
		if _, err := (Target{}).Render(p); err != nil {
			b.Fatal(err)
		}
	}
}
