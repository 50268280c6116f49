package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// catalog lists everything that can be installed. Versions of Go programs stand in
// the go.mod of their folder.
func catalog() []tool {
	tools := []tool{
		terraform("demo", "test", "check", "generate"),
		program("actionlint", "github.com/rhysd/actionlint/cmd/actionlint", "test", "check"),
		program("kustomize", "sigs.k8s.io/kustomize/kustomize/v5", "test", "check"),
		program("kubevalidate", "sigs.k8s.io/kubectl-validate", "test", "check"),
		program("argolint", ".", "test", "check"),
		program("promtool", "github.com/prometheus/prometheus/cmd/promtool", "test", "check"),
		program("golangci-lint", "github.com/golangci/golangci-lint/v2/cmd/golangci-lint", "check"),
		program("govulncheck", "golang.org/x/vuln/cmd/govulncheck", "check"),
		program("tfplugindocs", "github.com/hashicorp/terraform-plugin-docs/cmd/tfplugindocs", "check", "generate"),
		python("lint", "tools/python/lint.txt", "test", "check"),
		python("evidently", "tools/python/evidently.txt", "test", "check"),
		python("train", "internal/templates/repository/requirements.txt", "test", "check"),
	}
	for _, c := range definitions {
		tools = append(tools, crds(c, "test", "check"))
	}
	return append(tools, program("kserve", ".", "kserve"))
}

func sets() []string {
	var all []string
	for _, t := range catalog() {
		all = append(all, t.sets...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// program builds a Go program from the module tools/pins/<name>. Prometheus is built
// without its service discoveries, which promtool's rule checks do not need.
func program(name, pkg string, in ...string) tool {
	return tool{
		name: name, sets: in,
		pin: func(root string) (string, error) {
			dir := filepath.Join(root, "tools", "pins", name)
			sources, err := filepath.Glob(filepath.Join(dir, "*.go"))
			if err != nil {
				return "", err
			}
			files := append([]string{filepath.Join(dir, "go.mod"), filepath.Join(dir, "go.sum")}, sources...)
			return digest(files, pkg)
		},
		install: func(root string) error {
			out := filepath.Join(root, ".tools", "bin", name)
			return run(filepath.Join(root, "tools", "pins", name), []string{"CGO_ENABLED=0", "GOFLAGS=-mod=readonly"}, "go", "build", "-trimpath", "-tags", "remove_all_sd", "-ldflags", "-s -w", "-o", out, pkg)
		},
	}
}

// terraform is the machine's own; where it has none, the pinned one is built from its module.
func terraform(in ...string) tool {
	const module = "github.com/hashicorp/terraform@v1.13.3"
	return tool{
		name: "terraform", sets: in,
		pin: func(string) (string, error) {
			if os.Getenv("TERRAFORM") != "" {
				return "", nil
			}
			if path, err := exec.LookPath("terraform"); err == nil && !strings.Contains(path, "/.tools/") {
				return "", nil
			}
			return module, nil
		},
		install: func(root string) error {
			dir, err := moduleDir(module)
			if err != nil {
				return err
			}
			return run(dir, []string{"CGO_ENABLED=0", "GOFLAGS=-mod=readonly"}, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(root, ".tools", "bin", "terraform"), ".")
		},
	}
}

// definition is a folder of custom resource definitions in a project's module.
type definition struct{ name, module, folder string }

var definitions = []definition{
	{"argo-cd", "github.com/argoproj/argo-cd/v3@v3.5.7", "manifests/crds"},
	{"argo-workflows", "github.com/argoproj/argo-workflows/v4@v4.0.7", "manifests/base/crds/full"},
	{"keda", "github.com/kedacore/keda/v2@v2.21.0", "config/crd/bases"},
	{"kserve", "github.com/kserve/kserve@v0.20.0", "config/crd/full"},
	{"prometheus-operator", "github.com/prometheus-operator/prometheus-operator@v0.85.0", "example/prometheus-operator-crd"},
}

// crds copies definitions out of a module: the validator reads one flat folder.
func crds(d definition, in ...string) tool {
	return tool{
		name: "crds-" + d.name, sets: in,
		pin: func(string) (string, error) { return d.module + " " + d.folder, nil },
		install: func(root string) error {
			dir, err := moduleDir(d.module)
			if err != nil {
				return err
			}
			return copyDefinitions(filepath.Join(dir, filepath.FromSlash(d.folder)), filepath.Join(root, ".tools", "crds", d.name))
		},
	}
}

func copyDefinitions(from, to string) error {
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	copied := 0
	err := filepath.WalkDir(from, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(data), "kind: CustomResourceDefinition") {
			return err
		}
		copied++
		return os.WriteFile(filepath.Join(to, fmt.Sprintf("%03d-%s", copied, entry.Name())), data, 0o644)
	})
	if err == nil && copied == 0 {
		err = fmt.Errorf("no definition in %s", from)
	}
	return err
}

// uv installs environments in seconds; it is pinned like the rest.
const uv = "uv==0.13.9"

// python makes .tools/py/<name> from a lock with hashes.
func python(name, lock string, in ...string) tool {
	return tool{
		name: "py-" + name, sets: in,
		pin: func(root string) (string, error) { return digest([]string{filepath.Join(root, lock)}, uv) },
		install: func(root string) error {
			base := filepath.Join(root, ".tools", "py")
			installer := filepath.Join(base, ".uv")
			if _, err := os.Stat(filepath.Join(installer, "bin", "uv")); err != nil {
				if err := run(root, nil, "python3", "-m", "venv", installer); err != nil {
					return err
				}
				if err := run(root, nil, filepath.Join(installer, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", uv); err != nil {
					return err
				}
			}
			env := filepath.Join(base, name)
			if err := os.RemoveAll(env); err != nil {
				return err
			}
			if err := run(root, nil, "python3", "-m", "venv", env); err != nil {
				return err
			}
			return run(root, nil, filepath.Join(installer, "bin", "uv"), "pip", "install", "--quiet", "--python", filepath.Join(env, "bin", "python"), "--require-hashes", "-r", filepath.Join(root, lock))
		},
	}
}
