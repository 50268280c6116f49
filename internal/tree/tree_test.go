package tree_test

import (
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

func TestTree_conflictsNameBothWriters(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first, second tree.File
		want          string
	}{
		"one path twice":    {tree.File{Path: "a/b", Writer: "one"}, tree.File{Path: "a/b", Writer: "two"}, "two: a/b is already written by one"},
		"file, then folder": {tree.File{Path: "a", Writer: "one"}, tree.File{Path: "a/b", Writer: "two"}, "two: a/b needs the folder a, which is a file written by one"},
		"folder, then file": {tree.File{Path: "a/b/c", Writer: "one"}, tree.File{Path: "a", Writer: "two"}, "two: a is a folder for a/b/c, written by one"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var files tree.Tree
			if err := files.Add(c.first); err != nil {
				t.Fatal(err)
			}
			err := files.Add(c.second)
			if err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if files.Len() != 1 {
				t.Errorf("the refused file is in the tree: %d files", files.Len())
			}
		})
	}
}

func TestTree_refusesPathsThatLeaveIt(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", ".", "/a", "../a", "a/../b", "a//b", "a/", ".git/config", "a/.GIT/hooks/x", "a\\b", "a\nb", "a\x00b"} {
		var files tree.Tree
		if err := files.Add(tree.File{Path: path, Writer: "w"}); err == nil {
			t.Errorf("path %q was taken", path)
		}
	}
}

func TestTree_filesAreSortedAndManagedByDefault(t *testing.T) {
	t.Parallel()
	var files tree.Tree
	if err := files.Add(tree.File{Path: "b", Data: []byte("x")}, tree.File{Path: "a/c"}, tree.File{Path: "a/b", Class: tree.Seeded}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files.Files() {
		got = append(got, f.Path+" "+string(f.Class))
	}
	if want := "a/b seeded,a/c managed,b managed"; strings.Join(got, ",") != want {
		t.Errorf("got %v, want %s", got, want)
	}
	b, _ := files.Get("b")
	if want := "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"; b.Sum() != want {
		t.Errorf("sum %s, want %s", b.Sum(), want)
	}
}

func TestTree_under(t *testing.T) {
	t.Parallel()
	var files tree.Tree
	if err := files.Add(tree.File{Path: "a", Writer: "w"}); err != nil {
		t.Fatal(err)
	}
	moved, err := files.Under("teams/fraud")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := moved.Get("teams/fraud/a"); !ok || moved.Len() != 1 {
		t.Errorf("got %v", moved.Files())
	}
}
