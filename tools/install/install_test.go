package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fake is a tool that counts how often it was installed.
func fake(pin string, installs *int, fault error) tool {
	return tool{
		name: "fake", sets: []string{"test"}, proof: "bin/fake",
		pin: func(base) (string, string, error) { return pin, "v1", nil },
		install: func(_ context.Context, b base) error {
			*installs++
			if fault != nil {
				return fault
			}
			if err := os.MkdirAll(b.tools("bin"), 0o755); err != nil {
				return err
			}
			return os.WriteFile(b.tools("bin", "fake"), nil, 0o755)
		},
	}
}

func TestEnsure_onceUntilThePinChanges(t *testing.T) {
	var out bytes.Buffer
	b, installs := base{t.TempDir(), &out}, 0
	for _, pin := range []string{"a", "a", "b", "b"} {
		if err := ensureAll(t.Context(), b, []tool{fake(pin, &installs, nil)}); err != nil {
			t.Fatal(err)
		}
	}
	if installs != 2 {
		t.Errorf("installed %d times for two pins", installs)
	}
	if err := os.Remove(b.tools("bin", "fake")); err != nil {
		t.Fatal(err)
	}
	if err := ensureAll(t.Context(), b, []tool{fake("b", &installs, nil)}); err != nil || installs != 3 {
		t.Errorf("a program that was deleted is not built again: %d, %v", installs, err)
	}
	for _, want := range []string{"installing fake v1 …", "have fake"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}

func TestEnsure_aFaultLeavesNoStamp(t *testing.T) {
	b, installs := base{t.TempDir(), new(bytes.Buffer)}, 0
	if err := ensureAll(t.Context(), b, []tool{fake("a", &installs, nil)}); err != nil {
		t.Fatal(err)
	}
	broken := fake("b", &installs, errors.New("no network\nmore of it"))
	if err := ensureAll(t.Context(), b, []tool{broken}); err == nil || !strings.Contains(err.Error(), "unable to install fake: no network") {
		t.Errorf("error is %v", err)
	}
	if installs != 3 {
		t.Errorf("a failing registry was asked %d times", installs-1)
	}
	if _, err := os.Stat(b.tools("stamps", "fake")); err == nil {
		t.Error("a stamp is left, so the next run would take the old program for the new one")
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _ = ensureAll(stopped, b, []tool{broken}); installs != 4 {
		t.Error("an interrupted run tries again")
	}
}

func TestLock_waits(t *testing.T) {
	b := base{t.TempDir(), new(bytes.Buffer)}
	unlock, err := b.lock()
	if err != nil {
		t.Fatal(err)
	}
	second := make(chan error)
	go func() {
		unlockSecond, err := base{b.root, new(bytes.Buffer)}.lock()
		if err == nil {
			unlockSecond()
		}
		second <- err
	}()
	select {
	case <-second:
		t.Fatal("two installations run at once")
	default:
	}
	unlock()
	if err := <-second; err != nil {
		t.Error(err)
	}
}

func TestChoose(t *testing.T) {
	all := catalog()
	for _, set := range []string{"test", "demo", "check", "generate", "all"} {
		if chosen, err := choose(all, set, ""); err != nil || len(chosen) == 0 {
			t.Errorf("set %s: %v", set, err)
		}
	}
	if chosen, err := choose(all, "test", "promtool,actionlint"); err != nil || len(chosen) != 2 || chosen[0].name != "promtool" {
		t.Errorf("chosen are %v, %v", chosen, err)
	}
	if _, err := choose(all, "tset", ""); err == nil || !strings.Contains(err.Error(), "generate") {
		t.Errorf("a set that is not there: %v", err)
	}
	if _, err := choose(all, "test", "promtol"); err == nil {
		t.Error("a tool that is not there is passed over")
	}
}

// TestCatalog_isWhole: every pin can be read, names are unique, and no folder of pins is forgotten.
func TestCatalog_isWhole(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	names, sums := map[string]bool{}, map[string]string{}
	for _, c := range catalog() {
		if names[c.name] {
			t.Errorf("two tools are called %s", c.name)
		}
		names[c.name] = true
		pin, version, err := c.pin(base{root: root})
		if err != nil || version == "" {
			t.Errorf("%s: version %q, %v", c.name, version, err)
		}
		if other := sums[pin]; pin != "" && other != "" {
			t.Errorf("%s and %s have the same pin", c.name, other)
		}
		sums[pin] = c.name
	}
	folders, err := filepath.Glob("../pins/*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no pins: %v", err)
	}
	source, err := os.ReadFile("catalog.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		if !bytes.Contains(source, []byte(`pins: "`+filepath.Base(folder)+`"`)) {
			t.Errorf("nothing is built from %s", folder)
		}
	}
}

// TestProgram_pinCoversItsModule: a change of any file of a program's own module builds it anew.
func TestProgram_pinCoversItsModule(t *testing.T) {
	b := base{root: t.TempDir()}
	files := map[string]string{"go.mod": "require example.com/m v1.2.3\n", "go.sum": "", "main.go": "package main", "stubs/x/go.mod": "module x", "stubs/x/x.go": "package x"}
	put := func(name, text string) {
		path := b.source("tools", "server", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range files {
		put(name, text)
	}
	p := program{name: "server", own: "server", pkg: ".", module: "example.com/m"}
	before, version, err := p.pin(b)
	if err != nil || version != "v1.2.3" {
		t.Fatalf("version %q, %v", version, err)
	}
	for name, text := range files {
		put(name, text+"\n")
		if after, _, err := p.pin(b); err != nil || after == before {
			t.Errorf("another %s has the same pin: %v", name, err)
		}
		put(name, text)
	}
}

// TestNothingOfThisMachine: a committed pin or lock names no folder and no host of a registry.
func TestNothingOfThisMachine(t *testing.T) {
	files, err := filepath.Glob("../python/*.*")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"index-url", "find-links", "://", "/home/", "/root/"} {
			if bytes.Contains(text, []byte(word)) {
				t.Errorf("%s holds %q", file, word)
			}
		}
		if strings.HasSuffix(file, ".txt") && !bytes.Contains(text, []byte("--hash=sha256:")) {
			t.Errorf("%s has no hashes", file)
		}
	}
}

// TestCatalog_forgetsNoLock: every committed lock is installed by something, and every list of packages has its lock.
func TestCatalog_forgetsNoLock(t *testing.T) {
	names := map[string]bool{"py-uv": true} // the installer of the others
	for _, c := range catalog() {
		names[c.name] = true
	}
	for pattern, prefix := range map[string]string{"../python/*.in": "py-", "../python/*.txt": "py-", "../npm/*": "npm-"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			if name := prefix + strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)); !names[name] {
				t.Errorf("nothing is installed from %s", file)
			}
			if list, ok := strings.CutSuffix(file, ".in"); ok {
				if _, err := os.Stat(list + ".txt"); err != nil {
					t.Errorf("%s has no lock: %v", file, err)
				}
			}
		}
	}
}

func TestRequired(t *testing.T) {
	file := filepath.Join(t.TempDir(), "go.mod")
	if err := os.WriteFile(file, []byte("module m\n\nrequire a/b v1.2.3\n\nrequire (\n\tc/d v4.5.6 // indirect\n)\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for module, want := range map[string]string{"a/b": "v1.2.3", "c/d": "v4.5.6"} {
		if got, err := required(file, module); got != want {
			t.Errorf("%s is %q, %v", module, got, err)
		}
	}
	if _, err := required(file, "a"); err == nil {
		t.Error("a module that is not required has a version")
	}
}

func TestCopyFolder_onlyDefinitions(t *testing.T) {
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "to")
	if err := copyFolder(from, to); err == nil {
		t.Error("a folder without definitions is taken")
	}
	if err := os.Mkdir(filepath.Join(from, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"sub/a.yaml": "x: y\nkind: CustomResourceDefinition\n", "kustomization.yaml": "resources: []\n", "README.md": "\nkind: CustomResourceDefinition\n"} {
		if err := os.WriteFile(filepath.Join(from, name), []byte(text), 0o400); err != nil {
			t.Fatal(err)
		}
	}
	if err := copyFolder(from, to); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(to)
	if err != nil || len(entries) != 1 || entries[0].Name() != "sub_a.yaml" {
		t.Errorf("copied are %v, %v", entries, err)
	}
}

func TestWithoutBackends(t *testing.T) {
	dir := t.TempDir()
	for _, folder := range []string{"internal/backend/init", "internal/backend/remote-state/http"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	const at = "github.com/hashicorp/terraform/internal/backend/remote-state/"
	list, mod := filepath.Join(dir, "internal", "backend", "init", "init.go"), filepath.Join(dir, "go.mod")
	for file, text := range map[string]string{
		list: "\tbackendHTTP \"" + at + "http\"\n\tbackendS3 \"" + at + "s3\"\n\t\"http\": return backendHTTP.New() },\n\t\"s3\": return backendS3.New() },\n",
		mod:  "\t" + at + "s3 v0.0.0\n\tgithub.com/aws/s3 v1.0.0\nreplace " + at + "s3 => ./internal/backend/remote-state/s3\n",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := withoutBackends(dir); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		list: "\tbackendHTTP \"" + at + "http\"\n\t\"http\": return backendHTTP.New() },\n",
		mod:  "\tgithub.com/aws/s3 v1.0.0\n",
	} {
		if got, err := os.ReadFile(file); err != nil || string(got) != want {
			t.Errorf("%s is %q, want %q, %v", file, got, want, err)
		}
	}
}

func TestSets(t *testing.T) {
	if got := sets(catalog()); !slices.IsSorted(got) || !slices.Contains(got, "all") {
		t.Errorf("sets are %v", got)
	}
}
