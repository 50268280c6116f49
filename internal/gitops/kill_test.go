//go:build unix

package gitops

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// TestMain lets the test binary be the process that a test kills.
func TestMain(m *testing.M) {
	if url := os.Getenv("GITOPS_CHILD_URL"); url != "" {
		os.Exit(child(url))
	}
	os.Exit(m.Run())
}

// child commits to url and dies at the step whose number is in the environment.
func child(url string) int {
	dieAt, _ := strconv.Atoi(os.Getenv("GITOPS_CHILD_STEP"))
	n := 0
	step = func(name string) {
		if n++; n == dieAt {
			fmt.Println(name)
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	if limit, _ := strconv.Atoi(os.Getenv("GITOPS_CHILD_LIMIT")); limit > 0 {
		_ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: uint64(limit), Max: uint64(limit)})
	}
	files, _ := strconv.Atoi(os.Getenv("GITOPS_CHILD_FILES"))
	b, err := Open(context.Background(), Remote{URL: url, Branch: "main", Auth: Auth{Username: user, Password: os.Getenv("GITOPS_CHILD_PASSWORD")}})
	if err == nil {
		_, err = b.Commit(context.Background(), manyFiles(files, os.Getenv("GITOPS_CHILD_TEXT")), options)
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

func manyFiles(n int, text string) Desired {
	d := Desired{Files: &tree.Tree{}}
	for i := range n {
		_ = d.Files.Add(tree.File{Path: fmt.Sprintf("d%d/f%d", i%7, i), Data: []byte(strings.Repeat(fmt.Sprintln(text, i), 50)), Writer: "test"})
	}
	return d
}

func runChild(t *testing.T, env ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// A process that is killed at any step leaves a whole repository, and the next
// commit gets through without help.
func TestKill_everyStep(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]int{"loose objects": 3, "a pack": 60} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var steps []string
			for n := 1; ; n++ {
				r := newRepo(t)
				mustCommit(t, r.open(), manyFiles(files, "before"))
				before := r.head("main")
				at, err := runChild(t, "GITOPS_CHILD_URL="+r.url(), fmt.Sprint("GITOPS_CHILD_STEP=", n), fmt.Sprint("GITOPS_CHILD_FILES=", files), "GITOPS_CHILD_TEXT=killed")
				r.fsck()
				if err == nil {
					break
				}
				steps = append(steps, at)
				if now := r.head("main"); (now != before) != (at == "moved") {
					t.Errorf("killed at %q: the head went from %s to %s", at, before, now)
				}
				ctx := within30s(t)
				if _, err := r.open().Commit(ctx, manyFiles(files, "after"), options); err != nil {
					t.Errorf("after a kill at %q: %v", at, err)
				}
				r.fsck()
				if got := r.cat("d0/f0"); !strings.HasPrefix(got, "after") {
					t.Errorf("after a kill at %q the branch holds %q", at, got[:10])
				}
			}
			if len(steps) < 14 {
				t.Errorf("only %d steps", len(steps))
			}
			t.Logf("killed at %d steps: %s", len(steps), strings.Join(steps, ", "))
		})
	}
}

// Over HTTP the server does the writing: the push arrives whole or not at all.
func TestKill_http(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	s := newServer(t, r)
	var steps []string
	for n := 1; ; n++ {
		before := mustCommit(t, openRemote(t, s.remote()), manyFiles(60, fmt.Sprint("before ", n))).Commit
		at, err := runChild(t, "GITOPS_CHILD_URL="+s.remote().URL, "GITOPS_CHILD_PASSWORD="+password, fmt.Sprint("GITOPS_CHILD_STEP=", n), "GITOPS_CHILD_FILES=60", fmt.Sprint("GITOPS_CHILD_TEXT=killed", n))
		r.fsck()
		if err == nil {
			break
		}
		steps = append(steps, at)
		if !strings.Contains(r.git("rev-list", "-2", "main"), before) {
			t.Errorf("killed at %q: the head is %s", at, r.head("main"))
		}
	}
	if len(steps) < 4 {
		t.Errorf("only %d steps: %v", len(steps), steps)
	}
}

// A limit on the size of files stands for a disk that is full.
func TestDisk_full(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]int{"loose objects": 3, "a pack": 60} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			mustCommit(t, r.open(), manyFiles(files, "before"))
			before, failed := r.head("main"), 0
			for _, limit := range []int{1, 20, 45, 100, 1000} {
				out, err := runChild(t, "GITOPS_CHILD_URL="+r.url(), fmt.Sprint("GITOPS_CHILD_LIMIT=", limit), fmt.Sprint("GITOPS_CHILD_FILES=", files), "GITOPS_CHILD_TEXT="+strings.Repeat("x", limit))
				if err == nil {
					before = r.head("main")
					continue
				}
				failed++
				if !strings.Contains(out, "file too large") || r.head("main") != before {
					t.Errorf("limit %d: %s", limit, out)
				}
				if left := r.leftovers(); left != "" {
					t.Errorf("limit %d: left behind %s", limit, left)
				}
				r.fsck()
			}
			if failed < 4 {
				t.Errorf("only %d limits made the commit fail", failed)
			}
			mustCommit(t, r.open(), manyFiles(files, "after"))
			r.fsck()
		})
	}
}
