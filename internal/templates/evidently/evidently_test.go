package evidently_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/evidently"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

func TestTarget(t *testing.T) {
	t.Parallel()
	elsewhere := map[string]string{
		"endpoint.slo": "prometheus", "endpoint.alerts": "prometheus", "endpoint.monitors.quality": "prometheus", "endpoint.monitors.drift.retrain": "prometheus",
		"endpoint.monitors.performance.op": "prometheus", "endpoint.monitors.performance.threshold": "prometheus",
	}
	for _, setting := range []string{"name", "model", "runtime", "custom", "resources", "replicas", "autoscaling", "rollout", "pool", "fallback", "shadow", "access", "environments"} {
		elsewhere["endpoint."+setting] = "kserve"
	}
	templatestest.Run(t, evidently.Target{}, templatestest.Options{Expresses: []spec.Kind{spec.KindEndpoint}, Elsewhere: elsewhere})
}

type object = map[string]any

func TestTarget_refusesByName(t *testing.T) {
	t.Parallel()
	drift := func(method, dataset string) object {
		return object{"drift": object{"dataset": dataset, "method": method}}
	}
	performance := func(metric, labels string) object {
		return object{"performance": object{"metric": metric, "op": ">", "threshold": json.Number("1"), "labels": labels}}
	}
	words := object{"kind": "dataset", "name": "words", "local": object{"path": "data/words.csv"}, "columns": object{"country": object{"type": "string"}}}
	image := object{"kind": "dataset", "name": "image", "local": object{"path": "data/image.png"}}
	for name, c := range map[string]struct {
		endpoint object
		want     string
	}{
		"no monitor":         {object{"monitors": object{}}, `monitors: names nothing to watch`},
		"prompts":            {object{"runtime": "vllm", "monitors": drift("psi", "transactions")}, `monitors: Evidently is asked to compare columns, and runtime "vllm" serves prompts`},
		"no column fits":     {object{"monitors": drift("ks", "words")}, `monitors.drift.method: Evidently's ks compares numeric columns, and dataset "words" declares none: use psi or jensenshannon, which compare all`},
		"no table":           {object{"monitors": drift("psi", "image")}, `monitors.drift.dataset: dataset "image" must be a local CSV file`},
		"an unknown metric":  {object{"monitors": performance("latency", "transactions")}, `monitors.performance.metric: "latency" is not computed from served answers; there are: accuracy, auc_roc, f1, mae, precision, recall, rmse`},
		"labels without ids": {object{"monitors": performance("f1", "words")}, `monitors.performance.labels: answers and labels are joined by the columns id and label, and dataset "words" declares no column id`},
		"a name taken":       {object{"name": "x"}, `monitors: its collector would have the name of endpoint "x-monitor": rename one`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := templatestest.Quickstart(t)
			for key, value := range c.endpoint {
				q.Specs[len(q.Specs)-1][key] = value
			}
			q.Specs = append(q.Specs, words, image, object{"kind": "endpoint", "name": "x-monitor", "model": "fraud-detector"})
			p, faults := q.Link()
			if err := faults.Err(); err != nil {
				t.Fatal(err)
			}
			_, err := evidently.Target{}.Render(p)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}
