package airflow_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

// server is a real Airflow of one machine: scheduler, DAG processor and API server. Its
// DAG folder is a whole emitted repository.
type server struct {
	url, dir, token string
	env             []string
}

// lively has a pipeline that trains a model as good as it is told, one that waits for a
// file, one that is over its time, one that runs each minute, and one that nobody may start.
func lively(t *testing.T) *templatestest.Case {
	t.Helper()
	c := changed(t, func(pl object, _ *templatestest.Case) {
		pl["triggers"] = object{}
		pl["parameters"] = object{"auc": object{"type": "number", "default": json.Number("0.5")}}
		const fit = "import json, sys; open(sys.argv[1], 'w').write('m'); json.dump({'auc_roc': float(sys.argv[3])}, open(sys.argv[2], 'w'))"
		pl["steps"] = object{"fit": object{"command": []any{"python3", "-c", fit, "$(outputs.model)", "$(metrics)", "$(params.auc)"}, "outputs": []any{"model"}}}
		pl["trains"].(object)["artifact"], pl["trains"].(object)["metrics"] = "fit.model", "fit"
	})
	add := func(name, script string, more object) {
		pl := object{
			"kind": "pipeline", "name": name, "artifacts": "fraud-artifacts", "image": "ghcr.io/acme/fraud:1",
			"parameters": object{"number": object{"type": "number", "default": json.Number("60")}, "text": object{"type": "string", "default": "{{ x }}"}},
			"steps":      object{"wait": object{"command": []any{"python3", "-c", script, "$(outputs.o)", "$(params.text)"}, "outputs": []any{"o"}}},
		}
		for key, value := range more {
			pl[key] = value
		}
		c.Specs = append(c.Specs, pl)
	}
	const (
		long = "import pathlib, sys, time; print('a line', flush=True); [time.sleep(0.2) for _ in range(3000) if not pathlib.Path('go').exists()]; open(sys.argv[1], 'w').write(sys.argv[2])"
		soon = "import sys; open(sys.argv[1], 'w').write(sys.argv[2])"
	)
	add("long", long, nil)
	add("slow", "import time; time.sleep(60)", object{"timeout": "5s"})
	add("minutely", soon, object{"triggers": object{"schedule": object{"cron": "* * * * *"}}})
	add("closed", soon, object{"triggers": object{"manual": false, "schedule": object{"cron": "0 0 29 2 *"}}})
	return c
}

func serve(t *testing.T) *server {
	t.Helper()
	s := &server{dir: realtools.WriteFiles(t, rendered(t, lively(t), whole()...))}
	home := t.TempDir()
	users := filepath.Join(home, "users.json")
	if err := os.WriteFile(users, []byte(`{"ada": "ada-password"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "-A"}, {"-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", "x"}} {
		realtools.Run(t, "git", s.dir, nil, "git", args...).Accept(t, "git")
	}
	database := filepath.Join(home, "airflow.db")
	const shared = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('PRAGMA journal_mode=WAL'); c.execute('CREATE TABLE t (i)'); c.execute('DROP TABLE t')"
	realtools.Run(t, "python", home, nil, realtools.Python(t, "lint"), "-c", shared, database).Accept(t, "a database whose readers hold up no writer")
	env := append(settings(t, s.dir),
		"AIRFLOW_HOME="+home, "AIRFLOW__API__HOST=127.0.0.1", "AIRFLOW__API__WORKERS=1", "AIRFLOW__API__BASE_URL=http://127.0.0.1:PORT",
		"AIRFLOW__CORE__EXECUTION_API_SERVER_URL=http://127.0.0.1:PORT/execution/", "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS=ada:admin",
		"AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE="+users, "AIRFLOW__CORE__PARALLELISM=3", "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES=1",
		"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=sqlite:///"+database+"?timeout=60",
		"MLFLOW_TRACKING_URI=sqlite:///"+filepath.Join(home, "mlflow.db"),
	)
	for i, text := range env { // standalone starts its parts by their name
		if path, found := strings.CutPrefix(text, "PATH="); found {
			env[i] = "PATH=" + path + string(os.PathListSeparator) + filepath.Dir(realtools.Python(t, "airflow"))
		}
	}
	const command = `export AIRFLOW__API__PO''RT=PORT; exec "$0" standalone` // the name of the variable holds what Serve replaces
	s.url = realtools.Serve(t, "airflow", home, env, "/api/v2/version", "sh", "-c", command, realtools.Script(t, "airflow", "airflow"))
	s.env = append(env, "AIRFLOW_URL="+s.url)
	return s
}

// ask sends a request to the API, and parses the answer.
func (s *server) ask(t *testing.T, method, path string, body any) (status int, answer object) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, s.url+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+s.token)
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reply.Body.Close() }()
	said, err := io.ReadAll(reply.Body)
	if err == nil {
		err = json.Unmarshal(said, &answer)
	}
	if err != nil {
		t.Fatalf("%s %s: %v: %s", method, path, err, said)
	}
	return reply.StatusCode, answer
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for range 600 {
		if done() {
			return
		}
		time.Sleep(500 * time.Millisecond)
	}
	t.Fatalf("%s: waited in vain", what)
}

// start starts a run as CI does, with the variables of more.
func (s *server) start(t *testing.T, pipeline string, more []string, args ...string) realtools.Result {
	t.Helper()
	args = append([]string{"-m", "mlops.start_airflow", "--pipeline", "pipelines/" + pipeline + "/pipeline.json"}, args...)
	return realtools.Run(t, "start_airflow", s.dir, append(s.env, more...), realtools.Python(t, "lint"), args...)
}

func (s *server) bearer() []string { return []string{"AIRFLOW_API_TOKEN=" + s.token} }

// started starts a run and gives its id.
func (s *server) started(t *testing.T, pipeline string, more []string, args ...string) string {
	t.Helper()
	res := s.start(t, pipeline, more, args...)
	res.Accept(t, "start of "+pipeline)
	_, line, _ := strings.Cut(res.Stdout, "run: ")
	id, _, _ := strings.Cut(line, "\n")
	if want := "url: " + s.url + "/dags/fraud." + pipeline + "/runs/" + url.QueryEscape(id); !strings.Contains(res.Stdout, want) {
		t.Errorf("the run's address is not %s:\n%s", want, res.Out)
	}
	return id
}

func (s *server) run(t *testing.T, pipeline, id string) object {
	t.Helper()
	_, run := s.ask(t, http.MethodGet, "/api/v2/dags/fraud."+pipeline+"/dagRuns/"+url.QueryEscape(id), nil)
	return run
}

// ended waits for the end of a run and gives its state.
func (s *server) ended(t *testing.T, pipeline, id string) string {
	t.Helper()
	var state string
	await(t, "run "+id, func() bool {
		state = fmt.Sprint(s.run(t, pipeline, id)["state"])
		return state == "success" || state == "failed"
	})
	return state
}

// states are those of the tasks of a run.
func (s *server) states(t *testing.T, pipeline, id string) string {
	t.Helper()
	_, got := s.ask(t, http.MethodGet, "/api/v2/dags/fraud."+pipeline+"/dagRuns/"+url.QueryEscape(id)+"/taskInstances", nil)
	var out []string
	for _, of := range got["task_instances"].([]any) {
		out = append(out, fmt.Sprint(of.(object)["task_id"], ":", of.(object)["state"]))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func (s *server) log(t *testing.T, pipeline, id, task string) string {
	t.Helper()
	_, got := s.ask(t, http.MethodGet, "/api/v2/dags/fraud."+pipeline+"/dagRuns/"+url.QueryEscape(id)+"/taskInstances/"+task+"/logs/1", nil)
	text, _ := json.Marshal(got)
	return string(text)
}

// output reads a file of a run, whose folder is named after its id.
func (s *server) output(t *testing.T, pipeline, id, path string) string {
	t.Helper()
	folder := strings.NewReplacer(":", "-", "+", "-").Replace(id)
	text, err := os.ReadFile(filepath.Join(s.dir, "runs", pipeline, folder, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestServer runs DAGs on a real Airflow, started as CI starts them.
func TestServer(t *testing.T) {
	t.Parallel()
	s := serve(t)
	await(t, "a token", func() bool {
		status, answer := s.ask(t, http.MethodPost, "/auth/token", object{"username": "ada", "password": "ada-password"})
		s.token, _ = answer["access_token"].(string)
		return status < 300
	})
	for _, pipeline := range []string{"train", "long", "slow", "minutely", "closed"} {
		await(t, "DAG "+pipeline, func() bool {
			status, _ := s.ask(t, http.MethodGet, "/api/v2/dags/fraud."+pipeline, nil)
			return status == http.StatusOK
		})
	}
	long := s.started(t, "long", s.bearer(), "--param", "text={{ y }} b")
	slow := s.started(t, "slow", s.bearer())
	first := s.started(t, "train", []string{"AIRFLOW_USERNAME=ada", "AIRFLOW_PASSWORD=ada-password"})
	t.Run("refusals", func(t *testing.T) { s.refusals(t, long) })
	t.Run("long", func(t *testing.T) { s.long(t, long, slow) })
	t.Run("judged", func(t *testing.T) { s.judged(t, first) })
	t.Run("minutely", s.minutely)
}

func (s *server) refusals(t *testing.T, long string) {
	s.start(t, "long", s.bearer()).Refuse(t, "a second run", "pipeline long allows one run at a time, and run "+long)
	s.start(t, "long", s.bearer(), "--param", "number=x").Refuse(t, "a parameter of another type", "number: 'x' is not of type number")
	s.start(t, "closed", s.bearer()).Refuse(t, "a run that nobody may start", "fraud.closed")
	s.start(t, "minutely", nil).Refuse(t, "nobody", "401")
	s.start(t, "minutely", []string{"AIRFLOW_USERNAME=ada", "AIRFLOW_PASSWORD=wrong"}).Refuse(t, "a wrong password", "401")
	if status, said := s.ask(t, http.MethodPost, "/api/v2/dags/fraud.slow/dagRuns", object{"logical_date": nil, "conf": object{"number": "much"}}); status != http.StatusBadRequest {
		t.Errorf("a parameter of another type: status %d: %v", status, said)
	}
	await(t, "the pause", func() bool {
		status, _ := s.ask(t, http.MethodPatch, "/api/v2/dags/fraud.closed", object{"is_paused": true})
		return status == http.StatusOK
	})
	s.start(t, "closed", s.bearer()).Refuse(t, "a DAG that is paused", "DAG fraud.closed is paused in Airflow")
}

// long is a run that waits for a file; slow is one that is over its time: Airflow ends it.
func (s *server) long(t *testing.T, long, slow string) {
	if err := os.WriteFile(filepath.Join(s.dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if state := s.ended(t, "long", long); state != "success" {
		t.Fatalf("the run ended as %s:\n%s", state, s.log(t, "long", long, "wait"))
	}
	if got := s.output(t, "long", long, "wait/o"); got != "{{ y }} b" {
		t.Errorf("the text came as %q", got)
	}
	if conf := fmt.Sprint(s.run(t, "long", long)["conf"]); conf != "map[number:60 text:{{ y }} b]" {
		t.Errorf("parameters came as %s", conf)
	}
	if log := s.log(t, "long", long, "wait"); !strings.Contains(log, "a line") {
		t.Errorf("the log lacks what the step said:\n%s", log)
	}
	if state := s.ended(t, "slow", slow); state != "failed" {
		t.Errorf("a run over its time ended as %s", state)
	}
}

// judged is a model that the gate rejects, and one that it takes. The second has a start
// of its own that waits.
func (s *server) judged(t *testing.T, rejected string) {
	if state := s.ended(t, "train", rejected); state != "failed" {
		t.Errorf("the run ended as %s", state)
	}
	if got := s.states(t, "train", rejected); got != "fit:success gate:failed register:upstream_failed" {
		t.Errorf("tasks are %s", got)
	}
	if log := s.log(t, "train", rejected, "gate"); !strings.Contains(log, "must be \\u003e= 0.92") || !strings.Contains(log, "gate: exit code 3") {
		t.Errorf("the gate says\n%s", log)
	}
	s.start(t, "train", s.bearer(), "--wait", "--param", "auc=0.91").Refuse(t, "a model that is rejected", "of DAG fraud.train failed")
	s.start(t, "train", s.bearer(), "--wait", "--param", "auc=0.93").Accept(t, "a model that is taken")
}

// minutely is started by Airflow itself, at the ticks of its schedule.
func (s *server) minutely(t *testing.T) {
	var runs []any
	await(t, "a run of the schedule", func() bool {
		_, got := s.ask(t, http.MethodGet, "/api/v2/dags/fraud.minutely/dagRuns?state=success", nil)
		runs, _ = got["dag_runs"].([]any)
		return len(runs) > 0
	})
	run := runs[0].(object)
	if at := fmt.Sprint(run["logical_date"]); run["run_type"] != "scheduled" || !strings.HasSuffix(at, ":00Z") {
		t.Errorf("the run is a %v one of %v", run["run_type"], at)
	}
}
