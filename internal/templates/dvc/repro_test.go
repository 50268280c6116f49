package dvc

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

// dump writes its arguments and variables, so that the test sees what a step sees.
const dump = `import json, os, sys
json.dump({"argv": sys.argv[2:], "env": dict(os.environ)}, open(sys.argv[1], "w"))
`

// TestRepro runs the stages with the real DVC, hostile text in every place that a
// user has, and then once more: nothing may be left to do.
func TestRepro(t *testing.T) {
	var texts []string
	for _, text := range append([]string{"", "$", "$$", "$'x'", "~root", "A=b", "a;b", "(x)", `\\${x}`, "${s}", "\n", "a\n\n"}, templatestest.HostileTexts...) {
		if len(text) < 5000 {
			texts = append(texts, text)
		}
	}
	parameters := map[string]string{"number": "0.050", "small": "1e-7", "big": "12345678901234567890", "flag": "true", "s": `a "b" $HOME ${t} \ ` + "`id` $(x) #🚀\nnext", "t": "0.10", "item": "", "key-x": " on "}
	types := map[string]string{"number": "number", "small": "number", "big": "integer", "flag": "boolean"}
	args, want := []any{"$(outputs.o)"}, []string{}
	env := object{}
	for i, text := range texts {
		literal := strings.ReplaceAll(text, "$(", "$$(")
		args, want = append(args, literal), append(want, text)
		env["E"+string(rune('A'+i/26))+string(rune('A'+i%26))] = literal
	}
	declared := object{}
	for name, value := range parameters {
		kind := types[name]
		if kind == "" {
			kind = "string"
		}
		declared[name] = object{"type": kind, "default": value}
		for _, before := range []string{"", "--x=", `\`, "'", "{"} {
			args, want = append(args, before+"$(params."+name+")}"), append(want, before+value+"}")
		}
	}
	dir := write(t, object{"parameters": declared, "steps": object{
		"a_B":  object{"command": []any{"python3", "dump.py"}, "args": args, "env": env, "outputs": []any{"o"}, "inputs": object{"d": "dataset.d"}},
		"none": object{"command": []any{"true"}, "needs": []any{"a_B"}},
		"last": object{"command": []any{"sh", "-c", `test -s "$0" && echo '{}' >"$1"`, "$(inputs.i)", "$(metrics)"}, "inputs": object{"i": "a_B.o"}, "needs": []any{"none"}},
	}})
	if out, err := repro(t, dir); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var seen struct {
		Argv []string
		Env  map[string]string
	}
	data, err := os.ReadFile(filepath.Join(dir, "runs/p/a_B/o"))
	if err == nil {
		err = json.Unmarshal(data, &seen)
	}
	if err != nil || len(seen.Argv) != len(want) {
		t.Fatalf("the step saw %d arguments, want %d: %v", len(seen.Argv), len(want), err)
	}
	for i := range want {
		if seen.Argv[i] != want[i] {
			t.Errorf("argument %d is %q, want %q", i, seen.Argv[i], want[i])
		}
	}
	for name, value := range env {
		if got, want := seen.Env[name], strings.ReplaceAll(value.(string), "$$(", "$("); got != want {
			t.Errorf("variable %s is %q, want %q", name, got, want)
		}
	}
	out, err := repro(t, dir)
	if err != nil || strings.Count(out, "didn't change, skipping") != 3 {
		t.Errorf("the second run did something: %v\n%s", err, out)
	}
}

// TestRepro_always runs a step with cache = false twice, and asks for a value.
func TestRepro_always(t *testing.T) {
	dir := write(t, object{"steps": object{"a": object{"command": []any{"echo", "ran"}, "cache": false}, "b": object{"command": []any{"true"}, "needs": []any{"a"}}}})
	for range 2 {
		if out, err := repro(t, dir); err != nil || !slices.Contains(strings.Split(out, "\n"), "ran") {
			t.Errorf("the step did not run: %v\n%s", err, out)
		}
	}
	dir = write(t, object{"parameters": object{"lr": object{"type": "number"}}, "steps": object{"a": object{"command": []any{"echo", "$(params.lr)"}}}})
	if out, err := repro(t, dir); err == nil || !strings.Contains(out, "parameter lr has no value: set it in pipelines/p/params.yaml") {
		t.Errorf("a parameter without value: %v\n%s", err, out)
	}
}

// write makes a Git repository of the rendered files and what a team adds.
func write(t *testing.T, pipeline object) string {
	t.Helper()
	files, err := templates.Render([]templates.Target{Target{}}, project(t, pipeline))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	all := map[string]string{"dump.py": dump, "data/d.csv": "1\n"}
	for _, f := range files.Files() {
		all[f.Path] = string(f.Data)
	}
	for path, text := range all {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "git", "init", "--quiet", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir
}

func repro(t *testing.T, dir string) (string, error) {
	t.Helper()
	program := realtools.Script(t, "train", "dvc")
	path := filepath.Dir(program) + string(os.PathListSeparator) + os.Getenv("PATH")
	res := realtools.Run(t, "dvc", dir, []string{"PATH=" + path, "SHELL=/bin/sh", "DVC_NO_ANALYTICS=1", "DVC_SITE_CACHE_DIR=" + t.TempDir()}, program, "repro", "pipelines/p/dvc.yaml")
	return res.Out, res.Err
}
