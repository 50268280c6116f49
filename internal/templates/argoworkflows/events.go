package argoworkflows

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/argoevents"
)

// sensorAccount is the service account of the sensors of a namespace.
const sensorAccount = "mlops-sensor"

// busVersion is one that the controller of Argo Events v1.9 and the chart know: NATS 2.10.10.
const busVersion = "2.10.10"

// events are what all pipelines that events start share: the bus, the webhooks, and the
// right to start workflows.
func events(p *spec.Project) []any {
	m := func(name string) metadata {
		return metadata{Name: name, Namespace: p.TrainingNamespace(), Labels: p.Labels(name), Annotations: p.Annotations()}
	}
	account := m(sensorAccount)
	on := true
	return []any{
		eventBus{APIVersion: argoAPI, Kind: "EventBus", Metadata: m("default"), Spec: bus()},
		webhooks(p, m(argoevents.Source)),
		serviceAccount{APIVersion: "v1", Kind: "ServiceAccount", Metadata: account, Automount: &on},
		role{APIVersion: rbacAPI, Kind: "Role", Metadata: account, Rules: []rule{
			{APIGroups: []string{"argoproj.io"}, Resources: []string{"workflows"}, Verbs: []string{"create"}},
		}},
		roleBinding{
			APIVersion: rbacAPI, Kind: "RoleBinding", Metadata: account,
			RoleRef:  roleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "Role", Name: sensorAccount},
			Subjects: []subject{{Kind: "ServiceAccount", Name: sensorAccount, Namespace: account.Namespace}},
		},
	}
}

// bus is one server: what it loses when it restarts within a delivery, the next alert
// or the next call brings again.
func bus() eventBusSpec {
	container := eventContainer{Resources: asks("50m", "64Mi", "256Mi"), SecurityContext: restricted(false)}
	var out eventBusSpec
	out.JetStream.Version, out.JetStream.Replicas = busVersion, 1
	out.JetStream.StreamConfig = "replicas: 1\n"
	out.JetStream.SecurityContext = podSecurity()
	out.JetStream.Container, out.JetStream.Reloader, out.JetStream.Metrics = container, container, container
	return out
}

func webhooks(p *spec.Project, m metadata) eventSource {
	out := eventSource{APIVersion: argoAPI, Kind: "EventSource", Metadata: m}
	out.Spec.Template = eventTemplate{SecurityContext: podSecurity(), Container: eventContainer{Resources: asks("20m", "64Mi", "256Mi"), SecurityContext: restricted(false)}}
	out.Spec.Webhook = map[string]webhook{}
	open := func(name string, port int) {
		out.Spec.Service.Ports = append(out.Spec.Service.Ports, servicePort{Name: name, Port: port, TargetPort: port})
	}
	if names := argoevents.Endpoints(p); len(names) > 0 {
		open("drift", argoevents.DriftPort)
		for _, name := range names {
			out.Spec.Webhook[argoevents.DriftEvent(name)] = listen(argoevents.DriftPort, argoevents.DriftPath(name))
		}
	}
	if names := argoevents.Datasets(p); len(names) > 0 {
		open("data", argoevents.DataPort)
		for _, name := range names {
			hook := listen(argoevents.DataPort, argoevents.DataPath(name))
			hook.AuthSecret = &secretKeyRef{Name: argoevents.Secret, Key: argoevents.Key}
			out.Spec.Webhook[argoevents.DataEvent(name)] = hook
		}
	}
	return out
}

func listen(port int, path string) webhook {
	return webhook{Endpoint: path, Method: "POST", Port: strconv.Itoa(port)}
}

// sensorOf starts the pipeline when one of its events comes; false when it has none.
func sensorOf(p *spec.Project, pl *spec.Pipeline) (sensor, bool) {
	out := sensor{APIVersion: argoAPI, Kind: "Sensor", Metadata: meta(p, pl)}
	out.Spec.Template = eventTemplate{
		ServiceAccountName: sensorAccount, SecurityContext: podSecurity(),
		Container: eventContainer{Resources: asks("20m", "64Mi", "256Mi"), SecurityContext: restricted(false)},
	}
	if d := pl.Triggers.Data; d != nil {
		out.on(p, pl, "data", dependency{Name: "data", Source: argoevents.Source, Event: argoevents.DataEvent(d.Dataset)})
	}
	if d := pl.Triggers.Drift; d != nil {
		out.on(p, pl, "drift", dependency{Name: "drift", Source: argoevents.Source, Event: argoevents.DriftEvent(d.Endpoint), Filters: drifted(d.Endpoint)})
	}
	return out, len(out.Spec.Triggers) > 0
}

// on adds an event and the run that it starts.
func (s *sensor) on(p *spec.Project, pl *spec.Pipeline, name string, d dependency) {
	s.Spec.Dependencies = append(s.Spec.Dependencies, d)
	var t trigger
	t.Template.Name, t.Template.Conditions = name, name
	t.Template.K8s.Operation = "create"
	t.Template.K8s.Source.Resource = startedWorkflow{
		APIVersion: argoAPI, Kind: "Workflow",
		Metadata: generated{GenerateName: pl.Name + "-", Namespace: p.TrainingNamespace(), Labels: p.Labels(pl.Name), Annotations: p.Annotations()},
		Spec:     cronWorkflowSpec{Ref: templateRef{Name: pl.Name}},
	}
	t.RetryStrategy.Steps, t.RetryStrategy.Duration = 5, "10s"
	s.Spec.Triggers = append(s.Spec.Triggers, t)
}

// drifted lets through Alertmanager's news that an endpoint's drift has begun. Alerts of
// one message are of one endpoint. Argo Events reads the values as regular expressions.
func drifted(endpoint string) *filters {
	whole := func(texts ...string) []string {
		for i, text := range texts {
			texts[i] = regexp.QuoteMeta(text)
		}
		return []string{"^(" + strings.Join(texts, "|") + ")$"}
	}
	return &filters{Data: []dataFilter{
		{Path: "body.status", Type: "string", Value: whole("firing")},
		{Path: "body.alerts.0.labels.endpoint", Type: "string", Value: whole(endpoint)},
		{Path: "body.alerts.0.labels.alertname", Type: "string", Value: whole(append([]string(nil), argoevents.DriftAlerts...)...)},
	}}
}

// The part of argoproj.io/v1alpha1 of Argo Events this package writes, in output order.
type (
	eventBus struct {
		APIVersion string       `yaml:"apiVersion"`
		Kind       string       `yaml:"kind"`
		Metadata   metadata     `yaml:"metadata"`
		Spec       eventBusSpec `yaml:"spec"`
	}
	eventBusSpec struct {
		JetStream struct {
			Version         string             `yaml:"version"`
			Replicas        int64              `yaml:"replicas"`
			StreamConfig    string             `yaml:"streamConfig"`
			SecurityContext podSecurityContext `yaml:"securityContext"`
			Container       eventContainer     `yaml:"containerTemplate"`
			Reloader        eventContainer     `yaml:"reloaderContainerTemplate"`
			Metrics         eventContainer     `yaml:"metricsContainerTemplate"`
		} `yaml:"jetstream"`
	}
	eventContainer struct {
		Resources       resources       `yaml:"resources"`
		SecurityContext securityContext `yaml:"securityContext"`
	}
	eventTemplate struct {
		ServiceAccountName string             `yaml:"serviceAccountName,omitempty"`
		SecurityContext    podSecurityContext `yaml:"securityContext"`
		Container          eventContainer     `yaml:"container"`
	}
	eventSource struct {
		APIVersion string   `yaml:"apiVersion"`
		Kind       string   `yaml:"kind"`
		Metadata   metadata `yaml:"metadata"`
		Spec       struct {
			Template eventTemplate `yaml:"template"`
			Service  struct {
				Ports []servicePort `yaml:"ports"`
			} `yaml:"service"`
			Webhook map[string]webhook `yaml:"webhook"`
		} `yaml:"spec"`
	}
	servicePort struct {
		Name       string `yaml:"name"`
		Port       int    `yaml:"port"`
		TargetPort int    `yaml:"targetPort"`
	}
	webhook struct {
		Endpoint   string        `yaml:"endpoint"`
		Method     string        `yaml:"method"`
		Port       string        `yaml:"port"`
		URL        string        `yaml:"url"` // required, and read only where a source registers itself
		AuthSecret *secretKeyRef `yaml:"authSecret,omitempty"`
	}
	sensor struct {
		APIVersion string   `yaml:"apiVersion"`
		Kind       string   `yaml:"kind"`
		Metadata   metadata `yaml:"metadata"`
		Spec       struct {
			Template     eventTemplate `yaml:"template"`
			Dependencies []dependency  `yaml:"dependencies"`
			Triggers     []trigger     `yaml:"triggers"`
		} `yaml:"spec"`
	}
	dependency struct {
		Name    string   `yaml:"name"`
		Source  string   `yaml:"eventSourceName"`
		Event   string   `yaml:"eventName"`
		Filters *filters `yaml:"filters,omitempty"`
	}
	filters struct {
		Data []dataFilter `yaml:"data"`
	}
	dataFilter struct {
		Path  string   `yaml:"path"`
		Type  string   `yaml:"type"`
		Value []string `yaml:"value"`
	}
	trigger struct {
		Template struct {
			Name       string `yaml:"name"`
			Conditions string `yaml:"conditions"`
			K8s        struct {
				Operation string `yaml:"operation"`
				Source    struct {
					Resource startedWorkflow `yaml:"resource"`
				} `yaml:"source"`
			} `yaml:"k8s"`
		} `yaml:"template"`
		RetryStrategy struct {
			Steps    int64  `yaml:"steps"`
			Duration string `yaml:"duration"`
		} `yaml:"retryStrategy"`
	}
	startedWorkflow struct {
		APIVersion string           `yaml:"apiVersion"`
		Kind       string           `yaml:"kind"`
		Metadata   generated        `yaml:"metadata"`
		Spec       cronWorkflowSpec `yaml:"spec"`
	}
	generated struct {
		GenerateName string            `yaml:"generateName"`
		Namespace    string            `yaml:"namespace"`
		Labels       map[string]string `yaml:"labels"`
		Annotations  map[string]string `yaml:"annotations"`
	}
)
