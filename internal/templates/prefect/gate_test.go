package prefect_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/promotion/gatetest"
)

// gates runs the emitted task of the gate once for each row, below a folder of its own.
const gates = `
import dataclasses, json, logging, pathlib, sys
from prefect import flow
from prefect.flows import load_flow_from_entrypoint
emitted = load_flow_from_entrypoint("pipelines/train/flow.py:pipeline")
from mlops import prefect_tasks
from mlops.execution import Failed, Run
names = emitted.fn.__globals__
said = []
handler = logging.Handler()
handler.emit = lambda record: said.append(record.getMessage())
logging.getLogger("prefect.task_runs").addHandler(handler)

@flow
def rows():
    out = []
    for row in sorted(pathlib.Path(sys.argv[1]).iterdir(), key=lambda p: int(p.name)):
        names["_PIPELINE"] = dataclasses.replace(names["_PIPELINE"], root=row)
        said.clear()
        state = names["_task_gate"](prefect_tasks.Begun(Run("train", "r")), return_state=True)
        failed = state.result(raise_on_failure=False)
        out.append({"Exit": failed.code if isinstance(failed, Failed) else 0 if state.is_completed() else -1, "Said": "\n".join(said)})
    return out

print(json.dumps(rows()))
`

// gate holds the gate, as a task of Prefect, against the table of all orchestrators.
func (s *server) gate(t *testing.T) {
	cases, err := gatetest.Offline()
	if err != nil || len(cases) == 0 {
		t.Fatalf("%d cases: %v", len(cases), err)
	}
	pipeline, err := os.ReadFile(filepath.Join(s.checkout, "pipelines/train/pipeline.json"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for i, c := range cases {
		root := filepath.Join(dir, strconv.Itoa(i))
		changed, err := gatetest.WithGates(pipeline, c.Gates)
		for _, folder := range []string{"pipelines/train", "runs/train/r/train"} {
			if err == nil {
				err = os.MkdirAll(filepath.Join(root, folder), 0o750)
			}
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(root, "pipelines/train/pipeline.json"), changed, 0o600)
		}
		if err == nil {
			err = os.Symlink(filepath.Join(s.checkout, "mlops"), filepath.Join(root, "mlops"))
		}
		if err == nil {
			_, err = c.Write(filepath.Join(root, "runs/train/r/train"))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	res := realtools.Run(t, "prefect", s.checkout, s.env, realtools.Python(t, "prefect"), "-c", gates, dir)
	var got []struct {
		Exit int
		Said string
	}
	if err := json.Unmarshal([]byte(res.Stdout), &got); err != nil || len(got) != len(cases) {
		t.Fatalf("%d of %d rows: %v\n%s", len(got), len(cases), err, res.Out)
	}
	for i, c := range cases {
		if err := c.Check(got[i].Exit, got[i].Said); err != nil {
			t.Error(err)
		}
	}
}
