package kserve

import (
	"fmt"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/signals"
)

// What KServe calls the model server's container, and where its servers answer.
const (
	container = "kserve-container"
	modelPort = 8080
)

// base is what is the same in every environment.
func (w *writer) base(e *spec.Endpoint) inferenceService {
	labels, annotations := w.p.Labels(e.Name), w.p.Annotations()
	if w.p.Platform.Mesh == "none" {
		labels["networking.kserve.io/visibility"] = "cluster-local"
	}
	annotations["serving.kserve.io/deploymentMode"] = "Standard"
	annotations["serving.kserve.io/stop"] = "true" // what holds if no pin is read
	s := inferenceService{
		APIVersion: "serving.kserve.io/v1beta1", Kind: "InferenceService",
		Metadata: metadata{Name: e.Name, Labels: labels, Annotations: annotations},
		Spec: inferenceSpec{predictor{
			Strategy:       &strategy{Type: "RollingUpdate", RollingUpdate: rollingUpdate{MaxSurge: 1, MaxUnavailable: 0}},
			Priority:       w.p.ServingPriority(),
			AutomountToken: new(bool),
			Security:       &podSecurity{NonRoot: true, Seccomp: seccomp{Type: "RuntimeDefault"}},
			Spread: []spread{{
				MaxSkew: 1, TopologyKey: "kubernetes.io/hostname", WhenUnsatisfiable: "ScheduleAnyway", Selector: predictorPods(e),
			}},
		}},
	}
	if e.Runtime != "custom" {
		s.Spec.Predictor.Model = w.model(e)
	}
	return s
}

// patch is what one environment decides: scale, size, and the collector of requests.
// Kustomize replaces lists of this kind as a whole, so a custom server's container
// stands here and not in the base.
func (w *writer) patch(e *spec.Endpoint, environment string) inferenceService {
	pr := predictor{
		MinReplicas: e.Replicas.Min, MaxReplicas: e.Replicas.Max, AutoScaling: w.scaling(e, environment),
	}
	if signals.Monitored(e) {
		pr.Logger = &logger{Mode: "all", URL: fmt.Sprintf("http://%s-monitor.%s:8080", e.Name, w.p.Namespace(environment))}
	}
	size := resourcesOf(e.Resources)
	pr.NodeSelector, pr.Tolerations = w.p.Place(e.Resources, e.Pool)
	if e.Runtime == "custom" {
		pr.Containers = []server{custom(e, size)}
	} else {
		pr.Model = &model{server: server{Resources: size}}
	}
	return inferenceService{
		APIVersion: "serving.kserve.io/v1beta1", Kind: "InferenceService",
		Metadata: metadata{Name: e.Name, Annotations: map[string]string{"serving.kserve.io/autoscalerClass": scalerClass(e)}},
		Spec:     inferenceSpec{pr},
	}
}

// model asks for one of KServe's own servers.
func (w *writer) model(e *spec.Endpoint) *model {
	r := runtimes[e.Runtime]
	m := &model{
		Format: &format{r.format}, Runtime: r.name, Protocol: r.protocol, StorageURI: w.p.ModelURI(e.Model, "0"),
		server: server{
			Env: r.env, Ports: []port{{Name: "http", Port: modelPort, Protocol: "TCP"}}, Security: locked(r.user),
			Startup: httpProbe(r.ready, e, 10, 60), Readiness: httpProbe(r.ready, e, 10, 3), Liveness: httpProbe(r.live, e, 10, 6),
		},
	}
	if n := signals.Of(e).Port; n != modelPort {
		m.Ports = append(m.Ports, port{Name: "metrics", Port: n, Protocol: "TCP"})
	}
	if w.p.ModelStore(e.Model) == nil {
		m.StorageURI = ""
		m.Env = append(m.Env,
			envVar{"MLFLOW_TRACKING_URI", w.p.Registry(string(w.p.Model(e.Model).Registry)).MLflow.TrackingURI},
			envVar{"MLSERVER_MODEL_IMPLEMENTATION", "mlserver_mlflow.MLflowRuntime"},
			envVar{"MLSERVER_MODEL_NAME", e.Name},
			envVar{"MLSERVER_MODEL_URI", w.p.ModelURI(e.Model, "0")},
			// Without a storageUri KServe would tell the server to start empty.
			envVar{"MLSERVER_LOAD_MODELS_AT_STARTUP", "true"},
		)
	}
	return m
}

// modelField is where the URI of the pinned version goes.
func (w *writer) modelField(e *spec.Endpoint) string {
	switch {
	case e.Runtime == "custom":
		return "spec.predictor.containers.[name=" + container + "].env.[name=STORAGE_URI].value"
	case w.p.ModelStore(e.Model) == nil:
		return "spec.predictor.model.env.[name=MLSERVER_MODEL_URI].value"
	}
	return "spec.predictor.model.storageUri"
}

// custom is the team's own server. KServe mounts what STORAGE_URI names at
// /mnt/models and writes that path into the variable.
func custom(e *spec.Endpoint, size *resources) server {
	s := server{
		Name: container, Image: e.Custom.Image,
		Env:   []envVar{{"STORAGE_URI", ""}},
		Ports: []port{{Name: "http", Port: e.Custom.Port, Protocol: "TCP"}}, Resources: size, Security: locked(0),
		Startup: tcpProbe(e, 60), Readiness: tcpProbe(e, 3), Liveness: tcpProbe(e, 6),
	}
	for _, word := range e.Custom.Command {
		s.Command = append(s.Command, verbatim(word))
	}
	return s
}

// verbatim keeps Kubernetes from expanding $(NAME) in a command line.
func verbatim(word string) string {
	if strings.Contains(word, "$(") || strings.Contains(word, "$$") {
		return strings.ReplaceAll(word, "$", "$$")
	}
	return word
}

// resourcesOf asks for as much as may be used: a server that is throttled or
// killed by its neighbours is no server. What is left out is KServe's own default.
func resourcesOf(r *spec.Resources) *resources {
	amounts := map[string]string{"cpu": "1", "memory": "2Gi"}
	if r != nil && r.CPU != "" {
		amounts["cpu"] = r.CPU.Canonical()
	}
	if r != nil && r.Memory != "" {
		amounts["memory"] = r.Memory.Canonical()
	}
	if r != nil && r.Accelerator != nil {
		amounts[r.Accelerator.Resource()] = fmt.Sprint(r.Accelerator.Count)
	}
	return &resources{Requests: amounts, Limits: amounts}
}

func predictorPods(e *spec.Endpoint) labelSelector {
	return labelSelector{map[string]string{"component": "predictor", "serving.kserve.io/inferenceservice": e.Name}}
}

// locked is what Pod Security "restricted" asks of a container. user 0 leaves the
// image's own, which must not be root.
func locked(user int) *security {
	return &security{User: user, Escalation: new(bool), Capabilities: capabilities{Drop: []string{"ALL"}}}
}

func httpProbe(path string, e *spec.Endpoint, period, failures int) *probe {
	return &probe{HTTP: &httpGet{Path: strings.ReplaceAll(path, "%s", e.Name), Port: modelPort}, Timeout: 5, Period: period, Failures: failures}
}

func tcpProbe(e *spec.Endpoint, failures int) *probe {
	return &probe{TCP: &tcpSocket{Port: e.Custom.Port}, Timeout: 5, Period: 10, Failures: failures}
}
