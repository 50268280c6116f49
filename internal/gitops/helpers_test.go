package gitops

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// repo is a bare repository that the real git made.
type repo struct {
	t   testing.TB
	dir string
}

func newRepo(t testing.TB) *repo {
	t.Helper()
	r := &repo{t, filepath.Join(t.TempDir(), "repo.git")}
	runGit(t, "", "init", "-q", "--bare", "-b", "main", r.dir)
	return r
}

func runGit(t testing.TB, stdin string, args ...string) string {
	t.Helper()
	out, err := tryGit(stdin, args...)
	if err != nil {
		t.Fatalf("git %s: %v", strings.Join(args, " "), err)
	}
	return out
}

func tryGit(stdin string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_AUTHOR_NAME=team", "GIT_AUTHOR_EMAIL=team@example.com", "GIT_COMMITTER_NAME=team", "GIT_COMMITTER_EMAIL=team@example.com")
	cmd.Stdin = strings.NewReader(stdin)
	var out, fault bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &fault
	if err := cmd.Run(); err != nil {
		return out.String(), errors.Join(err, errors.New(fault.String()+out.String()))
	}
	return out.String(), nil
}

func (r *repo) git(args ...string) string {
	r.t.Helper()
	return strings.TrimSpace(runGit(r.t, "", append([]string{"-C", r.dir}, args...)...))
}

// fsck demands that the repository is whole, by git's strictest check.
func (r *repo) fsck() {
	r.t.Helper()
	out, err := tryGit("", "-C", r.dir, "fsck", "--strict", "--full", "--no-dangling")
	if err != nil || strings.Contains(out, "error") || strings.Contains(out, "missing") {
		r.t.Fatalf("fsck: %v\n%s", err, out)
	}
}

// edit is one change that the team makes by hand: mode, path, content. An
// empty mode removes the path.
type edit struct{ mode, path, text string }

// team commits edits on main the way a person with git would.
func (r *repo) team(edits ...edit) string {
	r.t.Helper()
	return r.teamOn("main", edits...)
}

func (r *repo) teamOn(branch string, edits ...edit) string {
	r.t.Helper()
	var b strings.Builder
	b.WriteString("commit refs/heads/" + branch + "\ncommitter team <team@example.com> 1700000000 +0000\ndata 4\nteam\n")
	if _, err := tryGit("", "-C", r.dir, "rev-parse", "-q", "--verify", "refs/heads/"+branch); err == nil {
		b.WriteString("from refs/heads/" + branch + "^0\n")
	}
	for _, e := range edits {
		switch e.mode {
		case "":
			b.WriteString("D " + e.path + "\n")
		case "160000":
			b.WriteString("M 160000 " + e.text + " " + e.path + "\n")
		default:
			b.WriteString("M " + e.mode + " inline " + e.path + "\ndata <<END_OF_DATA\n" + e.text + "\nEND_OF_DATA\n")
		}
	}
	runGit(r.t, b.String(), "-C", r.dir, "fast-import", "--quiet", "--force")
	return r.head(branch)
}

func (r *repo) head(branch string) string {
	r.t.Helper()
	return r.git("rev-parse", "refs/heads/"+branch)
}

func (r *repo) commits() int {
	r.t.Helper()
	return len(strings.Fields(r.git("rev-list", "refs/heads/main")))
}

// files lists main as "mode path", without the inventory.
func (r *repo) files() []string {
	r.t.Helper()
	var out []string
	for l := range strings.SplitSeq(r.git("-c", "core.quotePath=false", "ls-tree", "-r", "main"), "\n") {
		meta, path, ok := strings.Cut(l, "\t")
		if ok && !strings.HasSuffix(path, inventoryPath) {
			out = append(out, meta[:6]+" "+path)
		}
	}
	return out
}

func (r *repo) cat(path string) string {
	r.t.Helper()
	return runGit(r.t, "", "-C", r.dir, "cat-file", "blob", "main:"+path)
}

func (r *repo) url() string { return "file://" + filepath.ToSlash(r.dir) }

func (r *repo) open() *Branch { return openRemote(r.t, Remote{URL: r.url(), Branch: "main"}) }

func openRemote(t testing.TB, remote Remote) *Branch {
	t.Helper()
	b, err := Open(t.Context(), remote)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

var options = CommitOptions{Message: "mlops: update", Author: Signature{"bot", "bot@example.com"}, When: time.Unix(1700000000, 0).UTC()}

// managed makes files from path, text, path, text.
func managed(pairs ...string) []tree.File {
	var out []tree.File
	for p := range slices.Chunk(pairs, 2) {
		out = append(out, tree.File{Path: p[0], Data: []byte(p[1]), Writer: "test"})
	}
	return out
}

func seeded(pairs ...string) []tree.File {
	out := managed(pairs...)
	for i := range out {
		out[i].Class = tree.Seeded
	}
	return out
}

func desired(t testing.TB, files ...tree.File) Desired {
	t.Helper()
	d := Desired{Files: &tree.Tree{}}
	if err := d.Files.Add(files...); err != nil {
		t.Fatal(err)
	}
	return d
}

func mustCommit(t testing.TB, b *Branch, d Desired) *Result {
	t.Helper()
	res, err := b.Commit(t.Context(), d, options)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func wantErr(t testing.TB, err, kind error, texts ...string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("error %v, want %v", err, kind)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %q does not say %q", err, text)
		}
	}
}

func contextFor(t testing.TB, d time.Duration) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), d)
}

func within30s(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func join(lists ...[]tree.File) []tree.File { return slices.Concat(lists...) }

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
