package airflow_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

// What testdata/read.py prints of a folder.
type (
	found struct {
		Errors   map[string]string
		Warnings map[string][]string
		DAGs     map[string]foundDAG
	}
	foundDAG struct {
		Tasks           map[string]foundTask
		Params          object
		Same            bool
		Runs, Timeout   int
		Catchup, Paused bool
		Owner, Zone     string
		Tags, Allowed   []string
		Firings         [][]int64
	}
	foundTask struct {
		Type, URL        string
		Up               []string
		Retries, Seconds int
		Templates, Argv  []string
		Env              map[string]string
		Pod              json.RawMessage
		Equal            bool
	}
)

// settings are those of an Airflow whose DAG folder is dir.
func settings(t *testing.T, dir string) []string {
	t.Helper()
	return []string{
		"AIRFLOW_HOME=" + t.TempDir(), "AIRFLOW__CORE__LOAD_EXAMPLES=False", "AIRFLOW__CORE__DAGS_FOLDER=" + dir, "AIRFLOW__API__BASE_URL=https://airflow.example.com",
		"AIRFLOW__WEBSERVER__BASE_URL=https://airflow.example.com", "PYTHONDONTWRITEBYTECODE=1", "MLOPS_EXECUTION=local",
		"PATH=" + filepath.Dir(realtools.Python(t, "train")) + string(os.PathListSeparator) + os.Getenv("PATH"),
	}
}

// hostile has every hostile text as an argument, as a variable and as a default.
func hostile() object {
	var args []any
	parameters, env := object{}, object{}
	for i, text := range templatestest.HostileTexts {
		plain := strings.ReplaceAll(text, "$(", "$$(")
		args = append(args, plain)
		env[fmt.Sprintf("E%d", i)] = plain
		parameters[fmt.Sprintf("p%d", i)] = object{"type": "string", "default": text}
	}
	return object{
		"kind": "pipeline", "name": "hostile", "artifacts": "fraud-artifacts", "image": "ghcr.io/acme/fraud:1", "parameters": parameters,
		"steps": object{"say": object{"command": []any{"true"}, "args": args, "env": env}},
	}
}

// days are schedules with both days: cron and croniter read some of them differently.
var days = []templatestest.Schedule{
	{Cron: "0 3 1-31 * MON", Zone: "Europe/Paris"},
	{Cron: "0 3 */1 * MON", Zone: "UTC"},
	{Cron: "0 3 1 * 0-6", Zone: "UTC"},
	{Cron: "0 3 1 * */1", Zone: "UTC"},
	{Cron: "0 3 1-31 * 0-7", Zone: "UTC"},
	{Cron: "0 10 */5 * MON", Zone: "America/New_York"},
	{Cron: "0 10 1,2 * */2", Zone: "UTC"},
}

func schedules() []templatestest.Schedule { return append(days, templatestest.Schedules...) }

// trial are folders with all that a DAG can be, and one with what Airflow 2 cannot.
func trial(t *testing.T) (roots []string) {
	t.Helper()
	add := func(c *templatestest.Case) {
		roots = append(roots, realtools.WriteFiles(t, rendered(t, c, read()...)))
	}
	first := chosen(templatestest.Quickstart(t))
	first.Specs = append(first.Specs, hostile())
	for i, s := range schedules() {
		first.Specs = append(first.Specs, object{
			"kind": "pipeline", "name": fmt.Sprintf("s%d", i), "artifacts": "fraud-artifacts", "image": "ghcr.io/acme/fraud:1", "concurrency": "allow",
			"steps": object{"a": object{"command": []any{"true"}}}, "triggers": object{"schedule": object{"cron": s.Cron, "timezone": s.Zone}},
		})
	}
	add(first)
	add(chosen(templatestest.Diamond(t)))
	add(chosen(templatestest.Full(t)))
	add(changed(t, func(pl object, _ *templatestest.Case) {
		pl["triggers"] = object{"manual": false, "schedule": object{"cron": "0 3 * * *"}}
	}))
	return roots
}

// TestImport imports every kind of DAG in both lines of Airflow, on a laptop's and on a
// cluster's terms, and compares what Airflow read with what was written.
func TestImport(t *testing.T) {
	t.Parallel()
	roots := trial(t)
	for env, three := range map[string]bool{"airflow": true, "airflow2": false} {
		t.Run(env, func(t *testing.T) {
			var got []map[string]found
			inspect(t, env, roots, &got)
			for i, modes := range got {
				for mode, f := range modes {
					if i == len(roots)-1 {
						closed(t, f, three)
						continue
					}
					if len(f.Errors) > 0 || len(f.Warnings) > 0 {
						t.Errorf("folder %d, %s: errors %v, warnings %v", i, mode, f.Errors, f.Warnings)
					}
					for name, d := range f.DAGs {
						general(t, name, d)
					}
				}
			}
			scheduled(t, got[0]["local"].DAGs)
			texts(t, got[0]["local"].DAGs["fraud.hostile"])
			texts(t, got[0]["kubernetes"].DAGs["fraud.hostile"])
			diamond(t, got[1]["local"].DAGs["fraud.diamond"], "LocalTask", 0)
			diamond(t, got[1]["kubernetes"].DAGs["fraud.diamond"], "PodTask", 5400)
			pods(t, got)
		})
	}
}

// inspect runs testdata/read.py.
func inspect(t *testing.T, env string, roots []string, into any) {
	t.Helper()
	dir := t.TempDir()
	var starts []int64
	for _, at := range templatestest.ScheduleStarts {
		starts = append(starts, at.Unix())
	}
	asked, err := json.Marshal(starts)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "asked.json"), asked, 0o600)
	}
	program, absent := filepath.Abs("testdata/read.py")
	if err != nil || absent != nil {
		t.Fatal(err, absent)
	}
	realtools.Run(t, env, dir, settings(t, dir), realtools.Python(t, env), append([]string{program}, roots...)...).Accept(t, "the DAGs")
	text, err := os.ReadFile(filepath.Join(dir, "found.json"))
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// closed holds a DAG that nobody may start: Airflow 2 must not take it as one that anybody may.
func closed(t *testing.T, f found, three bool) {
	t.Helper()
	if three {
		if allowed := f.DAGs["fraud.train"].Allowed; len(f.Errors) > 0 || !slices.Equal(allowed, []string{"scheduled"}) {
			t.Errorf("allowed are %v, errors %v", allowed, f.Errors)
		}
		return
	}
	if said := fmt.Sprint(f.Errors); len(f.DAGs) > 0 || !strings.Contains(said, "triggers.manual = false needs Airflow 3.2") {
		t.Errorf("%d DAGs, errors %v", len(f.DAGs), f.Errors)
	}
}

// general is what holds for every DAG.
func general(t *testing.T, name string, d foundDAG) {
	t.Helper()
	if !d.Same || d.Catchup || d.Paused || d.Owner != "fraud-ml" || !slices.Equal(d.Tags, []string{"managed-by:terraform-provider-mlops", "platform:fraud"}) || len(d.Allowed) > 0 {
		t.Errorf("%s is %+v", name, d)
	}
	for task, of := range d.Tasks {
		if len(of.Templates) > 0 {
			t.Errorf("%s, %s: %v are templates", name, task, of.Templates)
		}
		if !strings.HasPrefix(of.URL, "https://airflow.example.com/dags/"+name+"/") {
			t.Errorf("%s, %s: the run is at %q", name, task, of.URL)
		}
	}
}

// scheduled compares the times of each DAG's own timetable with those of the original.
func scheduled(t *testing.T, dags map[string]foundDAG) {
	t.Helper()
	for i, s := range schedules() {
		d := dags[fmt.Sprintf("fraud.s%d", i)]
		if len(d.Firings) != len(templatestest.ScheduleStarts) || d.Runs != 16 {
			t.Errorf("%v: %d lists of times, %d runs at a time", s, len(d.Firings), d.Runs)
			continue
		}
		for k, start := range templatestest.ScheduleStarts {
			if want := templatestest.Firings(t, s, start, 10); !slices.Equal(d.Firings[k], want) {
				t.Errorf("%v after %v fires at %v, want %v", s, start, d.Firings[k], want)
			}
		}
	}
	if d := dags["fraud.train"]; d.Runs != 1 || len(d.Firings) != 2 || d.Zone != "Europe/Paris" || d.Timeout != 0 {
		t.Errorf("the example is %+v", d)
	}
}

// texts compares hostile texts with what came back.
func texts(t *testing.T, d foundDAG) {
	t.Helper()
	say := d.Tasks["say"]
	if len(say.Argv) != len(templatestest.HostileTexts)+1 {
		t.Fatalf("arguments are %q", say.Argv)
	}
	for i, text := range templatestest.HostileTexts {
		if say.Argv[i+1] != text {
			t.Errorf("the argument %.60q came back as %.60q", text, say.Argv[i+1])
		}
		if back := say.Env[fmt.Sprintf("E%d", i)]; back != text {
			t.Errorf("the variable %.60q came back as %.60q", text, back)
		}
		if back := d.Params[fmt.Sprintf("p%d", i)]; back != text {
			t.Errorf("the default %.60q came back as %.60q", text, back)
		}
	}
}

func diamond(t *testing.T, d foundDAG, kind string, wait int) {
	t.Helper()
	if want := (object{"text": "0.10", "agree": "yes", "rate": 1e-3, "rounds": 200.0, "fast": false}); !reflect.DeepEqual(d.Params, want) || d.Timeout != 21600 || d.Runs != 1 {
		t.Errorf("parameters are %v, the timeout %d, the runs %d", d.Params, d.Timeout, d.Runs)
	}
	for name, want := range map[string]string{
		"mlops-data": " 0 0", "prepare": "mlops-data 0 0", "a": fmt.Sprint("prepare 0 ", 3660+wait), "b": "prepare 0 0", "merge": "a,b,prepare 2 0",
		"train": fmt.Sprint("merge 1 ", 7260+wait), "evaluate": "train 0 0", "report": "b,evaluate 0 0", "gate": "report 0 0", "register": "gate 0 0",
	} {
		of := d.Tasks[name]
		if got := fmt.Sprint(strings.Join(of.Up, ","), " ", of.Retries, " ", of.Seconds); got != want || of.Type != kind {
			t.Errorf("%s is a %s %s, want %s", name, of.Type, got, want)
		}
	}
	if got := d.Tasks["a"].Argv[4:]; !slices.Contains(got, "1e-3") || !slices.Contains(got, "0.10") || !slices.Contains(got, "yes") {
		t.Errorf("parameters came as %q", got)
	}
}

// pods asks Kubernetes what it says to the pods, and reads one of them.
func pods(t *testing.T, got []map[string]found) {
	t.Helper()
	files := map[string]string{}
	for i, modes := range got {
		for name, d := range modes["kubernetes"].DAGs {
			for task, of := range d.Tasks {
				if !of.Equal {
					t.Errorf("the pod of %s, %s is not that of mlops.execution:\n%s", name, task, of.Pod)
				}
				files[fmt.Sprintf("%d/%s-%s.json", i, name, task)] = string(of.Pod)
			}
		}
	}
	if len(files) < 30 {
		t.Fatalf("%d pods only", len(files))
	}
	realtools.KubeValidate(t, realtools.WriteFiles(t, files)).Accept(t, "the pods")
	var pod struct {
		Metadata struct {
			Name, Namespace     string
			Labels, Annotations map[string]string
		}
		Spec object
	}
	if err := json.Unmarshal(got[1]["kubernetes"].DAGs["fraud.diamond"].Tasks["train"].Pod, &pod); err != nil {
		t.Fatal(err)
	}
	m := pod.Metadata
	if !strings.HasPrefix(m.Name, "diamond-train-") || m.Namespace != "fraud-training" || m.Annotations["mlops.dev/task"] != "train" || m.Annotations["mlops.dev/owner"] != "fraud-ml" ||
		m.Labels["dag_id"] != "fraud.diamond" || m.Labels["task_id"] != "train" || m.Labels["app.kubernetes.io/part-of"] != "fraud" {
		t.Errorf("the pod is %+v", m)
	}
	const want = `
serviceAccountName: trainer
automountServiceAccountToken: false
activeDeadlineSeconds: 7200
restartPolicy: Never
priorityClassName: fraud-training
nodeSelector: {mlops.dev/accelerator: nvidia-l4, mlops.dev/pool: train-l4}
tolerations: [{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}, {key: dedicated, operator: Equal, value: training, effect: NoSchedule}]
`
	var wanted object
	if err := yaml.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	for key, value := range wanted {
		if was, is := encoded(t, value), encoded(t, pod.Spec[key]); was != is {
			t.Errorf("%s is %s, want %s", key, is, was)
		}
	}
	container := pod.Spec["containers"].([]any)[0].(object)
	if secret := encoded(t, container["env"]); !strings.Contains(secret, `{"name":"API_KEY","valueFrom":{"secretKeyRef":{"key":"api_key","name":"tracker-credentials"}}}`) {
		t.Errorf("variables are %s", secret)
	}
	if got := encoded(t, container["resources"]); got != `{"limits":{"memory":"4Gi","nvidia.com/gpu":"1"},"requests":{"cpu":"2","memory":"4Gi","nvidia.com/gpu":"1"}}` {
		t.Errorf("resources are %s", got)
	}
}

func encoded(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
