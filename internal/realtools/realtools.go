// Package realtools runs the real tools that check what the targets emit: each
// system's own linter, validator or runtime, installed by `make tools` into .tools/.
// A tool that is missing fails the test; only MLOPS_SKIP_REAL_TOOLS=1 skips it,
// which the gate never sets. It knows how the tools are called, not what they check;
// its own tests show that each of them accepts something and refuses something.
package realtools

import (
	"bytes"
	"fmt"
	"io"
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
	if !exists(path) {
		if os.Getenv("MLOPS_SKIP_REAL_TOOLS") == "1" {
			t.Skipf("%s is not installed", filepath.Base(path))
		}
		t.Fatalf("%s is not installed: run `make tools`", filepath.Base(path))
	}
	return path
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Bin is the path of a program that was built into .tools/bin.
func Bin(t testing.TB, name string) string {
	t.Helper()
	return need(t, "bin", name)
}

// Python is the interpreter of an environment: lint, train, mlflow, evidently, airflow, airflow2, prefect, dagster, kfp, google, sagemaker,
// azure, moto, wandb, clearml, neptune or lakefs. tools/python/README.md says what each is for.
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
	Out    string // standard output and error
	Stdout string // standard output alone
	Err    error  // nil when the tool was content
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
	var both shared
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&out, &both), &both
	err := cmd.Run()
	return Result{both.text.String(), out.String(), err}
}

// shared takes what a program writes to both of its outputs, in the order in which it comes.
type shared struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *shared) Write(data []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(data)
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
