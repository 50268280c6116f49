package spec_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func parse(t testing.TB, text string) spec.Spec {
	t.Helper()
	s, err := spec.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// extra decodes patched base objects that are added to a case.
func extra(t testing.TB, objects map[string]spec.Kind) (out []spec.Spec) {
	t.Helper()
	for _, patch := range slices.Sorted(maps.Keys(objects)) {
		d := decode(t, objects[patch], patch)
		if err := d.Faults.Err(); err != nil {
			t.Fatal(err)
		}
		out = append(out, d.Spec)
	}
	return out
}

const (
	platform  = "platform/fraud"
	bucket    = "bucket/fraud-artifacts"
	labels    = "dataset/labels"
	data      = "dataset/transactions"
	tracker   = "model_registry/main"
	detector  = "registered_model/fraud-detector"
	train     = "pipeline/train"
	score     = "endpoint/fraud-score"
	customEnd = "endpoint/fraud-custom"
)

// The full case, patched, and what linking says of it.
func TestLink_rules(t *testing.T) {
	t.Parallel()
	quota := func(body string) string {
		return `{"environments": {"staging": {"quota": ` + body + `}}}`
	}
	tests := map[string]struct {
		patches map[string]string
		more    map[string]spec.Kind
		tags    map[string]string
		want    []fault
	}{
		"valid":       {},
		"no platform": {patches: map[string]string{platform: `null`}, want: one("", "no platform: add the spec of one mlops_platform")},
		"two platforms": {more: map[string]spec.Kind{`{"name": "other"}`: spec.KindPlatform},
			want: one("platform/other: name", `a repository has one platform, and "fraud" is contained too`)},
		"duplicates": {more: map[string]spec.Kind{
			`{"name": "fraud"}`: spec.KindPlatform, `{"name": "fraud-artifacts"}`: spec.KindBucket, `{"name": "labels"}`: spec.KindDataset, `{"name": "main"}`: spec.KindRegistry,
			`{"name": "fraud-detector"}`: spec.KindModel, `{"name": "train", "trains": {"model": "fraud-detector"}}`: spec.KindPipeline, `{"name": "fraud-score", "model": "fraud-detector"}`: spec.KindEndpoint,
		}, want: []fault{
			{"platform/fraud: name", "contained twice"}, {"bucket/fraud-artifacts: name", "contained twice"}, {"dataset/labels: name", "contained twice"}, {"model_registry/main: name", "contained twice"},
			{"registered_model/fraud-detector: name", "two resources of a kind cannot have one name"}, {"pipeline/train: name", "contained twice"}, {"endpoint/fraud-score: name", "contained twice"}}},
		"bucket of another platform": {patches: map[string]string{bucket: `{"platform": "risk"}`}, want: one("bucket/fraud-artifacts: platform", `belongs to platform "risk", but this repository is of platform "fraud"`)},
		"key on local":               {patches: map[string]string{bucket: `{"kms_key": "k"}`}, want: one("bucket/fraud-artifacts: kms_key", "clouds that can: aws, google, azure")},
		"provider tags":              {tags: map[string]string{"ok": "1", "a b": "2"}, want: one(`tags["a b"]`, "of the provider")},

		"all missing": {patches: map[string]string{
			labels: `null`, data: `null`, tracker: `null`, detector: `null`, bucket: `null`,
		}, want: []fault{
			{"identity/trainer: grants[0].bucket", "no bucket"}, {"identity/trainer: grants[1].bucket", "no bucket"},
			{"pipeline/train: artifacts", `there is no bucket "fraud-artifacts" in this repository; add its spec to contains`},
			{"pipeline/train: tracking", `there is no model_registry "main"`}, {"pipeline/train: trains.model", `there is no registered_model "fraud-detector"`},
			{`pipeline/train: steps["prepare"].inputs["transactions"]`, `there is no dataset "transactions"`},
			{"endpoint/fraud-score: model", "no registered_model"}, {"endpoint/fraud-custom: model", "no registered_model"},
			{"endpoint/fraud-score: monitors.drift.dataset", "no dataset"}, {"endpoint/fraud-score: monitors.performance.labels", `no dataset "labels"`},
			{"endpoint/fraud-score: monitors", "need a bucket"}}},
		"data in no bucket": {patches: map[string]string{data: `{"local": null, "dvc": {"bucket": "none", "path": "t", "revision": "v1"}}`}, want: one("dataset/transactions: dvc.bucket", `no bucket "none"`)},
		"data in another bucket": {patches: map[string]string{data: `{"local": null, "dvc": {"bucket": "artifacts", "path": "t", "revision": "v1"}}`}, more: map[string]spec.Kind{`{}`: spec.KindBucket},
			want: one(`pipeline/train: steps["prepare"].inputs["transactions"]`, `in bucket "artifacts", which is a volume on cloud "local", and the pods of a pipeline mount one, "fraud-artifacts": set artifacts = "artifacts"`)},
		"data in the bucket":  {patches: map[string]string{data: `{"local": null, "bucket": {"name": "fraud-artifacts", "prefix": "t/"}}`}},
		"data behind a login": {patches: map[string]string{data: `{"local": null, "lakefs": {"endpoint": "https://l.example.com", "repository": "payments", "ref": "main", "path": "t/", "credentials": {"secret": "none", "keys": {}}}}`}, want: one("dataset/transactions: lakefs.credentials.secret", `no secret "none"`)},
		"data behind a login elsewhere": {
			patches: map[string]string{data: `{"local": null, "lakefs": {"endpoint": "https://l.example.com", "repository": "payments", "ref": "main", "path": "t/", "credentials": {"secret": "far", "keys": {}}}}`},
			more:    map[string]spec.Kind{`{"name": "far", "existing": null}`: spec.KindSecret},
			want:    one("dataset/transactions: lakefs.credentials.secret", `is not brought into namespace "fraud-training"`)},
		"missing registry": {patches: map[string]string{detector: `{"registry": "mian"}`}, want: one("registered_model/fraud-detector: registry", `"mian" in this repository; contained are: main`)},
		"missing pipeline": {patches: map[string]string{score: `{"monitors": {"drift": {"retrain": "retrain"}}}`}, want: one("endpoint/fraud-score: monitors.drift.retrain", "contained are: train")},
		"no bucket named":  {patches: map[string]string{bucket: `null`, train: `{"artifacts": null}`}, want: []fault{{"identity/trainer: grants[0].bucket", "no bucket"}, {"identity/trainer: grants[1].bucket", "no bucket"}, {"pipeline/train: artifacts", "must name a bucket: its steps hand files"}, {"endpoint/fraud-score: monitors", "need a bucket"}}},
		"two buckets":      {patches: map[string]string{train: `{"artifacts": null}`}, more: map[string]spec.Kind{`{}`: spec.KindBucket}, want: one("pipeline/train: artifacts", "must name one of the buckets artifacts, fraud-artifacts")},
		"one bucket":       {patches: map[string]string{train: `{"artifacts": null}`}},
		"two pipelines":    {more: map[string]spec.Kind{`{"name": "again", "trains": {"model": "fraud-detector"}, "artifacts": "fraud-artifacts"}`: spec.KindPipeline}, want: one("pipeline/train: trains.model", `trained by pipeline "again" already`)},
		"missing access": {patches: map[string]string{train: `{"identity": "nobody", "steps": {"train": {"pool": "none", "secret_env": {"K": {"secret": "none", "key": "k"}}}}}`, score: `{"pool": "none"}`, tracker: `{"credentials": {"secret": "none"}}`}, want: []fault{
			{"pipeline/train: identity", `no identity "nobody" in this repository`}, {`pipeline/train: steps["train"].pool`, `no gpu_pool "none"`}, {`pipeline/train: steps["train"].secret_env["K"].secret`, `no secret "none"`},
			{"endpoint/fraud-score: pool", "no gpu_pool"}, {"model_registry/main: credentials.secret", "no secret"}}},
		"access": {
			patches: map[string]string{train: `{"identity": "ci", "steps": {"train": {"pool": "small", "secret_env": {"K": {"secret": "far", "key": "k"}}}}}`},
			more: map[string]spec.Kind{
				`{"name": "ci", "platform": "other", "subject": {"kubernetes": null, "github": {"repository": "a/b"}}, "grants": [{"access": "read", "bucket": "none"}, {"access": "read", "secret": "none"}]}`: spec.KindIdentity,
				`{"name": "small", "accelerator": {"type": "nvidia-t4"}}`: spec.KindGPUPool,
				`{"name": "far", "existing": null}`:                       spec.KindSecret,
			},
			want: []fault{
				{"identity/ci: platform", `belongs to platform "other"`}, {"identity/ci: grants[0].bucket", `no bucket "none"`}, {"identity/ci: grants[1].secret", `no secret "none"`},
				{"pipeline/train: identity", `identity "ci" is not of the cluster`}, {`pipeline/train: steps["train"].pool`, `a node of pool "small" has 1 nvidia-t4, and the workload asks for 1 nvidia-l4`},
				{`pipeline/train: steps["train"].secret_env["K"].secret`, `is not brought into namespace "fraud-training"`},
			}},
		"an endpoint's pool": {
			patches: map[string]string{score: `{"pool": "t4", "resources": {"accelerator": null}, "environments": {"staging": {"resources": {"accelerator": {"type": "nvidia-l4", "count": 1}}}}}`},
			more:    map[string]spec.Kind{`{"name": "t4", "accelerator": {"type": "nvidia-t4"}}`: spec.KindGPUPool},
			want:    one(`endpoint/fraud-score: environments["staging"].resources.accelerator`, `a node of pool "t4" has 1 nvidia-t4, and the workload asks for 1 nvidia-l4`)},
		"a pool of small nodes": {patches: map[string]string{train: `{"steps": {"train": {"resources": {"accelerator": {"count": 2}}}}}`}, want: one(`pipeline/train: steps["train"].pool`, `a node of pool "train-l4" has 1 nvidia-l4, and the workload asks for 2 nvidia-l4`)},
		"volumes of any cloud":  {patches: map[string]string{platform: `{"cloud": "aws", "region": "eu-west-1"}`}},
		"a budget below the pools": {
			patches: map[string]string{platform: `{"environments": {"production": {"budget": {"monthly": 10}}, "staging": {"budget": {"monthly": 5}}}}`},
			more:    map[string]spec.Kind{`{"name": "dear", "accelerator": {"type": "nvidia-t4"}, "nodes": {"min": 2, "max": 2}, "price": {"on_demand": 1}}`: spec.KindGPUPool},
			want:    one("platform/fraud: environments", "the budgets of all environments are 15 USD a month together, and the pools cost at least 1460")},
		"settings of another cloud": {more: map[string]spec.Kind{`{"name": "p", "accelerator": {"type": "nvidia-t4"}, "google": {}}`: spec.KindGPUPool}, want: one("gpu_pool/p: google", `is for cloud "google", and the platform's cloud is "local"`)},
		"settings of another store": {patches: map[string]string{platform: `{"secret_store": "aws_secrets_manager"}`}, want: one("secret/features: vault", `is for secret_store "vault", and the platform's is "aws_secrets_manager"`)},
		"no store":                  {patches: map[string]string{platform: `{"secret_store": null}`}, want: []fault{{"secret/features: name", "the platform has no secret_store"}, {"secret/features: vault", `is for secret_store "vault"`}}},
		"another namespace":         {patches: map[string]string{train: `{"identity": "x"}`}, more: map[string]spec.Kind{`{"name": "x", "subject": {"kubernetes": {"namespace": "fraud-staging"}}}`: spec.KindIdentity}, want: one("pipeline/train: identity", `is of namespace "fraud-staging", and pipelines run in "fraud-training"`)},
		"one pipeline, other cloud": {patches: map[string]string{train: `{"orchestrator": "sagemaker_pipelines"}`}, want: one("pipeline/train: orchestrator", `"sagemaker_pipelines" is a service of cloud "aws"`)},
		"gates without metrics":     {patches: map[string]string{train: `{"trains": {"metrics": null}}`}, want: one("pipeline/train: trains.metrics", `must name the step that writes $(metrics): model "fraud-detector" has gates on auc_roc`)},
		"no gates, no metrics":      {patches: map[string]string{train: `{"trains": {"metrics": null}}`, detector: `{"gates": []}`}},
		"promotion to nowhere":      {patches: map[string]string{detector: `{"promotion": {"to": ["staging", "prod"]}}`}, want: []fault{{"registered_model/fraud-detector: promotion.to[1]", `platform "fraud" has no environment "prod"; it has: staging, production`}}},
		"promotion with a gap":      {patches: map[string]string{detector: `{"promotion": {"to": ["production"]}}`, score: `{"environments": null}`}, want: one("registered_model/fraud-detector: promotion.to[0]", `"production" is promoted from "staging", which is not in promotion.to`)},
		"override of nothing":       {patches: map[string]string{score: `{"environments": {"qa": {}}}`}, want: one(`endpoint/fraud-score: environments["qa"]`, "no environment")},
		"override in vain":          {patches: map[string]string{detector: `{"promotion": {"to": ["staging"]}}`, score: `{"environments": {"production": {"replicas": {"max": 2}}}}`}, want: one(`endpoint/fraud-score: environments["production"]`, `promotion.to of model "fraud-detector" leaves "production" out`)},
		"no drift system":           {patches: map[string]string{platform: `{"observability": {"drift": []}}`}, want: one("endpoint/fraud-score: monitors", "set observability.drift")},

		"registries": {patches: map[string]string{platform: `{"security": {"allowed_registries": ["ghcr.io/acme/fraud/", "docker.io"]}}`}, want: []fault{
			{"pipeline/train: image", "is from none of the registries that the platform allows: ghcr.io/acme/fraud/, docker.io"}, {"pipeline/train: image", "ghcr.io/acme/fraud@"}, {"pipeline/train: image", "ghcr.io/acme/fraud@"},
			{`pipeline/train: steps["train"].image`, "ghcr.io/acme/trainer"}, {"endpoint/fraud-custom: custom.image", "ghcr.io/acme/server"}}},
		"a registry's neighbour": {patches: map[string]string{customEnd: `{"custom": {"image": "ghcr.io/acme-evil/server@sha256:fd61a03af4f77d870fc21e05e7e80678095c92d808cfb3b5c279ee04c74aca13"}}`}, want: one("endpoint/fraud-custom: custom.image", "none of the registries")},
		"any registry":           {patches: map[string]string{platform: `{"security": {"allowed_registries": []}}`}},

		"quota reached": {patches: map[string]string{platform: quota(`{"cpu": "4000m", "memory": "16Gi", "accelerators": {"nvidia-l4": 1}}`)}},
		"quota exceeded": {patches: map[string]string{platform: quota(`{"cpu": "3999m", "memory": "16383Mi", "accelerators": {"nvidia-l4": 0}}`)}, want: []fault{
			{`pipeline/train: steps["train"].resources.cpu`, `asks for 4 cpu, but the quota of environment "staging" is 3999m`}, {`pipeline/train: steps["train"].resources.memory`, "asks for 16Gi memory"},
			{`pipeline/train: steps["train"].resources.accelerator`, `asks for 1 nvidia-l4, but the quota of environment "staging" has 0`}}},
		"another accelerator": {patches: map[string]string{platform: `{"environments": {"staging": {"quota": {"accelerators": null}}}}`}},
		"quota of overrides":  {patches: map[string]string{platform: quota(`{"memory": "64Gi", "cpu": "64"}`), score: `{"environments": {"staging": {"resources": {"memory": "65Gi"}}}}`}, want: one(`endpoint/fraud-score: environments["staging"].resources.memory`, "asks for 65Gi")},
		"quota of endpoints":  {patches: map[string]string{platform: `{"environments": {"production": {"quota": {"cpu": "1"}}}}`}, want: one("endpoint/fraud-score: resources.cpu", `environment "production" is 1`)},
	}
	c := readCase(t, "full")
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			specs := append(c.specs(t, tt.patches), extra(t, tt.more)...)
			for range 2 {
				p, faults := spec.Link(spec.Repository{}, tt.tags, specs)
				same(t, faults, tt.want)
				if (p == nil) != (name == "no platform") {
					t.Errorf("project %v", p)
				}
				slices.Reverse(specs) // the order does not matter
			}
		})
	}
}

func TestLink_triggers(t *testing.T) {
	t.Parallel()
	specs := readCase(t, "full").specs(t, map[string]string{train: `null`})
	specs = append(specs, parse(t, `{"kind": "pipeline", "version": 1, "name": "train", "steps": {"a": {"command": ["x"]}}, "triggers": {"data": {"dataset": "none"}, "drift": {"endpoint": "none"}}}`))
	_, faults := spec.Link(spec.Repository{}, nil, specs)
	same(t, faults, []fault{{"pipeline/train: triggers.data.dataset", "no dataset"}, {"pipeline/train: triggers.drift.endpoint", "contained are: fraud-custom, fraud-score"}})
	specs[len(specs)-1] = parse(t, `{"kind": "pipeline", "version": 1, "name": "train", "steps": {"a": {"command": ["x"]}}, "triggers": {"data": {"dataset": "transactions"}, "drift": {"endpoint": "fraud-custom"}}}`)
	_, faults = spec.Link(spec.Repository{}, nil, specs)
	same(t, faults, []fault{{"pipeline/train: triggers.drift.endpoint", "has no monitors.drift"}})
}

func TestLink_manyNamesAreNotAllListed(t *testing.T) {
	t.Parallel()
	objects, kinds := []spec.Spec{decode(t, spec.KindPlatform, `{}`).Spec}, 0
	for _, c := range "abcdefghijklm" {
		objects = append(objects, decode(t, spec.KindRegistry, `{"name": "`+string(c)+`"}`).Spec)
		kinds++
	}
	objects = append(objects, decode(t, spec.KindModel, `{"registry": "z"}`).Spec)
	_, faults := spec.Link(spec.Repository{}, nil, objects)
	same(t, faults, one("registered_model/detector: registry", "contained are: a, b, c, d, e, f, g, h, i, j"))
	if strings.Contains(faults.Error(), "k") && strings.Contains(faults.Error(), ", k") {
		t.Error(faults)
	}
}

func TestProject(t *testing.T) {
	t.Parallel()
	specs := readCase(t, "full").specs(t, nil)
	given := slices.Clone(specs)
	p, faults := spec.Link(spec.Repository{Branch: "main"}, map[string]string{"cost_center": "1234", "domain": "mine"}, specs)
	if faults.Err() != nil {
		t.Fatal(faults)
	}
	if !reflect.DeepEqual(given, specs) {
		t.Error("Link reorders its argument")
	}
	pl, m, e := p.Pipeline("train"), p.Model("fraud-detector"), p.Endpoints[1]
	check := func(name string, got, want any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	check("endpoints by name", []string{p.Endpoints[0].Name, p.Endpoints[1].Name}, []string{"fraud-custom", "fraud-score"})
	check("the platform's tags win", p.Tags, map[string]string{"cost_center": "1234", "domain": "payments"})
	check("environments", p.Platform.EnvironmentNames(), []string{"staging", "production"})
	check("destinations", p.Destinations(m), []string{"staging", "production"})
	check("environments of an endpoint", p.EnvironmentsOf(e), []string{"staging", "production"})
	check("tracker", p.TrackerOf(pl).Name, "main")
	check("trainer", p.Trainer("fraud-detector"), pl)
	check("no trainer", p.Trainer("other"), (*spec.Pipeline)(nil))
	check("nothing of that name", []any{p.Bucket("x"), p.Dataset("x"), p.Registry("x"), p.Model("x"), p.Pipeline("x")}, []any{(*spec.Bucket)(nil), (*spec.Dataset)(nil), (*spec.Registry)(nil), (*spec.Model)(nil), (*spec.Pipeline)(nil)})
	check("dataset", p.Dataset("labels").Local.Path, "data/labels.csv")
	check("store by name", p.Store("fraud-artifacts").Name, "fraud-artifacts")
	check("store left out", p.Store("").Name, "fraud-artifacts")
	check("model URI", p.ModelURI("fraud-detector", "3"), "pvc://fraud-artifacts/models/fraud-detector/3")
	check("orchestrator", p.Orchestrator(pl), "argo_workflows")
	check("orchestrator of the platform", p.Orchestrator(&spec.Pipeline{}), "argo_workflows")
	check("orchestrator of its own", p.Orchestrator(&spec.Pipeline{Orchestrator: "airflow"}), "airflow")
	check("namespaces", []string{p.TrainingNamespace(), p.MonitoringNamespace(), p.Namespace("staging")}, []string{"fraud-training", "fraud-monitoring", "fraud-staging"})
	check("priorities", []string{p.ServingPriority(), p.TrainingPriority()}, []string{"fraud-serving", "fraud-training"})
	check("labels", p.Labels("x"), map[string]string{"app.kubernetes.io/managed-by": "terraform-provider-mlops", "app.kubernetes.io/name": "x", "app.kubernetes.io/part-of": "fraud"})
	check("annotations", p.Annotations(), map[string]string{"mlops.dev/owner": "fraud-ml", "tags.mlops.dev/cost_center": "1234", "tags.mlops.dev/domain": "payments"})
	claim, mount := p.Claim("b")
	check("claim", claim+mount, "b/mnt/b")
	check("steps in order", pl.StepNames(), []string{"prepare", "train", "evaluate", "report"})
	check("before", [][]string{pl.Before("prepare"), pl.Before("evaluate"), pl.Before("report")}, [][]string{nil, {"prepare", "train"}, {"evaluate"}})
	check("image", pl.ImageOf("prepare"), pl.Image)
	check("image of its own", strings.Contains(pl.ImageOf("train"), "trainer"), true)
	check("in production", e.In("production").Replicas.Max, int64(20))
	check("in staging", []any{e.In("staging").Replicas.Max, e.In("staging").Resources.CPU, e.In("staging").Autoscaling.Metric}, []any{int64(2), spec.Quantity("1"), "cpu"})
	check("the endpoint stays", e.Replicas.Max, int64(20))
}

func TestProject_defaults(t *testing.T) {
	t.Parallel()
	specs := readCase(t, "quickstart").specs(t, map[string]string{bucket: `null`, train: `null`, score: `null`})
	specs = append(specs, extra(t, map[string]spec.Kind{
		`{"name": "second", "registry": "main", "promotion": {"to": ["staging"]}}`: spec.KindModel, `{"trains": {"model": "second"}, "artifacts": "b"}`: spec.KindPipeline,
		`{"name": "b"}`: spec.KindBucket, `{"name": "a"}`: spec.KindBucket,
	})...)
	p, faults := spec.Link(spec.Repository{}, nil, specs)
	if faults.Err() != nil || p.Tags == nil {
		t.Fatal(faults)
	}
	if got := p.TrackerOf(p.Pipeline("train")); got != p.Registry("main") {
		t.Errorf("the tracker is the model's registry by default, not %v", got)
	}
	if got := p.TrackerOf(&spec.Pipeline{}); got != nil {
		t.Error(got)
	}
	if got := p.TrackerOf(&spec.Pipeline{Trains: &spec.Trains{Model: "x"}}); got != nil {
		t.Error(got)
	}
	if got := p.EnvironmentsOf(&spec.Endpoint{Model: "second"}); !slices.Equal(got, []string{"staging"}) {
		t.Error(got)
	}
	if got := p.ModelURI("second", "1") + " " + p.ModelURI("fraud-detector", "1"); got != "pvc://b/models/second/1 pvc://a/models/fraud-detector/1" {
		t.Error(got)
	}
	if got := (&spec.Project{}).ModelURI("m", "1"); got != "models:/m/1" {
		t.Error(got)
	}
}

func TestEnvironmentNames(t *testing.T) {
	t.Parallel()
	p := &spec.Platform{Environments: map[string]spec.Environment{"a": {PromoteFrom: "m"}, "m": {PromoteFrom: "z"}, "z": {}, "b": {}, "c": {PromoteFrom: "z"}}}
	if got := p.EnvironmentNames(); !slices.Equal(got, []string{"b", "z", "c", "m", "a"}) {
		t.Error(got)
	}
	p = &spec.Platform{Environments: map[string]spec.Environment{"a": {PromoteFrom: "b"}, "b": {PromoteFrom: "a"}}}
	if got := p.EnvironmentNames(); len(got) != 2 {
		t.Errorf("a circle loses names: %v", got)
	}
}

func TestStepNames_cycle(t *testing.T) {
	t.Parallel()
	p := &spec.Pipeline{Steps: map[string]spec.Step{"b": {Needs: []string{"a"}}, "a": {Needs: []string{"b"}}, "c": {}}}
	if got := p.StepNames(); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Error(got)
	}
}

func TestModule(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		step   spec.Step
		module string
		sound  bool
	}{
		"module":      {spec.Step{Command: []string{"python", "-m", "fraud.train"}}, "fraud.train", true},
		"in args":     {spec.Step{Command: []string{"python3"}, Args: []string{"-m", "a.b.c", "-x"}}, "a.b.c", true},
		"unsound":     {spec.Step{Command: []string{"python", "-m", "fraud.9"}}, "fraud.9", false},
		"no package":  {spec.Step{Command: []string{"python", "-m", "fraud"}}, "", false},
		"installed":   {spec.Step{Command: []string{"python", "-m", "mlflow.cli"}}, "", false},
		"script":      {spec.Step{Command: []string{"python", "train.py", "x"}}, "", false},
		"no python":   {spec.Step{Command: []string{"perl", "-m", "fraud.x"}}, "", false},
		"too short":   {spec.Step{Command: []string{"python", "-m"}}, "", false},
		"no metrics":  {spec.Step{}, "", false},
		"with quotes": {spec.Step{Command: []string{"python", "-m", "fraud.'x"}}, "fraud.'x", false},
	}
	for name, tt := range tests {
		if module, sound := tt.step.Module(); module != tt.module || sound != tt.sound {
			t.Errorf("%s: %q, %v", name, module, sound)
		}
	}
}
