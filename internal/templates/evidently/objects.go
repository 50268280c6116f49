package evidently

import (
	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/signals"
)

// monitor is one endpoint in one environment.
type monitor struct {
	p                      *spec.Project
	e                      *spec.Endpoint
	environment, namespace string
	name, bucket           string
}

// port is where KServe's logger sends events.
const port = 8080

const component = "app.kubernetes.io/component"

func (m monitor) metadata() metadata {
	return metadata{Name: m.name, Namespace: m.namespace, Labels: m.p.Labels(m.name), Annotations: m.p.Annotations()}
}

// labels are those of pods, which the Service tells apart by their component.
func (m monitor) labels(part string) map[string]string {
	labels := m.p.Labels(m.name)
	labels[component] = part
	return labels
}

func (m monitor) selector() map[string]string {
	return map[string]string{"app.kubernetes.io/name": m.name, "app.kubernetes.io/part-of": m.p.Platform.Name, component: "collector"}
}

// deployment keeps requests. Two pods would write one file, so the old one goes
// before the new one comes; what is asked in between is not kept.
func (m monitor) deployment() deployment {
	c := m.container("collector", "20m", "64Mi", "256Mi")
	c.Ports = []containerPort{{Name: "http", Port: port, Protocol: "TCP"}}
	healthy := &probe{HTTP: httpGet{Path: "/healthz", Port: "http"}}
	c.Readiness, c.Liveness = healthy, healthy
	return deployment{
		APIVersion: "apps/v1", Kind: "Deployment", Metadata: m.metadata(),
		Spec: deploymentSpec{
			Replicas: 1, Selector: selector{m.selector()}, Strategy: strategy{"Recreate"},
			Template: m.pod("collector", "", c),
		},
	}
}

func (m monitor) service() service {
	return service{
		APIVersion: "v1", Kind: "Service", Metadata: m.metadata(),
		Spec: serviceSpec{Selector: m.selector(), Ports: []servicePort{{Name: "http", Port: port, TargetPort: "http", Protocol: "TCP"}}},
	}
}

// cronJob compares. A run that failed is tried twice more, one that hangs ends after
// an hour, and two never run at once.
func (m monitor) cronJob() cronJob {
	c := m.container("compare", "250m", "512Mi", "2Gi")
	return cronJob{
		APIVersion: "batch/v1", Kind: "CronJob", Metadata: m.metadata(),
		Spec: cronJobSpec{
			Schedule: spec.SundayAsZero(signals.Schedule(m.e)), TimeZone: "Etc/UTC", Concurrency: "Forbid", StartingDeadline: 3600, Successful: 1, Failed: 3,
			Template: jobTemplate{jobSpec{BackoffLimit: 2, ActiveDeadline: 3600, Template: m.pod("compare", "Never", c)}},
		},
	}
}

func (m monitor) container(program, cpu, memory, limit string) container {
	_, mount := m.p.Claim(m.bucket)
	return container{
		Name: program, Image: catalog.DriftImage, PullPolicy: "IfNotPresent",
		Command: []string{"python", "-m", module + "." + program, "--config", "/opt/mlops/config/config.json"},
		Env: []envVar{
			{"PYTHONPATH", "/opt/mlops"}, {"PYTHONDONTWRITEBYTECODE", "1"}, {"PYTHONUNBUFFERED", "1"},
			{"HOME", "/tmp"}, {"DO_NOT_TRACK", "1"},
		},
		Resources: resources{Requests: map[string]string{"cpu": cpu, "memory": memory}, Limits: map[string]string{"memory": limit}},
		Security:  containerSecurity{ReadOnly: true, Capabilities: capabilities{Drop: []string{"ALL"}}},
		Mounts: []volumeMount{
			{Name: "programs", Path: "/opt/mlops/" + module, ReadOnly: true}, {Name: "config", Path: "/opt/mlops/config", ReadOnly: true},
			{Name: "bucket", Path: mount}, {Name: "tmp", Path: "/tmp"},
		},
	}
}

func (m monitor) pod(part, restart string, c container) podTemplate {
	claim, _ := m.p.Claim(m.bucket)
	return podTemplate{
		Metadata: podMetadata{Labels: m.labels(part), Annotations: m.p.Annotations()},
		Spec: podSpec{
			Restart: restart,
			Security: podSecurity{
				NonRoot: true, User: spec.PodUser, Group: spec.PodUser, FSGroup: spec.PodUser, Seccomp: seccomp{"RuntimeDefault"},
			},
			Containers: []container{c},
			Volumes: []volume{
				{Name: "programs", ConfigMap: &nameRef{m.e.Name + "-" + programsMap}},
				{Name: "config", ConfigMap: &nameRef{m.name + "-config"}},
				{Name: "bucket", Claim: &claimRef{claim}},
				{Name: "tmp", Empty: &struct{}{}},
			},
		},
	}
}
