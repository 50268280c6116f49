package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// program is a Go program built from the module in tools/pins/<pins>, or in tools/<own>.
type program struct {
	name   string
	pins   string // folder of the module
	own    string // folder of a module that is nothing but the program
	pkg    string
	module string // whose version is shown
	tags   string
}

func (p program) tool(in ...string) tool {
	return tool{name: p.name, sets: in, pin: p.pin, proof: "bin/" + p.name, install: p.build}
}

// dir is the folder of the program's module.
func (p program) dir(b base) string {
	if p.own != "" {
		return b.source("tools", p.own)
	}
	return b.source("tools", "pins", p.pins)
}

// pin covers the module, the program's own files if it has some, and the compiler.
func (p program) pin(b base) (string, string, error) {
	dir := p.dir(b)
	files := []string{filepath.Join(dir, "go.mod"), filepath.Join(dir, "go.sum")}
	switch {
	case p.own != "":
		all, err := sources(dir)
		if err != nil {
			return "", "", err
		}
		files = append(files, all...)
	case strings.HasPrefix(p.pkg, "."):
		own, err := filepath.Glob(filepath.Join(dir, p.pkg, "*.go"))
		if err != nil {
			return "", "", err
		}
		files = append(files, own...)
	}
	version, err := required(files[0], p.module)
	if err != nil {
		return "", "", err
	}
	pin, err := digest(files, p.name, p.pkg, p.tags, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return pin, version, err
}

// sources are the Go files at and below dir, and the go.mod of the modules that stand in there for others.
func sources(dir string) (out []string, err error) {
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && (strings.HasSuffix(path, ".go") || entry.Name() == "go.mod" && filepath.Dir(path) != dir) {
			out = append(out, path)
		}
		return err
	})
	return out, err
}

func (p program) build(ctx context.Context, b base) error {
	return build(ctx, b, p.dir(b), p.name, p.pkg, "-tags="+p.tags, "-ldflags=-s -w")
}

// build compiles pkg of the module in dir to .tools/bin/<name>; the old program stays until the new one is whole.
func build(ctx context.Context, b base, dir, name, pkg string, flags ...string) error {
	fresh := b.tools("bin", "."+name)
	// Another GOFLAGS, workspace or C compiler must not decide what is built.
	env := []string{"CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off"}
	args := slices.Concat([]string{"build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-o", fresh}, flags, []string{pkg})
	if _, err := command(ctx, dir, env, "go", args...); err != nil {
		return err
	}
	return os.Rename(fresh, b.tools("bin", name))
}

// required is the version of a module in a go.mod.
func required(file, module string) (string, error) {
	text, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer text.Close()
	for lines := bufio.NewScanner(text); lines.Scan(); {
		words := strings.Fields(strings.TrimPrefix(lines.Text(), "require "))
		if len(words) >= 2 && words[0] == module {
			return words[1], nil
		}
	}
	return "", fmt.Errorf("%s does not require %s", file, module)
}

// module is an exact version of a Go module and the sum of its files.
type module struct{ path, version, sum string }

func (m module) String() string { return m.path + "@" + m.version + " " + m.sum }

// download fetches modules, compares their sums and returns where their files are. Their code need not build.
func download(ctx context.Context, b base, modules ...module) ([]string, error) {
	args := []string{"mod", "download", "-json"}
	for _, m := range modules {
		args = append(args, m.path+"@"+m.version)
	}
	out, err := command(ctx, b.source("tools", "install"), []string{"GOFLAGS=", "GOWORK=off"}, "go", args...)
	found := map[string]string{}
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var one struct{ Path, Version, Sum, Dir string }
		if err := d.Decode(&one); err != nil {
			return nil, errors.Join(err, fmt.Errorf("go mod download: %q", out))
		}
		found[module{one.Path, one.Version, one.Sum}.String()] = one.Dir
	}
	if err != nil {
		return nil, err
	}
	var dirs []string
	for _, m := range modules {
		dir := found[m.String()]
		if dir == "" {
			return nil, fmt.Errorf("%s@%s came with other files than pinned", m.path, m.version)
		}
		dirs = append(dirs, dir)
	}
	return dirs, nil
}
