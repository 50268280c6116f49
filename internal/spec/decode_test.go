package spec_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func TestDecode_conversions(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		kind  spec.Kind
		patch string
		want  string // a part of the canonical JSON, or of the fault
		path  string // of the fault
	}{
		"number to text":          {spec.KindPipeline, `{"parameters": {"rate": {"default": 0.05}}}`, `"rate":{"type":"number","default":"0.05"}`, ""},
		"text stays text":         {spec.KindPipeline, `{"parameters": {"rate": {"type": "string", "default": "0.10"}}}`, `"default":"0.10"`, ""},
		"boolean to text":         {spec.KindPipeline, `{"parameters": {"rate": {"type": "boolean", "default": false}}}`, `"default":"false"`, ""},
		"text to number":          {spec.KindModel, `{"gates": [{"metric": "auc", "op": ">=", "threshold": "0.9199999"}]}`, `"threshold":0.9199999`, ""},
		"number keeps its digits": {spec.KindModel, `{"gates": [{"metric": "auc", "op": ">=", "threshold": 0.12345678901234567890123}]}`, `"threshold":0.12345678901234567890123`, ""},
		"text to integer":         {spec.KindEndpoint, `{"replicas": {"max": "7"}}`, `"replicas":{"min":1,"max":7}`, ""},
		"decimal that is whole":   {spec.KindEndpoint, `{"replicas": {"max": 7.0}}`, `"max":7`, ""},
		"text to boolean":         {spec.KindBucket, `{"force_destroy": "true"}`, `"force_destroy":true`, ""},
		"1 to boolean":            {spec.KindRegistry, `{"mlflow": {"managed": "1"}}`, `"managed":true`, ""},
		"null is left out":        {spec.KindBucket, `{"lifecycle": [{"prefix": "a", "expire_after_days": 3}]}`, `"lifecycle":[{"prefix":"a","expire_after_days":3}]`, ""},
		"word to number":          {spec.KindModel, `{"gates": [{"metric": "auc", "op": ">=", "threshold": "high"}]}`, `"high" is not a number`, "gates[0].threshold"},
		"empty to number":         {spec.KindModel, `{"gates": [{"metric": "auc", "op": ">=", "threshold": ""}]}`, `"" is not a number`, "gates[0].threshold"},
		"exponent too long":       {spec.KindModel, `{"gates": [{"metric": "auc", "op": ">=", "threshold": 1e5000}]}`, `is not a number`, "gates[0].threshold"},
		"fraction to integer":     {spec.KindEndpoint, `{"replicas": {"max": 1.5}}`, `"1.5" must be a whole number`, "replicas.max"},
		"word to integer":         {spec.KindEndpoint, `{"replicas": {"max": "many"}}`, `"many" must be a whole number`, "replicas.max"},
		"too great an integer":    {spec.KindEndpoint, `{"replicas": {"max": 99999999999999999999}}`, `must be a whole number`, "replicas.max"},
		"word to boolean":         {spec.KindBucket, `{"force_destroy": "yes"}`, `"yes" must be true or false`, "force_destroy"},
		"number to boolean":       {spec.KindBucket, `{"force_destroy": 1}`, `must be true or false`, "force_destroy"},
		"no such attribute":       {spec.KindBucket, `{"colour": "red"}`, `there is no such attribute; there are: access_logs, existing, force_destroy, kms_key, lifecycle, name, platform, soft_delete_days`, "colour"},
		"no such nested":          {spec.KindPipeline, `{"steps": {"train": {"comand": []}}}`, `there is no such attribute; there are: args, cache, command`, `steps["train"].comand`},
		"text for a list":         {spec.KindBucket, `{"lifecycle": "x"}`, "must be a list", "lifecycle"},
		"object for a list":       {spec.KindBucket, `{"lifecycle": {}}`, "must be a list", "lifecycle"},
		"list for an object":      {spec.KindDataset, `{"local": ["x"]}`, "must be an object", "local"},
		"text for a map":          {spec.KindPipeline, `{"parameters": "x", "steps": {"train": {"args": ["$(inputs.features)", "$(outputs.model)", "$(metrics)"]}}}`, "must be a map", "parameters"},
		"list for a text":         {spec.KindPlatform, `{"owner": ["x"]}`, "must be a single value", "owner"},
		"object in a list":        {spec.KindPlatform, `{"security": {"allowed_registries": [{}]}}`, "must be a single value", "security.allowed_registries[0]"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := decode(t, tt.kind, tt.patch)
			if tt.path != "" {
				same(t, d.Faults, one(tt.path, tt.want))
				return
			}
			same(t, d.Faults, nil)
			text, err := spec.Encode(d.Spec)
			if err != nil || !strings.Contains(text, tt.want) {
				t.Errorf("%v: %s does not hold %s", err, text, tt.want)
			}
		})
	}
}

func TestDecode_refusesGoValues(t *testing.T) {
	t.Parallel()
	d := spec.Decode(spec.KindBucket, map[string]any{"platform": "fraud", "name": 3.5, "existing": nil})
	same(t, d.Faults, one("name", "must be a single value"))
	d = spec.Decode(spec.KindPlatform, map[string]any{"name": "fraud", "owner": "x", "environments": []any{}})
	same(t, d.Faults, one("environments", "must be a map"))
}

// A reference takes a name or the whole spec.
func TestDecode_references(t *testing.T) {
	t.Parallel()
	text, err := spec.Encode(decode(t, spec.KindPlatform, `{}`).Spec)
	if err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]spec.Ref{text: "fraud", "fraud": "fraud", "{not a spec": "{not a spec"} {
		d := spec.Decode(spec.KindBucket, map[string]any{"name": "b", "platform": given})
		if b, ok := d.Spec.(*spec.Bucket); !ok || b.Platform != want || d.Faults.Err() != nil {
			t.Errorf("%s gives %v, %v", given, d.Spec, d.Faults)
		}
	}
}

// All mistakes of one configuration are reported at once, wrong shapes and wrong
// values, single and between values.
func TestDecode_allFaultsAtOnce(t *testing.T) {
	t.Parallel()
	d := decode(t, spec.KindPipeline, `{
		"name": "Train", "imag": "x", "timeout": "soon", "concurrency": ["x"],
		"parameters": {"rate": {"default": "fast"}},
		"steps": {
			"prepare": {"image": "python:latest", "retries": "often", "env": {"DB_PASSWORD": "hunter2", "PROXY": "http://u:p@host"}, "needs": ["train"]},
			"train": {"args": ["$(params.rat)", "$(nonsense)", "$(inputs.features)", "$(outputs.mode)", "$(metrics)"], "inputs": {"features": "prepare.feature"}}
		},
		"triggers": {"schedule": {"cron": "@daily", "timezone": "Paris"}}
	}`)
	same(t, d.Faults, []fault{
		{"concurrency", "must be a single value"},
		{"imag", "no such attribute"},
		{"name", `"train" would do`},
		{`parameters["rate"].default`, "not a number"},
		{`steps["prepare"].env["DB_PASSWORD"]`, "plain-text secret"},
		{`steps["prepare"].env["PROXY"]`, "user:password@"},
		{`steps["prepare"].image`, "floats"},
		{`steps["prepare"].needs[0]`, "waits for itself"},
		{`steps["prepare"].retries`, "whole number"},
		{`steps["train"].args[0]`, `no parameter "rat"; there are: rate`},
		{`steps["train"].args[1]`, `unknown token "$(nonsense)"`},
		{`steps["train"].args[3]`, `no output "mode"; it has: model`},
		{`steps["train"].inputs["features"]`, `no output "feature"; it has: features`},
		{`steps["train"].inputs["features"]`, "waits for itself"},
		{"timeout", "not a duration"},
		{"triggers.schedule.cron", "5: minute hour"},
		{"triggers.schedule.timezone", "not an IANA time zone"},
	})
}

// No message repeats a credential that stands in the value it quotes.
func TestDecode_faultsHoldNoSecret(t *testing.T) {
	t.Parallel()
	for kind, patch := range map[spec.Kind]string{
		spec.KindRegistry: `{"mlflow": {"tracking_uri": "mysql://root:hunter2@db/mlflow"}}`,
		spec.KindDataset:  `{"local": {"path": "https://root:hunter2@host/x"}}`,
		spec.KindPipeline: `{"image": "https://root:hunter2@host/x:latest", "steps": {"train": {"retries": "redis://:hunter2@h"}}}`,
		spec.KindEndpoint: `{"alerts": {"receivers": ["ghp_hunter2hunter2hunter2hunter2hunter2hunt"]}}`,
	} {
		d := decode(t, kind, patch)
		if d.Faults.Err() == nil {
			t.Errorf("%s: no fault", kind)
		}
		if text := d.Faults.Error(); strings.Contains(text, "hunter2") {
			t.Errorf("%s: a secret is printed:\n%s", kind, text)
		}
	}
}

// node is a place in a configuration.
type node struct {
	path string
	set  func(any)
	old  any
}

// nodes lists every value below v, leaves and branches.
func nodes(at string, v any) (out []node) {
	join := func(key string) string { return strings.TrimPrefix(at+"."+key, ".") }
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			out = append(out, node{join(key), func(x any) { v[key] = x }, v[key]})
			out = append(out, nodes(join(key), v[key])...)
		}
	case []any:
		for i := range v {
			out = append(out, node{fmt.Sprintf("%s[%d]", at, i), func(x any) { v[i] = x }, v[i]})
			out = append(out, nodes(fmt.Sprintf("%s[%d]", at, i), v[i])...)
		}
	}
	return out
}

// dotted is a path as nodes writes it.
func dotted(p spec.Path) string {
	var b strings.Builder
	for _, s := range p {
		switch s.Form {
		case spec.IndexStep:
			fmt.Fprintf(&b, "[%d]", s.Index)
		case spec.KeyStep:
			b.WriteString("." + s.Key)
		case spec.AttrStep:
			b.WriteString("." + s.Attr)
		}
	}
	return strings.TrimPrefix(b.String(), ".")
}

// An unknown value anywhere in a valid configuration is no fault, and Decode says
// where it is.
func TestDecode_unknownAnywhereIsNoFault(t *testing.T) {
	t.Parallel()
	tried := 0
	for _, name := range []string{"full", "quickstart"} {
		c := readCase(t, name)
		for i, kind := range c.kinds {
			for _, n := range nodes("", c.objects[i]) {
				n.set(spec.Unknown{})
				d := spec.Decode(kind, c.objects[i])
				n.set(n.old)
				tried++
				if err := d.Faults.Err(); err != nil {
					t.Errorf("%s: with %s unknown:\n%v", kind, n.path, err)
				}
				if len(d.Unknown) != 1 || dotted(d.Unknown[0]) != n.path {
					t.Errorf("%s: with %s unknown: reported are %v", kind, n.path, d.Unknown)
				}
			}
		}
	}
	if tried < 200 {
		t.Errorf("only %d values were tried", tried)
	}
}

// An unknown value in a faulty configuration never adds a fault, and hides only those
// that depend on it.
func TestDecode_unknownHidesOnlyWhatDependsOnIt(t *testing.T) {
	t.Parallel()
	const faulty = `{"steps": {
		"Train": {"command": ["sh"], "env": {"TOKEN": "abc"}},
		"train": {"args": ["$(params.none)", "$(metrics)"], "outputs": ["model", "model"]},
		"prepare": {"needs": ["train", "nobody"]}, "gate": {"command": ["sh"]}},
		"image": null, "timeout": "0s", "trains": {"artifact": "train.weights"}, "triggers": {"manual": true}}`
	all := map[string]bool{}
	for _, f := range decode(t, spec.KindPipeline, faulty).Faults {
		all[f.Error()] = true
	}
	if len(all) < 12 {
		t.Fatalf("only %d faults to lose: %v", len(all), all)
	}
	object, _ := merged(value(t, base[spec.KindPipeline]), value(t, faulty)).(map[string]any)
	for _, n := range nodes("", object) {
		n.set(spec.Unknown{})
		got := map[string]bool{}
		for _, f := range spec.Decode(spec.KindPipeline, object).Faults {
			got[f.Error()] = true
			if !all[f.Error()] {
				t.Errorf("with %s unknown there is a new fault: %v", n.path, f)
			}
		}
		n.set(n.old)
		if _, leaf := n.old.(map[string]any); !leaf && len(all)-len(got) > 4 {
			t.Errorf("%s unknown hides %d of %d faults", n.path, len(all)-len(got), len(all))
		}
	}
}

func TestDecode_unknownDependencies(t *testing.T) {
	t.Parallel()
	try(t, map[string]rule{
		"cloud":                      {spec.KindPlatform, `{"cloud": "<unknown>", "region": "eu-west-1", "owner": ""}`, one("owner", "must be set")},
		"type of registry":           {spec.KindRegistry, `{"type": "<unknown>", "mlflow": {"managed": false}, "neptune": {"project": "p"}}`, nil},
		"managed":                    {spec.KindRegistry, `{"mlflow": {"managed": "<unknown>"}}`, nil},
		"baseline":                   {spec.KindModel, `{"gates": [{"metric": "a b", "op": ">=", "baseline": "<unknown>", "tolerance": 0.1}]}`, one("gates[0].metric", "letters")},
		"metric of a gate":           {spec.KindModel, `{"gates": [{"metric": "<unknown>", "op": ">="}]}`, one("gates[0]", "either threshold or baseline")},
		"runtime":                    {spec.KindEndpoint, `{"runtime": "<unknown>", "custom": {"image": "acme/x@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "port": 80}}`, nil},
		"custom image":               {spec.KindEndpoint, `{"custom": {"image": "<unknown>", "port": 80}}`, one("custom", "runtime")},
		"scaling metric":             {spec.KindEndpoint, `{"autoscaling": {"metric": "<unknown>", "prometheus": {"query": "up"}}}`, nil},
		"scaling metric of the base": {spec.KindEndpoint, `{"autoscaling": {"metric": "<unknown>"}, "environments": {"staging": {"autoscaling": {"prometheus": {"query": "up"}}}}}`, nil},
		"strategy":                   {spec.KindEndpoint, `{"rollout": {"strategy": "<unknown>", "rollback": false, "steps": [{"weight": 10}]}}`, nil},
		"type of a column":           {spec.KindDataset, `{"columns": {"a": {"type": "<unknown>", "min": 3, "values": ["x"]}}}`, nil},
		"two sources":                {spec.KindDataset, `{"local": {"path": "<unknown>"}, "dvc": {"bucket": "b", "path": "<unknown>", "revision": "v1"}}`, one("local", "2 are set: dvc, local")},
		"a bucket and a server":      {spec.KindDataset, `{"local": null, "lakefs": {"endpoint": "<unknown>", "repository": "<unknown>", "ref": "<unknown>", "path": "<unknown>"}}`, nil},
		"a source":                   {spec.KindDataset, `{"local": "<unknown>"}`, nil},
		"days":                       {spec.KindBucket, `{"lifecycle": [{"expire_after_days": "<unknown>"}]}`, nil},
		"prefix":                     {spec.KindBucket, `{"lifecycle": [{"prefix": "<unknown>"}]}`, one("lifecycle[0]", "does nothing")},
		"pipeline's image":           {spec.KindPipeline, `{"image": "<unknown>", "steps": {"train": {"args": ["$(nope)", "$(metrics)"]}}}`, one(`steps["train"].args[0]`, "unknown token")},
		"upstream outputs":           {spec.KindPipeline, `{"steps": {"prepare": {"outputs": "<unknown>"}}}`, nil},
		"an output":                  {spec.KindPipeline, `{"steps": {"prepare": {"outputs": ["<unknown>"]}}}`, nil},
		"parameter default":          {spec.KindPipeline, `{"parameters": {"rate": {"default": "<unknown>"}}, "steps": {"train": {"args": ["$(params.rat)", "$(metrics)"]}}}`, one(`steps["train"].args[0]`, "no parameter")},
		"parameters":                 {spec.KindPipeline, `{"parameters": "<unknown>"}`, nil},
		"metrics step":               {spec.KindPipeline, `{"steps": {"train": {"args": "<unknown>"}}}`, nil},
		"availability":               {spec.KindEndpoint, `{"slo": {"availability": "<unknown>"}}`, nil},
		"window":                     {spec.KindEndpoint, `{"slo": {"window": "<unknown>"}}`, one("slo", "promises nothing")},
		"environment's leaf":         {spec.KindPlatform, `{"environments": {"Prod": {"approvals": "<unknown>"}, "base": {"approvals": "<unknown>"}}}`, []fault{{`environments["Prod"]`, "lower-case"}, {`environments["base"]`, "reserved"}}},
	})
}

// Defaults are those of surface.md. An explicit zero is not a default.
func TestDecode_defaults(t *testing.T) {
	t.Parallel()
	for kind, want := range map[spec.Kind]string{
		spec.KindPlatform: `{"kind":"platform","version":1,"name":"fraud","owner":"fraud-ml","cloud":"local","orchestrator":"argo_workflows","serving":"kserve","mesh":"none","autoscaling":"keda","gitops":"argocd","ci":"github_actions","queueing":"none",` +
			`"observability":{"metrics":["prometheus"],"dashboards":["grafana"],"drift":["evidently"],"tracing":[],"logs":[],"cost":["opencost"]},` +
			`"environments":{"production":{"promote_from":"staging"},"staging":{}},"security":{"pod_security":"restricted","network_policies":true,"scan_severity":"HIGH"}}`,
		spec.KindBucket:   `{"kind":"bucket","version":1,"platform":"fraud","name":"artifacts"}`,
		spec.KindRegistry: `{"kind":"model_registry","version":1,"name":"main","type":"mlflow","mlflow":{"tracking_uri":"http://mlflow.mlflow:5000","managed":true}}`,
		spec.KindModel: `{"kind":"registered_model","version":1,"name":"detector","registry":"main","gates":[{"metric":"auc","op":">=","threshold":0.9,"required":true}],` +
			`"promotion":{"mode":"pull_request"},"lineage":{"require":["code","data","environment","parameters"]}}`,
		spec.KindEndpoint: `{"kind":"endpoint","version":1,"name":"score","model":"detector","runtime":"mlserver","replicas":{"min":1,"max":3},"autoscaling":{"metric":"concurrency","target":10},"rollout":{"strategy":"rolling","rollback":true}}`,
	} {
		d := decode(t, kind, `{}`)
		same(t, d.Faults, nil)
		if got, err := spec.Encode(d.Spec); err != nil || got != want {
			t.Errorf("%v\ngot  %s\nwant %s", err, got, want)
		}
	}
	try(t, map[string]rule{
		"no accelerator":  {spec.KindEndpoint, `{"resources": {"accelerator": {"type": "nvidia-l4", "count": 0}}}`, one("resources.accelerator.count", "from 1 to 64")},
		"no replicas":     {spec.KindEndpoint, `{"replicas": {"min": 0}}`, one("replicas.min", "knative")},
		"no greatest":     {spec.KindEndpoint, `{"replicas": {"max": 0}}`, one("replicas.max", "from 1 to 1000")},
		"only a greatest": {spec.KindEndpoint, `{"replicas": {"max": 9}, "resources": {"accelerator": {"type": "nvidia-l4"}}}`, nil},
	})
	d := decode(t, spec.KindEndpoint, `{"resources": {"accelerator": {"type": "nvidia-l4"}}, "slo": {"availability": 99}, "monitors": {"drift": {"dataset": "d"}},
		"autoscaling": {"metric": "rps", "target": 50}, "environments": {"a": {"autoscaling": {"target": 7}}, "b": {"autoscaling": {"metric": "cpu"}}, "c": {"autoscaling": {"scale_to_zero": false}}, "d": {"replicas": {"max": 2}}}}`)
	e, ok := d.Spec.(*spec.Endpoint)
	if !ok || e.Resources.Accelerator.Count != 1 || e.SLO.Window != "30d" || *e.Monitors.Drift != (spec.DriftMonitor{Dataset: "d", Method: "psi", Threshold: "0.2", Schedule: "0 * * * *"}) {
		t.Errorf("%+v: %v", d.Spec, d.Faults)
	}
	for env, want := range map[string]spec.Autoscaling{"a": {Metric: "rps", Target: "7"}, "b": {Metric: "cpu", Target: "80"}, "c": {Metric: "rps", Target: "50"}, "d": {Metric: "rps", Target: "50"}, "e": {Metric: "rps", Target: "50"}} {
		if got := e.In(env).Autoscaling; *got != want {
			t.Errorf("%s: %+v, want %+v", env, *got, want)
		}
	}
	if r := e.In("d").Replicas; *r != (spec.Replicas{Min: 1, Max: 2}) {
		t.Errorf("replicas: %+v", *r)
	}
}

// Every field of every kind has the name of an attribute, and a type that Decode can
// fill: a new field is decoded, encoded and walked without further code.
func TestDecode_everyFieldHasAName(t *testing.T) {
	t.Parallel()
	seen := 0
	var check func(t *testing.T, at string, typ reflect.Type)
	check = func(t *testing.T, at string, typ reflect.Type) {
		t.Helper()
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice:
			check(t, at, typ.Elem())
		case reflect.Map:
			if typ.Key().Kind() != reflect.String {
				t.Errorf("%s: keys are %s", at, typ.Key())
			}
			check(t, at+".*", typ.Elem())
		case reflect.Struct:
			for i := range typ.NumField() {
				name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
				if name == "" || name == "-" || strings.ToLower(name) != name {
					t.Errorf("%s.%s has no attribute name", at, typ.Field(i).Name)
				}
				check(t, at+"."+name, typ.Field(i).Type)
			}
		case reflect.String, reflect.Bool, reflect.Int64:
			seen++
		default:
			t.Errorf("%s: a %s cannot be decoded", at, typ)
		}
	}
	for _, kind := range kinds {
		check(t, string(kind), reflect.TypeOf(spec.New(kind)).Elem())
	}
	if seen < 100 {
		t.Errorf("only %d fields", seen)
	}
}

func TestDecode_leavesItsInputAlone(t *testing.T) {
	t.Parallel()
	c := readCase(t, "full")
	for i, kind := range c.kinds {
		before, _ := json.Marshal(c.objects[i])
		d := spec.Decode(kind, c.objects[i])
		d2 := spec.Decode(kind, c.objects[i])
		after, _ := json.Marshal(c.objects[i])
		if string(before) != string(after) || !reflect.DeepEqual(d, d2) {
			t.Errorf("%s: the input changed, or two decodings differ", kind)
		}
	}
}
