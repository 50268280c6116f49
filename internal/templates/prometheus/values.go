package prometheus

import (
	"strconv"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
)

// adminSecret is Grafana's password. The chart would invent one at each rendering,
// and Argo CD would replace it at each synchronisation.
const adminSecret = "grafana-admin"

func valuesComment(p *spec.Project) []string {
	if !drawn(p) {
		return nil
	}
	return []string{
		"Grafana's administrator comes from a secret that is not in this repository:",
		"kubectl -n monitoring create secret generic " + adminSecret + " --from-literal=admin-user=admin --from-literal=admin-password=...",
	}
}

// values are those of kube-prometheus-stack 88 that differ from the chart's.
func values(p *spec.Project) encode.Map {
	off := encode.Map{{Key: "enabled", Value: false}}
	out := encode.Map{
		{Key: "alertmanager", Value: encode.Map{{Key: "alertmanagerSpec", Value: encode.Map{
			{Key: "alertmanagerConfigMatcherStrategy", Value: encode.Map{{Key: "type", Value: "None"}}},
			{Key: "retention", Value: "120h"},
			{Key: "storage", Value: claim("2Gi")},
			{Key: "resources", Value: requests("20m", "64Mi")},
		}}}},
		{Key: "grafana", Value: grafanaValues(p)},
		{Key: "prometheus", Value: encode.Map{{Key: "prometheusSpec", Value: prometheusValues(p)}}},
	}
	// Their ports are not reachable in kind, k3d and managed clusters, and alerts
	// on them would fire for ever.
	for _, part := range []string{"kubeControllerManager", "kubeEtcd", "kubeProxy", "kubeScheduler"} {
		out = append(out, encode.Pair{Key: part, Value: off})
	}
	return out
}

func prometheusValues(p *spec.Project) encode.Map {
	var out encode.Map
	// Rules and monitors of all namespaces count, whatever their labels.
	for _, kind := range []string{"podMonitor", "probe", "rule", "scrapeConfig", "serviceMonitor"} {
		out = append(out, encode.Pair{Key: kind + "SelectorNilUsesHelmValues", Value: false})
	}
	return append(out,
		encode.Pair{Key: "retention", Value: strconv.Itoa(retentionDays(p)) + "d"},
		encode.Pair{Key: "retentionSize", Value: "45GB"},
		encode.Pair{Key: "storageSpec", Value: claim("50Gi")},
		encode.Pair{Key: "resources", Value: requests("200m", "1Gi")},
	)
}

func grafanaValues(p *spec.Project) encode.Map {
	if !drawn(p) {
		return encode.Map{{Key: "enabled", Value: false}}
	}
	return encode.Map{
		{Key: "enabled", Value: true},
		{Key: "admin", Value: encode.Map{{Key: "existingSecret", Value: adminSecret}, {Key: "userKey", Value: "admin-user"}, {Key: "passwordKey", Value: "admin-password"}}},
		{Key: "sidecar", Value: encode.Map{{Key: "dashboards", Value: encode.Map{
			{Key: "enabled", Value: true},
			{Key: "label", Value: "grafana_dashboard"},
			{Key: "labelValue", Value: "1"},
			{Key: "searchNamespace", Value: "ALL"},
			{Key: "folderAnnotation", Value: "grafana_folder"},
			{Key: "provider", Value: encode.Map{{Key: "allowUiUpdates", Value: false}, {Key: "foldersFromFilesStructure", Value: true}}},
		}}}},
	}
}

// retentionDays keeps what the longest SLO and the longest schedule look back on.
func retentionDays(p *spec.Project) int {
	longest := 10 * 24 * time.Hour
	for _, e := range p.Endpoints {
		if e.SLO != nil {
			longest = max(longest, time.Duration(e.SLO.Window.Seconds())*time.Second)
		}
	}
	for _, pl := range p.Pipelines {
		longest = max(longest, 2*scheduleWindow(pl))
	}
	return int(longest/(24*time.Hour)) + 5
}

func claim(size string) encode.Map {
	return encode.Map{{Key: "volumeClaimTemplate", Value: encode.Map{{Key: "spec", Value: encode.Map{
		{Key: "accessModes", Value: []string{"ReadWriteOnce"}},
		{Key: "resources", Value: encode.Map{{Key: "requests", Value: map[string]string{"storage": size}}}},
	}}}}}
}

func requests(cpu, memory string) encode.Map {
	return encode.Map{{Key: "requests", Value: map[string]string{"cpu": cpu, "memory": memory}}}
}
