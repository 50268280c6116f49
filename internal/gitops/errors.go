package gitops

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Kinds of failure; branch on them with errors.Is.
var (
	ErrAddress   = errors.New("unusable address")
	ErrMoved     = errors.New("the branch moved while the commit was made")
	ErrDrift     = errors.New("files were edited by hand")
	ErrForeign   = errors.New("files are not ours")
	ErrDenied    = errors.New("the server refused the push")
	ErrAuth      = errors.New("the credentials were not accepted")
	ErrHostKey   = errors.New("the server's host key is not known")
	ErrNoBranch  = errors.New("the branch does not exist")
	ErrNotFound  = errors.New("the repository was not found")
	ErrServer    = errors.New("the server failed")
	ErrLocked    = errors.New("the branch is locked")
	ErrInventory = errors.New("the inventory cannot be read")
	ErrAuthor    = errors.New("author: name and email must be set")
	ErrReserved  = errors.New("path is reserved")
	ErrSigning   = errors.New("the commit cannot be signed")
)

// pathsError names every path that shares one fault.
type pathsError struct {
	kind  error
	paths []string
	hint  string
}

func newPathsError(kind error, paths []string, hint string) error {
	slices.Sort(paths)
	return &pathsError{kind: kind, paths: slices.Compact(paths), hint: hint}
}

func (e *pathsError) Error() string {
	return fmt.Sprintf("%v: %s; %s", e.kind, strings.Join(e.paths, ", "), e.hint)
}

func (e *pathsError) Unwrap() error { return e.kind }

// transientError marks a failure that may pass when tried again.
type transientError struct{ err error }

func (e *transientError) Error() string { return e.err.Error() }
func (e *transientError) Unwrap() error { return e.err }

func isTransient(err error) bool {
	var t *transientError
	return errors.As(err, &t)
}
