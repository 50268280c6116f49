// Package argoevents says how events reach the pipelines that Argo Workflows runs: which
// names, ports and addresses the webhooks have, and which datasets and endpoints have
// one. It writes nothing. API: argoproj.io/v1alpha1 of Argo Events v1.9, whose
// controller calls the Service of an EventSource <name>-eventsource-svc.
package argoevents

import (
	"slices"
	"strconv"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/components"
)

// Source is the EventSource of a training namespace, and Label what its pods carry it in.
const (
	Source = "mlops"
	Label  = "eventsource-name"
)

// Ports: alerts come from Alertmanager alone, and network policies tell who that is;
// news of data comes from anywhere, with a bearer token.
const (
	DriftPort = 12000
	DataPort  = 12001
)

// Secret is what the team creates in the training namespace: what callers of DataPort
// must know.
const (
	Secret = "pipeline-events"
	Key    = "token"
)

// DriftAlerts are the alerts of an endpoint that start runs; target prometheus writes them.
var DriftAlerts = []string{"EndpointColumnDrift", "EndpointDataDrift"}

// Used reports whether events start a pipeline of p.
func Used(p *spec.Project) bool { return len(Datasets(p))+len(Endpoints(p)) > 0 }

// Deployed reports whether p brings the chart of Argo Events itself.
func Deployed(p *spec.Project) bool {
	return components.Deploys(p, "argo_events")
}

// Datasets lists those whose news start a pipeline, by name.
func Datasets(p *spec.Project) []string {
	return names(p, func(t *spec.Triggers) string {
		if t.Data == nil {
			return ""
		}
		return t.Data.Dataset
	})
}

// Endpoints lists those whose drift starts a pipeline, by name.
func Endpoints(p *spec.Project) []string {
	return names(p, func(t *spec.Triggers) string {
		if t.Drift == nil {
			return ""
		}
		return t.Drift.Endpoint
	})
}

func names(p *spec.Project, of func(*spec.Triggers) string) []string {
	var out []string
	for _, pl := range p.Pipelines {
		if name := of(pl.Triggers); name != "" && p.Orchestrator(pl) == "argo_workflows" {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// DataEvent is the event of Source for news of a dataset.
func DataEvent(dataset string) string { return "data-" + dataset }

// DriftEvent is the event of Source for an endpoint's drift.
func DriftEvent(endpoint string) string { return "drift-" + endpoint }

// DataPath is where the webhook for news of a dataset listens.
func DataPath(dataset string) string { return "/datasets/" + dataset }

// DriftPath is where the webhook for an endpoint's drift listens.
func DriftPath(endpoint string) string { return "/endpoints/" + endpoint + "/drift" }

// DataURL is the address of the webhook for news of a dataset.
func DataURL(p *spec.Project, dataset string) string {
	return address(p, DataPort) + DataPath(dataset)
}

// DriftURL is the address of the webhook for an endpoint's drift.
func DriftURL(p *spec.Project, endpoint string) string {
	return address(p, DriftPort) + DriftPath(endpoint)
}

func address(p *spec.Project, port int) string {
	return "http://" + Source + "-eventsource-svc." + p.TrainingNamespace() + ".svc:" + strconv.Itoa(port)
}
