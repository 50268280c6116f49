package realtools

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// ArgoLint is the strict offline lint of Argo Workflows over files or folders; all of one call are read together.
func ArgoLint(t testing.TB, dir string, paths ...string) Result {
	t.Helper()
	return Run(t, "argolint", dir, nil, Bin(t, "argolint"), paths...)
}

// EventsLint reads the objects of Argo Events in files strictly, and asks its controllers' validation; the files need an EventBus. With a file
// that holds an event's body, Stdout are the dependencies of sensors that take it, as SENSOR/DEPENDENCY lines.
func EventsLint(t testing.TB, body string, paths ...string) Result {
	t.Helper()
	if body != "" {
		paths = append([]string{"-body", body}, paths...)
	}
	return Run(t, "eventslint", ".", nil, Bin(t, "eventslint"), paths...)
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

// KubeValidate asks Kubernetes' own create strategies, and the extension server's for every project whose definitions are installed, what
// they would say to the objects in files or folders: unknown fields, broken CEL rules and faults that only validation code finds are errors,
// and so is a kind without a schema. The folders that MLOPS_CRDS lists define further kinds.
func KubeValidate(t testing.TB, paths ...string) Result {
	t.Helper()
	args := []string{"-crds", need(t, "crds")}
	for _, folder := range filepath.SplitList(os.Getenv("MLOPS_CRDS")) {
		args = append(args, "-crds", folder)
	}
	return Run(t, "kubevalidate", ".", nil, Bin(t, "kubevalidate"), append(args, paths...)...)
}

// KServeValidate runs KServe's own admission webhook on the InferenceServices in files; a file without one is a fault.
func KServeValidate(t testing.TB, files ...string) Result {
	t.Helper()
	return Run(t, "kservevalidate", ".", nil, Bin(t, "kservevalidate"), files...)
}

// Kustomize builds a folder; Stdout are the objects. A warning, such as that of a deprecated field, counts as a fault.
func Kustomize(t testing.TB, dir string) Result {
	t.Helper()
	res := Run(t, "kustomize", dir, nil, Bin(t, "kustomize"), "build", ".")
	if res.Err == nil && res.Out != res.Stdout {
		res.Err = errors.New("kustomize warned")
	}
	return res
}

// PromtoolRules checks rule files.
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

// DVC runs one command of the emitted repository's DVC, without its questions to the network.
func DVC(t testing.TB, dir string, args ...string) Result {
	t.Helper()
	env := []string{"DVC_NO_ANALYTICS=1", "DVC_SITE_CACHE_DIR=" + t.TempDir(), "PATH=" + filepath.Dir(Script(t, "train", "dvc")) + string(filepath.ListSeparator) + os.Getenv("PATH")}
	return Run(t, "dvc", dir, env, Script(t, "train", "dvc"), args...)
}

// GitLabCILocal reads and runs the .gitlab-ci.yml of a Git repository: it checks the file against GitLab's schema, and runs jobs as
// subprocesses, without containers.
func GitLabCILocal(t testing.TB, dir string, env []string, args ...string) Result {
	t.Helper()
	program := need(t, "npm", "gitlab-ci-local", "node_modules", ".bin", "gitlab-ci-local")
	return Run(t, "gitlab-ci-local", dir, env, program, append([]string{"--home", t.TempDir(), "--force-shell-executor"}, args...)...)
}
