package gitops

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// local is a repository in a folder of this machine. It is read and written
// directly, unless the repository has rules of its own: then git is asked.
type local struct {
	dir     string // what the user named
	at      address
	ref     string
	common  string // the folder with objects/ and refs/; "" until it is opened
	objects *objectReader
	viaGit  wire // set when rules are found
}

func newLocal(at address, ref string) *local {
	return &local{dir: at.localPath(), at: at, ref: ref}
}

func (l *local) open() error {
	if l.common != "" {
		return nil
	}
	dir, err := gitDir(l.dir)
	if err != nil {
		return err
	}
	rules, err := readRules(dir, l.dir, l.ref)
	if err != nil {
		return err
	}
	if rules {
		l.viaGit = newFileWire(l.at, l.ref)
	}
	l.common, l.objects = dir, newObjectReader(filepath.Join(dir, "objects"))
	return nil
}

// gitDir finds the folder that holds objects and references.
func gitDir(dir string) (string, error) {
	for _, d := range []string{dir, filepath.Join(dir, ".git")} {
		if text, err := os.ReadFile(d); err == nil {
			d = filepath.Join(dir, strings.TrimSpace(strings.TrimPrefix(string(text), "gitdir: ")))
		}
		if text, err := os.ReadFile(filepath.Join(d, "commondir")); err == nil {
			d = filepath.Join(d, strings.TrimSpace(string(text)))
		}
		if isFolder(filepath.Join(d, "objects")) && exists(filepath.Join(d, "HEAD")) {
			return d, nil
		}
	}
	return "", fmt.Errorf("%w: %s; make it with git init --bare", ErrNotFound, dir)
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

func (l *local) tip(context.Context) (tip, error) {
	if err := l.open(); err != nil {
		return tip{}, err
	}
	head, err := readRef(l.common, l.ref)
	if err != nil || !head.isZero() {
		return tip{head: head}, err
	}
	others, err := listBranches(l.common)
	if slices.Contains(others, strings.TrimPrefix(l.ref, "refs/heads/")) {
		// Another writer made the branch since we looked for it.
		head, err = readRef(l.common, l.ref)
	}
	return tip{head: head, others: others}, err
}

// fetch reads objects; a commit comes without its tree, for reading that later
// costs nothing.
func (l *local) fetch(ctx context.Context, _ filter, wants []id, into func(*object)) error {
	if err := l.open(); err != nil {
		return err
	}
	for _, h := range wants {
		if err := ctx.Err(); err != nil {
			return err
		}
		o, err := l.objects.read(h)
		if err != nil {
			return err
		}
		into(o)
	}
	return nil
}

func (l *local) push(ctx context.Context, u update) error {
	if err := l.open(); err != nil {
		return err
	}
	if l.viaGit != nil {
		return l.viaGit.push(ctx, u)
	}
	if err := writeObjects(filepath.Join(l.common, "objects"), u.objects); err != nil {
		return fmt.Errorf("writing objects: %w", err)
	}
	step("objects written")
	return moveRef(ctx, l.common, l.ref, u.old, u.new)
}

func (l *local) Close() error {
	if l.objects != nil {
		l.objects.close()
	}
	if l.viaGit != nil {
		return l.viaGit.Close()
	}
	return nil
}

// readRef returns the zero id when ref does not exist.
func readRef(dir, ref string) (id, error) {
	const hops = 5
	for range hops {
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(ref)))
		switch {
		case errors.Is(err, fs.ErrNotExist) || isFolder(filepath.Join(dir, ref)):
			return packedRef(dir, ref)
		case err != nil:
			return id{}, err
		}
		target, symbolic := strings.CutPrefix(string(text), "ref: ")
		if !symbolic {
			return parseID(strings.TrimSpace(string(text)))
		}
		ref = strings.TrimSpace(target)
	}
	return id{}, fmt.Errorf("%s: points at other references in a circle", ref)
}

func packedRef(dir, ref string) (id, error) {
	packed, err := packedRefs(dir)
	return packed[ref], err
}

func packedRefs(dir string) (map[string]id, error) {
	text, err := os.ReadFile(filepath.Join(dir, "packed-refs"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	refs := map[string]id{}
	for line := range strings.SplitSeq(string(text), "\n") {
		name, ref, found := strings.Cut(line, " ")
		if !found || strings.HasPrefix(line, "#") {
			continue
		}
		h, err := parseID(name)
		if err != nil {
			return nil, fmt.Errorf("packed-refs: %w", err)
		}
		refs[strings.TrimSpace(ref)] = h
	}
	return refs, nil
}

func listBranches(dir string) ([]string, error) {
	const prefix = "refs/heads/"
	found := map[string]bool{}
	packed, err := packedRefs(dir)
	if err != nil {
		return nil, err
	}
	for ref := range packed {
		if name, ok := strings.CutPrefix(ref, prefix); ok {
			found[name] = true
		}
	}
	heads := filepath.Join(dir, filepath.FromSlash(prefix))
	err = filepath.WalkDir(heads, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasSuffix(p, ".lock") {
			name, _ := filepath.Rel(heads, p)
			found[filepath.ToSlash(name)] = true
		}
		return nil // what cannot be read is no branch to offer
	})
	names := make([]string, 0, len(found))
	for name := range found {
		names = append(names, name)
	}
	return names, err
}
