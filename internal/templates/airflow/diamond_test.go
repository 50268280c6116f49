package airflow_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

// TestDiamond runs the diamond with Airflow's own `dags test`, each task as a subprocess.
func TestDiamond(t *testing.T) {
	t.Parallel()
	dir := realtools.WriteFiles(t, rendered(t, chosen(templatestest.Diamond(t)), whole()...))
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o750); err != nil {
		t.Fatal(err)
	}
	const rows = "amount,country,label\n1.5,FR,1\n2,DE,0\n"
	if err := os.WriteFile(filepath.Join(data, "transactions.csv"), []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	env := append(settings(t, dir), "API_KEY=x", "MLFLOW_TRACKING_URI=sqlite:///"+filepath.Join(t.TempDir(), "mlflow.db"))
	run := func(args ...string) realtools.Result {
		return realtools.Run(t, "airflow", dir, env, realtools.Script(t, "airflow", "airflow"), args...)
	}
	run("db", "migrate").Accept(t, "the database")
	run("dags", "reserialize").Accept(t, "the DAGs")
	run("dags", "test", "fraud.diamond", "--conf", `{"text": "{{ x }}"}`).Accept(t, "the run")
	const (
		a = "{{ x }} yes 1e-3 200 false" + rows
		b = "{{ x }} ${{ y }} ${z} $(params.x) %{if} <% %> {# #} {{.Values.x}} `id` $HOME {{{{ x }}}"
	)
	if got, want := output(t, dir, "merge/all"), a+"|"+b+"|"+rows; got != want {
		t.Errorf("merge read %q, want %q", got, want)
	}
	if got := output(t, dir, "gate/verdict.json"); got == "" {
		t.Error("the gate has no verdict")
	}
	if got := output(t, dir, "register/result.json"); got == "" {
		t.Error("nothing is registered")
	}
}

// output reads a file of the only run below dir.
func output(t *testing.T, dir, path string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "runs", "*", "*", path))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: found %v, %v", path, found, err)
	}
	text, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
