package spec_test

import (
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

var update = flag.Bool("update", false, "write the goldens anew")

var kinds = []spec.Kind{spec.KindPlatform, spec.KindBucket, spec.KindDataset, spec.KindRegistry, spec.KindModel, spec.KindPipeline, spec.KindEndpoint, spec.KindGPUPool, spec.KindIdentity, spec.KindSecret}

// value reads JSON as Decode wants it; the text "<unknown>" stands for a value that
// is known only after apply.
func value(t testing.TB, text string) any {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return unknowns(v)
}

func unknowns(v any) any {
	switch v := v.(type) {
	case string:
		if v == "<unknown>" {
			return spec.Unknown{}
		}
	case []any:
		for i := range v {
			v[i] = unknowns(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = unknowns(v[key])
		}
	}
	return v
}

// project is one of the projects that the targets are tested with.
type project struct {
	kinds   []spec.Kind
	objects []map[string]any
}

func readCase(t testing.TB, name string) project {
	t.Helper()
	data, err := os.ReadFile("../templates/templatestest/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var c project
	whole, _ := value(t, string(data)).(map[string]any)
	list, _ := whole["specs"].([]any)
	for _, element := range list {
		object, _ := element.(map[string]any)
		kind, _ := object["kind"].(string)
		delete(object, "kind")
		c.kinds, c.objects = append(c.kinds, spec.Kind(kind)), append(c.objects, object)
	}
	if len(c.kinds) == 0 {
		t.Fatalf("%s holds no specs", name)
	}
	return c
}

// specs decodes the case, patched: "pipeline/train" → patch. A patch of null leaves
// the spec out.
func (c project) specs(t testing.TB, patches map[string]string) []spec.Spec {
	t.Helper()
	var out []spec.Spec
	used := 0
	for i, kind := range c.kinds {
		name, _ := c.objects[i]["name"].(string)
		patched, there := patches[string(kind)+"/"+name]
		var o any = c.objects[i]
		if there {
			used++
			if o = merged(o, value(t, patched)); o == nil {
				continue
			}
		}
		object, _ := o.(map[string]any)
		d := spec.Decode(kind, object)
		if err := d.Faults.Err(); err != nil {
			t.Fatalf("%s %s: %v", kind, name, err)
		}
		out = append(out, d.Spec)
	}
	if used != len(patches) {
		t.Fatalf("patched %d of %d", used, len(patches))
	}
	return out
}

// base are valid objects that rules are tried on.
var base = map[spec.Kind]string{
	spec.KindPlatform: `{"name": "fraud", "owner": "fraud-ml", "environments": {"staging": {}, "production": {"promote_from": "staging"}}}`,
	spec.KindBucket:   `{"platform": "fraud", "name": "artifacts"}`,
	spec.KindDataset:  `{"name": "transactions", "local": {"path": "data/t.csv"}}`,
	spec.KindRegistry: `{"name": "main"}`,
	spec.KindModel:    `{"name": "detector", "registry": "main", "gates": [{"metric": "auc", "op": ">=", "threshold": 0.9}]}`,
	spec.KindPipeline: `{"name": "train", "image": "ghcr.io/acme/fraud@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		"parameters": {"rate": {"type": "number", "default": 0.05}},
		"steps": {
			"prepare": {"command": ["python"], "args": ["--data", "$(inputs.data)", "--out", "$(outputs.features)"], "inputs": {"data": "dataset.transactions"}, "outputs": ["features"]},
			"train": {"command": ["python"], "args": ["$(params.rate)", "$(inputs.features)", "$(outputs.model)", "$(metrics)"], "inputs": {"features": "prepare.features"}, "outputs": ["model"]}
		},
		"trains": {"model": "detector", "artifact": "train.model", "metrics": "train"}}`,
	spec.KindEndpoint: `{"name": "score", "model": "detector"}`,
	spec.KindGPUPool:  `{"platform": "fraud", "name": "l4", "accelerator": {"type": "nvidia-l4"}, "nodes": {"min": 0, "max": 4}}`,
	spec.KindIdentity: `{"platform": "fraud", "name": "trainer", "subject": {"kubernetes": {"namespace": "fraud-training", "service_account": "trainer"}}}`,
	spec.KindSecret:   `{"platform": "fraud", "name": "tracker", "existing": "tracker"}`,
}

// merged is a JSON merge patch: objects are merged, everything else is replaced, null
// removes.
func merged(into, patch any) any {
	changes, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	old, _ := into.(map[string]any)
	out := map[string]any{}
	for key, v := range old {
		out[key] = v
	}
	for key, v := range changes {
		if v == nil {
			delete(out, key)
			continue
		}
		out[key] = merged(out[key], v)
	}
	return out
}

func decode(t testing.TB, kind spec.Kind, patch string) spec.Decoded {
	t.Helper()
	object, ok := merged(value(t, base[kind]), value(t, patch)).(map[string]any)
	if !ok {
		t.Fatalf("%s is no object", patch)
	}
	return spec.Decode(kind, object)
}

// rule is a patch of base and the faults it must have: path and a part of the
// message each, in the order of their paths; none when the patch is valid.
type rule struct {
	kind  spec.Kind
	patch string
	want  []fault
}

type fault struct{ path, text string }

func one(path, text string) []fault { return []fault{{path, text}} }

func try(t *testing.T, rules map[string]rule) {
	t.Helper()
	for name, r := range rules {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			same(t, decode(t, r.kind, r.patch).Faults, r.want)
		})
	}
}

// same compares faults that are no warnings, in any order.
func same(t *testing.T, got spec.Faults, want []fault) {
	t.Helper()
	rest := slices.DeleteFunc(slices.Clone(got), func(f spec.Fault) bool { return f.Warning })
	for _, w := range want {
		i := slices.IndexFunc(rest, func(f spec.Fault) bool { return label(f) == w.path && strings.Contains(f.Message, w.text) })
		if i < 0 {
			t.Errorf("missing: %s: …%s…", w.path, w.text)
			continue
		}
		rest = slices.Delete(rest, i, i+1)
	}
	for _, f := range rest {
		t.Errorf("not wanted: %s: %s", label(f), f.Message)
	}
}

// label is the path of a fault, after its resource where it has one.
func label(f spec.Fault) string {
	if f.Kind == "" {
		return f.Path.String()
	}
	return string(f.Kind) + "/" + f.Name + ": " + f.Path.String()
}
