//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package gitops

import (
	"context"
	"os"
	"strconv"
	"sync"
)

// hostLock keeps other goroutines away. Other processes are kept away by git's
// lock file alone, and a lock that a killed one left must be removed by hand.
type hostLock struct{}

var onlyOne sync.Mutex

func lockFolder(context.Context, string) (*hostLock, error) {
	onlyOne.Lock()
	return &hostLock{}, nil
}

func (*hostLock) unlock() { onlyOne.Unlock() }

// lockOwner tells our lock from that of another process, which may be alive.
func lockOwner() string { return "-" + strconv.Itoa(os.Getpid()) }
