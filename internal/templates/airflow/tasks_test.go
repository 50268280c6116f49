package airflow_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/promotion/gatetest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

// TestTasks holds the gate, as a task of Airflow, against the table of all orchestrators,
// and reads what a task says of a pod that has failed.
func TestTasks(t *testing.T) {
	t.Parallel()
	cases, err := gatetest.Offline()
	if err != nil || len(cases) == 0 {
		t.Fatalf("%d cases: %v", len(cases), err)
	}
	dir := realtools.WriteFiles(t, rendered(t, chosen(templatestest.Quickstart(t)), read()...))
	for i, c := range cases {
		if err := row(dir, strconv.Itoa(i), c); err != nil {
			t.Fatal(err)
		}
	}
	program, err := filepath.Abs("testdata/tasks.py")
	if err != nil {
		t.Fatal(err)
	}
	realtools.Run(t, "airflow", dir, settings(t, dir), realtools.Python(t, "airflow"), program).Accept(t, "the tasks")
	var got struct {
		Gates []struct {
			Exit int
			Said string
		}
		Failures map[string]string
	}
	text, err := os.ReadFile(filepath.Join(dir, "found.json"))
	if err == nil {
		err = json.Unmarshal(text, &got)
	}
	if err != nil || len(got.Gates) != len(cases) {
		t.Fatalf("%d of %d rows: %v", len(got.Gates), len(cases), err)
	}
	for i, c := range cases {
		if err := c.Check(got.Gates[i].Exit, got.Gates[i].Said); err != nil {
			t.Error(err)
		}
	}
	want := map[string]string{
		"rejected": "Failed: gate: exit code 3, 1 removed", "late": "Failed: gate: timed out, 1 removed", "memory": "AirflowException: Pod p returned a failure., 1 removed",
	}
	if !maps.Equal(got.Failures, want) {
		t.Errorf("failures are %q, want %q", got.Failures, want)
	}
}

// row is a repository of its own, in which step train has written the case's metrics.
func row(dir, name string, c gatetest.Case) error {
	root := filepath.Join(dir, "rows", name)
	pipeline, err := os.ReadFile(filepath.Join(dir, "pipelines/train/pipeline.json"))
	if err == nil {
		pipeline, err = gatetest.WithGates(pipeline, c.Gates)
	}
	for _, folder := range []string{"pipelines/train", "runs/train/r/train"} {
		if err == nil {
			err = os.MkdirAll(filepath.Join(root, folder), 0o750)
		}
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(root, "pipelines/train/pipeline.json"), pipeline, 0o600)
	}
	if err == nil {
		err = os.Symlink(filepath.Join(dir, "mlops"), filepath.Join(root, "mlops"))
	}
	if err == nil {
		_, err = c.Write(filepath.Join(root, "runs/train/r/train"))
	}
	return err
}
