package vertex

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
)

// cloud stands in for Vertex AI and Cloud Storage: it keeps what it is given.
type cloud struct {
	mu        sync.Mutex
	t         *testing.T
	objects   map[string]string
	jobs      []object
	schedules []object
	state     string
}

func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	const parent = "/v1/projects/acme/locations/europe-west1/"
	if r.Header.Get("Authorization") != "Bearer t0ken" {
		http.Error(w, "{}", http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		c.t.Error(err)
	}
	var reply any = object{}
	switch {
	case strings.HasPrefix(r.URL.Path, "/upload/storage/v1/b/fraud-artifacts/o"):
		name := r.URL.Query().Get("name")
		if _, there := c.objects[name]; there && r.URL.Query().Get("ifGenerationMatch") == "0" {
			http.Error(w, "{}", http.StatusPreconditionFailed)
			return
		}
		c.objects[name] = string(body)
	case r.Method == http.MethodPost && r.URL.Path == parent+"pipelineJobs":
		c.jobs = append(c.jobs, c.kept(body, parent+"pipelineJobs/j", len(c.jobs)))
		reply = c.jobs[len(c.jobs)-1]
	case r.Method == http.MethodPost && r.URL.Path == parent+"schedules":
		c.schedules = append(c.schedules, c.kept(body, parent+"schedules/s", len(c.objects)+len(c.schedules)))
		reply = c.schedules[len(c.schedules)-1]
	case r.Method == http.MethodDelete:
		c.schedules = c.schedules[1:]
	case r.URL.Path == parent+"pipelineJobs":
		reply = object{"pipelineJobs": c.jobs}
	case r.URL.Path == parent+"schedules":
		reply = object{"schedules": c.schedules}
	case strings.HasPrefix(r.URL.Path, parent+"pipelineJobs/"):
		reply = object{"state": c.state}
	default:
		http.Error(w, "no such path", http.StatusNotFound)
		return
	}
	if err := json.NewEncoder(w).Encode(reply); err != nil {
		c.t.Error(err)
	}
}

func (c *cloud) kept(body []byte, name string, n int) object {
	var out object
	if err := json.Unmarshal(body, &out); err != nil {
		c.t.Error(err)
	}
	out["name"] = fmt.Sprintf("%s%d", strings.TrimPrefix(name, "/v1/"), n)
	if _, job := out["runtimeConfig"]; job {
		out["state"] = c.state
	}
	return out
}

// TestStart starts and schedules against a stand-in of the APIs. What is sent is read by
// Google's own types.
func TestStart(t *testing.T) {
	c := &cloud{t: t, objects: map[string]string{}, state: "PIPELINE_STATE_SUCCEEDED"}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	dir := realtools.WriteFiles(t, repository(t, func(pl object) { pl["identity"] = "trainer" }))
	run := func(module string, args ...string) realtools.Result {
		env := []string{
			"GOOGLE_CLOUD_PROJECT=acme", "GOOGLE_CLOUD_LOCATION=europe-west1", "GOOGLE_OAUTH_ACCESS_TOKEN=t0ken", "PYTHONDONTWRITEBYTECODE=1",
			"CLOUDSDK_API_ENDPOINT_OVERRIDES_AIPLATFORM=" + server.URL, "STORAGE_EMULATOR_HOST=" + server.URL,
		}
		return realtools.Run(t, "start", dir, env, realtools.Python(t, "lint"), append([]string{"-m", "mlops." + module, "--pipeline", "pipelines/train/pipeline.json"}, args...)...)
	}
	const start, schedule = "start_vertex_pipelines", "deploy_vertex_pipelines"
	res := run(start, "--wait", "--param", "learning_rate=0.1")
	res.Accept(t, "a run")
	if !strings.Contains(res.Stdout, "run: j0\nurl: https://console.cloud.google.com/vertex-ai/pipelines/locations/europe-west1/runs/j0?project=acme") {
		t.Errorf("it said %s", res.Out)
	}
	digest := at(t, c.jobs[0], "labels", "mlops-content").(string)
	compare(t, "values", at(t, c.jobs[0], "runtimeConfig", "parameterValues"), `{"learning_rate":0.1,"mlops_files":"/gcs/fraud-artifacts/mlops/`+digest+`"}`)
	compare(t, "account", c.jobs[0]["serviceAccount"], `"trainer@acme.iam.gserviceaccount.com"`)
	for _, name := range []string{"mlops/gate.py", "mlops/register.py", "pipelines/train/pipeline.json"} {
		if c.objects["mlops/"+digest+"/"+name] == "" {
			t.Errorf("%s was not uploaded", name)
		}
	}
	c.state = "PIPELINE_STATE_FAILED"
	run(start, "--wait").Refuse(t, "a run that fails", "run j1 of train failed")
	c.jobs[1]["state"] = "PIPELINE_STATE_RUNNING"
	run(start).Refuse(t, "a second run", "pipeline train allows one run at a time, and run j1 is under way")

	run(schedule).Accept(t, "a schedule")
	if res := run(schedule); res.Err != nil || !strings.Contains(res.Stdout, "(unchanged)") || len(c.schedules) != 1 {
		t.Errorf("the schedule was made anew: %s", res.Out)
	}
	sent(t, c.jobs[0], c.schedules[0])
	file := filepath.Join(dir, "pipelines/train/vertex_schedule.json")
	data, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, []byte(strings.Replace(string(data), " 0 3 ", " 0 4 ", 1)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	run(schedule).Accept(t, "another schedule")
	if len(c.schedules) != 1 || c.schedules[0]["cron"] != "TZ=Europe/Paris 0 4 * * *" {
		t.Errorf("schedules are %v", c.schedules)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	run(schedule).Accept(t, "no schedule")
	if len(c.schedules) != 0 {
		t.Errorf("schedules are %v", c.schedules)
	}
}

// sent reads requests by Google's own types, strictly.
func sent(t *testing.T, job, schedule object) {
	t.Helper()
	dir := t.TempDir()
	for name, value := range map[string]object{"job": job, "schedule": schedule} {
		data, err := json.Marshal(value)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name+".json"), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	realtools.Run(t, "aiplatform", dir, nil, realtools.Python(t, "google"), "-c", `
import json
from google.cloud.aiplatform_v1.types import PipelineJob, Schedule
from google.protobuf import json_format
json_format.ParseDict(json.load(open("job.json")), PipelineJob()._pb)
got = json_format.ParseDict(json.load(open("schedule.json")), Schedule()._pb)
assert got.create_pipeline_job_request.parent == "projects/acme/locations/europe-west1"
assert got.create_pipeline_job_request.pipeline_job.pipeline_spec["schemaVersion"] == "2.1.0"
`).Accept(t, "the requests")
}
