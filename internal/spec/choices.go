package spec

import (
	"slices"
	"strings"
)

// Choice is one value of an enumeration of the language.
type Choice struct {
	Value     string
	Supported bool // false: part of the language, but this provider cannot do it yet
}

// choices lists every enumeration. Validation and documentation read this one list.
var choices = map[string][]Choice{
	"cloud":           {{"local", true}, {"kubernetes", true}, {"aws", true}, {"google", true}, {"azure", true}},
	"orchestrator":    {{"argo_workflows", true}, {"kubeflow_pipelines", true}, {"airflow", true}, {"prefect", true}, {"dagster", true}, {"sagemaker_pipelines", true}, {"azureml_pipelines", true}, {"vertex_pipelines", true}},
	"serving":         {{"kserve", true}, {"seldon", false}},
	"mesh":            {{"none", true}, {"istio", false}, {"gateway_api", false}},
	"autoscaling":     {{"keda", true}, {"hpa", false}, {"knative", false}},
	"gitops":          {{"argocd", true}, {"flux", false}},
	"ci":              {{"github_actions", true}, {"gitlab_ci", true}},
	"secret_store":    {{"vault", true}, {"aws_secrets_manager", true}, {"google_secret_manager", true}, {"azure_key_vault", true}},
	"queueing":        {{"none", true}, {"kueue", true}},
	"metrics":         {{"prometheus", true}, {"datadog", false}},
	"dashboards":      {{"grafana", true}, {"datadog", false}},
	"drift":           {{"evidently", true}, {"arize", false}, {"fiddler", false}},
	"tracing":         {{"opentelemetry", false}, {"datadog", false}},
	"logs":            {{"loki", false}, {"datadog", false}},
	"cost":            {{"opencost", true}},
	"pod_security":    {{"restricted", true}, {"baseline", true}, {"privileged", true}},
	"scan_severity":   {{"LOW", true}, {"MEDIUM", true}, {"HIGH", true}, {"CRITICAL", true}},
	"registry":        {{"mlflow", true}, {"weights_and_biases", true}, {"neptune", true}, {"clearml", true}, {"sagemaker", true}, {"azureml", true}, {"vertex", true}},
	"dataset":         {{"local", true}, {"dvc", true}, {"lakefs", true}, {"bucket", true}},
	"op":              {{">=", true}, {">", true}, {"<=", true}, {"<", true}, {"between", true}},
	"column":          {{"number", true}, {"integer", true}, {"string", true}, {"boolean", true}},
	"parameter":       {{"string", true}, {"number", true}, {"integer", true}, {"boolean", true}},
	"concurrency":     {{"forbid", true}, {"allow", true}, {"replace", true}},
	"promotion":       {{"pull_request", true}, {"direct", true}},
	"lineage":         {{"code", true}, {"data", true}, {"environment", true}, {"parameters", true}},
	"runtime":         {{"mlserver", true}, {"sklearn", true}, {"xgboost", true}, {"triton", true}, {"vllm", true}, {"custom", true}},
	"autoscale":       {{"concurrency", true}, {"rps", true}, {"cpu", true}, {"gpu_utilization", true}, {"queue_depth", true}, {"prometheus", true}},
	"rollout":         {{"rolling", true}, {"canary", false}, {"blue_green", false}},
	"analysis":        {{"error_rate", true}, {"latency_p95_ms", true}, {"latency_p99_ms", true}},
	"drift_method":    {{"psi", true}, {"ks", true}, {"wasserstein", true}, {"jensenshannon", true}, {"chisquare", true}},
	"starter":         {{"none", true}, {"sklearn", true}},
	"access":          {{"read", true}, {"write", true}},
	"capacity":        {{"spot", true}, {"on_demand", true}},
	"sharing":         {{"none", true}, {"time_slicing", true}, {"mig", true}, {"mps", true}},
	"deletion_policy": {{"delete", true}, {"destroy", true}, {"metadata", true}},
	"driver":          {{"managed", true}, {"latest", true}, {"none", true}},
	"provisioner":     {{"managed_node_group", true}, {"karpenter", true}},
	"taint":           {{"NoSchedule", true}, {"PreferNoSchedule", true}, {"NoExecute", true}},
}

// Enumerations lists the names of all enumerations.
func Enumerations() []string { return sorted(choices) }

// Values lists the values of an enumeration, those that are not supported yet included.
func Values(enum string) []string {
	var values []string
	for _, c := range choices[enum] {
		values = append(values, c.Value)
	}
	return values
}

// Supported lists the values of an enumeration that work.
func Supported(enum string) []string {
	var values []string
	for _, c := range choices[enum] {
		if c.Supported {
			values = append(values, c.Value)
		}
	}
	return values
}

// OneOf is the sentence of the documentation for an enumeration.
func OneOf(enum string) string {
	quoted := func(values []string) string { return "`" + strings.Join(values, "`, `") + "`" }
	var later []string
	for _, c := range choices[enum] {
		if !c.Supported {
			later = append(later, c.Value)
		}
	}
	switch supported := Supported(enum); {
	case len(supported) == 0:
		return "Not supported yet: " + quoted(later)
	case len(later) == 0:
		return "One of " + quoted(supported)
	default:
		return "One of " + quoted(supported) + "; not supported yet: " + quoted(later)
	}
}

// choice checks a value of an enumeration. "" is left to the caller.
func (c *checker) choice(at Path, enum, value string) {
	if value == "" {
		return
	}
	i := slices.IndexFunc(choices[enum], func(ch Choice) bool { return ch.Value == value })
	switch {
	case i < 0:
		c.misplaced(at, "%q is not one of %s", value, strings.Join(Values(enum), ", "))
	case !choices[enum][i].Supported:
		c.later(at, "%q is not supported by this version of the provider yet%s", value, supportedNow(enum))
	}
}

// later reports what the language has and this version cannot do yet.
func (c *checker) later(at Path, format string, args ...any) {
	before := len(c.faults)
	c.misplaced(at, format, args...)
	for i := before; i < len(c.faults); i++ {
		c.faults[i].Later = true
	}
}

func supportedNow(enum string) string {
	if now := Supported(enum); len(now) > 0 {
		return "; supported: " + strings.Join(now, ", ")
	}
	return "; leave it out"
}
