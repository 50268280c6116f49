package gitops

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/config"
)

// errFormat says that a repository stores its data in a way we do not read.
var errFormat = errors.New("repository format is not supported")

// pushHooks are the hooks that git runs when a branch is pushed to.
var pushHooks = []string{"pre-receive", "update", "post-receive", "post-update", "reference-transaction", "proc-receive", "push-to-checkout"}

// readRules tells whether the repository at common has rules that only git
// itself can honour: hooks, a work tree on the branch, shared permissions.
func readRules(common, named, ref string) (bool, error) {
	text, err := os.ReadFile(filepath.Join(common, "config"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	cfg := config.NewConfig()
	if err := cfg.Unmarshal(text); err != nil {
		return false, fmt.Errorf("%s: %w", filepath.Join(common, "config"), err)
	}
	option := func(section, key string) string { return strings.ToLower(cfg.Raw.Section(section).Option(key)) }
	if f := option("extensions", "objectFormat"); f != "" && f != "sha1" {
		return false, fmt.Errorf("%w: objects are named by %s; use a repository with SHA-1", errFormat, f)
	}
	if f := option("extensions", "refStorage"); f != "" && f != "files" {
		return false, fmt.Errorf("%w: references are stored as %s; use a repository with --ref-format=files", errFormat, f)
	}
	core := func(key string) bool {
		v := option("core", key)
		return v != "" && v != "false" && v != "umask" && v != "0"
	}
	if core("hooksPath") || core("sharedRepository") || core("logAllRefUpdates") || cfg.Raw.HasSection("include") || cfg.Raw.HasSection("includeIf") {
		return true, nil
	}
	return hasHooks(common) || checkedOut(common, named, ref) || isSymbolic(common, ref), nil
}

func hasHooks(common string) bool {
	for _, name := range pushHooks {
		if info, err := os.Stat(filepath.Join(common, "hooks", name)); err == nil && info.Mode()&0o111 != 0 {
			return true
		}
	}
	return false
}

// checkedOut tells whether a work tree shows the branch: git then decides by
// receive.denyCurrentBranch.
func checkedOut(common, named, ref string) bool {
	heads, _ := filepath.Glob(filepath.Join(common, "worktrees", "*", "HEAD"))
	if filepath.Clean(common) != filepath.Clean(named) {
		heads = append(heads, filepath.Join(common, "HEAD"))
	}
	for _, head := range heads {
		text, err := os.ReadFile(head)
		if err == nil && strings.TrimSpace(strings.TrimPrefix(string(text), "ref:")) == ref {
			return true
		}
	}
	return false
}

func isSymbolic(common, ref string) bool {
	text, err := os.ReadFile(filepath.Join(common, filepath.FromSlash(ref)))
	return err == nil && strings.HasPrefix(string(text), "ref:")
}
