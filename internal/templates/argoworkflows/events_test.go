package argoworkflows

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/cluster"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/promotion"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

// listening adds both events to a pipeline, and a second pipeline that one of them starts.
func listening(pl object, c *templatestest.Case) {
	at(pl, "triggers")["data"] = object{"dataset": "labels"}
	at(pl, "triggers")["drift"] = object{"endpoint": "fraud-score"}
	c.Specs = append(c.Specs, object{
		"kind": "pipeline", "name": "report", "image": "ghcr.io/acme/fraud:1", "artifacts": "fraud-artifacts", "steps": object{"a": object{"command": []any{"true"}}},
		"triggers": object{"drift": object{"endpoint": "fraud-score"}},
	})
}

const firing = `{"version": "4", "status": "firing", "receiver": "r", "groupLabels": {"endpoint": "fraud-score"}, "commonLabels": {"endpoint": "fraud-score"},
	"alerts": [{"status": "firing", "labels": {"alertname": "EndpointDataDrift", "endpoint": "fraud-score", "environment": "production"}, "annotations": {}}]}`

// TestEvents: Argo Events' own types and controllers accept the objects, and its filter
// lets through what is meant for a pipeline and nothing else.
func TestEvents(t *testing.T) {
	files, err := changed(t, listening)
	if err != nil {
		t.Fatal(err)
	}
	bodies := map[string]struct{ body, want string }{
		"drift":               {firing, "report/drift train/data train/drift"},
		"columns":             {strings.Replace(firing, "EndpointDataDrift", "EndpointColumnDrift", 1), "report/drift train/data train/drift"},
		"resolved":            {strings.Replace(firing, `"status": "firing", "receiver"`, `"status": "resolved", "receiver"`, 1), "train/data"},
		"another alert":       {strings.Replace(firing, "EndpointDataDrift", "EndpointDown", 1), "train/data"},
		"another endpoint":    {strings.ReplaceAll(firing, "fraud-score", "fraud-score-2"), "train/data"},
		"an endpoint's child": {strings.ReplaceAll(firing, "fraud-score", "a-fraud-score"), "train/data"},
		"news":                {`{}`, "train/data"},
	}
	texts := map[string]string{}
	for _, path := range []string{"pipelines/events.yaml", "pipelines/train/sensor.yaml", "pipelines/report/sensor.yaml"} {
		texts[path] = file(t, files, path)
	}
	dir := realtools.WriteFiles(t, texts)
	paths := []string{filepath.Join(dir, "pipelines/events.yaml"), filepath.Join(dir, "pipelines/report/sensor.yaml"), filepath.Join(dir, "pipelines/train/sensor.yaml")}
	realtools.KubeValidate(t, paths...).Accept(t, "the objects")
	for name, b := range bodies {
		event := filepath.Join(realtools.WriteFiles(t, map[string]string{"body.json": b.body}), "body.json")
		res := realtools.EventsLint(t, event, paths...)
		res.Accept(t, name)
		if got := strings.Join(strings.Fields(res.Stdout), " "); got != b.want {
			t.Errorf("%s starts %q, want %q", name, got, b.want)
		}
	}
	for old, changed := range map[string][2]string{
		"eventSourceName: mlops": {"eventSourceName: other", "no event data-labels of source other"},
		"eventName: data-labels": {"eventName: data-label", "no event data-label of source mlops"},
		"operation: create":      {"operations: create", "unknown field"},
	} {
		texts["pipelines/train/sensor.yaml"] = strings.Replace(file(t, files, "pipelines/train/sensor.yaml"), old, changed[0], 1)
		broken := realtools.WriteFiles(t, texts)
		realtools.EventsLint(t, "", filepath.Join(broken, "pipelines/events.yaml"), filepath.Join(broken, "pipelines/train/sensor.yaml")).Refuse(t, old, changed[1])
	}
	for _, want := range []string{
		"url: \"\"", "endpoint: /datasets/labels\n      method: POST\n      port: \"12001\"", "authSecret:\n        name: pipeline-events\n        key: token",
		"endpoint: /endpoints/fraud-score/drift\n      method: POST\n      port: \"12000\"",
		"resources:\n      - workflows\n    verbs:\n      - create\n",
	} {
		if !strings.Contains(file(t, files, "pipelines/events.yaml"), want) {
			t.Errorf("events.yaml lacks %q", want)
		}
	}
	if guide := file(t, files, "docs/argo_workflows.md"); !strings.Contains(guide, "http://mlops-eventsource-svc.fraud-training.svc:12001/datasets/labels") || !strings.Contains(guide, "Starts `report`, `train`. Alertmanager calls `http://mlops-eventsource-svc.fraud-training.svc:12000/endpoints/fraud-score/drift`") {
		t.Errorf("the guide does not say how events come:\n%s", guide)
	}
	if values := file(t, files, "platform/argo-events/values.yaml"); !strings.Contains(values, "runAsUser: 65532") {
		t.Errorf("values are\n%s", values)
	}
}

// TestEvents_folder: what starts runs is in the folder that GitOps applies.
func TestEvents_folder(t *testing.T) {
	c := templatestest.Full(t)
	listening(c.Object(t, spec.KindPipeline, "train"), c)
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	files, err := templates.Render([]templates.Target{Target{}, cluster.Target{}, promotion.Target{}}, p)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, f := range files.Files() {
		texts[f.Path] = string(f.Data)
	}
	res := realtools.Kustomize(t, filepath.Join(realtools.WriteFiles(t, texts), "pipelines"))
	res.Accept(t, "kustomize build pipelines")
	for kind, want := range map[string]int{"EventBus": 1, "EventSource": 1, "Sensor": 2, "WorkflowTemplate": 2} {
		if n := strings.Count("\n"+res.Stdout, "\nkind: "+kind+"\n"); n != want {
			t.Errorf("%d objects of kind %s, want %d", n, kind, want)
		}
	}
}

// TestGuide_datasets: the guide says for each kind of data who calls.
func TestGuide_datasets(t *testing.T) {
	for kind, source := range map[string]object{
		"bucket": {"name": "fraud-artifacts", "prefix": "labels/"},
		"dvc":    {"bucket": "fraud-artifacts", "path": "labels", "revision": "v1.4"},
		"lakefs": {"endpoint": "https://lakefs.example.com", "repository": "payments", "ref": "main", "path": "labels/"},
	} {
		files, err := changed(t, func(pl object, c *templatestest.Case) {
			listening(pl, c)
			d := c.Object(t, spec.KindDataset, "labels")
			delete(d, "local")
			d[kind] = source
		})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"bucket": "when its last object is there", "dvc": "after the pin has been merged", "lakefs": "Bearer {{ ENV.LAKEFSACTION_EVENTS_TOKEN }}"}[kind]
		if !strings.Contains(file(t, files, "docs/argo_workflows.md"), want) {
			t.Errorf("%s: the guide lacks %q", kind, want)
		}
	}
}
