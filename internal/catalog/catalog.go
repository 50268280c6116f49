// Package catalog holds what the emitted repository pins: container images, Helm
// charts and GitHub actions, each in one place with the source of the fact. It
// knows nothing of what they are used for.
package catalog

// ProgramsImage runs the gate, registration and drift programs in a cluster: the
// MLflow project's own image, which has Python and the MLflow client. Its digest
// was not looked up; the emitted renovate.json asks Renovate to pin it.
const ProgramsImage = "ghcr.io/mlflow/mlflow:v3.17.0"

// PrometheusURL is where the Prometheus that the emitted repository deploys answers:
// the Service that the Prometheus operator itself makes.
const PrometheusURL = "http://prometheus-operated.monitoring:9090"

// Tags of model servers that KServe's charts leave old or floating. MLServer: the
// release on PyPI whose behaviour was tried. vLLM: KServe v0.20.0's own release manifest.
const (
	MLServerTag = "1.7.1"
	VLLMTag     = "v0.20.0"
)

// PodSecurityVersion is the version of the Pod Security Standards that namespaces enforce.
const PodSecurityVersion = "v1.34"

// DriftImage runs the monitors of endpoints: Evidently's own image, which its release
// workflow builds from each tag. 0.7.21 was built when pandas was 3.0, and 0.7.23
// does not start with 3.1. Its digest was not looked up.
const DriftImage = "docker.io/evidently/evidently-service:0.7.21"

// DagsterImage is what the chart of Dagster runs by default: Dagster with dagster-k8s.
// Its tag is the chart's version.
const DagsterImage = "docker.io/dagster/dagster-celery-k8s"

// GitSyncImage brings a Git repository into a pod and follows it (kubernetes/git-sync).
// Its digest was not looked up.
const GitSyncImage = "registry.k8s.io/git-sync/git-sync:v4.4.0"

// Images of the jobs of GitLab CI, by exact tag; their digests were not looked up. The
// Python image is the one with Git and make; Trivy's is the last release known to be sound.
const (
	PythonImage = "docker.io/library/python:3.11.14-bookworm"
	TrivyImage  = "docker.io/aquasec/trivy:0.69.3"
)

// Action is a GitHub action pinned to the commit of a tag.
type Action struct {
	Name   string
	Tag    string
	Commit string
}

// Ref is what a workflow's `uses` takes; Tag goes into the comment beside it.
func (a Action) Ref() string { return a.Name + "@" + a.Commit }

// Actions, read from the tags of the actions' own repositories in August 2026.
var (
	AWSCredentials = Action{"aws-actions/configure-aws-credentials", "v6.2.3", "e6de054238d6b7531b4efff3b6587d9aade6a06c"}
	AzureLogin     = Action{"Azure/login", "v3.0.1", "f5d393ae46f8fde4be8b75f32e3fc50e654ad0ca"}
	GoogleAuth     = Action{"google-github-actions/auth", "v3.0.0", "7c6bc770dae815cd3e89ee6cdf493a5fab2cc093"}
	Checkout       = Action{"actions/checkout", "v7.0.1", "3d3c42e5aac5ba805825da76410c181273ba90b1"}
	SetupPython    = Action{"actions/setup-python", "v7.0.0", "5fda3b95a4ea91299a34e894583c3862153e4b97"}
	Cache          = Action{"actions/cache", "v5.0.5", "27d5ce7f107fe9357f9df03efb73ab90386fccae"}
	UploadArtifact = Action{"actions/upload-artifact", "v7.0.0", "bbbca2ddaa5d8feaa63e36b76fdaad77386f024f"}
	Trivy          = Action{"aquasecurity/trivy-action", "v0.36.0", "ed142fd0673e97e23eac54620cfb913e5ce36c25"}
)

// Chart is a Helm chart pinned to a version.
type Chart struct {
	Name       string
	Repository string // an https:// index or an oci:// registry
	Version    string
}

// Charts, read from the charts' own repositories in August 2026.
var (
	Airflow            = Chart{"airflow", "https://airflow.apache.org", "1.22.0"}
	ArgoCD             = Chart{"argo-cd", "https://argoproj.github.io/argo-helm", "10.1.1"}
	ArgoEvents         = Chart{"argo-events", "https://argoproj.github.io/argo-helm", "2.4.22"}
	ArgoWorkflows      = Chart{"argo-workflows", "https://argoproj.github.io/argo-helm", "1.0.18"}
	CertManager        = Chart{"cert-manager", "oci://quay.io/jetstack/charts", "v1.21.1"}
	Dagster            = Chart{"dagster", "https://dagster-io.github.io/helm", "1.13.27"} // = Dagster's version
	ExternalSecrets    = Chart{"external-secrets", "https://charts.external-secrets.io", "2.9.0"}
	KEDA               = Chart{"keda", "https://kedacore.github.io/charts", "2.20.2"}
	KServeCRD          = Chart{"kserve-crd", "oci://ghcr.io/kserve/charts", "v0.20.0"}
	KServe             = Chart{"kserve-resources", "oci://ghcr.io/kserve/charts", "v0.20.0"}
	KServeRuntimes     = Chart{"kserve-runtime-configs", "oci://ghcr.io/kserve/charts", "v0.20.0"}
	Kueue              = Chart{"kueue", "oci://registry.k8s.io/kueue/charts", "0.19.2"}
	MLflow             = Chart{"mlflow", "https://community-charts.github.io/helm-charts", "1.11.5"}
	OpenCost           = Chart{"opencost", "https://opencost.github.io/opencost-helm-chart", "2.5.17"}
	PrefectServer      = Chart{"prefect-server", "https://prefecthq.github.io/prefect-helm", "2026.8.18172642"}
	PrefectWorker      = Chart{"prefect-worker", "https://prefecthq.github.io/prefect-helm", "2026.8.18172642"}
	PrometheusOperator = Chart{"kube-prometheus-stack", "oci://ghcr.io/prometheus-community/charts", "88.5.3"}
)
