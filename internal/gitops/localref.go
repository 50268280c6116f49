package gitops

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// lockPatience is how long somebody else's lock is waited for.
const lockPatience = 10 * time.Second

// moveRef sets ref to next if it is old, under the lock file that git itself
// uses. It answers ErrMoved when ref is something else.
func moveRef(ctx context.Context, dir, ref string, old, next id) error {
	lock, err := takeLock(ctx, dir, ref, next)
	if err != nil {
		return err
	}
	defer lock.release()
	step("locked")
	now, err := readRef(dir, ref)
	if err != nil {
		return err
	}
	if now != old {
		return ErrMoved
	}
	step("compared")
	return lock.publish()
}

// refLock is git's lock file of a reference. It is a second name of a file of
// ours, so that a lock which a killed process of ours left behind is known for
// what it is: the two are the same file.
type refLock struct {
	host  *hostLock
	ours  string // our name for the file
	git   string // git's name for it
	ref   string
	owned bool
}

func takeLock(ctx context.Context, dir, ref string, next id) (*refLock, error) {
	name := filepath.Join(dir, filepath.FromSlash(ref))
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return nil, err
	}
	// One of our processes at a time; the kernel frees it when a process dies.
	host, err := lockFolder(ctx, dir)
	if err != nil {
		return nil, err
	}
	l := &refLock{host: host, git: name + ".lock", ref: name, ours: filepath.Join(dir, "mlops-"+strings.ReplaceAll(ref, "/", "-")+lockOwner()+".tmp")}
	if err := l.acquire(ctx, next); err != nil {
		l.release()
		return nil, err
	}
	return l, nil
}

func (l *refLock) acquire(ctx context.Context, next id) error {
	if err := l.clearStale(); err != nil {
		return err
	}
	f, err := os.OpenFile(l.ours, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	step("lock created")
	if _, err = f.WriteString(next.String() + "\n"); err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	step("lock written")
	return l.link(ctx)
}

// link gives our file git's name, which fails while somebody else holds the lock.
func (l *refLock) link(ctx context.Context) error {
	deadline := time.Now().Add(lockPatience)
	for attempt := 0; ; attempt++ {
		err := os.Link(l.ours, l.git)
		switch {
		case err == nil:
			l.owned = true
			return nil
		case !errors.Is(err, fs.ErrExist):
			return err
		}
		ended := pause(ctx, attempt)
		if ended != nil || time.Now().After(deadline) {
			locked := fmt.Errorf("%w: %s exists; another git process works on the branch, or one was killed: if none runs, remove that file", ErrLocked, l.git)
			return errors.Join(locked, ended)
		}
	}
}

// clearStale removes what a killed process of ours left. We hold the host lock,
// so nobody of ours is still at work.
func (l *refLock) clearStale() error {
	mine, err := os.Lstat(l.ours)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if lock, err := os.Lstat(l.git); err == nil && os.SameFile(mine, lock) {
		if err := os.Remove(l.git); err != nil {
			return err
		}
	}
	return os.Remove(l.ours)
}

// publish makes the reference the locked file, at once and for good.
func (l *refLock) publish() error {
	if err := os.Rename(l.git, l.ref); err != nil {
		return err
	}
	l.owned = false
	step("moved")
	return syncFolder(filepath.Dir(l.ref))
}

func (l *refLock) release() {
	if l.owned {
		_ = os.Remove(l.git)
	}
	_ = os.Remove(l.ours)
	l.host.unlock()
}
