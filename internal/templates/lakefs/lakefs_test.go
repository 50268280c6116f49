package lakefs

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/promotion"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

// object is what users write, as a case holds it.
type object = map[string]any

// reading is the README's example with data of a lakeFS server.
func reading(t *testing.T, endpoint, ref string) *templatestest.Case {
	t.Helper()
	c := templatestest.Quickstart(t)
	d := c.Object(t, "dataset", "transactions")
	delete(d, "local")
	d["lakefs"] = object{"endpoint": endpoint, "repository": "payments", "ref": ref, "path": "transactions/"}
	for _, s := range c.Specs {
		if s["kind"] == "endpoint" {
			delete(s, "monitors")
		}
	}
	return c
}

func TestTarget(t *testing.T) { templatestest.Run(t, Target{}, templatestest.Options{}) }

func render(t *testing.T, c *templatestest.Case, targets ...templates.Target) map[string]string {
	t.Helper()
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	files, err := templates.Render(targets, p)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, f := range files.Files() {
		texts[f.Path] = string(f.Data)
	}
	return texts
}

func TestDocument(t *testing.T) {
	if files := render(t, templatestest.Quickstart(t), Target{}); len(files) != 0 {
		t.Errorf("no data is of lakeFS, but there is %v", files)
	}
	text := render(t, reading(t, "https://lakefs.example.com", "main"), Target{})["docs/lakefs.md"]
	for _, want := range []string{"`https://lakefs.example.com` | `payments` | `main` | `transactions/` | from the environment", "make pin-transactions", "namespace `fraud-training`"} {
		if !strings.Contains(text, want) {
			t.Errorf("it lacks %q:\n%s", want, text)
		}
	}
}

// TestConfigMap: kustomize brings the pin to where pods look for it.
func TestConfigMap(t *testing.T) {
	dir := realtools.WriteFiles(t, render(t, reading(t, "https://lakefs.example.com", "main"), promotion.Target{}))
	res := realtools.Kustomize(t, filepath.Join(dir, "mlops"))
	res.Accept(t, "kustomize build mlops")
	for _, want := range []string{"  transactions.pin.json: |", "  lakefs.py: |", `"revision": "main"`} {
		if !strings.Contains(res.Out, want) {
			t.Errorf("the ConfigMap lacks %q", want)
		}
	}
	if n := strings.Count("\n"+res.Out, "\nkind: ConfigMap\n"); n != 1 {
		t.Errorf("%d ConfigMaps, want one", n)
	}
}

// lakeFS is the module whose api/swagger.yml the stand-in is held to.
var lakeFS = struct{ module, sum string }{"github.com/treeverse/lakefs@v1.80.0", "h1:GO1QXpW/Ig3s0v0fwU2vAz9uTge21/CJlMrCpUjpaDk="}

func swagger(t *testing.T) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", lakeFS.module)
	cmd.Dir = filepath.Join(filepath.Dir(realtools.Dir(t)), "tools", "install")
	cmd.Env = append(cmd.Environ(), "GOFLAGS=", "GOWORK=off")
	out, err := cmd.Output()
	var found struct{ Dir, Sum string }
	if err != nil || json.Unmarshal(out, &found) != nil || found.Sum != lakeFS.sum {
		t.Fatalf("%s cannot be had as it is pinned: %v: %s", lakeFS.module, err, out)
	}
	return filepath.Join(found.Dir, "api", "swagger.yml")
}

// standIn starts a server that is held to lakeFS's interface. No real lakeFS server
// can be had here: its program is served neither as a binary nor as a module that builds.
func standIn(t *testing.T) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), realtools.Bin(t, "lakefsstandin"), "-swagger", swagger(t), "-user", "key", "-password", "secret")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the stand-in does not answer: %v", err)
	}
	return strings.TrimSpace(line)
}

// client does with lakeFS's own Python client what a team does: it fills a repository,
// and looks at what became of a run.
const client = `import json, sys, lakefs
host, mode = sys.argv[1:3]
c = lakefs.Client(host=host, username="key", password="secret")
repo = lakefs.Repository("payments", client=c)
main = repo.branch("main")
if mode == "fill":
    repo.create("mem://payments")
    for i in range(5):
        main.object(f"transactions/part {i}.csv").upload(data=f"label\n{i % 2}\n".encode(), mode="wb", pre_sign=False)
    main.object("transactions-old/a.csv").upload(data=b"other\n", mode="wb", pre_sign=False)
    main.commit("data")
if mode == "change":
    main.object("transactions/part 0.csv").upload(data=b"label\n7\n", mode="wb", pre_sign=False)
    main.commit("more data")
found = {o.path: o.size_bytes for o in main.objects(prefix="transactions/")}
log = [{"id": e.id, "message": e.message, "metadata": e.metadata} for e in main.log(max_amount=3)]
with main.object("transactions/part 1.csv").reader(mode="r", pre_sign=False) as stream:
    text = stream.read()
print(json.dumps({"head": main.get_commit().id, "objects": found, "log": log, "text": text}))
`

// seen is what the client prints.
type seen struct {
	Head    string
	Objects map[string]int
	Text    string
	Log     []struct {
		ID, Message string
		Metadata    map[string]string
	}
}

// lake is a stand-in with an emitted repository that reads from it.
type lake struct {
	t    *testing.T
	host string
	dir  string
	env  []string
}

func newLake(t *testing.T) lake {
	t.Helper()
	host := standIn(t)
	files := render(t, reading(t, host, "main"), promotion.Target{})
	return lake{t, host, realtools.WriteFiles(t, files), []string{
		"LAKECTL_CREDENTIALS_ACCESS_KEY_ID=key", "LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY=secret", "MLOPS_RUN_ID=run 1", "PYTHONDONTWRITEBYTECODE=1", "NO_PROXY=127.0.0.1",
	}}
}

func (l lake) client(mode string) (out seen) {
	l.t.Helper()
	res := realtools.Run(l.t, "lakefs client", l.dir, l.env, realtools.Python(l.t, "lakefs"), "-c", client, l.host, mode)
	res.Accept(l.t, "lakeFS's client")
	if err := json.Unmarshal([]byte(res.Stdout), &out); err != nil {
		l.t.Fatalf("%v: %s", err, res.Out)
	}
	return out
}

func (l lake) program(args ...string) realtools.Result {
	return realtools.Run(l.t, "data programs", l.dir, l.env, realtools.Python(l.t, "lakefs"), append([]string{"-m"}, args...)...)
}

func (l lake) fetch(more ...string) realtools.Result {
	return l.program(append([]string{"mlops.data", "--pipeline", "pipelines/train/pipeline.json", "--out", "d", "--versions", "v.json"}, more...)...)
}

func (l lake) pin() realtools.Result {
	return l.program("mlops.pin", "--pipeline", "pipelines/train/pipeline.json", "--dataset", "transactions")
}

func (l lake) contract() (asked []string) {
	l.t.Helper()
	res, err := http.Get(l.host + "/contract") //nolint:noctx // the stand-in's own
	if err != nil {
		l.t.Fatal(err)
	}
	defer res.Body.Close()
	var out struct{ Asked, Violations []string }
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		l.t.Fatal(err)
	}
	if len(out.Violations) > 0 {
		l.t.Errorf("not as lakeFS's interface says:\n%s", strings.Join(out.Violations, "\n"))
	}
	return out.Asked
}

// TestContract reads from a server that lakeFS's own client filled; every request and
// answer of both is held to lakeFS's swagger.yml.
func TestContract(t *testing.T) {
	l := newLake(t)
	head := l.client("fill").Head
	l.fetch().Refuse(t, "a pin that is empty", "dataset transactions is not pinned (it is empty): run make pin-transactions")
	l.pin().Accept(t, "the pin")
	l.client("change")
	l.fetch().Accept(t, "fetching")
	text := func(path string) string {
		out, err := exec.CommandContext(t.Context(), "cat", filepath.Join(l.dir, path)).CombinedOutput()
		if err != nil {
			t.Error(string(out))
		}
		return string(out)
	}
	if got := text("d/transactions/part 0.csv"); got != "label\n0\n" {
		t.Errorf("what was pinned is not what was fetched: %q", got)
	}
	if got, _ := filepath.Glob(filepath.Join(l.dir, "d/transactions/*")); len(got) != 5 {
		t.Errorf("fetched are %v, want 5 files of 3 pages", got)
	}
	if got := text("v.json"); !strings.Contains(got, `"`+head+`"`) || !regexp.MustCompile(`"[0-9a-f]{64}"`).MatchString(got) {
		t.Errorf("the version is %s, want commit %s", got, head)
	}
	l.env[1] = "LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY=wrong"
	wrong := l.fetch()
	wrong.Refuse(t, "a wrong key", "answered 401")
	if strings.Contains(wrong.Out, "wrong") {
		t.Errorf("the key is shown: %s", wrong.Out)
	}
	l.env[1] = "LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY="
	l.fetch().Refuse(t, "no key", "LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY must be set")
	asked := l.contract()
	for _, operation := range []string{"createRepository", "uploadObject", "commit", "logCommits", "listObjects", "getObject"} {
		if !slices.Contains(asked, operation) {
			t.Errorf("%s was not asked; asked were %v", operation, asked)
		}
	}
}

// TestContract_branch gives a run its branch, records on it which model came of it, and
// merges it.
func TestContract_branch(t *testing.T) {
	l := newLake(t)
	head := l.client("fill").Head
	l.pin().Accept(t, "the pin")
	for range 2 { // a retry finds the branch
		l.fetch("--lakefs-branch").Accept(t, "fetching onto a branch")
	}
	finish := `import sys; from pathlib import Path; from mlops.config import load_pipeline; from mlops.lakefs import finish
finish(load_pipeline(Path("pipelines/train/pipeline.json")), "run 1", {"mlops.model": "fraud-detector", "mlops.version": "1"}, sys.argv[1])`
	run := func(into string) realtools.Result {
		return realtools.Run(t, "data programs", l.dir, l.env, realtools.Python(t, "lakefs"), "-c", finish, into)
	}
	run("").Accept(t, "recording")
	l.fetch("--lakefs-branch").Refuse(t, "a branch that another run used", "branch mlops-train-run-1 is there already")
	run("main").Accept(t, "merging")
	after := l.client("look")
	if after.Head == head || len(after.Log) != 3 {
		t.Errorf("main was not merged into: %+v", after)
	}
	l.fetch("--lakefs-branch").Accept(t, "the branch is gone, and can be made again")
	asked := l.contract()
	for _, operation := range []string{"createBranch", "mergeIntoBranch", "deleteBranch"} {
		if !slices.Contains(asked, operation) {
			t.Errorf("%s was not asked; asked were %v", operation, asked)
		}
	}
}
