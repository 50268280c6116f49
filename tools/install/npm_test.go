package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNodeLocks: every package of a lock has its hash, none names the registry that it came from, and the version is the one that was asked for.
func TestNodeLocks(t *testing.T) {
	locks, err := filepath.Glob("../npm/*/package-lock.json")
	if err != nil || len(locks) == 0 {
		t.Fatalf("%d locks, %v", len(locks), err)
	}
	for _, lock := range locks {
		data, err := os.ReadFile(lock)
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Packages map[string]struct{ Version, Integrity, Resolved string }
		}
		if err := json.Unmarshal(data, &file); err != nil {
			t.Fatalf("%s: %v", lock, err)
		}
		for path, p := range file.Packages {
			if path != "" && (!strings.HasPrefix(p.Integrity, "sha512-") || p.Resolved != "") {
				t.Errorf("%s: %s has the hash %q and the address %q", lock, path, p.Integrity, p.Resolved)
			}
		}
		name := filepath.Base(filepath.Dir(lock))
		want, err := dependency(filepath.Join(filepath.Dir(lock), "package.json"), name)
		if have := file.Packages["node_modules/"+name].Version; err != nil || have != want {
			t.Errorf("%s locks %s %q, package.json asks for %q: %v", lock, name, have, want, err)
		}
	}
}

func TestDependency(t *testing.T) {
	manifest := filepath.Join(t.TempDir(), "package.json")
	if err := os.WriteFile(manifest, []byte(`{"dependencies": {"a": "1.2.3"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if version, err := dependency(manifest, "a"); err != nil || version != "1.2.3" {
		t.Errorf("version is %q, %v", version, err)
	}
	if _, err := dependency(manifest, "b"); err == nil {
		t.Error("a package that is not named has a version")
	}
}

// TestSystem: a program that is there asks for nothing; one that is missing is installed where apt-get may be called, else named with its package.
func TestSystem(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	b := base{root: t.TempDir(), out: new(bytes.Buffer)}
	if err := system(t.Context(), b, "node"); err == nil || !strings.Contains(err.Error(), "node is not on this machine") || !strings.Contains(err.Error(), "apt-get install nodejs") {
		t.Errorf("error is %v", err)
	}
	script := "#!/bin/sh\necho \"$@\" >>" + filepath.Join(bin, "called") + "\n"
	if err := os.WriteFile(filepath.Join(bin, "apt-get"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := system(t.Context(), b, "apt-get"); err != nil {
		t.Errorf("a program that is there: %v", err)
	}
	called := filepath.Join(bin, "called")
	if _, err := os.Stat(called); err == nil {
		t.Error("the package manager was called for a program that is there")
	}
	err := system(t.Context(), b, "rsync")
	if os.Geteuid() != 0 {
		if err == nil || !strings.Contains(err.Error(), "apt-get install rsync") {
			t.Errorf("error is %v", err)
		}
		return
	}
	said, missing := os.ReadFile(called)
	if err != nil || missing != nil || !strings.Contains(string(said), "update") || !strings.Contains(string(said), "--no-install-recommends rsync\n") {
		t.Errorf("apt-get was called with %q: %v, %v", said, err, missing)
	}
}
