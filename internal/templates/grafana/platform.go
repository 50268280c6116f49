package grafana

import (
	"slices"
	"strconv"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/signals"
)

// platformDashboard shows what needs a look among all endpoints, pipelines and costs.
// Lines are bounded to the worst ten, since a fleet may have a thousand endpoints.
func platformDashboard(p *spec.Project) dashboard {
	var b board
	alerts(&b, p)
	if len(p.Endpoints) > 0 {
		fleet(&b, p)
	}
	if len(p.Pipelines) > 0 {
		b.row("Pipelines")
		runs := "argo_workflows_workflowtemplate_triggered_total{namespace=" + strconv.Quote(p.TrainingNamespace()) + ",phase=~\"Succeeded|Failed|Error\"}"
		b.add(12, line("Runs of the last day", "none", query{"{{name}} {{phase}}", "sum by (name, phase) (increase(" + runs + "[1d]))"}))
	}
	if slices.Contains(p.Platform.Observability.Cost, "opencost") {
		costs(&b, p)
	}
	variables := []variable{}
	if len(p.Endpoints) > 0 {
		variables = append(variables, environmentVariable(p, p.Platform.EnvironmentNames()))
	}
	return newDashboard(p, "", p.Platform.Name+": overview", b, variables...)
}

func alerts(b *board, p *spec.Project) {
	firing := "ALERTS{alertstate=\"firing\",platform=" + strconv.Quote(p.Platform.Name)
	b.row("Alerts")
	b.add(4, stat("Critical", "none", query{"critical", "count(" + firing + ",severity=\"critical\"}) or vector(0)"}).bound("1", false))
	b.add(4, stat("Warnings", "none", query{"warnings", "count(" + firing + ",severity=\"warning\"}) or vector(0)"}).bound("1", false))
	table := panel{
		Type: "table", Title: "Firing", Options: &panelOptions{Header: true},
		Targets: numbered([]query{{"", "sort_desc(count by (severity, alertname, environment, endpoint, pipeline) (" + firing + "}))"}}),
	}
	table.Targets[0].Instant, table.Targets[0].Format = true, "table"
	b.add(16, table)
}

// fleet draws all endpoints of an environment, one query for each kind of server.
func fleet(b *board, p *spec.Project) {
	const by, most = signals.EndpointLabel, "topk(10, "
	selector := "namespace=\"" + chosen + "\""
	var requests, errors []query
	seen := map[string]bool{}
	drift := false
	for _, e := range p.Endpoints {
		drift = drift || signals.Monitored(e)
		if seen[e.Runtime] {
			continue
		}
		seen[e.Runtime] = true
		s := signals.Of(e)
		in := selector + "," + by + "!=\"\""
		requests = append(requests, query{"{{" + by + "}}", most + s.RequestsBy(by, in, "5m") + ")"})
		if s.CountsFailures() {
			errors = append(errors, query{"{{" + by + "}}", most + s.ErrorRatioBy(by, in, "5m") + ")"})
		}
	}
	b.row("Endpoints")
	b.add(8, line("Busiest endpoints", "reqps", requests...))
	if len(errors) > 0 {
		b.add(8, line("Most failed requests", "percentunit", errors...))
	}
	up := "up{" + selector + "," + by + "!=\"\",container=\"kserve-container\"}"
	b.add(8, line("Replicas", "none", query{"answering", "sum(" + up + ")"}, query{"running", "count(" + up + ")"}))
	if drift {
		b.add(8, line("Most drifted data", "percentunit", query{"{{" + by + "}}", most + "max by (" + by + ") (" + signals.DriftShare + "{" + selector + "}))"}).bound(signals.DatasetDrift, false))
	}
}

// costs compares each environment with its budget.
func costs(b *board, p *spec.Project) {
	b.row("Costs")
	var monthly []query
	for _, environment := range p.Platform.EnvironmentNames() {
		monthly = append(monthly, query{environment, "(" + signals.HourlyCost(p.Namespace(environment)) + ") * " + signals.HoursOfMonth})
	}
	monthly = append(monthly, query{"training", "(" + signals.HourlyCost(p.TrainingNamespace()) + ") * " + signals.HoursOfMonth})
	b.add(12, line("A month at this rate", "currencyUSD", monthly...))
	for _, environment := range p.Platform.EnvironmentNames() {
		budget := p.Platform.Environments[environment].Budget
		if budget == nil {
			continue
		}
		spent := "(" + signals.HourlyCost(p.Namespace(environment)) + ") * " + signals.HoursOfMonth + " / " + string(budget.Monthly)
		b.add(6, stat("Budget of "+environment, "percentunit", query{environment, spent}).bound("1", false).says("Share of "+string(budget.Monthly)+" USD that a month at this rate costs."))
	}
}
