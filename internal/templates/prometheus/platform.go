package prometheus

import (
	"strconv"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/signals"
)

const argo = "argo_workflows"

// budgetGroups compares what the namespace of each environment would cost in a
// month, at the average of the last day, with its budget.
func budgetGroups(p *spec.Project) []group {
	var groups []group
	for _, environment := range p.Platform.EnvironmentNames() {
		budget := p.Platform.Environments[environment].Budget
		if budget == nil {
			continue
		}
		labels := map[string]string{"environment": environment, "namespace": p.Namespace(environment), "platform": p.Platform.Name}
		g := group{name: "budget." + environment, at: 30 * time.Hour}
		g.records = []record{{name: signals.CostRecord, expr: signals.HourlyCost(p.Namespace(environment)), labels: labels}}
		g.healthy, g.broken = costSamples(p.Namespace(environment), "0"), costSamples(p.Namespace(environment), "1000000000")
		shares := budget.AlertAt
		if len(shares) == 0 {
			shares = []spec.Number{"1"}
		}
		read := signals.CostRecord + "{namespace=" + strconv.Quote(p.Namespace(environment)) + "}"
		for _, share := range shares {
			severity := warning
			if share.Cmp("1") >= 0 {
				severity = pages(p, environment)
			}
			g.alerts = append(g.alerts, alert{
				name: "EnvironmentBudget", wait: "1h",
				expr:   "avg_over_time(" + read + "[1d]) * " + signals.HoursOfMonth + " > " + string(share) + " * " + string(budget.Monthly),
				labels: joined(labels, map[string]string{"owner": p.Platform.Owner, "severity": severity, "share": string(share)}),
				annotations: map[string]string{
					"summary":     environment + " will cost more than " + string(share) + " of its budget",
					"description": "At the cost of the last day, a month in " + p.Namespace(environment) + " costs more than " + string(share) + " × " + string(budget.Monthly) + " USD.",
				},
			})
		}
		g.alerts = append(g.alerts, alert{
			name: "EnvironmentCostUnknown", wait: "6h", gone: true, expr: "absent(node_cpu_hourly_cost)",
			labels:      joined(labels, map[string]string{"owner": p.Platform.Owner, "severity": warning}),
			annotations: map[string]string{"summary": "the cost of " + environment + " is not known", "description": "OpenCost exposes no prices, so its budget is not watched."},
		})
		groups = append(groups, g)
	}
	return groups
}

// costSamples are one pod on one node whose cpu has a price.
func costSamples(namespace, price string) []signals.Sample {
	pod := "{namespace=" + strconv.Quote(namespace) + ",pod=\"a\",container=\"kserve-container\",node=\"n\"}"
	return []signals.Sample{
		{Series: "node_cpu_hourly_cost{node=\"n\"}", Values: price + "x9000"},
		{Series: "node_ram_hourly_cost{node=\"n\"}", Values: "0x9000"},
		{Series: "container_cpu_allocation" + pod, Values: "1x9000"},
		{Series: "container_memory_allocation_bytes" + pod, Values: "1073741824x9000"},
	}
}

// pipelineGroups watches the runs of Argo Workflows.
func pipelineGroups(p *spec.Project) []group {
	var groups []group
	for _, pl := range p.Pipelines {
		if p.Orchestrator(pl) == argo {
			groups = append(groups, pipelineGroup(p, pl))
		}
	}
	return groups
}

func pipelineGroup(p *spec.Project, pl *spec.Pipeline) group {
	labels := map[string]string{"namespace": p.TrainingNamespace(), "owner": p.Platform.Owner, "pipeline": pl.Name, "platform": p.Platform.Name, "severity": warning}
	runs := func(phases string) string {
		return "argo_workflows_workflowtemplate_triggered_total{namespace=" + strconv.Quote(p.TrainingNamespace()) + ",name=" + strconv.Quote(pl.Name) + "," + phases + "}"
	}
	series := func(phase string) string { return runs(`cluster_scope="false",phase="` + phase + `"`) }
	scraped := "up{job=" + strconv.Quote(p.MonitoringNamespace()+"/"+controller) + "}"
	failed := runs(`phase=~"Failed|Error"`)
	g := group{name: "pipeline." + pl.Name, at: 3 * time.Hour}
	g.alerts = []alert{{
		name: "PipelineFailed",
		// A counter starts at 1, which is no increase: a new series counts as well.
		expr:   "sum(increase(" + failed + "[2h])) > 0 or count(" + failed + " unless " + failed + " offset 2h) > 0",
		labels: labels,
		annotations: map[string]string{
			"summary":     "pipeline " + pl.Name + " failed",
			"description": "See: argo list -n " + p.TrainingNamespace() + " --status Failed,Error",
		},
	}}
	g.healthy = []signals.Sample{{Series: series("Failed"), Values: "1x9000"}, {Series: series("Succeeded"), Values: "0+1x9000"}, {Series: scraped, Values: "1x9000"}}
	g.broken = []signals.Sample{{Series: series("Failed"), Values: "0+1x9000"}, {Series: series("Succeeded"), Values: "1x9000"}, {Series: scraped, Values: "1x9000"}}
	if window := scheduleWindow(pl); window > 0 {
		span := duration(int64(window / time.Second))
		succeeded := runs(`phase="Succeeded"`)
		g.at = window + 4*time.Hour
		g.alerts = append(g.alerts, alert{
			name: "PipelineOverdue", wait: "1h",
			expr: "(sum(increase(" + succeeded + "[" + span + "])) or vector(0)) + (count(last_over_time(" + succeeded + "[" + span + "]) unless " + succeeded + " offset " + span + ") or vector(0)) == 0" +
				" and on () count(" + scraped + " offset " + span + ") > 0",
			labels: labels,
			annotations: map[string]string{
				"summary":     "pipeline " + pl.Name + " has not succeeded when it should have",
				"description": "It is scheduled by \"" + pl.Triggers.Schedule.Cron + "\" (" + pl.Triggers.Schedule.Timezone + "), and no run succeeded within " + span + ".",
			},
		})
	}
	return g
}

// scheduleWindow is within which a scheduled pipeline must have succeeded: the
// longest pause of its schedule and the time of a run, in whole hours. It is zero
// without a schedule.
func scheduleWindow(pl *spec.Pipeline) time.Duration {
	if pl.Triggers == nil || pl.Triggers.Schedule == nil {
		return 0
	}
	gap := spec.CronGap(pl.Triggers.Schedule.Cron)
	if gap == 0 {
		return 0
	}
	run := 6 * time.Hour
	if limit, ok := pl.Timeout.Value(); ok && limit > 0 {
		run = limit
	}
	return (gap + run + time.Hour - time.Nanosecond).Truncate(time.Hour)
}
