package gitops

import (
	"slices"
	"testing"
)

func TestPrune(t *testing.T) {
	t.Parallel()
	ours := join(managed("a", "1\n", "d/b", "1\n", "edited", "1\n"), seeded("s", "1\n", "touched", "1\n"))
	tests := []struct {
		name  string
		drift Drift
		files []string
		err   error
	}{
		{"edits go", Revert, []string{"100644 d/theirs", "100644 touched"}, nil},
		{"edits stay", Keep, []string{"100644 d/theirs", "100644 edited", "100644 touched"}, nil},
		{"edits stop", Fail, nil, ErrDrift},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			d := desired(t, ours...)
			mustCommit(t, r.open(), d)
			r.team(edit{"100644", "edited", "hand"}, edit{"100644", "touched", "hand"}, edit{"100644", "d/theirs", "t"})
			_, err := r.open().Prune(t.Context(), PruneOptions{CommitOptions: options, Last: d.Files, OnDrift: tt.drift})
			if tt.err != nil {
				wantErr(t, err, tt.err, "edited")
				return
			}
			if err != nil || !slices.Equal(r.files(), tt.files) {
				t.Errorf("%v, files %v", err, r.files())
			}
			if _, err := tryGit("", "-C", r.dir, "cat-file", "-e", "main:"+inventoryPath); err == nil {
				t.Error("the inventory is still there")
			}
			r.fsck()
		})
	}
}

func TestPrune_everything(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	mustCommit(t, r.open(), desired(t, managed("a", "1\n", "b/c", "1\n")...))
	res, err := r.open().Prune(t.Context(), PruneOptions{CommitOptions: options})
	if err != nil || !res.Changed || len(res.Remove) != 2 {
		t.Fatalf("%+v, %v", res, err)
	}
	const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
	if got := r.git("rev-parse", "main^{tree}"); got != emptyTree {
		t.Errorf("tree %s", got)
	}
	r.fsck()
	if res, err = r.open().Prune(t.Context(), PruneOptions{CommitOptions: options}); err != nil || res.Changed {
		t.Errorf("the second time: %+v, %v", res, err)
	}
	mustCommit(t, r.open(), desired(t, managed("a", "1\n")...))
	r.fsck()
}

func TestPrune_branchGone(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.teamOn("other", edit{"100644", "a", "1"})
	if res, err := r.open().Prune(t.Context(), PruneOptions{CommitOptions: options}); err != nil || res.Changed {
		t.Errorf("%+v, %v", res, err)
	}
}

// Two resources share a branch, each with a folder of its own.
func TestPath_monorepo(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.team(edit{"100644", "README.md", "team"}, edit{"100755", "teams/run", "team"}, edit{"100644", "teams/file", "x"})
	one := func() *Branch { return openRemote(t, Remote{URL: r.url(), Branch: "main", Path: "teams/one"}) }
	two := func() *Branch { return openRemote(t, Remote{URL: r.url(), Branch: "main", Path: "teams/two"}) }
	mustCommit(t, one(), desired(t, managed("a", "1\n", "d/b", "1\n")...))
	mustCommit(t, two(), desired(t, managed("a", "2\n")...))
	mustCommit(t, one(), desired(t, managed("a", "1\n")...))
	want := []string{"100644 README.md", "100644 teams/file", "100644 teams/one/a", "100755 teams/run", "100644 teams/two/a"}
	got := r.files()
	slices.SortFunc(got, func(a, b string) int { return slices.Compare([]byte(a[7:]), []byte(b[7:])) })
	if !slices.Equal(got, want) {
		t.Errorf("files %v", got)
	}
	if res, err := one().Prune(t.Context(), PruneOptions{CommitOptions: options}); err != nil || !slices.Equal(res.Remove, []string{"a"}) {
		t.Errorf("%+v, %v", res, err)
	}
	if res := mustCommit(t, two(), desired(t, managed("a", "2\n")...)); res.Changed {
		t.Error("the other resource was touched")
	}
	r.fsck()
	file := openRemote(t, Remote{URL: r.url(), Branch: "main", Path: "teams/file"})
	_, err := file.Read(t.Context())
	wantErr(t, err, ErrForeign, "teams/file")
}

func TestActual(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	d := desired(t, join(managed("a", "1\n", "b", "1\n", "gone", "1\n"), seeded("s", "1\n", "sgone", "1\n"))...)
	res := mustCommit(t, r.open(), d)
	r.team(edit{"100644", "b", "hand"}, edit{"", "gone", ""}, edit{"100644", "s", "hand"}, edit{"", "sgone", ""})
	b := r.open()
	st, err := b.Read(t.Context())
	if err != nil || st.Head != r.head("main") || len(st.Inventory.Files) != 5 {
		t.Fatalf("%+v, %v", st, err)
	}
	got, err := b.Actual(t.Context(), st, d.Files)
	if err != nil {
		t.Fatal(err)
	}
	_, there := got["gone"]
	if got["a"] != res.Files["a"] || got["s"] != res.Files["s"] || got["sgone"] != res.Files["sgone"] || got["b"] == res.Files["b"] || there || len(got) != 4 {
		t.Errorf("got %v", got)
	}
}
