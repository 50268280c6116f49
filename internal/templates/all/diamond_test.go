package all_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

// TestDiamond trains the pipeline that orchestrators are compared with on one machine:
// what it computes is what every orchestrator must compute.
func TestDiamond(t *testing.T) {
	t.Parallel()
	dir := checkout(t, render(t, templatestest.Diamond(t)))
	if err := os.Symlink(filepath.Dir(filepath.Dir(realtools.Python(t, "train"))), filepath.Join(dir, ".venv")); err != nil {
		t.Fatal(err)
	}
	const rows = "amount,country,label\n1.5,FR,0\n2,,1\n"
	for path, text := range map[string]string{"data/transactions.csv": rows, ".stamp": ""} {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "-A"}, {"-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", "x"}} {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	env := []string{"API_KEY=from-the-laptop", "PYTHONDONTWRITEBYTECODE=1", "DVC_NO_ANALYTICS=1", "DVC_SITE_CACHE_DIR=" + t.TempDir()}
	res := realtools.Run(t, "dvc", dir, env, "make", "STAMP=.stamp", "train-diamond")
	res.Accept(t, "the diamond")
	if !strings.Contains(res.Out, "passed: auc_roc is 0.75, must be >= 0.5") {
		t.Errorf("the gate says:\n%s", res.Out)
	}
	got, err := os.ReadFile(filepath.Join(dir, "runs", "diamond", "merge", "all"))
	if err != nil {
		t.Fatal(err)
	}
	want := "0.10 yes 1e-3 200 false" + rows + "|{{ x }} ${{ y }} ${z} $(params.x) %{if} <% %> {# #} {{.Values.x}} `id` $HOME {{0.10}|" + rows
	if string(got) != want {
		t.Errorf("the steps made\n%q, want\n%q", got, want)
	}
}
