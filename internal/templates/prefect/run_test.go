package prefect_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/all"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/prefect"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/promotion"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

// whole is a whole repository with several pipelines on Prefect: the README's example,
// the diamond, one with hostile texts, and one that takes its time.
func whole(t *testing.T) *templatestest.Case {
	t.Helper()
	c := changed(t, func(pl object, _ *templatestest.Case) { pl["timeout"] = "1h" })
	add := func(name string, change func(pl object)) {
		pl := object{"kind": "pipeline", "name": name, "artifacts": "fraud-artifacts"}
		change(pl)
		c.Specs = append(c.Specs, pl)
	}
	add("diamond", diamond)
	add("hostile", hostile)
	add("slow", func(pl object) {
		pl["image"], pl["timeout"] = "ghcr.io/acme/fraud:1", "8s"
		pl["parameters"] = object{"seconds": object{"type": "number", "default": json.Number("60")}}
		script := "import pathlib, sys, time; p = pathlib.Path(sys.argv[1]); print('a line', flush=True); time.sleep(float(sys.argv[2]))"
		pl["steps"] = object{"wait": object{"command": []any{"python3", "-c", script, "$(outputs.o)", "$(params.seconds)"}, "outputs": []any{"o"}}}
	})
	return c
}

// hostile has every hostile text as an argument and as a default.
func hostile(pl object) {
	var args []any
	parameters := object{}
	for i, text := range templatestest.HostileTexts {
		args = append(args, strings.ReplaceAll(text, "$(", "$$("))
		parameters[fmt.Sprintf("p%d", i)] = object{"type": "string", "default": text}
	}
	pl["image"], pl["concurrency"], pl["parameters"] = "ghcr.io/acme/fraud:1", "allow", parameters
	pl["steps"] = object{"say": object{"command": []any{"true"}, "args": args}}
	pl["triggers"] = object{"schedule": object{"cron": "0 10 */5 * MON", "timezone": "America/New_York"}}
}

// repository renders a case with every target. Others refuse what Prefect takes in the
// pipeline with hostile texts, so they see the case without it.
func repository(t *testing.T, c *templatestest.Case) map[string]string {
	t.Helper()
	without := *c
	without.Specs = slices.DeleteFunc(slices.Clone(c.Specs), func(of map[string]any) bool { return of["name"] == "hostile" })
	out := map[string]string{}
	render := func(c *templatestest.Case, wanted func(path string) bool, targets ...templates.Target) {
		t.Helper()
		files, err := templates.Render(targets, linked(t, c))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files.Files() {
			if wanted(f.Path) {
				out[f.Path] = string(f.Data)
			}
		}
	}
	others := slices.DeleteFunc(all.Targets(), func(target templates.Target) bool { return target.Name() == prefect.Target{}.Name() })
	render(&without, func(string) bool { return true }, append(others, prefect.Target{})...)
	hostile := func(path string) bool { return path == "prefect.yaml" || strings.HasPrefix(path, "pipelines/hostile/") }
	render(c, hostile, prefect.Target{}, promotion.Target{})
	return out
}

// TestServer deploys to a real server and runs the flows on a real worker.
func TestServer(t *testing.T) {
	c := whole(t)
	s := serve(t, c.Repository.URL)
	s.commit(t, repository(t, c))
	s.python(t, "-m", "mlops.deploy_prefect").Refuse(t, "a server without the pool", "Prefect has no work pool fraud")
	s.worker(t, "fraud")
	s.python(t, "-m", "mlops.deploy_prefect").Accept(t, "the deployments")
	t.Run("deployments", s.deployments)
	t.Run("hostile", s.hostile)
	t.Run("diamond", s.diamond)
	t.Run("slow", s.slow)
	t.Run("gate", s.gate)
	t.Run("monorepo", s.monorepo)
	t.Run("pods", s.pods)
	t.Run("training", s.training)
	t.Run("later", func(t *testing.T) { s.later(t, c) })
}

// deployments reads back what the server took.
func (s *server) deployments(t *testing.T) {
	train := s.read(t, "deployments/name/train/fraud")
	schedules := train["schedules"].([]any)
	if len(schedules) != 1 || !reflect.DeepEqual(at(schedules[0].(object), "schedule"), object{"cron": "0 3 * * *", "timezone": "Europe/Paris", "day_or": true}) {
		t.Errorf("schedules are %v", schedules)
	}
	if active := schedules[0].(object)["active"]; active != true {
		t.Errorf("the schedule is active: %v", active)
	}
	if got := at(train, "global_concurrency_limit")["limit"]; got != 1.0 {
		t.Errorf("the limit is %v", got)
	}
	if got := at(train, "concurrency_options")["collision_strategy"]; got != "CANCEL_NEW" {
		t.Errorf("the strategy is %v", got)
	}
	if got := train["parameters"]; !reflect.DeepEqual(got, object{"learning_rate": 0.05}) || train["enforce_parameter_schema"] != true {
		t.Errorf("parameters are %v", got)
	}
	if got := train["tags"]; !reflect.DeepEqual(got, []any{"managed-by:terraform-provider-mlops", "platform:fraud", "owner:fraud-ml"}) {
		t.Errorf("tags are %v", got)
	}
	other := s.read(t, "deployments/name/hostile/fraud")
	if got := at(other["schedules"].([]any)[0].(object), "schedule")["cron"]; got != "0 10 */5 * MON" || other["global_concurrency_limit"] != nil {
		t.Errorf("the schedule is %v, the limit %v", got, other["global_concurrency_limit"])
	}
	bad := object{"parameters": object{"learning_rate": "much"}}
	if code := s.ask(t, http.MethodPost, "deployments/"+train["id"].(string)+"/create_flow_run", bad, nil); code != http.StatusConflict && code != http.StatusUnprocessableEntity {
		t.Errorf("a parameter of another type: status %d", code)
	}
}

// hostile compares every text with what Prefect's own loader and server made of it.
func (s *server) hostile(t *testing.T) {
	got := s.read(t, "deployments/name/hostile/fraud")
	given, declared := at(got, "parameters"), at(got, "parameter_openapi_schema", "properties")
	kept := 0
	for i, text := range templatestest.HostileTexts {
		name := fmt.Sprintf("p%d", i)
		if back := at(declared, name)["default"]; back != text {
			t.Errorf("the default %.60q came back as %.60q", text, back)
		}
		if back, there := given[name]; there {
			kept++
			if back != text {
				t.Errorf("the parameter %.60q came back as %.60q", text, back)
			}
		} else if !strings.Contains(text, "{{") {
			t.Errorf("the parameter %.60q is not there", text)
		}
	}
	if kept < 50 {
		t.Errorf("%d parameters were compared only", kept)
	}
	res := s.python(t, "-c", `
import json, sys
from prefect.flows import load_flow_from_entrypoint
flow = load_flow_from_entrypoint("pipelines/hostile/flow.py:pipeline")
from mlops.execution import Run, argv, here
pipeline = flow.fn.__globals__["_PIPELINE"]
run = Run("hostile", "r", pipeline.defaults)
print(json.dumps([argv(pipeline.tasks["say"], run, here(run), pipeline.tasks)[1:], [pipeline.defaults[f"p{i}"] for i in range(len(pipeline.defaults))]]))
`)
	res.Accept(t, "the flow")
	var back [2][]string
	if err := json.Unmarshal([]byte(res.Stdout), &back); err != nil {
		t.Fatal(err, res.Out)
	}
	for _, texts := range back {
		if !slices.Equal(texts, templatestest.HostileTexts) {
			t.Errorf("texts came back as %q", texts)
		}
	}
	if run := s.started(t, "hostile"); s.ended(t, run)["type"] != "COMPLETED" {
		t.Errorf("the run ended as %v:\n%s", s.ended(t, run), s.log(t, run))
	}
}

func (s *server) start(t *testing.T, pipeline string, args ...string) realtools.Result {
	t.Helper()
	return s.python(t, append([]string{"-m", "mlops.start_prefect", "--pipeline", "pipelines/" + pipeline + "/pipeline.json"}, args...)...)
}

// started starts a run and gives its id.
func (s *server) started(t *testing.T, pipeline string, args ...string) string {
	t.Helper()
	res := s.start(t, pipeline, args...)
	res.Accept(t, "start of "+pipeline)
	for line := range strings.Lines(res.Stdout) {
		if id, found := strings.CutPrefix(strings.TrimSpace(line), "run: "); found {
			if want := "url: " + strings.TrimSuffix(s.api, "/api") + "/runs/flow-run/" + id; !strings.Contains(res.Stdout, want) {
				t.Errorf("the run's address is missing:\n%s", res.Out)
			}
			return id
		}
	}
	t.Fatalf("no run:\n%s", res.Out)
	return ""
}

// outputs finds a file of a run in the worker's clone.
func (s *server) output(t *testing.T, path string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(s.work, "*", "runs", path))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: found %v, %v", path, found, err)
	}
	text, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (s *server) diamond(t *testing.T) {
	run := s.started(t, "diamond")
	if state := s.ended(t, run); state["type"] != "COMPLETED" {
		t.Fatalf("the run ended as %v:\n%s", state, s.log(t, run))
	}
	const want = "0.10 yes 1e-3 200 false||{{ x }} ${{ y }} ${z} $(params.text) %{if} <% %> {# #}|0.10 yes 1e-3 200 false|"
	if got := s.output(t, "diamond/"+run+"/merge/all"); got != want {
		t.Errorf("merge read %q, want %q", got, want)
	}
	var names []string
	var tasks []object
	s.ask(t, http.MethodPost, "task_runs/filter", object{"flow_runs": object{"id": object{"any_": []any{run}}}}, &tasks)
	for _, task := range tasks {
		names = append(names, strings.TrimRight(task["name"].(string), "0123456789abcdef")+fmt.Sprint(at(task, "empirical_policy")["retries"]))
	}
	if slices.Sort(names); strings.Join(names, " ") != "a-0 b-2-0 config-0 merge-2 prepare-0" {
		t.Errorf("tasks and their retries are %q", names)
	}
	run = s.started(t, "diamond", "--param", "learning-rate=0.25", "--param", "text={{ a }} b", "--param", "fast=true")
	if state := s.ended(t, run); state["type"] != "COMPLETED" {
		t.Fatalf("the run ended as %v:\n%s", state, s.log(t, run))
	}
	if got := s.output(t, "diamond/"+run+"/prepare/one"); got != "{{ a }} b yes 0.25 200 true" {
		t.Errorf("parameters came as %q", got)
	}
}

// slow has a run that is over its time, and others that may not start beside it.
func (s *server) slow(t *testing.T) {
	run := s.started(t, "slow")
	await(t, "the run", func() bool { return s.read(t, "flow_runs/"+run)["state_type"] == "RUNNING" })
	s.start(t, "slow").Refuse(t, "a second run", "pipeline slow allows one run at a time, and run "+run)
	of := s.read(t, "deployments/name/slow/fraud")["id"].(string)
	var second object
	s.ask(t, http.MethodPost, "deployments/"+of+"/create_flow_run", object{}, &second)
	if state := s.ended(t, second["id"].(string)); state["type"] != "CANCELLED" {
		t.Errorf("a second run ended as %v", state)
	}
	if state := s.ended(t, run); state["type"] != "FAILED" || !strings.Contains(fmt.Sprint(state["message"]), "wait: timed out") {
		t.Errorf("a run over its time ended as %v:\n%s", state, s.log(t, run))
	}
	if log := s.log(t, run); !strings.Contains(log, "a line\n") {
		t.Errorf("the log lacks what the step said:\n%s", log)
	}
}
