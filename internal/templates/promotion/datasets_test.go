package promotion

import (
	"bytes"
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// sources are one dataset of each kind that is not in the repository.
var sources = map[string]map[string]any{
	"bucket": {"name": "fraud-artifacts", "prefix": "transactions/"},
	"dvc":    {"bucket": "fraud-artifacts", "path": "transactions", "revision": "v1.4"},
	"lakefs": {"endpoint": "https://lakefs.example.com", "repository": "payments", "ref": "main", "path": "transactions/"},
}

// reading renders the README's example with data of a kind.
func reading(t *testing.T, kind string) map[string]tree.File {
	t.Helper()
	c := templatestest.Quickstart(t)
	if kind != "local" {
		d := c.Object(t, "dataset", "transactions")
		delete(d, "local")
		d[kind] = sources[kind]
	}
	delete(c.Object(t, "endpoint", "fraud-score"), "monitors")
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	files, err := Target{}.Render(p)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]tree.File{}
	for _, f := range files {
		out[f.Path] = f
	}
	return out
}

// TestDatasets: a repository has the modules of its own kinds, and their tests.
func TestDatasets(t *testing.T) {
	for kind, want := range map[string]struct{ modules, document, pin string }{
		"local":  {"", `{"kind":"local","path":"data/transactions.csv","columns":{}}`, ""},
		"bucket": {"fetch_bucket", `{"kind":"bucket","bucket":"fraud-artifacts","prefix":"transactions","columns":{}}`, ""},
		"dvc": {
			"fetch_bucket fetch_dvc pin", `{"kind":"dvc","path":"data/transactions","revision":"v1.4","bucket":"fraud-artifacts","prefix":"dvc","columns":{}}`,
			`{"commit":"","kind":"dvc","md5":"","path":"data/transactions","revision":"v1.4","size":0,"version":1}`,
		},
		"lakefs": {
			"fetch_lakefs lakefs pin",
			`{"kind":"lakefs","uri":"lakefs://payments/main/transactions/","revision":"main","endpoint":"https://lakefs.example.com","repository":"payments","prefix":"transactions","columns":{}}`,
			`{"commit":"","kind":"lakefs","repository":"payments","revision":"main","version":1}`,
		},
	} {
		files := reading(t, kind)
		var modules []string
		for _, name := range slices.Sorted(maps.Keys(kindsOf)) {
			module, test := files["mlops/"+name], files["tests/"+name]
			if module.Path != "" {
				modules = append(modules, strings.TrimSuffix(name, ".py"))
			}
			if listed := strings.Contains(string(files["mlops/kustomization.yaml"].Data), "- "+name); listed != (module.Path != "") {
				t.Errorf("%s: %s stands in the ConfigMap: %v", kind, name, listed)
			}
			if tested := "test_fetch_" + kind + ".py"; strings.HasPrefix(name, "test_") && (test.Path != "") != (name == tested) {
				t.Errorf("%s: there is a test %s: %v", kind, name, test.Path != "")
			}
		}
		if got := strings.Join(modules, " "); got != want.modules {
			t.Errorf("%s: modules are %q, want %q", kind, got, want.modules)
		}
		var document struct {
			Datasets map[string]json.RawMessage `json:"datasets"`
		}
		if err := json.Unmarshal(files["pipelines/train/pipeline.json"].Data, &document); err != nil {
			t.Fatal(err)
		}
		if got := compact(t, document.Datasets["transactions"]); got != want.document {
			t.Errorf("%s: pipeline.json says\n%s, want\n%s", kind, got, want.document)
		}
		pin := files["data/transactions.pin.json"]
		if (pin.Path == "") != (want.pin == "") || pin.Path != "" && (compact(t, pin.Data) != want.pin || pin.Class != tree.Seeded) {
			t.Errorf("%s: the pin is %s %s, want %s", kind, pin.Class, pin.Data, want.pin)
		}
	}
}

func compact(t *testing.T, data []byte) string {
	t.Helper()
	var out bytes.Buffer
	if len(data) > 0 {
		if err := json.Compact(&out, data); err != nil {
			t.Errorf("%s: %v", data, err)
		}
	}
	return out.String()
}

// TestDatasets_emitted runs the emitted programs' own tests of a kind, and types and
// lints them, as they stand in a repository of that kind alone.
func TestDatasets_emitted(t *testing.T) {
	t.Parallel()
	for kind := range sources {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			texts := map[string]string{}
			for path, f := range reading(t, kind) {
				texts[path] = string(f.Data)
			}
			dir := realtools.WriteFiles(t, texts)
			realtools.Kustomize(t, dir+"/mlops").Accept(t, "kustomize build mlops")
			realtools.Mypy(t, dir, "lint", "mlops").Accept(t, "mypy")
			env := []string{"PYTHONPATH=.", "PYTHONDONTWRITEBYTECODE=1"}
			realtools.Run(t, "pytest", dir, env, realtools.Python(t, "train"), "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_data.py", "tests/test_fetch_"+kind+".py").Accept(t, "the emitted tests")
		})
	}
}

// TestDatasets_clouds reads Cloud Storage and Azure Blob Storage with their own
// clients, from stand-ins of ours: no cloud was asked.
func TestDatasets_clouds(t *testing.T) {
	t.Parallel()
	programs, err := filepath.Abs("programs")
	if err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs("testdata/clouds.py")
	if err != nil {
		t.Fatal(err)
	}
	res := realtools.Run(t, "clouds' clients", t.TempDir(), []string{"NO_PROXY=127.0.0.1", "PYTHONDONTWRITEBYTECODE=1"}, realtools.Python(t, "dvc"), script, programs)
	res.Accept(t, "reading")
	if !strings.Contains(res.Out, "read both clouds") || strings.Count(res.Out, "absent: ") != 2 {
		t.Error(res.Out)
	}
}
