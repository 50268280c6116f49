package kubeflow

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
)

// api stands in for the API server: it keeps what it is given and checks what the real
// one checks.
type api struct {
	mu    sync.Mutex
	t     *testing.T
	posts map[string][]object
	names []string // of versions
	state string
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/pipeline/apis/v2beta1/")
	if r.Header.Get("Authorization") != "Bearer t0ken" {
		http.Error(w, `{"message": "who are you?"}`, http.StatusUnauthorized)
		return
	}
	var reply any = object{}
	switch {
	case r.Method == http.MethodGet && strings.HasPrefix(path, "pipelines/names/"):
		if len(a.posts["pipelines"]) == 0 {
			http.Error(w, `{"message": "no such pipeline"}`, http.StatusNotFound)
			return
		}
		reply = object{"pipeline_id": "p1"}
	case r.Method == http.MethodPost && path == "pipelines/upload_version":
		a.upload(w, r)
		return
	case r.Method == http.MethodPost:
		var body object
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			a.t.Error(err)
		}
		a.posts[path] = append(a.posts[path], body)
		reply = a.made(path, body)
	case r.Method == http.MethodDelete:
		a.posts["recurringruns"] = a.posts["recurringruns"][1:]
	case strings.HasPrefix(path, "runs/"):
		reply = object{"state": a.state}
	case path == "recurringruns":
		reply = object{"recurringRuns": a.posts[path]}
	case path == "pipelines/p1/versions":
		var versions []object
		for _, name := range a.names {
			versions = append(versions, object{"display_name": name, "pipeline_version_id": "v-" + name})
		}
		reply = object{"pipeline_versions": versions}
	case path == "experiments", path == "runs":
		reply = object{path: a.posts[path]}
	default:
		http.Error(w, "no such path", http.StatusNotFound)
		return
	}
	if err := json.NewEncoder(w).Encode(reply); err != nil {
		a.t.Error(err)
	}
}

func (a *api) upload(w http.ResponseWriter, r *http.Request) {
	file, _, err := r.FormFile("uploadfile")
	if err != nil || r.URL.Query().Get("pipelineid") != "p1" {
		a.t.Errorf("upload %s: %v", r.URL, err)
		return
	}
	head := make([]byte, 100)
	if n, err := file.Read(head); err != nil || !strings.Contains(string(head[:n]), "pipelineInfo") {
		a.t.Errorf("uploaded was %q: %v", head, err)
	}
	name := r.URL.Query().Get("name")
	a.names = append(a.names, name)
	_, _ = fmt.Fprintf(w, `{"pipeline_version_id": "v-%s"}`, name)
}

func (a *api) made(path string, body object) object {
	switch path {
	case "pipelines":
		body["pipeline_id"] = "p1"
	case "experiments":
		body["experiment_id"] = "e1"
	case "runs":
		body["run_id"], body["state"] = fmt.Sprintf("r%d", len(a.posts[path])), a.state
	case "recurringruns":
		body["recurring_run_id"], body["status"] = fmt.Sprintf("s%d", time.Now().UnixNano()), "ENABLED"
	}
	return body
}

// TestStart starts and schedules against a stand-in of the API.
func TestStart(t *testing.T) {
	a := &api{t: t, posts: map[string][]object{}, state: "SUCCEEDED"}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	dir := realtools.WriteFiles(t, repository(t, nil))
	run := func(module string, args ...string) realtools.Result {
		env := []string{"KUBEFLOW_PIPELINES_URL=" + server.URL + "/pipeline", "KUBEFLOW_PIPELINES_TOKEN=t0ken", "KUBEFLOW_PIPELINES_NAMESPACE=fraud-training", "PYTHONDONTWRITEBYTECODE=1"}
		return realtools.Run(t, "start", dir, env, realtools.Python(t, "lint"), append([]string{"-m", "mlops." + module, "--pipeline", "pipelines/train/pipeline.json"}, args...)...)
	}
	const start, schedule = "start_kubeflow_pipelines", "deploy_kubeflow_pipelines"
	res := run(start, "--wait", "--param", "learning_rate=0.1")
	res.Accept(t, "a run")
	if !strings.Contains(res.Stdout, "run: r1\nurl: "+server.URL+"/pipeline/#/runs/details/r1") {
		t.Errorf("it said %s", res.Out)
	}
	made := maps.Clone(a.posts["runs"][0])
	delete(made, "pipeline_version_reference")
	compare(t, "the run", made, `{"display_name":"train","experiment_id":"e1","run_id":"r1","runtime_config":{"parameters":{"learning_rate":0.1}},"service_account":"train","state":"SUCCEEDED"}`)
	run(start, "--param", "learning_rate=x").Refuse(t, "a parameter of another type", "learning_rate: 'x' is not of type number")
	a.state = "FAILED"
	run(start, "--wait").Refuse(t, "a run that fails", "run r2 of train failed")
	if len(a.names) != 1 || len(a.posts["pipelines"]) != 1 || len(a.posts["experiments"]) != 1 {
		t.Errorf("versions %v, posts %v", a.names, a.posts)
	}
	a.posts["runs"][1]["state"] = "RUNNING"
	run(start).Refuse(t, "a second run", "pipeline train allows one run at a time, and run r2 is under way")

	run(schedule).Accept(t, "a schedule")
	if res := run(schedule); res.Err != nil || !strings.Contains(res.Stdout, "(unchanged)") || len(a.posts["recurringruns"]) != 1 {
		t.Errorf("the schedule was made anew: %s", res.Out)
	}
	recurring := filepath.Join(dir, "pipelines/train/recurring_run.json")
	data, err := os.ReadFile(recurring)
	if err == nil {
		err = os.WriteFile(recurring, []byte(strings.Replace(string(data), "0 0 3", "0 0 4", 1)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	run(schedule).Accept(t, "another schedule")
	if got := a.posts["recurringruns"]; len(got) != 1 || !strings.Contains(fmt.Sprint(got), "0 0 4 * * *") || strings.Contains(fmt.Sprint(got), "0 0 3") {
		t.Errorf("recurring runs are %v", got)
	}
	if err := os.Remove(recurring); err != nil {
		t.Fatal(err)
	}
	run(schedule).Accept(t, "no schedule")
	if len(a.posts["recurringruns"]) != 0 {
		t.Errorf("recurring runs are %v", a.posts["recurringruns"])
	}
}
