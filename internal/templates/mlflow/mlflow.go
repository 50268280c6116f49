// Package mlflow writes the values of the MLflow server that the repository
// deploys for a managed registry: chart mlflow 1.11 of community-charts, MLflow 3.17.
// It knows the chart's keys; it knows nothing of models. An existing server needs no
// file.
package mlflow

import (
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/components"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Target writes platform/mlflow/values.yaml.
type Target struct{}

// Name is the target's folder.
func (Target) Name() string { return "mlflow" }

// Render returns the values of the server.
func (Target) Render(p *spec.Project) ([]tree.File, error) {
	if err := faults(p).Err(); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(components.Of(p), func(c components.Component) bool { return c.Package == "mlflow" })
	if i < 0 {
		return nil, nil
	}
	data, err := encode.YAML(valuesOf(p))
	return []tree.File{{Path: "platform/mlflow/values.yaml", Data: data}}, err
}

// faults reports a managed registry at an address that nothing deployed here has.
func faults(p *spec.Project) spec.Faults {
	var faults spec.Faults
	for _, r := range p.Registries {
		if r.Type != "mlflow" || !r.Managed() || p.Platform.Packages["mlflow"].Existing {
			continue
		}
		if uri := r.MLflow.TrackingURI; strings.TrimSuffix(uri, "/") != spec.ManagedMLflow {
			faults = append(faults, spec.Refuse(r, spec.At("mlflow", "tracking_uri"), "%q: the MLflow server that the repository deploys answers at %s; leave tracking_uri out, or set managed = false for a server that exists", uri, spec.ManagedMLflow))
		}
	}
	return faults
}

// valuesOf keeps runs in SQLite and artefacts in files on one volume, which suits one
// replica. The volume outlives the release.
func valuesOf(p *spec.Project) values {
	repository, tag, _ := strings.Cut(catalog.ProgramsImage, ":") // one MLflow for server and clients
	labels := p.Labels("mlflow")
	return values{
		Replicas: 1, Image: image{repository, tag}, Strategy: strategy{"Recreate"}, History: 3,
		Account:     account{Create: true, Automount: false},
		PodSecurity: podSecurity{FSGroup: 1001, FSGroupChange: "OnRootMismatch", NonRoot: true, Seccomp: seccomp{"RuntimeDefault"}},
		Service:     service{Port: 5000},
		Labels:      map[string]string{"app.kubernetes.io/part-of": p.Platform.Name}, // the others are the chart's own
		Backend:     backend{Path: "/mlflow/data/mlflow.db"},
		Artifacts:   artifacts{Proxied: true, Destination: "/mlflow/data/artifacts"},
		Hosts:       hosts(),
		Resources:   resources{Requests: amounts{"250m", "1Gi"}, Limits: amounts{"2", "3Gi"}},
		Env:         environment{Home: "/tmp"},
		Liveness:    probe{Delay: 60, Period: 30, Timeout: 5, Failures: 5}, // the first start migrates the database
		Readiness:   probe{Delay: 10, Period: 10, Timeout: 5, Failures: 12},
		Volumes:     []volume{{Name: "data", Claim: claimRef{"mlflow-data"}}},
		Mounts:      []mount{{Name: "data", Path: "/mlflow/data"}},
		Extra: []claim{{
			APIVersion: "v1", Kind: "PersistentVolumeClaim",
			Metadata: metadata{
				Name: "mlflow-data", Namespace: "mlflow", Labels: labels,
				Annotations: map[string]string{"argocd.argoproj.io/sync-options": "Prune=false,Delete=false", "helm.sh/resource-policy": "keep"},
			},
			Spec: claimSpec{Modes: []string{"ReadWriteOnce"}, Resources: claimResources{claimAmount{"20Gi"}}},
		}},
	}
}

// hosts are the names that clients in the cluster and a port-forward call the server
// by. It refuses others, and health checks are free of that rule.
func hosts() []string {
	out := []string{"localhost:*", "127.0.0.1:*"}
	for _, host := range []string{"mlflow", "mlflow.mlflow", "mlflow.mlflow.svc", "mlflow.mlflow.svc.cluster.local"} {
		out = append(out, host, host+":5000")
	}
	return out
}

// The part of the chart's values, and of v1, this package writes, in output order.
// The claim has no text of users in it: the chart runs it through Helm's templates.
type (
	values struct {
		Replicas    int               `yaml:"replicaCount"`
		Image       image             `yaml:"image"`
		Strategy    strategy          `yaml:"strategy"`
		History     int               `yaml:"revisionHistoryLimit"`
		Account     account           `yaml:"serviceAccount"`
		PodSecurity podSecurity       `yaml:"podSecurityContext"`
		Service     service           `yaml:"service"`
		Labels      map[string]string `yaml:"extraPodLabels"`
		Backend     backend           `yaml:"backendStore"`
		Artifacts   artifacts         `yaml:"artifactRoot"`
		Hosts       []string          `yaml:"serverAllowedHosts"`
		Resources   resources         `yaml:"resources"`
		Env         environment       `yaml:"extraEnvVars"`
		Liveness    probe             `yaml:"livenessProbe"`
		Readiness   probe             `yaml:"readinessProbe"`
		Volumes     []volume          `yaml:"extraVolumes"`
		Mounts      []mount           `yaml:"extraVolumeMounts"`
		Extra       []claim           `yaml:"extraDeploy"`
	}
	image struct {
		Repository string `yaml:"repository"`
		Tag        string `yaml:"tag"`
	}
	strategy struct {
		Type string `yaml:"type"`
	}
	account struct {
		Create    bool `yaml:"create"`
		Automount bool `yaml:"automount"`
	}
	podSecurity struct {
		FSGroup       int     `yaml:"fsGroup"`
		FSGroupChange string  `yaml:"fsGroupChangePolicy"`
		NonRoot       bool    `yaml:"runAsNonRoot"`
		Seccomp       seccomp `yaml:"seccompProfile"`
	}
	seccomp struct {
		Type string `yaml:"type"`
	}
	service struct {
		Port int `yaml:"port"`
	}
	backend struct {
		Path string `yaml:"defaultSqlitePath"`
	}
	artifacts struct {
		Proxied     bool   `yaml:"proxiedArtifactStorage"`
		Destination string `yaml:"defaultArtifactsDestination"`
	}
	resources struct {
		Requests amounts `yaml:"requests"`
		Limits   amounts `yaml:"limits"`
	}
	amounts struct {
		CPU    string `yaml:"cpu"`
		Memory string `yaml:"memory"`
	}
	environment struct {
		Home string `yaml:"HOME"`
	}
	probe struct {
		Delay    int `yaml:"initialDelaySeconds"`
		Period   int `yaml:"periodSeconds"`
		Timeout  int `yaml:"timeoutSeconds"`
		Failures int `yaml:"failureThreshold"`
	}
	volume struct {
		Name  string   `yaml:"name"`
		Claim claimRef `yaml:"persistentVolumeClaim"`
	}
	claimRef struct {
		Name string `yaml:"claimName"`
	}
	mount struct {
		Name string `yaml:"name"`
		Path string `yaml:"mountPath"`
	}
	claim struct {
		APIVersion string    `yaml:"apiVersion"`
		Kind       string    `yaml:"kind"`
		Metadata   metadata  `yaml:"metadata"`
		Spec       claimSpec `yaml:"spec"`
	}
	metadata struct {
		Name        string            `yaml:"name"`
		Namespace   string            `yaml:"namespace"`
		Labels      map[string]string `yaml:"labels"`
		Annotations map[string]string `yaml:"annotations"`
	}
	claimSpec struct {
		Modes     []string       `yaml:"accessModes"`
		Resources claimResources `yaml:"resources"`
	}
	claimResources struct {
		Requests claimAmount `yaml:"requests"`
	}
	claimAmount struct {
		Storage string `yaml:"storage"`
	}
)
