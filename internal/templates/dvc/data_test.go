package dvc

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/promotion"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

// reading is the case of a pipeline that copies what it reads from a source.
func reading(source string, settings object) *templatestest.Case {
	return &templatestest.Case{Specs: []object{
		{"kind": "platform", "name": "x", "owner": "o", "environments": object{"staging": object{}}},
		{"kind": "bucket", "platform": "x", "name": "store"},
		{"kind": "dataset", "name": "d", source: settings, "columns": object{"label": object{"type": "integer", "values": []any{"0", "1"}}}},
		{"kind": "pipeline", "name": "p", "image": "ghcr.io/acme/x:1", "artifacts": "store", "steps": object{
			"copy": object{"command": []any{"cp", "-rL", "$(inputs.d)", "$(outputs.o)"}, "inputs": object{"d": "dataset.d"}, "outputs": []any{"o"}},
		}},
	}}
}

var ofDVC = object{"bucket": "store", "path": "d", "revision": "v1.4"}

// clone is a Git repository of what two targets write.
type clone struct {
	t   *testing.T
	dir string
	env []string
	bin string // of the environment that has DVC
}

func newClone(t *testing.T, c *templatestest.Case, environment string) clone {
	t.Helper()
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	files, err := templates.Render([]templates.Target{Target{}, promotion.Target{}}, p)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, f := range files.Files() {
		texts[f.Path] = string(f.Data)
	}
	out := clone{t: t, dir: realtools.WriteFiles(t, texts), bin: filepath.Dir(realtools.Script(t, environment, "dvc"))}
	out.env = []string{"PATH=" + out.bin + string(os.PathListSeparator) + os.Getenv("PATH"), "SHELL=/bin/sh", "DVC_NO_ANALYTICS=1", "DVC_SITE_CACHE_DIR=" + t.TempDir(), "PYTHONDONTWRITEBYTECODE=1"}
	out.git("init", "--quiet")
	return out
}

func (c clone) git(args ...string) {
	c.t.Helper()
	cmd := exec.CommandContext(c.t.Context(), "git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)...)
	cmd.Dir = c.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		c.t.Fatalf("git %v: %v: %s", args, err, out)
	}
}

func (c clone) write(path, text string) {
	c.t.Helper()
	path = filepath.Join(c.dir, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

func (c clone) read(path string) string {
	c.t.Helper()
	data, err := os.ReadFile(filepath.Join(c.dir, path))
	if err != nil {
		c.t.Error(err)
	}
	return string(data)
}

func (c clone) remove(paths ...string) {
	c.t.Helper()
	for _, path := range paths {
		if err := os.RemoveAll(filepath.Join(c.dir, path)); err != nil {
			c.t.Fatal(err)
		}
	}
}

func (c clone) dvc(args ...string) realtools.Result {
	return realtools.Run(c.t, "dvc", c.dir, c.env, filepath.Join(c.bin, "dvc"), args...)
}

func (c clone) python(args ...string) realtools.Result {
	return realtools.Run(c.t, "data programs", c.dir, c.env, filepath.Join(c.bin, "python"), append([]string{"-m"}, args...)...)
}

func (c clone) repro() realtools.Result { return c.dvc("repro", "pipelines/p/dvc.yaml") }

func (c clone) pin() realtools.Result {
	return c.python("mlops.pin", "--pipeline", "pipelines/p/pipeline.json", "--dataset", "d")
}

// release adds data as the guide says, pushes it, and moves the tag to it.
func (c clone) release(files map[string]string) {
	c.t.Helper()
	c.remove("data/d")
	for name, text := range files {
		c.write("data/d/"+name, text)
	}
	c.dvc("add", "data/d").Accept(c.t, "dvc add")
	c.dvc("push").Accept(c.t, "dvc push")
	c.git("add", "--all")
	c.git("commit", "--quiet", "--message", "data")
	c.git("tag", "--force", "v1.4")
}

// TestData pushes data with the real DVC and reads it with the programs, by the MD5
// alone: neither the cache nor the work tree has it.
func TestData(t *testing.T) {
	c := newClone(t, reading("dvc", ofDVC), "train")
	c.pin().Refuse(t, "a revision that is not there", "tag that commit with the revision")
	c.release(map[string]string{"a.csv": "label\n1\n", "deep/b c.csv": "label\n0\n"})
	c.repro().Refuse(t, "a pin that is empty", "dataset d is not pinned (it is empty): run make pin-d and commit data/d.pin.json")
	c.pin().Accept(t, "the pin")
	c.remove("data/d", ".dvc/cache")
	c.repro().Accept(t, "the first run")
	if got := c.read("runs/p/copy/o/deep/b c.csv"); got != "label\n0\n" {
		t.Errorf("the step read %q", got)
	}
	var versions map[string]string
	if err := json.Unmarshal([]byte(c.read("runs/p/mlops-data/d.version.json")), &versions); err != nil || !regexp.MustCompile(`^md5:[0-9a-f]{32}\.dir$`).MatchString(versions["d"]) {
		t.Errorf("versions are %v: %v", versions, err)
	}
	again := c.repro()
	again.Accept(t, "the second run")
	if n := strings.Count(again.Out, "didn't change, skipping"); n != 2 {
		t.Errorf("the second run did something: %s", again.Out)
	}
	c.dvc("pull", "data/d.dvc").Accept(t, "dvc pull")
	if got := c.read("data/d/a.csv"); got != "label\n1\n" {
		t.Errorf("DVC itself read %q", got)
	}

	c.release(map[string]string{"a.csv": "label\n7\n"})
	if res := c.repro(); strings.Count(res.Out, "didn't change, skipping") != 2 {
		t.Errorf("a tag that moved changes nothing before it is pinned: %s", res.Out)
	}
	c.pin().Accept(t, "the new pin")
	c.repro().Refuse(t, "data that is not as declared", "label is '7', must be one of 0, 1")
}

// TestData_bucket: what lies in a bucket is looked at in every run, and steps run again
// only when it changed.
func TestData_bucket(t *testing.T) {
	c := newClone(t, reading("bucket", object{"name": "store", "prefix": "in/"}), "train")
	c.repro().Refuse(t, "an empty bucket", "copy the data into bucket store first")
	for i, skipped := range []int{0, 1} {
		c.write(".mlops/buckets/store/in/a.csv", "label\n1\n")
		res := c.repro()
		res.Accept(t, "a run")
		if n := strings.Count(res.Out, ":copy' didn't change, skipping"); n != skipped {
			t.Errorf("run %d skipped %d steps: %s", i, n, res.Out)
		}
	}
	c.write(".mlops/buckets/store/in/a.csv", "label\n0\n")
	c.repro().Accept(t, "a run after a change")
	if got := c.read("runs/p/copy/o/a.csv"); got != "label\n0\n" {
		t.Errorf("the step read %q", got)
	}
}

func TestRemotes(t *testing.T) {
	c := reading("dvc", ofDVC)
	c.Specs = append(c.Specs, object{"kind": "bucket", "platform": "x", "name": "other"}, object{"kind": "dataset", "name": "e", "dvc": object{"bucket": "other", "path": "e", "revision": "v1"}})
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	if got := config(p); !strings.Contains(got, "    remote = store\n['remote \"store\"']\n    url = ../.mlops/buckets/store/dvc\n") || strings.Contains(got, "other") {
		t.Errorf("the bucket that is read is not the only remote:\n%s", got)
	}
	p.Platform.Cloud = "aws"
	p.Buckets[1].Existing = "s3://acme-store"
	if got := remotes(p); !slices.Equal(got, []remote{{"store", "s3://acme-store/dvc", ""}}) {
		t.Errorf("remotes are %v", got)
	}
	p.Buckets[1].Existing = "abfss://store@acme.dfs.core.windows.net"
	if got := remotes(p); !slices.Equal(got, []remote{{"store", "azure://store/dvc", "acme"}}) {
		t.Errorf("remotes are %v", got)
	}
}

func TestTaken(t *testing.T) {
	c := reading("dvc", ofDVC)
	c.Object(t, spec.KindPipeline, "p")["steps"].(object)["mlops-data-d"] = object{"command": []any{"true"}}
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := templates.Render([]templates.Target{Target{}}, p); err == nil || !strings.Contains(err.Error(), `steps["mlops-data-d"]: DVC, which runs the steps locally, has a stage of this name`) {
		t.Errorf("error is %v", err)
	}
}
