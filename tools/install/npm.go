package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// node installs the package that tools/npm/<name> locks, with hashes, to .tools/npm/<name>. It needs Node.js and npm, and the Debian programs
// that it names.
func node(name string, programs []string, in ...string) tool {
	return tool{
		name: "npm-" + name, sets: in, proof: filepath.Join("npm", name, "node_modules", ".bin", name),
		pin: func(b base) (string, string, error) {
			manifest := b.source("tools", "npm", name, "package.json")
			version, err := dependency(manifest, name)
			if err != nil {
				return "", "", err
			}
			pin, err := digest([]string{manifest, b.source("tools", "npm", name, "package-lock.json")}, name)
			return pin, version, err
		},
		install: func(ctx context.Context, b base) error {
			if err := system(ctx, b, append([]string{"npm", "node"}, programs...)...); err != nil {
				return err
			}
			return installPackage(ctx, b, name)
		},
	}
}

// dependency is the version that a package.json asks for.
func dependency(manifest, name string) (string, error) {
	data, err := os.ReadFile(manifest)
	if err != nil {
		return "", err
	}
	var file struct{ Dependencies map[string]string }
	if err := json.Unmarshal(data, &file); err != nil {
		return "", fmt.Errorf("%s: %w", manifest, err)
	}
	if file.Dependencies[name] == "" {
		return "", fmt.Errorf("%s does not name %s", manifest, name)
	}
	return file.Dependencies[name], nil
}

func installPackage(ctx context.Context, b base, name string) error {
	dir := b.tools("npm", name)
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
		return err
	}
	for _, file := range []string{"package.json", "package-lock.json"} {
		data, err := os.ReadFile(b.source("tools", "npm", name, file))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, file), data, 0o644)
		}
		if err != nil {
			return err
		}
	}
	// No script of a package runs: what it brings is called by the tests only.
	_, err := command(ctx, dir, nil, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
	return err
}

// system makes sure that programs of the machine are there; Debian's package manager brings them where this may be done.
func system(ctx context.Context, b base, programs ...string) error {
	for _, name := range programs {
		if _, err := exec.LookPath(name); err == nil {
			continue
		}
		_, missing := exec.LookPath("apt-get")
		if missing != nil || os.Geteuid() != 0 {
			return fmt.Errorf("%s is not on this machine: install it, on Debian with apt-get install %s", name, packageOf(name))
		}
		env := []string{"DEBIAN_FRONTEND=noninteractive"}
		if _, err := command(ctx, b.root, env, "apt-get", "update", "-qq"); err != nil {
			return err
		}
		if _, err := command(ctx, b.root, env, "apt-get", "install", "-y", "-qq", "--no-install-recommends", packageOf(name)); err != nil {
			return err
		}
	}
	return nil
}

// packageOf is the Debian package that has a program.
func packageOf(program string) string {
	if program == "node" {
		return "nodejs"
	}
	return program
}
