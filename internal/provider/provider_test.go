package provider_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/gitops-ml/terraform-provider-mlops/internal/provider"
	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
)

// TestMain makes the tests run terraform: the one that is named, the one on the
// path, or the one that `make tools` built. Started by terraform, it is the provider.
func TestMain(m *testing.M) {
	if os.Getenv(serveVariable) != "" {
		serve()
	}
	if os.Getenv("TF_ACC_TERRAFORM_PATH") == "" {
		path, err := exec.LookPath("terraform")
		if err != nil {
			path, _ = filepath.Abs("../../.tools/bin/terraform")
		}
		if _, err := os.Stat(path); err != nil {
			fmt.Fprintln(os.Stderr, "no terraform: run `make tools`")
			os.Exit(1)
		}
		_ = os.Setenv("TF_ACC_TERRAFORM_PATH", path)
	}
	_ = os.Setenv("CHECKPOINT_DISABLE", "1")
	realtools.Main(m)
}

// factories is the provider as terraform starts it.
func factories() map[string]func() (tfprotov6.ProviderServer, error) {
	server := provider.NewServer("test")
	return map[string]func() (tfprotov6.ProviderServer, error){
		"mlops": func() (tfprotov6.ProviderServer, error) { return server(), nil },
	}
}

// remote is a bare repository and a look into it.
type remote struct {
	t   *testing.T
	dir string
}

func newRemote(t *testing.T) *remote {
	t.Helper()
	r := &remote{t: t, dir: filepath.Join(t.TempDir(), "remote.git")}
	r.run(".", "init", "-q", "--bare", "-b", "main", r.dir)
	return r
}

func (r *remote) url() string { return "file://" + r.dir }

func (r *remote) run(dir string, args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_AUTHOR_NAME=other", "GIT_AUTHOR_EMAIL=other@example.com", "GIT_COMMITTER_NAME=other", "GIT_COMMITTER_EMAIL=other@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (r *remote) commits() int {
	r.t.Helper()
	var n int
	_, _ = fmt.Sscan(r.run(r.dir, "rev-list", "--count", "main"), &n)
	return n
}

func (r *remote) files() map[string]bool {
	r.t.Helper()
	out := map[string]bool{}
	for line := range strings.Lines(r.run(r.dir, "-c", "core.quotepath=off", "ls-tree", "-r", "--name-only", "main")) {
		out[strings.TrimSpace(line)] = true
	}
	return out
}

func (r *remote) show(path string) string {
	r.t.Helper()
	return r.run(r.dir, "show", "main:"+path)
}

// edit clones, lets change work, and pushes, as another author would.
func (r *remote) edit(change func(dir string)) {
	r.t.Helper()
	dir := filepath.Join(r.t.TempDir(), "work")
	r.run(".", "clone", "-q", r.url(), dir)
	change(dir)
	r.run(dir, "add", "-A")
	r.run(dir, "commit", "-q", "-m", "by hand")
	r.run(dir, "push", "-q", "origin", "HEAD:main")
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// quickstart is the example of the README with the repository's address in it.
func quickstart(t *testing.T, r *remote) string {
	t.Helper()
	data, err := os.ReadFile("../../examples/quickstart/main.tf")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	text = text[strings.Index(text, "resource "):] // the test brings its own provider and variables
	text = strings.Replace(text, "var.repository_url", fmt.Sprintf("%q", r.url()), 1)
	return fmt.Sprintf("provider \"mlops\" {\n  local = { root = %q }\n}\n", t.TempDir()) + text
}

// without removes one resource and its mention in contains.
func without(t *testing.T, config, kind, name string) string {
	t.Helper()
	start := strings.Index(config, fmt.Sprintf("resource %q %q {", kind, name))
	if start < 0 {
		t.Fatalf("no %s.%s", kind, name)
	}
	end := start + strings.Index(config[start:], "\n}\n") + 3
	config = config[:start] + config[end:]
	return strings.Replace(config, "    "+kind+"."+name+".spec,\n", "", 1)
}
