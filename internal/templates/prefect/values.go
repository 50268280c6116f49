package prefect

import (
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
)

// The version of Prefect whose client and server run together; the images are those of
// Docker Hub. Its schedules were compared on Python 3.11.
const (
	version    = "3.8.8"
	repository = "prefecthq/prefect"
	serverTag  = version + "-python3.11"
	workerTag  = version + "-python3.11-kubernetes"
)

// Where the charts put server and worker.
const (
	namespace = "prefect"
	account   = "prefect-worker"
	apiURL    = "http://prefect-server.prefect.svc.cluster.local:4200/api"
)

// values are the Helm values of both charts, which know no key of each other but
// those that they share.
func (w *writer) values(p *spec.Project) encode.Map {
	template, err := encode.JSON(jobTemplate())
	w.Fail(err)
	off := encode.Map{{Key: "enabled", Value: false}}
	return encode.Map{
		{Key: "global", Value: encode.Map{{Key: "prefect", Value: encode.Map{
			{Key: "image", Value: encode.Map{{Key: "repository", Value: repository}, {Key: "prefectTag", Value: serverTag}}},
			{Key: "env", Value: []encode.Map{variable("DO_NOT_TRACK", "1"), variable("PREFECT_SERVER_ANALYTICS_ENABLED", "false")}},
		}}}},
		{Key: "postgresql", Value: off}, // the chart's own comes with a known password and no volume
		{Key: "sqlite", Value: encode.Map{{Key: "enabled", Value: true}, {Key: "persistence", Value: encode.Map{{Key: "enabled", Value: true}, {Key: "size", Value: "5Gi"}}}}},
		{Key: "server", Value: encode.Map{
			{Key: "automountServiceAccountToken", Value: false},
			{Key: "updateStrategy", Value: encode.Map{{Key: "type", Value: "Recreate"}}}, // one process at a time has the database
			{Key: "resources", Value: asks("100m", "512Mi", "1Gi")},
		}},
		{Key: "worker", Value: encode.Map{
			{Key: "clusterUid", Value: p.Platform.Name}, // Argo CD lets no chart look into the cluster
			{Key: "image", Value: encode.Map{{Key: "repository", Value: repository}, {Key: "prefectTag", Value: workerTag}}},
			{Key: "config", Value: encode.Map{
				{Key: "workPool", Value: p.Platform.Name},
				{Key: "type", Value: "kubernetes"},
				{Key: "installPolicy", Value: "never"},
				{Key: "baseJobTemplate", Value: encode.Map{{Key: "configuration", Value: string(template)}}},
			}},
			{Key: "apiConfig", Value: "selfHostedServer"},
			{Key: "selfHostedServerApiConfig", Value: encode.Map{{Key: "apiUrl", Value: apiURL}}},
			{Key: "extraEnvVars", Value: []encode.Map{variable("DO_NOT_TRACK", "1")}},
			{Key: "resources", Value: asks("100m", "256Mi", "1Gi")},
		}},
	}
}

func variable(name, text string) encode.Map {
	return encode.Map{{Key: "name", Value: name}, {Key: "value", Value: text}}
}

func secret(name, key string) encode.Map {
	return encode.Map{{Key: "name", Value: name}, {Key: "valueFrom", Value: encode.Map{{Key: "secretKeyRef", Value: encode.Map{
		{Key: "name", Value: "git-credentials"}, {Key: "key", Value: key}, {Key: "optional", Value: true},
	}}}}}
}

func asks(cpu, memory, limit string) encode.Map {
	return encode.Map{
		{Key: "requests", Value: encode.Map{{Key: "cpu", Value: cpu}, {Key: "memory", Value: memory}}},
		{Key: "limits", Value: encode.Map{{Key: "memory", Value: limit}}},
	}
}

// credentialHelper gives Git what the Secret git-credentials holds, when it is there.
const credentialHelper = `!f() { test "$1" = get && printf 'username=%s\npassword=%s\n' "$MLOPS_GIT_USERNAME" "$MLOPS_GIT_PASSWORD"; }; f` //nolint:gosec // it names variables

// jobTemplate is the base job template of the work pool: what a flow run's own pod is.
// Each variable stands in the manifest, since Prefect ignores those that do not.
func jobTemplate() encode.Map {
	of := func(name, kind, text string, def any) encode.Pair {
		return encode.Pair{Key: name, Value: encode.Map{
			{Key: "title", Value: text}, {Key: "type", Value: kind}, {Key: "default", Value: def},
		}}
	}
	properties := encode.Map{
		of("name", "string", "Name of the job", "flow"),
		of("command", "string", "Command; empty is Prefect's own", nil),
		of("env", "object", "Environment variables", encode.Map{}),
		of("labels", "object", "Labels", encode.Map{}),
		of("annotations", "object", "Annotations", encode.Map{}),
		of("namespace", "string", "Namespace", namespace),
		of("image", "string", "Image", repository+":"+workerTag),
		of("service_account_name", "string", "Service account, which starts the pods of tasks", account),
		of("finished_job_ttl", "integer", "Seconds after which an ended job is removed", 3600),
		of("job_watch_timeout_seconds", "integer", "Seconds between two events of a job", nil),
		of("pod_watch_timeout_seconds", "integer", "Seconds until the pod must be there", 600),
		of("stream_output", "boolean", "The worker prints the output as well", false),
	}
	job := encode.Map{}
	for _, name := range []string{"command", "env", "labels", "annotations", "name", "namespace"} {
		job = append(job, encode.Pair{Key: name, Value: "{{ " + name + " }}"})
	}
	job = append(job, encode.Pair{Key: "job_manifest", Value: jobManifest()})
	for _, name := range []string{"job_watch_timeout_seconds", "pod_watch_timeout_seconds", "stream_output"} {
		job = append(job, encode.Pair{Key: name, Value: "{{ " + name + " }}"})
	}
	return encode.Map{
		{Key: "job_configuration", Value: job},
		{Key: "variables", Value: encode.Map{{Key: "type", Value: "object"}, {Key: "properties", Value: properties}}},
	}
}

func jobManifest() encode.Map {
	meta := encode.Map{{Key: "labels", Value: "{{ labels }}"}, {Key: "annotations", Value: "{{ annotations }}"}}
	return encode.Map{
		{Key: "apiVersion", Value: "batch/v1"},
		{Key: "kind", Value: "Job"},
		{Key: "metadata", Value: append(encode.Map{{Key: "generateName", Value: "{{ name }}-"}, {Key: "namespace", Value: "{{ namespace }}"}}, meta...)},
		{Key: "spec", Value: encode.Map{
			{Key: "backoffLimit", Value: 0},
			{Key: "ttlSecondsAfterFinished", Value: "{{ finished_job_ttl }}"},
			{Key: "template", Value: encode.Map{{Key: "metadata", Value: meta}, {Key: "spec", Value: flowPod()}}},
		}},
	}
}

// flowPod runs the flow itself: it clones the repository, and starts and watches pods.
func flowPod() encode.Map {
	return encode.Map{
		// Prefect demands both here, where Kubernetes has no such fields and passes them over.
		{Key: "completions", Value: 1},
		{Key: "parallelism", Value: 1},
		{Key: "restartPolicy", Value: "Never"},
		{Key: "serviceAccountName", Value: "{{ service_account_name }}"},
		{Key: "securityContext", Value: encode.Map{
			{Key: "runAsNonRoot", Value: true}, {Key: "runAsUser", Value: 1001}, {Key: "runAsGroup", Value: 1001}, {Key: "fsGroup", Value: 1001},
			{Key: "seccompProfile", Value: encode.Map{{Key: "type", Value: "RuntimeDefault"}}},
		}},
		{Key: "containers", Value: []encode.Map{{
			{Key: "name", Value: "prefect-job"},
			{Key: "image", Value: "{{ image }}"},
			{Key: "imagePullPolicy", Value: "IfNotPresent"},
			{Key: "args", Value: "{{ command }}"},
			{Key: "workingDir", Value: "/work"},
			{Key: "env", Value: []encode.Map{ // Prefect puts its own before these
				variable("DO_NOT_TRACK", "1"),
				variable("HOME", "/work"),
				variable("MLOPS_EXECUTION", "kubernetes"),
				variable("GIT_CONFIG_COUNT", "1"),
				variable("GIT_CONFIG_KEY_0", "credential.helper"),
				variable("GIT_CONFIG_VALUE_0", credentialHelper),
				secret("MLOPS_GIT_USERNAME", "username"),
				secret("MLOPS_GIT_PASSWORD", "password"),
			}},
			{Key: "securityContext", Value: encode.Map{
				{Key: "allowPrivilegeEscalation", Value: false},
				{Key: "capabilities", Value: encode.Map{{Key: "drop", Value: []string{"ALL"}}}},
				{Key: "readOnlyRootFilesystem", Value: true},
			}},
			{Key: "resources", Value: asks("100m", "512Mi", "1Gi")},
			{Key: "volumeMounts", Value: []encode.Map{
				{{Key: "name", Value: "work"}, {Key: "mountPath", Value: "/work"}},
				{{Key: "name", Value: "work"}, {Key: "mountPath", Value: "/tmp"}, {Key: "subPath", Value: "tmp"}},
			}},
		}}},
		{Key: "volumes", Value: []encode.Map{{{Key: "name", Value: "work"}, {Key: "emptyDir", Value: encode.Map{{Key: "sizeLimit", Value: "2Gi"}}}}}},
	}
}
