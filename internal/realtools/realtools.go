// Package realtools runs the real tools that check what the targets emit: each
// system's own linter, validator or runtime, installed by `make tools` into .tools/.
// A tool that is missing fails the test; only MLOPS_SKIP_REAL_TOOLS=1 skips it,
// which the gate never sets. It knows how the tools are called, not what they check.
package realtools

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

var (
	mu    sync.Mutex
	count = map[string]int{}
)

// Main runs a package's tests and prints how many checks of which tool ran.
func Main(m *testing.M) {
	code := m.Run()
	var parts []string
	for _, tool := range slices.Sorted(maps.Keys(count)) {
		parts = append(parts, fmt.Sprintf("%s %d", tool, count[tool]))
	}
	if len(parts) > 0 {
		fmt.Println("real tools: " + strings.Join(parts, ", "))
	}
	os.Exit(code)
}

// Dir is .tools/ of the project, or the folder that MLOPS_TOOLS names.
func Dir(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("MLOPS_TOOLS"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	for err == nil && dir != filepath.Dir(dir) {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			return filepath.Join(dir, ".tools")
		}
		dir = filepath.Dir(dir)
	}
	t.Fatal("no go.mod above the test's folder")
	return ""
}

// need is the path of a tool; a missing one fails the test.
func need(t testing.TB, parts ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{Dir(t)}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("MLOPS_SKIP_REAL_TOOLS") == "1" {
			t.Skipf("%s is not installed", filepath.Base(path))
		}
		t.Fatalf("%s is not installed: run `make tools`", filepath.Base(path))
	}
	return path
}

// Bin is the path of a program that was built into .tools/bin.
func Bin(t testing.TB, name string) string {
	t.Helper()
	return need(t, "bin", name)
}

// Python is the interpreter of an environment: lint, train or evidently.
func Python(t testing.TB, env string) string {
	t.Helper()
	return need(t, "py", env, "bin", "python")
}

// Script is a program of a Python environment, such as dvc of train.
func Script(t testing.TB, env, name string) string {
	t.Helper()
	return need(t, "py", env, "bin", name)
}

// Result is what a tool said.
type Result struct {
	Out string // standard output and error
	Err error  // nil when the tool was content
}

// Run calls a tool in dir and counts the check under label.
func Run(t testing.TB, label, dir string, env []string, name string, args ...string) Result {
	t.Helper()
	mu.Lock()
	count[label]++
	mu.Unlock()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return Result{out.String(), err}
}

// Accept fails the test when a tool was not content.
func (r Result) Accept(t testing.TB, what string) {
	t.Helper()
	if r.Err != nil {
		t.Errorf("%s: %v\n%s", what, r.Err, tail(r.Out))
	}
}

// Refuse fails the test when a tool was content, or did not say text.
func (r Result) Refuse(t testing.TB, what, text string) {
	t.Helper()
	if r.Err == nil || !strings.Contains(r.Out, text) {
		t.Errorf("%s must be refused with %q: %v\n%s", what, text, r.Err, tail(r.Out))
	}
}

func tail(text string) string {
	if len(text) > 8000 {
		return "…" + text[len(text)-8000:]
	}
	return text
}

// ArgoLint is the strict offline lint of Argo Workflows over files or folders.
func ArgoLint(t testing.TB, dir string, paths ...string) Result {
	t.Helper()
	return Run(t, "argolint", dir, nil, Bin(t, "argolint"), paths...)
}

// Actionlint checks all workflows of a repository.
func Actionlint(t testing.TB, dir string) Result {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, ".github", "workflows", "*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no workflow in %s: %v", dir, err)
	}
	args := []string{"-shellcheck=", "-pyflakes="}
	if config := filepath.Join(dir, ".github", "actionlint.yaml"); exists(config) {
		args = append(args, "-config-file", config)
	}
	return Run(t, "actionlint", dir, nil, Bin(t, "actionlint"), append(args, files...)...)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Zizmor audits all workflows of a repository for what can be abused.
func Zizmor(t testing.TB, dir string) Result {
	t.Helper()
	return Run(t, "zizmor", dir, nil, Script(t, "lint", "zizmor"), "--offline", "--no-progress", ".github/workflows")
}

// CheckJSONSchema checks files against a schema that the tool carries.
func CheckJSONSchema(t testing.TB, dir, schema string, files ...string) Result {
	t.Helper()
	return Run(t, "check-jsonschema", dir, nil, Script(t, "lint", "check-jsonschema"), append([]string{"--builtin-schema", schema}, files...)...)
}

// Yamllint checks all YAML files below dir with the settings that lie in it.
func Yamllint(t testing.TB, dir string) Result {
	t.Helper()
	return Run(t, "yamllint", dir, nil, Script(t, "lint", "yamllint"), "--strict", ".")
}

// Ruff checks Python files with the settings that lie in dir.
func Ruff(t testing.TB, dir string) Result {
	t.Helper()
	return Run(t, "ruff", dir, nil, Script(t, "lint", "ruff"), "check", ".")
}

// Mypy checks the types of Python packages strictly.
func Mypy(t testing.TB, dir, env string, packages ...string) Result {
	t.Helper()
	args := []string{"-m", "mypy", "--strict", "--ignore-missing-imports", "--no-error-summary", "--cache-dir", filepath.Join(t.TempDir(), "mypy")}
	for _, p := range packages {
		args = append(args, "-p", p)
	}
	return Run(t, "mypy", dir, nil, Python(t, env), args...)
}

// KubeValidate checks objects against the schemas of Kubernetes and of every
// project whose definitions are installed: unknown fields and broken CEL rules are
// errors, and so is a kind without a schema.
func KubeValidate(t testing.TB, paths ...string) Result {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join(Dir(t), "crds", "*"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("no definitions: run `make tools` (%v)", err)
	}
	return Run(t, "kubectl-validate", ".", nil, Bin(t, "kubevalidate"), append([]string{"--version", "1.30", "--local-crds", strings.Join(folders, ",")}, paths...)...)
}

// Kustomize builds a folder and returns the objects.
func Kustomize(t testing.TB, dir string) Result {
	t.Helper()
	return Run(t, "kustomize", dir, nil, Bin(t, "kustomize"), "build", ".")
}

// PromtoolRules checks rule files; PromtoolTests runs their unit tests.
func PromtoolRules(t testing.TB, dir string, files ...string) Result {
	t.Helper()
	return Run(t, "promtool check", dir, nil, Bin(t, "promtool"), append([]string{"check", "rules"}, files...)...)
}

// PromtoolTests runs the unit tests of rule files.
func PromtoolTests(t testing.TB, dir string, files ...string) Result {
	t.Helper()
	return Run(t, "promtool test", dir, nil, Bin(t, "promtool"), append([]string{"test", "rules"}, files...)...)
}

// PromQL parses one expression.
func PromQL(t testing.TB, expression string) Result {
	t.Helper()
	return Run(t, "promql", ".", nil, Bin(t, "promtool"), "--experimental", "promql", "format", "--", expression)
}

// WriteFiles puts files into a new folder and returns it.
func WriteFiles(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for path, text := range files {
		to := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
