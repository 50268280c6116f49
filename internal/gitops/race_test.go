package gitops

import (
	"fmt"
	"sync"
	"testing"
)

// raceWriters lets writers commit at once, each its own folder of one branch,
// and demands that nothing is lost.
func raceWriters(t *testing.T, r *repo, remote func() Remote) {
	t.Helper()
	const writers, rounds = 8, 20
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			to := remote()
			to.Path = fmt.Sprintf("team-%d", w)
			b, err := Open(t.Context(), to)
			if err != nil {
				t.Error(err)
				return
			}
			defer b.Close()
			for n := range rounds {
				text := fmt.Sprintf("%d\n", n)
				res, err := b.Commit(t.Context(), desired(t, managed("same", text, fmt.Sprintf("file-%d", n), text)...), options)
				if err != nil || !res.Changed {
					t.Errorf("writer %d, round %d: %+v, %v", w, n, res, err)
					return
				}
			}
		})
	}
	group.Wait()
	r.fsck()
	if got := r.commits(); got != writers*rounds {
		t.Errorf("%d commits, want %d", got, writers*rounds)
	}
	for w := range writers {
		if got := r.cat(fmt.Sprintf("team-%d/file-%d", w, rounds-1)); got != fmt.Sprintf("%d\n", rounds-1) {
			t.Errorf("writer %d: the last file holds %q", w, got)
		}
	}
}

func TestRace_file(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.team(edit{"100644", "README.md", "team"})
	r.git("update-ref", "-d", "refs/heads/main")
	raceWriters(t, r, func() Remote { return Remote{URL: r.url(), Branch: "main"} })
}

func TestRace_http(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	s := newServer(t, r)
	raceWriters(t, r, s.remote)
}

// The branch is made while others look for it: nobody may say that it is missing.
func TestRace_birth(t *testing.T) {
	t.Parallel()
	for round := range 10 {
		r := newRepo(t)
		s := newServer(t, r)
		for name, to := range map[string]Remote{"http": s.remote(), "file": {URL: r.url(), Branch: "main"}} {
			r.git("update-ref", "-d", "refs/heads/main")
			var group sync.WaitGroup
			for w := range 6 {
				group.Go(func() {
					mine := to
					mine.Path = fmt.Sprintf("team-%d", w)
					b, err := Open(t.Context(), mine)
					if err != nil {
						t.Error(err)
						return
					}
					defer b.Close()
					if _, err := b.Commit(t.Context(), desired(t, managed("a", fmt.Sprint(round))...), options); err != nil {
						t.Errorf("%s: %v", name, err)
					}
				})
			}
			group.Wait()
			if got := r.commits(); got != 6 {
				t.Errorf("%s: %d commits, want 6", name, got)
			}
		}
	}
}
