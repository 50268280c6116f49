package gitops

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestCommit_first(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	b := r.open()
	d := desired(t, join(managed("a.yaml", "1\n", "dir/b.yaml", "2\n"), seeded("src/x.py", "x\n"))...)
	planned, err := b.Compare(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	res := mustCommit(t, b, d)
	if !res.Changed || res.Commit != r.head("main") {
		t.Errorf("result %+v, head %s", res, r.head("main"))
	}
	if want := []string{"a.yaml", "dir/b.yaml", "src/x.py"}; !slices.Equal(planned.Create, want) || !slices.Equal(res.Create, want) {
		t.Errorf("planned %v, made %v", planned.Create, res.Create)
	}
	if got := r.files(); !slices.Equal(got, []string{"100644 a.yaml", "100644 dir/b.yaml", "100644 src/x.py"}) {
		t.Errorf("files %v", got)
	}
	r.fsck()
	again := mustCommit(t, r.open(), d)
	if again.Changed || again.Commit != res.Commit || !again.Empty() {
		t.Errorf("the second time: %+v", again)
	}
}

func TestInventory_text(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	mustCommit(t, r.open(), desired(t, join(managed("b<&>\"é\u2028.txt", "1\n"), seeded("a", "x\n"))...))
	const want = `{
  "version": 1,
  "files": [
    {
      "path": "a",
      "sha256": "73cb3858a687a8494ca3323053016282f3dad39d42cf62ca4e79dda2aac7d9ac",
      "writer": "test",
      "class": "seeded"
    },
    {
      "path": "b<&>\"é\u2028.txt",
      "sha256": "4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865",
      "writer": "test",
      "class": "managed"
    }
  ]
}
`
	got := r.cat(inventoryPath)
	if got != want {
		t.Errorf("got\n%s", got)
	}
	var doc map[string]any
	if err := json.Unmarshal([]byte(got), &doc); err != nil {
		t.Error(err)
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		before  []edit // by the team, before anything of ours
		first   Desired
		edits   []edit // by the team, after our first commit
		then    Desired
		err     error
		says    []string
		files   []string // after, "mode path"
		holds   map[string]string
		drifted []string
	}{
		{
			name: "update", first: desired(t, managed("a", "1\n", "b", "1\n")...), then: desired(t, managed("a", "2\n", "b", "1\n")...),
			files: []string{"100644 a", "100644 b"}, holds: map[string]string{"a": "2\n"},
		}, {
			name: "orphans go, with their folders", first: desired(t, managed("a", "1\n", "d/e/f", "1\n", "d/g", "1\n")...), then: desired(t, managed("a", "1\n")...),
			files: []string{"100644 a"},
		}, {
			name: "all files go", first: desired(t, managed("a", "1\n", "d/e", "1\n")...), then: desired(t), files: nil,
		}, {
			name: "files of others stay", before: []edit{{"100755", "d/theirs", "t"}}, first: desired(t, managed("d/ours", "1\n")...), then: desired(t),
			files: []string{"100755 d/theirs"},
		}, {
			name: "drift is reverted", first: desired(t, managed("a", "1\n", "b", "1\n")...), edits: []edit{{"100644", "a", "hand"}, {"", "b", ""}},
			then: desired(t, managed("a", "1\n", "b", "1\n")...), files: []string{"100644 a", "100644 b"}, holds: map[string]string{"a": "1\n", "b": "1\n"}, drifted: []string{"a", "b"},
		}, {
			name: "drift stops", first: desired(t, managed("a", "1\n", "b", "1\n", "c", "1\n")...), edits: []edit{{"100644", "a", "hand"}, {"", "b", ""}, {"100644", "c", "hand"}},
			then: onDrift(Fail, desired(t, managed("a", "2\n", "b", "1\n")...)), err: ErrDrift, says: []string{"a, b, c", "on_drift"}, files: []string{"100644 a", "100644 c"},
		}, {
			name: "drift is kept", first: desired(t, managed("a", "1\n", "b", "1\n", "c", "1\n")...), edits: []edit{{"100644", "a", "hand"}, {"", "b", ""}, {"100644", "c", "hand"}},
			then: onDrift(Keep, desired(t, managed("a", "2\n", "b", "2\n", "n", "1\n")...)), files: []string{"100644 a", "100644 c", "100644 n"},
			holds: map[string]string{"a": "hand\n", "c": "hand\n"}, drifted: []string{"c", "a", "b"},
		}, {
			name: "an edit to what is wanted is no drift", first: desired(t, managed("a", "1\n")...), edits: []edit{{"100644", "a", "2"}},
			then: onDrift(Fail, desired(t, managed("a", "2\n")...)), files: []string{"100644 a"},
		}, {
			name: "foreign files are named all at once", before: []edit{{"100644", "a", "t"}, {"100644", "b", "t"}, {"100644", "same", "1"}}, then: desired(t, managed("a", "1\n", "b", "1\n", "same", "1\n")...),
			err: ErrForeign, says: []string{"a, b;", "adopt"}, files: []string{"100644 a", "100644 b", "100644 same"},
		}, {
			name: "foreign files are adopted", before: []edit{{"100755", "a", "t"}, {"100644", "d/b", "t"}}, then: adopting(desired(t, managed("a", "1\n", "d/b", "1\n")...), "a", "d/"),
			files: []string{"100755 a", "100644 d/b"}, holds: map[string]string{"a": "1\n", "d/b": "1\n"},
		}, {
			name: "equal foreign bytes become ours", before: []edit{{"100755", "a", "1"}}, first: desired(t, managed("a", "1\n")...), then: desired(t), files: nil,
		}, {
			name: "a foreign file where a folder is needed", before: []edit{{"100644", "a", "t"}}, then: desired(t, managed("a/b", "1\n")...),
			err: ErrForeign, says: []string{" a;"}, files: []string{"100644 a"},
		}, {
			name: "a foreign folder where a file is needed", before: []edit{{"100644", "a/b", "t"}}, then: adopting(desired(t, managed("a", "1\n")...), "a"),
			err: ErrForeign, says: []string{" a/;"}, files: []string{"100644 a/b"},
		}, {
			name: "our file becomes a folder", first: desired(t, managed("a", "1\n")...), then: desired(t, managed("a/b", "1\n")...), files: []string{"100644 a/b"},
		}, {
			name: "our folder becomes a file", first: desired(t, managed("a/b", "1\n")...), then: desired(t, managed("a", "1\n")...), files: []string{"100644 a"},
		}, {
			name: "a folder with a foreign file does not become a file", first: desired(t, managed("a/b", "1\n")...), edits: []edit{{"100644", "a/c", "t"}}, then: desired(t, managed("a", "1\n")...),
			err: ErrForeign, files: []string{"100644 a/b", "100644 a/c"},
		}, {
			name: "never through a link", before: []edit{{"120000", "a", "elsewhere"}}, then: desired(t, managed("a/b", "1\n")...), err: ErrForeign, files: []string{"120000 a"},
		}, {
			name: "a foreign link", before: []edit{{"120000", "a", "x"}}, then: desired(t, managed("a", "1\n")...), err: ErrForeign, files: []string{"120000 a"},
		}, {
			name: "our file became a link", first: desired(t, managed("a", "1\n")...), edits: []edit{{"120000", "a", "x"}}, then: desired(t, managed("a", "1\n")...), files: []string{"100644 a"}, drifted: []string{"a"},
		}, {
			name: "our file became a submodule", first: desired(t, managed("a", "1\n")...), edits: []edit{{"160000", "a", strings.Repeat("1", 40)}}, then: desired(t, managed("a", "1\n")...),
			err: ErrForeign, files: []string{"160000 a"},
		}, {
			name: "seeded once", first: desired(t, seeded("s", "1\n", "gone", "1\n")...), edits: []edit{{"100644", "s", "team"}, {"", "gone", ""}}, then: desired(t, seeded("s", "2\n", "gone", "2\n")...),
			files: []string{"100644 s"}, holds: map[string]string{"s": "team\n"},
		}, {
			name: "seeded over a file that is there", before: []edit{{"100644", "s", "team"}}, first: desired(t, seeded("s", "1\n")...), then: desired(t, seeded("s", "1\n")...),
			files: []string{"100644 s"}, holds: map[string]string{"s": "team\n"},
		}, {
			name: "a seeded orphan goes when untouched", first: desired(t, seeded("s", "1\n", "u", "1\n")...), edits: []edit{{"100644", "s", "team"}}, then: desired(t), files: []string{"100644 s"},
		}, {
			name: "a seeded file never becomes managed in silence", first: desired(t, seeded("s", "1\n")...), edits: []edit{{"100644", "s", "team"}}, then: desired(t, managed("s", "2\n")...),
			err: ErrForeign, files: []string{"100644 s"},
		}, {
			name: "a managed file becomes seeded", first: desired(t, managed("s", "1\n")...), then: desired(t, seeded("s", "2\n")...), files: []string{"100644 s"}, holds: map[string]string{"s": "1\n"},
		}, {
			name: "the mode stays", first: desired(t, managed("a", "1\n")...), edits: []edit{{"100755", "a", "1"}}, then: desired(t, managed("a", "2\n")...), files: []string{"100755 a"},
		}, {
			name: "the inventory is a link", before: []edit{{"120000", inventoryPath, "x"}}, then: desired(t, managed("a", "2\n")...), err: ErrForeign, says: []string{inventoryPath},
		}, {
			name: "the inventory is broken", before: []edit{{"100644", inventoryPath, "{"}}, then: desired(t, managed("a", "2\n")...), err: ErrInventory, says: []string{"history", "adopt"},
		}, {
			name: "the inventory is newer", before: []edit{{"100644", inventoryPath, `{"version": 2}`}}, then: desired(t, managed("a", "2\n")...), err: ErrInventory, says: []string{"version 2", "newer provider"},
		}, {
			name: "the inventory names a path outside", before: []edit{{"100644", inventoryPath, `{"version": 1, "files": [{"path": "../x", "sha256": "` + strings.Repeat("0", 64) + `", "writer": "", "class": "managed"}]}`}},
			then: desired(t), err: ErrInventory, says: []string{"../x"},
		}, {
			name: "unicode and odd names", first: desired(t, managed("ü/日本 語.yaml", "1\n", "-rf", "1\n", "a b'\"$`c", "1\n", "a.b/c", "1\n", "a/c", "1\n", "a-b", "1\n")...),
			then:  desired(t, managed("ü/日本 語.yaml", "2\n", "a.b/c", "1\n", "a/c", "1\n", "a-b", "1\n")...),
			files: []string{"100644 a-b", "100644 a.b/c", "100644 a/c", "100644 ü/日本 語.yaml"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			if tt.before != nil {
				r.team(tt.before...)
			}
			if tt.first.Files != nil {
				mustCommit(t, r.open(), tt.first)
			}
			if tt.edits != nil {
				r.team(tt.edits...)
			}
			b := r.open()
			planned, planErr := b.Compare(t.Context(), tt.then)
			res, err := b.Commit(t.Context(), tt.then, options)
			if tt.err != nil {
				wantErr(t, err, tt.err, tt.says...)
				wantErr(t, planErr, tt.err, tt.says...)
			} else {
				agree(t, r, planned, res, err)
				if !slices.Equal(res.Drifted, tt.drifted) {
					t.Errorf("drifted %v, want %v", res.Drifted, tt.drifted)
				}
			}
			if got := r.files(); (tt.files != nil || tt.err == nil) && !slices.Equal(got, tt.files) {
				t.Errorf("files\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.files, "\n"))
			}
			for path, text := range tt.holds {
				if got := r.cat(path); got != text {
					t.Errorf("%s holds %q, want %q", path, got, text)
				}
			}
			r.fsck()
		})
	}
}

func onDrift(d Drift, want Desired) Desired {
	want.OnDrift = d
	return want
}

func adopting(want Desired, paths ...string) Desired {
	want.Adopt = paths
	return want
}

// agree demands that plan, result and a fresh look at the branch say the same.
func agree(t *testing.T, r *repo, planned *Changes, res *Result, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for what, lists := range map[string][2][]string{"create": {planned.Create, res.Create}, "update": {planned.Update, res.Update}, "remove": {planned.Remove, res.Remove}} {
		if !slices.Equal(lists[0], lists[1]) {
			t.Errorf("%s: planned %v, made %v", what, lists[0], lists[1])
		}
	}
	b := r.open()
	st, err := b.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	actual, err := b.Actual(t.Context(), st, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(actual) != len(res.Files) {
		t.Errorf("the branch holds %v, the result says %v", actual, res.Files)
	}
	for path, sum := range res.Files {
		if planned.Files[path] != sum || actual[path] != sum {
			t.Errorf("%s: planned %s, made %s, the branch holds %s", path, planned.Files[path], sum, actual[path])
		}
	}
}
