package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// terraformModule is built where the machine has no Terraform: the newest that is served as a module.
var terraformModule = module{"github.com/hashicorp/terraform", "v1.13.3", "h1:Wjwx4gk2sEFbSiHK30nLgde+KuHoIvk1MTW2hojnbmg="}

// terraform is the machine's own; where it has none, the pinned one is built from its module.
func terraform(in ...string) tool {
	return tool{
		name: "terraform", sets: in, proof: "bin/terraform", install: buildTerraform,
		pin: func(b base) (string, string, error) {
			if os.Getenv("TERRAFORM") != "" {
				return "", "of $TERRAFORM", nil
			}
			if path, err := exec.LookPath("terraform"); err == nil && path != b.tools("bin", "terraform") {
				return "", "of $PATH", nil
			}
			pin, err := digest(nil, terraformModule.String(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return pin, terraformModule.version, err
		},
	}
}

// buildTerraform builds it without the state backends that are modules of their own: they lie in Terraform's repository but not in its module.
// The tests keep their state in files.
func buildTerraform(ctx context.Context, b base) error {
	dirs, err := download(ctx, b, terraformModule)
	if err != nil {
		return err
	}
	copied := b.tools("terraform-source")
	if err := os.RemoveAll(copied); err != nil {
		return err
	}
	defer os.RemoveAll(copied)
	if err := os.CopyFS(copied, os.DirFS(dirs[0])); err != nil {
		return err
	}
	if err := withoutBackends(copied); err != nil {
		return err
	}
	// Without this it calls itself a development version, which satisfies no required_version.
	return build(ctx, b, copied, "terraform", ".", "-ldflags=-s -w -X github.com/hashicorp/terraform/version.dev=no")
}

// backendImport is a line of the list of backends that imports one.
var backendImport = regexp.MustCompile(`^\s*(\w+) "github\.com/hashicorp/terraform/(internal/backend/remote-state/\w+)"$`)

// withoutBackends takes the backends that are missing out of the list of backends and out of go.mod.
func withoutBackends(dir string) error {
	list := filepath.Join(dir, "internal", "backend", "init", "init.go")
	text, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	var uses, requires []string
	for line := range strings.Lines(string(text)) {
		found := backendImport.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if found == nil {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(found[2]))); err != nil {
			uses = append(uses, line, " "+found[1]+".New(")
			requires = append(requires, found[2]+" ")
		}
	}
	if err := dropLines(list, uses); err != nil {
		return err
	}
	return dropLines(filepath.Join(dir, "go.mod"), requires)
}

// dropLines removes the lines of a file in which one of the texts stands.
func dropLines(file string, texts []string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var kept strings.Builder
	for line := range strings.Lines(string(data)) {
		if !slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(line, text) }) {
			kept.WriteString(line)
		}
	}
	return os.WriteFile(file, []byte(kept.String()), 0o644)
}
