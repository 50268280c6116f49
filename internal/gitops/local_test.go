package gitops

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// leftovers names temporary and lock files in the repository.
func (r *repo) leftovers() string {
	r.t.Helper()
	var found []string
	err := filepath.WalkDir(r.dir, func(p string, d fs.DirEntry, err error) error {
		name := filepath.Base(p)
		if strings.HasPrefix(name, "tmp_") || strings.HasSuffix(name, ".lock") || strings.HasPrefix(name, "mlops-") {
			found = append(found, p)
		}
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return strings.Join(found, ", ")
}

func (r *repo) hook(name, script string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, "hooks", name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		r.t.Fatal(err)
	}
}

func TestLocal_protectedBranch(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.team(edit{"100644", "README.md", "team"})
	before := r.head("main")
	r.hook("pre-receive", "echo 'main is protected, open a pull request' >&2; exit 1")
	_, err := r.open().Commit(within30s(t), desired(t, managed("a", "1\n")...), options)
	wantErr(t, err, ErrDenied, "main is protected, open a pull request")
	if r.head("main") != before {
		t.Error("the branch moved")
	}
	r.fsck()
}

func TestLocal_hooksRun(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.team(edit{"100644", "README.md", "team"})
	r.hook("post-receive", "touch ran")
	mustCommit(t, r.open(), desired(t, managed("a", "1\n")...))
	if !exists(filepath.Join(r.dir, "ran")) {
		t.Error("the hook did not run")
	}
	r.fsck()
}

func TestLocal_checkedOut(t *testing.T) {
	t.Parallel()
	r := &repo{t, filepath.Join(t.TempDir(), "work")}
	runGit(t, "", "init", "-q", "-b", "main", r.dir)
	r.git("commit", "-q", "--allow-empty", "-m", "first")
	_, err := r.open().Commit(within30s(t), desired(t, managed("a", "1\n")...), options)
	wantErr(t, err, ErrDenied, "checked out")
	r.git("checkout", "-q", "-b", "other")
	mustCommit(t, r.open(), desired(t, managed("a", "1\n")...))
	r.fsck()
}

func TestLocal_branches(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.teamOn("release", edit{"100644", "a", "1"})
	r.teamOn("feature/x", edit{"100644", "a", "1"})
	r.git("pack-refs", "--all")
	_, err := r.open().Read(t.Context())
	wantErr(t, err, ErrNoBranch, "feature/x, release")
	b := openRemote(t, Remote{URL: r.url(), Branch: "feature/x"})
	res := mustCommit(t, b, desired(t, managed("b", "1\n")...))
	if r.head("feature/x") != res.Commit {
		t.Error("the packed reference did not move")
	}
	r.fsck()
}

func TestLocal_notThere(t *testing.T) {
	t.Parallel()
	b := openRemote(t, Remote{URL: "file:///nowhere/repo.git", Branch: "main"})
	_, err := b.Read(t.Context())
	wantErr(t, err, ErrNotFound, "/nowhere/repo.git", "git init --bare")
}

func TestLocal_foreignLock(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.team(edit{"100644", "README.md", "team"})
	lock := filepath.Join(r.dir, "refs/heads/main.lock")
	if err := os.WriteFile(lock, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(300*time.Millisecond, func() { _ = os.Remove(lock) })
	mustCommit(t, r.open(), desired(t, managed("a", "1\n")...))

	if err := os.WriteFile(lock, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	short, cancel := contextFor(t, 300*time.Millisecond)
	defer cancel()
	_, err := r.open().Commit(short, desired(t, managed("a", "2\n")...), options)
	wantErr(t, err, ErrLocked, "main.lock", "remove that file")
	if !exists(lock) {
		t.Error("somebody else's lock was removed")
	}
}

func TestLocal_gc(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	b := r.open()
	mustCommit(t, b, fleet(t, 20, 3, 0))
	r.git("gc", "-q", "--prune=now")
	mustCommit(t, b, fleet(t, 20, 3, 10))
	r.git("repack", "-q", "-a", "-d", "--depth=50")
	mustCommit(t, r.open(), fleet(t, 20, 3, 0))
	r.fsck()
}

func TestLocal_alternates(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	mustCommit(t, r.open(), fleet(t, 20, 3, 0))
	borrowed := &repo{t, filepath.Join(t.TempDir(), "borrowed.git")}
	runGit(t, "", "clone", "-q", "--bare", "--shared", r.dir, borrowed.dir)
	res := mustCommit(t, borrowed.open(), fleet(t, 20, 3, 10))
	if len(res.Update) != 10 {
		t.Errorf("updated %d", len(res.Update))
	}
	borrowed.fsck()
}

func TestLocal_sha256(t *testing.T) {
	t.Parallel()
	r := &repo{t, filepath.Join(t.TempDir(), "repo.git")}
	runGit(t, "", "init", "-q", "--bare", "--object-format=sha256", r.dir)
	_, err := r.open().Read(t.Context())
	wantErr(t, err, errFormat, "sha256")
}

// Writing fails with the error of a full disk; nothing is left behind.
func TestWriteObjects_noSpace(t *testing.T) { //nolint:paralleltest // replaces newFile
	r := newRepo(t)
	mustCommit(t, r.open(), desired(t, managed("a", "1\n")...))
	create := newFile
	defer func() { newFile = create }()
	newFile = func(string, string) (*os.File, error) {
		return nil, &fs.PathError{Op: "create", Path: "tmp", Err: syscall.ENOSPC}
	}
	before := r.head("main")
	_, err := r.open().Commit(t.Context(), desired(t, managed("a", "2\n")...), options)
	if !errors.Is(err, syscall.ENOSPC) || r.head("main") != before || r.leftovers() != "" {
		t.Errorf("error %v, left behind %q", err, r.leftovers())
	}
	r.fsck()
}
