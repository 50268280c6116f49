package templatestest

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// Goldens are the expected files of all cases beside the test, by case and path.
func Goldens(t testing.TB) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no goldens in testdata: %v", err)
	}
	out := map[string]string{}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil || len(archive.Files) == 0 {
			t.Fatalf("%s: no files: %v", path, err)
		}
		for _, f := range archive.Files[1:] {
			out[strings.TrimSuffix(filepath.Base(path), ".txtar")+"/"+f.Name] = string(f.Data)
		}
	}
	return out
}

// Objects are those of them that a cluster takes: no values of charts, and no lists of
// kustomize.
func Objects(t testing.TB) map[string]string {
	t.Helper()
	out := Goldens(t)
	for path := range out {
		if name := filepath.Base(path); name == "values.yaml" || name == "kustomization.yaml" || !strings.HasSuffix(name, ".yaml") {
			delete(out, path)
		}
	}
	if len(out) == 0 {
		t.Fatal("the goldens hold no object")
	}
	return out
}
