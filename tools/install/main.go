// Install puts the pinned tools of development and tests into .tools/ at the
// project's root: Go programs built from the modules beside it, custom resource
// definitions read from the projects' own modules, and Python environments made
// from locks with hashes. What is there already, with the same pins, is left alone.
//
//	go run . -set test|demo|check|generate|kserve [-list]
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	set := flag.String("set", "test", "what to install: "+strings.Join(sets(), ", "))
	list := flag.Bool("list", false, "only list the tools of the set")
	flag.Parse()
	root, err := filepath.Abs("../..")
	if err != nil {
		fail(err)
	}
	tools := slices.DeleteFunc(catalog(), func(t tool) bool { return !slices.Contains(t.sets, *set) })
	if len(tools) == 0 {
		fail(fmt.Errorf("there is no set %q; there are: %s", *set, strings.Join(sets(), ", ")))
	}
	for _, t := range tools {
		if *list {
			fmt.Println(t.name)
			continue
		}
		if err := ensure(root, t); err != nil {
			fail(fmt.Errorf("unable to install %s: %w", t.name, err))
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// tool is one thing to install. Its pin decides whether it is up to date.
type tool struct {
	name    string
	sets    []string
	pin     func(root string) (string, error)
	install func(root string) error
}

// ensure installs t unless a stamp of its pin says that it is there.
func ensure(root string, t tool) error {
	pin, err := t.pin(root)
	if err != nil {
		return err
	}
	if pin == "" {
		return nil // the machine has it
	}
	stamp := filepath.Join(root, ".tools", "stamps", t.name)
	if have, err := os.ReadFile(stamp); err == nil && string(have) == pin {
		return nil
	}
	fmt.Printf("installing %s …\n", t.name)
	start := time.Now()
	if err := os.MkdirAll(filepath.Dir(stamp), 0o755); err != nil {
		return err
	}
	// An interrupted run leaves no stamp, so the next one starts this tool anew.
	if err := os.Remove(stamp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := t.install(root); err != nil {
		return err
	}
	fmt.Printf("installed %s in %.0f s\n", t.name, time.Since(start).Seconds())
	return os.WriteFile(stamp, []byte(pin), 0o644)
}

func run(dir string, env []string, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}

// digest is the SHA-256 of files, with further texts before them.
func digest(files []string, texts ...string) (string, error) {
	sum := sha256.New()
	for _, text := range texts {
		sum.Write([]byte(text + "\n"))
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		sum.Write(data)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// moduleDir downloads a module and returns where its files are.
func moduleDir(module string) (string, error) {
	cmd := exec.Command("go", "mod", "download", "-json", module)
	cmd.Dir = os.TempDir()
	out, err := cmd.Output()
	var m struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(out, &m); jsonErr != nil {
		return "", errors.Join(err, jsonErr)
	}
	if m.Dir == "" {
		return "", fmt.Errorf("%s: %s", module, m.Error)
	}
	return m.Dir, nil
}
