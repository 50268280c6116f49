package taskgraph_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

// graph is that of the README's example, after a change of its specs by kind.
func graph(t *testing.T, change map[string]func(object map[string]any), more ...map[string]any) *taskgraph.Graph {
	t.Helper()
	c := templatestest.Quickstart(t)
	for _, object := range c.Specs {
		if f := change[object["kind"].(string)]; f != nil {
			f(object)
		}
	}
	c.Specs = append(c.Specs, more...)
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return taskgraph.Of(p, p.Pipelines[0])
}

// line is a text with its parts named.
func line(x taskgraph.Text) string {
	return x.Expand(func(p taskgraph.Part) string {
		return [...]string{"", "param:", "in:", "out:", "config", "run", "url"}[p.Kind] + p.Text
	})
}

func lines(t *taskgraph.Task) string {
	var out []string
	for _, x := range t.Command {
		out = append(out, line(x))
	}
	return strings.Join(out, " ")
}

func TestOf(t *testing.T) {
	g := graph(t, nil)
	var names []string
	for _, task := range g.Tasks {
		names = append(names, task.Name)
	}
	if got := strings.Join(names, " "); got != "mlops-data prepare train gate register" {
		t.Fatalf("tasks are %s", got)
	}
	for name, want := range map[string]string{
		"mlops-data": "python -m mlops.data --pipeline config --output transactions=out:transactions --versions out:mlops_versions",
		"prepare":    "python -m fraud.prepare --data in:transactions --out out:features",
		"train":      "python -m fraud.train --features in:features --learning-rate param:learning_rate --model out:model --metrics out:metrics",
		"gate":       "python -m mlops.gate --pipeline config --metrics in:metrics --verdict out:verdict",
		"register": "python -m mlops.register --pipeline config --artifact in:artifact --data-versions in:mlops_versions --metrics in:metrics --verdict in:verdict" +
			" --pipeline-run-id run --run-url url --result out:result --param learning_rate=param:learning_rate",
	} {
		if got := lines(g.Task(name)); got != want {
			t.Errorf("%s is\n%s, want\n%s", name, got, want)
		}
	}
	for name, want := range map[string]string{"prepare": "mlops-data", "train": "prepare", "gate": "train", "register": "gate"} {
		if got := strings.Join(g.Task(name).Needs, " "); got != want {
			t.Errorf("%s needs %q, want %q", name, got, want)
		}
	}
	if in := g.Task("register").Input("artifact"); in.Task != "train" || in.Output != "model" {
		t.Errorf("the artifact is %+v", in)
	}
	if got := g.Task("train").Tracked; !slices.Equal(got, []string{"MLFLOW_EXPERIMENT_NAME", "MLFLOW_TRACKING_URI"}) {
		t.Errorf("tracked are %v", got)
	}
	if image := g.Task("register").Image; image != catalog.ProgramsImage {
		t.Errorf("register runs in %s", image)
	}
}

func TestOf_noDataNoModel(t *testing.T) {
	g := graph(t, map[string]func(map[string]any){"pipeline": func(pl map[string]any) {
		pl["trains"] = nil
		pl["parameters"] = map[string]any{"x": map[string]any{"type": "string", "default": "1"}, "y": map[string]any{"type": "string", "default": "2"}}
		pl["steps"] = map[string]any{
			"a": map[string]any{"command": []any{"true", ""}, "env": map[string]any{"X": "$(metrics)-$$(y", "Y": "$(params.y)$(params.x)$(params.y)"}},
			"b": map[string]any{"command": []any{"true"}, "needs": []any{"a"}, "cache": false},
		}
	}, "endpoint": func(e map[string]any) { e["monitors"] = nil }})
	if len(g.Tasks) != 2 || g.Tasks[0].Needs != nil || !slices.Equal(g.Tasks[1].Needs, []string{"a"}) {
		t.Fatalf("tasks are %+v", g.Tasks)
	}
	a, b := g.Tasks[0], g.Tasks[1]
	if got := line(a.Env["X"]); got != "out:metrics-$(y" {
		t.Errorf("X is %q", got)
	}
	if !slices.Equal(a.Params, []string{"x", "y"}) || b.Params != nil {
		t.Errorf("parameters are %v and %v", a.Params, b.Params)
	}
	if !slices.Equal(a.Outputs, []taskgraph.Output{{Name: taskgraph.MetricsOutput, File: true}}) || b.Outputs != nil {
		t.Errorf("outputs are %v and %v", a.Outputs, b.Outputs)
	}
	if lines(&a) != "true " || !a.Cache || b.Cache {
		t.Errorf("a runs %q; cache is %v and %v", lines(&a), a.Cache, b.Cache)
	}
}

// The task that fetches data signs in to lakeFS with the dataset's secret; no other task
// gets it.
func TestOf_lakeFS(t *testing.T) {
	g := graph(t, map[string]func(map[string]any){"dataset": func(d map[string]any) {
		delete(d, "local")
		d["lakefs"] = map[string]any{"endpoint": "https://l.example.com", "repository": "payments", "ref": "main", "path": "t/", "credentials": map[string]any{
			"secret": "lake", "keys": map[string]any{"LAKECTL_CREDENTIALS_ACCESS_KEY_ID": "id", "LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY": "key"},
		}}
	}, "endpoint": func(e map[string]any) { delete(e, "monitors") }}, map[string]any{"kind": "secret", "platform": "fraud", "name": "lake", "existing": "lake"})
	for _, task := range g.Tasks {
		want := task.Name == taskgraph.DataTask
		if got := task.Secrets["LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY"]; (got == spec.SecretKey{Secret: "lake", Key: "key"}) != want {
			t.Errorf("%s gets %+v", task.Name, got)
		}
	}
}
