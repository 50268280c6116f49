//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package gitops

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

// hostLock keeps other processes of ours away. The kernel drops it when its
// holder dies, so it can never be stale.
type hostLock struct{ f *os.File }

func lockFolder(ctx context.Context, dir string) (*hostLock, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return &hostLock{f}, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			_ = f.Close()
			return nil, err
		}
		select {
		case <-ctx.Done():
			_ = f.Close()
			return nil, ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}

func (h *hostLock) unlock() { _ = h.f.Close() }

// lockOwner is empty: whoever holds the host lock may clean up after any other.
func lockOwner() string { return "" }
