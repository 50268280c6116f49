package dagster

import (
	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
)

// The files that Dagster reads, in output order.
type (
	workspace struct {
		LoadFrom []location `yaml:"load_from"`
	}
	location struct {
		File pythonFile `yaml:"python_file"`
	}
	pythonFile struct {
		File     string `yaml:"relative_path"`
		Location string `yaml:"location_name"`
	}
)

// instance is dagster.yaml: what a run needs of the instance it runs on.
func instance() encode.Map {
	return encode.Map{
		{Key: "telemetry", Value: encode.Map{{Key: "enabled", Value: false}}},
		{Key: "run_monitoring", Value: encode.Map{{Key: "enabled", Value: true}}}, // ends runs that are over their time
		{Key: "run_retries", Value: encode.Map{{Key: "enabled", Value: false}}},
		{Key: "concurrency", Value: concurrency()},
	}
}

func concurrency() encode.Map {
	limit := encode.Map{
		{Key: "key", Value: "mlops/one-at-a-time"},
		{Key: "value", Value: encode.Map{{Key: "applyLimitPerUniqueValue", Value: true}}},
		{Key: "limit", Value: 1},
	}
	return encode.Map{{Key: "runs", Value: encode.Map{{Key: "tag_concurrency_limits", Value: []encode.Map{limit}}}}}
}

// values are the Helm values of the chart dagster. The code location reads this
// repository itself: git-sync brings it into the pods, whose image is Dagster's own.
func values(p *spec.Project) encode.Map {
	off := encode.Map{{Key: "enabled", Value: false}}
	return encode.Map{
		{Key: "global", Value: encode.Map{{Key: "serviceAccountName", Value: "dagster"}}},
		{Key: "serviceAccount", Value: encode.Map{{Key: "create", Value: true}, {Key: "name", Value: "dagster"}}},
		{Key: "telemetry", Value: off},
		{Key: "dagsterWebserver", Value: encode.Map{{Key: "resources", Value: asks("100m", "512Mi", "1Gi")}}},
		{Key: "dagsterDaemon", Value: encode.Map{
			{Key: "runCoordinator", Value: encode.Map{{Key: "enabled", Value: true}, {Key: "type", Value: "QueuedRunCoordinator"}, {Key: "config", Value: encode.Map{
				{Key: "queuedRunCoordinator", Value: encode.Map{{Key: "tagConcurrencyLimits", Value: []encode.Map{{
					{Key: "key", Value: "mlops/one-at-a-time"}, {Key: "value", Value: encode.Map{{Key: "applyLimitPerUniqueValue", Value: true}}}, {Key: "limit", Value: 1},
				}}}}},
			}}}},
			{Key: "runMonitoring", Value: encode.Map{{Key: "enabled", Value: true}}},
			{Key: "resources", Value: asks("100m", "512Mi", "1Gi")},
		}},
		{Key: "runLauncher", Value: encode.Map{{Key: "type", Value: "K8sRunLauncher"}, {Key: "config", Value: encode.Map{
			{Key: "k8sRunLauncher", Value: encode.Map{
				{Key: "runK8sConfig", Value: encode.Map{{Key: "podSpecConfig", Value: encode.Map{
					{Key: "initContainers", Value: []encode.Map{clone(p, true)}},
					{Key: "volumes", Value: []encode.Map{repository}},
				}}, {Key: "containerConfig", Value: encode.Map{{Key: "volumeMounts", Value: []encode.Map{mount}}}}}},
			}},
		}}}},
		{Key: "dagster-user-deployments", Value: encode.Map{{Key: "enabled", Value: true}, {Key: "deployments", Value: []encode.Map{deployment(p)}}}},
	}
}

var (
	repository = encode.Map{{Key: "name", Value: "repository"}, {Key: "emptyDir", Value: encode.Map{}}}
	mount      = encode.Map{{Key: "name", Value: "repository"}, {Key: "mountPath", Value: "/repository"}}
)

func root(p *spec.Project) string {
	if p.Repository.Path == "" {
		return "/repository/current"
	}
	return "/repository/current/" + p.Repository.Path
}

func deployment(p *spec.Project) encode.Map {
	return encode.Map{
		{Key: "name", Value: p.Platform.Name},
		{Key: "image", Value: encode.Map{{Key: "repository", Value: catalog.DagsterImage}, {Key: "tag", Value: catalog.Dagster.Version}, {Key: "pullPolicy", Value: "IfNotPresent"}}},
		{Key: "dagsterApiGrpcArgs", Value: []string{"--python-file", root(p) + "/definitions.py", "--working-directory", root(p)}},
		{Key: "port", Value: 3030},
		{Key: "env", Value: []encode.Map{{{Key: "name", Value: "MLOPS_EXECUTION"}, {Key: "value", Value: "kubernetes"}}}},
		{Key: "includeConfigInLaunchedRuns", Value: encode.Map{{Key: "enabled", Value: true}}},
		{Key: "initContainers", Value: []encode.Map{clone(p, true)}},
		{Key: "sidecarContainers", Value: []encode.Map{clone(p, false)}},
		{Key: "volumes", Value: []encode.Map{repository}},
		{Key: "volumeMounts", Value: []encode.Map{mount}},
		{Key: "resources", Value: asks("100m", "512Mi", "1Gi")},
	}
}

// clone is git-sync: once before a pod starts, or beside it for as long as it runs. The
// Secret git-credentials, which may be absent, holds username and password.
func clone(p *spec.Project, once bool) encode.Map {
	args := []string{"--repo=" + p.Repository.URL, "--ref=" + p.Repository.Branch, "--depth=1", "--root=/repository", "--link=current"}
	name := "git-sync"
	if once {
		name, args = "git-clone", append(args, "--one-time")
	} else {
		args = append(args, "--period=60s")
	}
	from := func(variable, key string) encode.Map {
		return encode.Map{{Key: "name", Value: variable}, {Key: "valueFrom", Value: encode.Map{{Key: "secretKeyRef", Value: encode.Map{
			{Key: "name", Value: "git-credentials"}, {Key: "key", Value: key}, {Key: "optional", Value: true},
		}}}}}
	}
	return encode.Map{
		{Key: "name", Value: name}, {Key: "image", Value: catalog.GitSyncImage}, {Key: "args", Value: args},
		{Key: "env", Value: []encode.Map{from("GITSYNC_USERNAME", "username"), from("GITSYNC_PASSWORD", "password")}},
		{Key: "volumeMounts", Value: []encode.Map{mount}},
		{Key: "resources", Value: asks("50m", "64Mi", "256Mi")},
	}
}

func asks(cpu, memory, limit string) encode.Map {
	return encode.Map{
		{Key: "requests", Value: encode.Map{{Key: "cpu", Value: cpu}, {Key: "memory", Value: memory}}},
		{Key: "limits", Value: encode.Map{{Key: "memory", Value: limit}}},
	}
}
