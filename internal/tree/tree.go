// Package tree holds rendered files in memory before they become Git objects.
// It knows paths, bytes and writers; it knows nothing of Git, Terraform or of
// what a file means.
package tree

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// Class says who owns a file after it was written.
type Class string

const (
	// Managed files follow the configuration: a hand edit is drift.
	Managed Class = "managed"
	// Seeded files are written once and belong to the repository afterwards.
	Seeded Class = "seeded"
)

// File is one file of the emitted repository.
type File struct {
	Path       string // clean, relative, with forward slashes
	Data       []byte
	Writer     string // the target that rendered it; set by the runner
	Class      Class  // the zero value means Managed
	Executable bool
}

// Sum is the lower-case hexadecimal SHA-256 of the file's bytes.
func (f File) Sum() string {
	sum := sha256.Sum256(f.Data)
	return hex.EncodeToString(sum[:])
}

// Tree is a set of files, each path written by one writer only.
// The zero value is an empty tree.
type Tree struct {
	files map[string]File
	dirs  map[string]string // every folder → a path that lies in it
}

// Add puts files in t. A path that is not clean and relative, that is taken
// already, or that is a folder of another file is refused; the error names both
// writers. All refusals of one call are reported together.
func (t *Tree) Add(files ...File) error {
	if t.files == nil {
		t.files, t.dirs = make(map[string]File, len(files)), map[string]string{}
	}
	var errs []error
	for _, f := range files {
		if err := t.add(f); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (t *Tree) add(f File) error {
	if !validPath(f.Path) {
		return fmt.Errorf("%s: path %q is not clean and relative", f.Writer, f.Path)
	}
	if first, taken := t.files[f.Path]; taken {
		return fmt.Errorf("%s: %s is already written by %s", f.Writer, f.Path, first.Writer)
	}
	if below, taken := t.dirs[f.Path]; taken {
		return fmt.Errorf("%s: %s is a folder for %s, written by %s", f.Writer, f.Path, below, t.files[below].Writer)
	}
	for dir := parent(f.Path); dir != ""; dir = parent(dir) {
		if first, taken := t.files[dir]; taken {
			return fmt.Errorf("%s: %s needs the folder %s, which is a file written by %s", f.Writer, f.Path, dir, first.Writer)
		}
	}
	if f.Class == "" {
		f.Class = Managed
	}
	t.files[f.Path] = f
	for dir := parent(f.Path); dir != ""; dir = parent(dir) {
		if _, known := t.dirs[dir]; known {
			break
		}
		t.dirs[dir] = f.Path
	}
	return nil
}

// Len is the number of files.
func (t *Tree) Len() int { return len(t.files) }

// Get returns the file at path.
func (t *Tree) Get(path string) (File, bool) {
	f, ok := t.files[path]
	return f, ok
}

// Files returns all files, sorted by path.
func (t *Tree) Files() []File {
	out := make([]File, 0, len(t.files))
	for _, path := range slices.Sorted(maps.Keys(t.files)) {
		out = append(out, t.files[path])
	}
	return out
}

// Under returns a copy of t with every path below folder; "" returns t itself.
func (t *Tree) Under(folder string) (*Tree, error) {
	if folder == "" {
		return t, nil
	}
	moved := &Tree{}
	var errs []error
	for _, f := range t.Files() {
		f.Path = folder + "/" + f.Path
		errs = append(errs, moved.Add(f))
	}
	return moved, errors.Join(errs...)
}

// validPath refuses what Git or a file system would read as something else.
func validPath(path string) bool {
	if !fs.ValidPath(path) || path == "." || strings.ContainsAny(path, "\\\x00\n\r") {
		return false
	}
	for part := range strings.SplitSeq(path, "/") {
		if strings.EqualFold(part, ".git") {
			return false
		}
	}
	return true
}

func parent(path string) string {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return ""
	}
	return path[:i]
}
