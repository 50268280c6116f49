package argoworkflows

import (
	"slices"
	"strconv"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
)

// values are the Helm values of the chart argo-workflows 1.0.18.
func values(p *spec.Project) encode.Map {
	observed := slices.Contains(p.Platform.Observability.Metrics, "prometheus")
	no := encode.Map{{Key: "enabled", Value: false}}
	return encode.Map{
		// The full definitions are fetched from GitHub by a job in the cluster.
		{Key: "crds", Value: encode.Map{{Key: "full", Value: false}}},
		{Key: "images", Value: encode.Map{{Key: "pullPolicy", Value: "IfNotPresent"}}},
		{Key: "workflow", Value: encode.Map{
			{Key: "serviceAccount", Value: encode.Map{{Key: "create", Value: false}}},
			{Key: "rbac", Value: encode.Map{{Key: "create", Value: false}}}, // pipelines/<pipeline>/rbac.yaml
		}},
		{Key: "controller", Value: encode.Map{
			{Key: "workflowNamespaces", Value: []string{p.TrainingNamespace()}},
			{Key: "rbac", Value: encode.Map{{Key: "writeConfigMaps", Value: true}}}, // for the cache of steps
			{Key: "extraEnv", Value: []envVar{
				{Name: "CACHE_GC_PERIOD", Value: "24h"},
				{Name: "CACHE_GC_AFTER_NOT_HIT_DURATION", Value: strconv.Itoa(keepHours) + "h"},
			}},
			{Key: "clusterWorkflowTemplates", Value: no},
			{Key: "metricsConfig", Value: encode.Map{{Key: "enabled", Value: observed}}},
			{Key: "serviceMonitor", Value: encode.Map{{Key: "enabled", Value: observed}}},
			{Key: "persistence", Value: encode.Map{}},
			{Key: "podSecurityContext", Value: chartPodSecurity},
			{Key: "resources", Value: asks("100m", "256Mi", "1Gi")},
		}},
		{Key: "mainContainer", Value: encode.Map{
			{Key: "resources", Value: resources{Requests: map[string]string{"cpu": "500m", "memory": "1Gi"}}}, // of steps that name none
		}},
		{Key: "executor", Value: encode.Map{
			{Key: "resources", Value: asks("50m", "64Mi", "512Mi")},
			{Key: "securityContext", Value: restricted(true)},
		}},
		{Key: "server", Value: encode.Map{
			{Key: "authModes", Value: []string{"client"}}, // who looks needs rights of his own
			{Key: "clusterWorkflowTemplates", Value: no},
			{Key: "podSecurityContext", Value: chartPodSecurity},
			{Key: "resources", Value: asks("50m", "128Mi", "512Mi")},
		}},
	}
}

var chartPodSecurity = encode.Map{
	{Key: "runAsNonRoot", Value: true},
	{Key: "seccompProfile", Value: seccomp{Type: "RuntimeDefault"}},
}

// eventsPodSecurity names a user: the image of Argo Events names none.
var eventsPodSecurity = append(encode.Map{{Key: "runAsUser", Value: int64(spec.PodUser)}, {Key: "runAsGroup", Value: int64(spec.PodUser)}}, chartPodSecurity...)

func asks(cpu, memory, limit string) resources {
	return resources{Requests: map[string]string{"cpu": cpu, "memory": memory}, Limits: map[string]string{"memory": limit}}
}

// eventValues are the Helm values of the chart argo-events 2.4.22.
func eventValues(p *spec.Project) encode.Map {
	observed := slices.Contains(p.Platform.Observability.Metrics, "prometheus")
	return encode.Map{
		{Key: "crds", Value: encode.Map{{Key: "install", Value: true}, {Key: "keep", Value: true}}},
		{Key: "global", Value: encode.Map{{Key: "securityContext", Value: eventsPodSecurity}}},
		{Key: "controller", Value: encode.Map{
			{Key: "containerSecurityContext", Value: restricted(true)},
			{Key: "resources", Value: asks("50m", "128Mi", "512Mi")},
			{Key: "metrics", Value: encode.Map{
				{Key: "enabled", Value: observed},
				{Key: "serviceMonitor", Value: encode.Map{{Key: "enabled", Value: observed}}},
			}},
		}},
	}
}
