package provider_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/gitops-ml/terraform-provider-mlops/internal/provider"
)

const serveVariable = "MLOPS_TEST_SERVE"

// serve makes this very program the provider, so that terraform starts it as it starts
// a release: in a process of its own, with an environment and a log.
func serve() {
	address, server := "registry.terraform.io/gitops-ml/mlops", provider.NewServer("test")
	if name := strings.TrimPrefix(filepath.Base(os.Args[0]), "terraform-provider-"); neighbours[name] != nil {
		address, server = "registry.terraform.io/hashicorp/"+name, neighbourServer(name)
	}
	if err := tf6server.Serve(address, server); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// folder is a working folder of terraform's command line, for what the plugin's own test
// harness cannot do: other options, several runs on one state, the files it leaves.
type folder struct {
	t   *testing.T
	dir string
	env []string
}

func newFolder(t *testing.T, env ...string) *folder {
	t.Helper()
	dir, plugins := t.TempDir(), t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(plugins, "terraform-provider-mlops")); err != nil {
		t.Fatal(err)
	}
	rc := filepath.Join(plugins, "terraformrc")
	text := fmt.Sprintf("provider_installation {\n  dev_overrides { \"gitops-ml/mlops\" = %q }\n  direct {}\n}\n", plugins)
	if err := os.WriteFile(rc, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return &folder{t, dir, append(env, "TF_CLI_CONFIG_FILE="+rc, "TF_IN_AUTOMATION=1", "TF_INPUT=0", serveVariable+"=1")}
}

// write replaces the configuration.
func (f *folder) write(config string) {
	f.t.Helper()
	text := "terraform {\n  required_providers { mlops = { source = \"gitops-ml/mlops\" } }\n}\n" + config
	if err := os.WriteFile(filepath.Join(f.dir, "main.tf"), []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// run calls terraform and gives what it said on one line, without the frames of its errors, and its exit code.
func (f *folder) run(args ...string) (string, int) {
	f.t.Helper()
	cmd := exec.CommandContext(f.t.Context(), os.Getenv("TF_ACC_TERRAFORM_PATH"), append(args, "-no-color")...)
	cmd.Dir, cmd.Env = f.dir, append(os.Environ(), f.env...)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		f.t.Fatal(err)
	}
	said := strings.Join(strings.Fields(strings.NewReplacer("│", " ", "╷", " ", "╵", " ").Replace(string(out))), " ")
	return said, cmd.ProcessState.ExitCode()
}

// exits calls terraform, and fails the test unless it ends with a code and says every text.
func (f *folder) exits(code int, texts []string, args ...string) {
	f.t.Helper()
	said, got := f.run(args...)
	if got != code {
		f.t.Fatalf("terraform %s ended with %d, want %d:\n%s", strings.Join(args, " "), got, code, end(said))
	}
	for _, text := range texts {
		if !strings.Contains(said, text) {
			f.t.Fatalf("terraform %s must say %q:\n%s", strings.Join(args, " "), text, end(said))
		}
	}
}

// apply, plan and unchanged are the usual calls: a plan's exit code is 0 without and 2 with changes.
func (f *folder) apply()                   { f.t.Helper(); f.exits(0, nil, "apply", "-auto-approve") }
func (f *folder) unchanged(args ...string) { f.t.Helper(); f.plan(0, args...) }
func (f *folder) refused(texts ...string)  { f.t.Helper(); f.exits(1, texts, "apply", "-auto-approve") }
func (f *folder) plan(code int, a ...string) {
	f.t.Helper()
	f.exits(code, nil, append([]string{"plan", "-detailed-exitcode"}, a...)...)
}

// has tells whether a resource is in state.
func (f *folder) has(address string) bool {
	f.t.Helper()
	said, code := f.run("state", "list")
	if code != 0 && !strings.Contains(said, "No state file") {
		f.t.Fatalf("state list: %s", said)
	}
	return strings.Contains(" "+said+" ", " "+address+" ")
}

// end is where the errors stand.
func end(said string) string {
	return said[max(0, len(said)-3000):]
}
