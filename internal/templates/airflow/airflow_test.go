package airflow_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/airflow"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/all"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/cluster"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/execution"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/promotion"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

func TestMain(m *testing.M) { realtools.Main(m) }

func TestTarget(t *testing.T) {
	templatestest.Run(t, airflow.Target{}, templatestest.Options{})
}

// object is what users write, as a case holds it.
type object = map[string]any

// chosen lets Airflow run all pipelines of a case.
func chosen(c *templatestest.Case) *templatestest.Case {
	for _, s := range c.Specs {
		if s["kind"] == "platform" || s["kind"] == "pipeline" && s["orchestrator"] != nil {
			s["orchestrator"] = airflow.Orchestrator
		}
	}
	return c
}

// changed is the README's example on Airflow, after a change of its pipeline.
func changed(t *testing.T, change func(pl object, c *templatestest.Case)) *templatestest.Case {
	t.Helper()
	c := chosen(templatestest.Quickstart(t))
	change(c.Object(t, spec.KindPipeline, "train"), c)
	return c
}

func linked(t *testing.T, c *templatestest.Case) *spec.Project {
	t.Helper()
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return p
}

func rendered(t *testing.T, c *templatestest.Case, targets ...templates.Target) map[string]string {
	t.Helper()
	files, err := templates.Render(targets, linked(t, c))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range files.Files() {
		out[f.Path] = string(f.Data)
	}
	return out
}

// read are the targets whose files Airflow and what it starts read.
func read() []templates.Target {
	return []templates.Target{airflow.Target{}, execution.Target{}, promotion.Target{}}
}

// whole are the targets of a repository.
func whole() []templates.Target {
	others := slices.DeleteFunc(all.Targets(), func(target templates.Target) bool { return target.Name() == airflow.Target{}.Name() })
	return append(others, airflow.Target{})
}

func TestTarget_refusals(t *testing.T) {
	trigger := func(triggers object) func(object, *templatestest.Case) {
		return func(pl object, _ *templatestest.Case) { pl["triggers"] = triggers }
	}
	cron := func(text string) func(object, *templatestest.Case) {
		return trigger(object{"schedule": object{"cron": text, "timezone": "UTC"}})
	}
	parameter := func(of object) func(object, *templatestest.Case) {
		return func(pl object, _ *templatestest.Case) { pl["parameters"].(object)["x"] = of }
	}
	for want, change := range map[string]func(pl object, c *templatestest.Case){
		`triggers.manual: nothing else starts a run`:     trigger(object{"manual": false}),
		`triggers.manual: a run that CI starts is a`:     trigger(object{"manual": false, "push": object{"branches": []any{"main"}}}),
		`concurrency: Airflow holds a new run back`:      func(pl object, _ *templatestest.Case) { pl["concurrency"] = "replace" },
		`triggers.schedule.cron: "0 0 31 2 *" never com`: cron("0 0 31 2 *"),
		`parameters["x"].default: must be set`:           parameter(object{"type": "string"}),
		`parameters["x"].default: 1e400 does not fit in`: parameter(object{"type": "number", "default": json.Number("1e400")}),
		`parameters["x"].default: 9223372036854775808 d`: parameter(object{"type": "integer", "default": json.Number("9223372036854775808")}),
		`owner: Airflow keeps at most 2000 characters`:   func(_ object, c *templatestest.Case) { c.Specs[0]["owner"] = strings.Repeat("o", 2001) },
	} {
		_, err := airflow.Target{}.Render(linked(t, changed(t, change)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q in it", err, want)
		}
	}
	for _, of := range []spec.Triggers{{Data: &spec.DataTrigger{Dataset: "transactions"}}, {Drift: &spec.DriftTrigger{Endpoint: "fraud"}}} {
		p := linked(t, changed(t, func(object, *templatestest.Case) {}))
		of.Manual = p.Pipelines[0].Triggers.Manual
		p.Pipelines[0].Triggers = &of
		if _, err := (airflow.Target{}).Render(p); err == nil || !strings.Contains(err.Error(), "Airflow starts no run here when ") {
			t.Errorf("error is %v", err)
		}
	}
}

// TestStyle holds the emitted programs against the emitted settings of ruff and mypy.
func TestStyle(t *testing.T) {
	texts := rendered(t, chosen(templatestest.Diamond(t)), airflow.Target{}, execution.Target{})
	for path, text := range rendered(t, chosen(templatestest.Diamond(t)), promotion.Target{}) {
		if slices.Contains([]string{"config", "errors", "files", "lineage", "params", "repository", "start", "web"}, strings.TrimSuffix(strings.TrimPrefix(path, "mlops/"), ".py")) {
			texts[path] = text // what the program that starts runs imports
		}
	}
	settings, err := os.ReadFile("../repository/pyproject.toml")
	if err != nil {
		t.Fatal(err)
	}
	texts["pyproject.toml"] = string(settings)
	dir := realtools.WriteFiles(t, texts)
	realtools.Ruff(t, dir).Accept(t, "ruff")
	realtools.Mypy(t, dir, "lint", "mlops").Accept(t, "mypy")
}

// TestExisting: for an Airflow that exists nothing is deployed.
func TestExisting(t *testing.T) {
	texts := rendered(t, changed(t, func(_ object, c *templatestest.Case) {
		c.Specs[0]["packages"] = object{airflow.Orchestrator: object{"existing": true}}
	}), airflow.Target{})
	if _, there := texts["platform/airflow/values.yaml"]; there || !strings.Contains(texts["docs/airflow.md"], "kubernetes_default") {
		t.Errorf("files for an Airflow that exists:\n%s", texts["docs/airflow.md"])
	}
}

// TestAccount: who runs tasks is who may start pods of ours.
func TestAccount(t *testing.T) {
	texts := rendered(t, changed(t, func(object, *templatestest.Case) {}), airflow.Target{}, cluster.Target{})
	var values struct {
		Scheduler struct {
			ServiceAccount struct{ Name string } `yaml:"serviceAccount"`
		}
	}
	if err := yaml.Unmarshal([]byte(texts["platform/airflow/values.yaml"]), &values); err != nil {
		t.Fatal(err)
	}
	subject := "name: " + values.Scheduler.ServiceAccount.Name + "\n    namespace: airflow\n"
	if !strings.Contains(texts["pipelines/run-by-airflow.yaml"], subject) {
		t.Errorf("%q may not start pods:\n%s", subject, texts["pipelines/run-by-airflow.yaml"])
	}
}
