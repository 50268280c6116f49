package prefect_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
)

// cluster answers like the API of Kubernetes as far as a flow asks it: each pod waits,
// runs, says a line, and ends as its task's exit code says.
type cluster struct {
	mu      sync.Mutex
	exits   map[string]int  // of tasks; a negative one never ends
	lost    map[string]bool // tasks whose first creation gets no good answer
	pods    map[string]object
	looks   map[string]int
	created []string // tasks, in their order
	beside  []string // "task while other", for each pod that was there when another was created
	bodies  []object
	removed int
}

func (c *cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/") // api v1 namespaces NS pods [NAME [log]]
	name := ""
	if len(parts) > 5 {
		name = parts[5]
	}
	pod, there := c.pods[name]
	switch {
	case r.Method == http.MethodPost:
		c.create(w, r)
	case name == "":
		items := []object{}
		for _, pod := range c.pods {
			if at(pod, "metadata", "labels")["mlops.dev/run"] == strings.TrimPrefix(r.URL.Query().Get("labelSelector"), "mlops.dev/run=") {
				items = append(items, pod)
			}
		}
		answer(w, http.StatusOK, object{"apiVersion": "v1", "kind": "PodList", "items": items})
	case !there:
		answer(w, http.StatusNotFound, object{"kind": "Status", "code": 404})
	case r.Method == http.MethodDelete:
		delete(c.pods, name)
		c.removed++
		answer(w, http.StatusOK, pod)
	case len(parts) > 6:
		fmt.Fprintf(w, "2026-01-02T03:04:05.1Z first of %[1]s\n2026-01-02T03:04:05.12Z {last} of %[1]s\n", taskOf(pod))
	default:
		c.looks[name]++
		pod["status"] = c.status(taskOf(pod), c.looks[name])
		answer(w, http.StatusOK, pod)
	}
}

func taskOf(pod object) string {
	task, _ := at(pod, "metadata", "annotations")["mlops.dev/task"].(string)
	return task
}

func answer(w http.ResponseWriter, code int, body object) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}

func (c *cluster) create(w http.ResponseWriter, r *http.Request) {
	var pod object
	if err := json.NewDecoder(r.Body).Decode(&pod); err != nil {
		answer(w, http.StatusBadRequest, object{})
		return
	}
	for _, other := range c.pods {
		c.beside = append(c.beside, taskOf(pod)+" while "+taskOf(other))
	}
	name, _ := at(pod, "metadata")["name"].(string)
	c.pods[name] = pod
	c.created, c.bodies = append(c.created, taskOf(pod)), append(c.bodies, pod)
	if c.lost[taskOf(pod)] {
		answer(w, http.StatusConflict, object{"kind": "Status", "code": 409})
		return
	}
	answer(w, http.StatusCreated, pod)
}

func (c *cluster) status(task string, look int) object {
	code := c.exits[task]
	state := func(phase string, of object) object {
		return object{"phase": phase, "containerStatuses": []any{object{"name": "main", "image": "x", "imageID": "", "ready": false, "restartCount": 0, "state": of}}}
	}
	switch {
	case look == 1 || code < 0:
		return state("Pending", object{"waiting": object{"reason": "ImagePullBackOff", "message": "back-off"}})
	case look == 2:
		return state("Running", object{"running": object{}})
	case code == 0:
		return state("Succeeded", object{"terminated": object{"exitCode": 0, "reason": "Completed"}})
	default:
		return state("Failed", object{"terminated": object{"exitCode": code, "reason": "Error"}})
	}
}

// program runs a flow in this process, with quick looks at its pods.
const program = `
import dataclasses, json, sys, types
from mlops import prefect_tasks
prefect_tasks.LOOK_EVERY = 0.05
from prefect.flows import load_flow_from_entrypoint
flow = load_flow_from_entrypoint(f"pipelines/{sys.argv[1]}/flow.py:pipeline")
names = flow.fn.__globals__
if len(sys.argv) > 2:
    names["_PIPELINE"] = dataclasses.replace(names["_PIPELINE"], timeout=int(sys.argv[2]))
state = flow(return_state=True)
print(json.dumps([state.type.value, state.message, str(state.state_details.flow_run_id)]))
`

// pods runs flows whose tasks are pods.
func (s *server) pods(t *testing.T) {
	c := &cluster{exits: map[string]int{}, lost: map[string]bool{"prepare": true}, pods: map[string]object{}, looks: map[string]int{}}
	api := httptest.NewServer(c)
	defer api.Close()
	kubeconfig := filepath.Join(t.TempDir(), "config")
	text := `{"apiVersion": "v1", "kind": "Config", "current-context": "c", "clusters": [{"name": "c", "cluster": {"server": "` + api.URL + `"}}],
"users": [{"name": "u", "user": {}}], "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}]}`
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (state [3]string) {
		t.Helper()
		env := append(slices.Clone(s.env), "MLOPS_EXECUTION=kubernetes", "KUBECONFIG="+kubeconfig)
		res := realtools.Run(t, "prefect", s.checkout, env, realtools.Python(t, "prefect"), append([]string{"-c", program}, args...)...)
		lines := strings.Split(strings.TrimSpace(res.Stdout), "\n")
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &state); err != nil {
			t.Fatalf("%v:\n%s", err, res.Out)
		}
		return state
	}
	state := run("diamond")
	if state[0] != "COMPLETED" || len(c.created) != 5 || c.created[0] != "prepare" || strings.Join(c.created[3:], " ") != "merge config" {
		t.Errorf("the run ended as %q, its pods are %q", state, c.created)
	}
	if early := slices.DeleteFunc(c.beside, func(both string) bool { return both == "a while b-2" || both == "b-2 while a" }); len(early) != 0 {
		t.Errorf("pods began too early: %q", early)
	}
	if len(c.pods) != 0 || c.removed != 5 {
		t.Errorf("%d pods are left, %d are removed", len(c.pods), c.removed)
	}
	log := func() string { return s.log(t, state[2]) }
	await(t, "the log", func() bool { return strings.Count(log(), "{last} of ") == 5 })
	for _, want := range []string{"first of merge", "the pod waits: ImagePullBackOff: back-off", "merge: pod diamond-"} {
		if got := log(); strings.Count(got, want) < 1 || strings.Count(got, "first of merge") > 1 {
			t.Errorf("the log has not %q, or a line twice:\n%s", want, got)
		}
	}
	s.validate(t, c.bodies)
	c.exits["wait"] = 3
	if state := run("slow"); state[0] != "FAILED" || !strings.Contains(state[1], "wait: exit code 3") || len(c.pods) != 0 {
		t.Errorf("the run ended as %q, %d pods are left", state, len(c.pods))
	}
	c.exits["wait"] = -1
	if state := run("slow", "2"); state[0] != "FAILED" || !strings.Contains(state[1], "wait: timed out") || len(c.pods) != 0 {
		t.Errorf("the run ended as %q, %d pods are left", state, len(c.pods))
	}
	s.cancelled(t, c, kubeconfig)
}

// cancelled calls what Prefect calls when a run is cancelled.
func (s *server) cancelled(t *testing.T, c *cluster, kubeconfig string) {
	t.Helper()
	for _, run := range []string{"one", "two"} {
		c.pods["pod-"+run] = object{"metadata": object{"name": "pod-" + run, "labels": object{"mlops.dev/run": run}}}
	}
	env := append(slices.Clone(s.env), "MLOPS_EXECUTION=kubernetes", "KUBECONFIG="+kubeconfig)
	realtools.Run(t, "prefect", s.checkout, env, realtools.Python(t, "prefect"), "-c", `
import types
from prefect.flows import load_flow_from_entrypoint
flow = load_flow_from_entrypoint("pipelines/diamond/flow.py:pipeline")
for hooks in (flow.on_cancellation_hooks, flow.on_crashed_hooks):
    [hook] = hooks
    hook(flow, types.SimpleNamespace(id="one"), None)
`).Accept(t, "the hooks")
	if c.pods["pod-one"] != nil || c.pods["pod-two"] == nil {
		t.Errorf("pods are %v", c.pods)
	}
}

// validate asks Kubernetes what it says to the pods of tasks, and to the job of a flow.
func (s *server) validate(t *testing.T, pods []object) {
	t.Helper()
	res := s.python(t, "-c", `
import json, uuid, yaml
from prefect.client.schemas.objects import FlowRun
from prefect_kubernetes.worker import KubernetesWorker, KubernetesWorkerJobConfiguration as Configuration
import asyncio
values = yaml.safe_load(open("platform/prefect/values.yaml"))
template = json.loads(values["worker"]["config"]["baseJobTemplate"]["configuration"])
deployment = next(d for d in yaml.safe_load(open("prefect.yaml"))["deployments"] if "/train/" in d["entrypoint"])
made = asyncio.run(Configuration.from_template_and_values(template, deployment["work_pool"]["job_variables"]))
made.prepare_for_flow_run(FlowRun(id=uuid.UUID(int=7), name="a-run", flow_id=uuid.UUID(int=8)))
print(json.dumps([template, made.job_manifest]))
`)
	res.Accept(t, "the job of a flow")
	var read [2]object
	if err := json.Unmarshal([]byte(res.Stdout), &read); err != nil {
		t.Fatal(err, res.Out)
	}
	if code := s.ask(t, http.MethodPost, "work_pools/", object{"name": "cluster", "type": "kubernetes", "base_job_template": read[0]}, nil); code != http.StatusCreated {
		t.Errorf("the job template: status %d", code)
	}
	for _, misplaced := range []string{"completions", "parallelism"} { // prefect-kubernetes wants them in the pod, Kubernetes warns
		delete(at(read[1], "spec", "template", "spec"), misplaced)
	}
	at(read[1], "metadata")["name"] = "flow-1" // what the API server makes of generateName
	files := map[string]string{}
	for i, one := range append(slices.Clone(pods), read[1]) {
		delete(one, "status")
		text, err := json.Marshal(one)
		if err != nil {
			t.Fatal(err)
		}
		files[fmt.Sprintf("%d.yaml", i)] = string(text)
	}
	realtools.KubeValidate(t, realtools.WriteFiles(t, files)).Accept(t, "pods and job")
	container := at(read[1], "spec", "template", "spec")["containers"].([]any)[0].(object)
	text, _ := json.Marshal(container)
	for _, want := range []string{`"image":"prefecthq/prefect:3.8.8-python3.11-kubernetes"`, `"name":"PREFECT_API_URL"`, `"name":"MLOPS_EXECUTION","value":"kubernetes"`, `"key":"password","name":"git-credentials"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the container of a flow lacks %s:\n%s", want, text)
		}
	}
}

// TestValues holds the values against the schemas of both charts.
func TestValues(t *testing.T) {
	values := textsOf(t, projectOf(t, nil))["platform/prefect/values.yaml"]
	for chart, wrong := range map[string][2]string{
		"prefect-server": {"automountServiceAccountToken: false", "automountServiceAccountToken: maybe"},
		"prefect-worker": {"prefectTag:", "tag:"},
	} {
		schema, err := filepath.Abs("testdata/charts/" + chart + ".schema.json")
		if err != nil {
			t.Fatal(err)
		}
		check := func(text string) realtools.Result {
			dir := realtools.WriteFiles(t, map[string]string{"values.yaml": text})
			return realtools.Run(t, "check-jsonschema", dir, nil, realtools.Script(t, "lint", "check-jsonschema"), "--schemafile", schema, "values.yaml")
		}
		check(values).Accept(t, chart)
		check(strings.ReplaceAll(values, wrong[0], wrong[1])).Refuse(t, chart, wrong[1][:3])
	}
}
