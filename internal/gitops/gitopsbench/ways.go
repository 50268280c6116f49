//go:build unix

package gitopsbench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"

	"github.com/gitops-ml/terraform-provider-mlops/internal/gitops"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

func run(ctx context.Context, stdin []byte, args ...string) error {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_AUTHOR_NAME=bench", "GIT_AUTHOR_EMAIL=bench@example.com", "GIT_COMMITTER_NAME=bench", "GIT_COMMITTER_EMAIL=bench@example.com")
	cmd.Stdin = bytes.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("git %s: %w: %s", args[0], err, out)
	}
	return nil
}

// engine is what this project does.
type engine struct{ hint bool }

func (e engine) name() string {
	if e.hint {
		return Hinted
	}
	return Ours
}

func (e engine) first(ctx context.Context, dir string, files []tree.File) error {
	if err := run(ctx, nil, "init", "-q", "--bare", "-b", "main", dir); err != nil {
		return err
	}
	return e.commit(ctx, dir, nil, files)
}

func (e engine) change(ctx context.Context, dir string, before, after []tree.File) error {
	if !e.hint {
		before = nil
	}
	return e.commit(ctx, dir, before, after)
}

func (engine) commit(ctx context.Context, dir string, last, files []tree.File) error {
	want := gitops.Desired{Files: &tree.Tree{}}
	if err := want.Files.Add(files...); err != nil {
		return err
	}
	if last != nil {
		want.Last = &tree.Tree{}
		if err := want.Last.Add(last...); err != nil {
			return err
		}
	}
	b, err := gitops.Open(ctx, gitops.Remote{URL: "file://" + dir, Branch: "main"})
	if err != nil {
		return err
	}
	defer b.Close()
	_, err = b.Commit(ctx, want, gitops.CommitOptions{Message: "bench", Author: gitops.Signature{Name: "bench", Email: "bench@example.com"}, When: time.Unix(1700000000, 0)})
	return err
}

// fastImport is the floor: git reads contents that are ready in memory.
type fastImport struct{}

func (fastImport) name() string { return Floor }

func (fastImport) first(ctx context.Context, dir string, files []tree.File) error {
	if err := run(ctx, nil, "init", "-q", "--bare", "-b", "main", dir); err != nil {
		return err
	}
	return run(ctx, stream("", files), "-C", dir, "fast-import", "--quiet")
}

func (fastImport) change(ctx context.Context, dir string, before, after []tree.File) error {
	return run(ctx, stream("from refs/heads/main^0\n", differing(before, after)), "-C", dir, "fast-import", "--quiet")
}

func stream(from string, files []tree.File) []byte {
	var b bytes.Buffer
	b.WriteString("commit refs/heads/main\ncommitter bench <bench@example.com> 1700000000 +0000\ndata 5\nbench\n" + from)
	for _, f := range files {
		fmt.Fprintf(&b, "M 100644 inline %s\ndata %d\n%s\n", f.Path, len(f.Data), f.Data)
	}
	return b.Bytes()
}

func differing(before, after []tree.File) []tree.File {
	var out []tree.File
	for i := range after {
		if !bytes.Equal(before[i].Data, after[i].Data) {
			out = append(out, after[i])
		}
	}
	return out
}

func write(dir string, files []tree.File) error {
	for _, f := range files {
		name := filepath.Join(dir, f.Path)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// commandLine is what a script does in a work tree that it keeps.
type commandLine struct{}

func (commandLine) name() string { return Command }

func (c commandLine) first(ctx context.Context, dir string, files []tree.File) error {
	if err := run(ctx, nil, "init", "-q", "-b", "main", dir); err != nil {
		return err
	}
	return c.commit(ctx, dir, files)
}

func (c commandLine) change(ctx context.Context, dir string, before, after []tree.File) error {
	return c.commit(ctx, dir, differing(before, after))
}

func (commandLine) commit(ctx context.Context, work string, files []tree.File) error {
	if err := write(work, files); err != nil {
		return err
	}
	if err := run(ctx, nil, "-C", work, "add", "-A"); err != nil {
		return err
	}
	return run(ctx, nil, "-C", work, "commit", "-q", "-m", "bench")
}

// scratch is what a script does that has nothing from before, as in CI.
type scratch struct{}

func (scratch) name() string { return Scratch }

func (s scratch) first(ctx context.Context, dir string, files []tree.File) error {
	if err := run(ctx, nil, "init", "-q", "--bare", "-b", "main", filepath.Join(dir, "bare")); err != nil {
		return err
	}
	return s.commit(ctx, dir, "first", files)
}

func (s scratch) change(ctx context.Context, dir string, _, after []tree.File) error {
	return s.commit(ctx, dir, "second", after)
}

func (scratch) commit(ctx context.Context, dir, work string, files []tree.File) error {
	work = filepath.Join(dir, work)
	if err := run(ctx, nil, "clone", "-q", "--depth", "1", "file://"+filepath.Join(dir, "bare"), work); err != nil {
		return err
	}
	if err := (commandLine{}).commit(ctx, work, files); err != nil {
		return err
	}
	return run(ctx, nil, "-C", work, "push", "-q", "origin", "HEAD:refs/heads/main")
}

// worktree is what most Go programs do.
type worktree struct{}

func (worktree) name() string { return Worktree }

func (w worktree) first(_ context.Context, dir string, files []tree.File) error {
	if _, err := git.PlainInit(dir, false); err != nil {
		return err
	}
	return w.commit(dir, files)
}

func (w worktree) change(_ context.Context, dir string, before, after []tree.File) error {
	return w.commit(dir, differing(before, after))
}

func (worktree) commit(dir string, files []tree.File) error {
	if err := write(dir, files); err != nil {
		return err
	}
	r, err := git.PlainOpen(dir)
	if err != nil {
		return err
	}
	tree, err := r.Worktree()
	if err != nil {
		return err
	}
	if err := tree.AddWithOptions(&git.AddOptions{All: true}); err != nil {
		return err
	}
	_, err = tree.Commit("bench", &git.CommitOptions{Author: &object.Signature{Name: "bench", Email: "bench@example.com", When: time.Unix(1700000000, 0)}})
	return err
}
