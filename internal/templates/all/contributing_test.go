package all_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var shown = regexp.MustCompile("(?s)<!-- file: (\\S+) -->\n```go\n(.*?)```")

// TestContributing compiles and runs the orchestrator that docs/contributing.md adds, laid
// over this module.
func TestContributing(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "contributing.md"))
	if err != nil {
		t.Fatal(err)
	}
	files := shown.FindAllStringSubmatch(string(page), -1)
	if len(files) != 2 {
		t.Fatalf("the page shows %d files", len(files))
	}
	dir, replace := t.TempDir(), map[string]string{}
	for _, f := range files {
		text := filepath.Join(dir, filepath.Base(f[1]))
		if err := os.WriteFile(text, []byte(f[2]), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(root, filepath.FromSlash(f[1]))] = text
		if out, err := exec.CommandContext(t.Context(), "gofmt", "-l", text).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s is not formatted: %s", f[1], out)
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(path, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "steps.test")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-overlay", path, "-o", binary, "./internal/templates/steps")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("what docs/contributing.md shows does not compile: %v\n%s", err, out)
	}
	run := exec.CommandContext(t.Context(), binary, "-test.v")
	run.Dir = dir
	out, err := run.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestDocument") {
		t.Errorf("what docs/contributing.md shows does not work: %v\n%s", err, out)
	}
}
