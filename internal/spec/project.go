package spec

import "slices"

// Project is a linked set of specs: everything that one repository contains, with
// every reference known to lead somewhere. Each list is sorted by name.
type Project struct {
	Repository Repository        `json:"repository"`
	Tags       map[string]string `json:"tags,omitempty"` // of the provider and the platform
	Platform   *Platform         `json:"platform"`
	Buckets    []*Bucket         `json:"buckets,omitempty"`
	Datasets   []*Dataset        `json:"datasets,omitempty"`
	Registries []*Registry       `json:"registries,omitempty"`
	Models     []*Model          `json:"models,omitempty"`
	Pipelines  []*Pipeline       `json:"pipelines,omitempty"`
	Endpoints  []*Endpoint       `json:"endpoints,omitempty"`
	GPUPools   []*GPUPool        `json:"gpu_pools,omitempty"`
	Identities []*Identity       `json:"identities,omitempty"`
	Secrets    []*Secret         `json:"secrets,omitempty"`

	index    map[Kind]map[string]Spec
	trainers map[string]*Pipeline // by model; the first by name
}

// Repository is where the emitted files go.
type Repository struct {
	URL     string `json:"url"` // without credentials
	Branch  string `json:"branch"`
	Path    string `json:"path,omitempty"`    // of a monorepo; "" is the root
	Starter string `json:"starter,omitempty"` // none or sklearn
}

func find[S any](p *Project, kind Kind, name string) S {
	s, _ := p.index[kind][name].(S)
	return s
}

// Bucket returns the bucket called name, or nil.
func (p *Project) Bucket(name string) *Bucket { return find[*Bucket](p, KindBucket, name) }

// Dataset returns the dataset called name, or nil.
func (p *Project) Dataset(name string) *Dataset { return find[*Dataset](p, KindDataset, name) }

// Registry returns the model registry called name, or nil.
func (p *Project) Registry(name string) *Registry { return find[*Registry](p, KindRegistry, name) }

// Model returns the registered model called name, or nil.
func (p *Project) Model(name string) *Model { return find[*Model](p, KindModel, name) }

// Pipeline returns the pipeline called name, or nil.
func (p *Project) Pipeline(name string) *Pipeline { return find[*Pipeline](p, KindPipeline, name) }

// Pool returns the GPU pool called name, or nil.
func (p *Project) Pool(name string) *GPUPool { return find[*GPUPool](p, KindGPUPool, name) }

// Identity returns the identity called name, or nil.
func (p *Project) Identity(name string) *Identity { return find[*Identity](p, KindIdentity, name) }

// Secret returns the secret called name, or nil.
func (p *Project) Secret(name string) *Secret { return find[*Secret](p, KindSecret, name) }

// Trainer returns the pipeline that trains a model, or nil.
func (p *Project) Trainer(model string) *Pipeline { return p.trainers[model] }

// Orchestrator is the system that runs a pipeline.
func (p *Project) Orchestrator(pl *Pipeline) string {
	if pl.Orchestrator != "" {
		return pl.Orchestrator
	}
	return p.Platform.Orchestrator
}

// TrackerOf is the registry that a pipeline's steps report to, or nil.
func (p *Project) TrackerOf(pl *Pipeline) *Registry {
	if pl.Tracking != "" {
		return p.Registry(pl.Tracking)
	}
	if pl.Trains != nil {
		if m := p.Model(pl.Trains.Model); m != nil {
			return p.Registry(string(m.Registry))
		}
	}
	return nil
}

// Destinations lists the environments that versions of a model may reach, in
// order: those of promotion.to, or all of the platform's.
func (p *Project) Destinations(m *Model) []string {
	all := p.Platform.EnvironmentNames()
	if len(m.Promotion.To) == 0 {
		return all
	}
	return slices.DeleteFunc(all, func(name string) bool { return !slices.Contains(m.Promotion.To, name) })
}

// EnvironmentsOf lists the environments in which an endpoint runs: those that its
// model may reach.
func (p *Project) EnvironmentsOf(e *Endpoint) []string { return p.Destinations(p.Model(e.Model)) }

// TrainingNamespace is where pipelines run.
func (p *Project) TrainingNamespace() string { return p.Platform.Name + "-training" }

// MonitoringNamespace is where rules and dashboards live.
func (p *Project) MonitoringNamespace() string { return p.Platform.Name + "-monitoring" }

// StorageNamespace is where the folders of local buckets are prepared.
func (p *Project) StorageNamespace() string { return p.Platform.Name + "-storage" }

// Namespace is where the endpoints of an environment run.
func (p *Project) Namespace(environment string) string { return p.Platform.Name + "-" + environment }

// ServingPriority and TrainingPriority are the PriorityClasses of this platform's pods.
func (p *Project) ServingPriority() string { return p.Platform.Name + "-serving" }

// TrainingPriority ranks below ServingPriority: a run waits, a caller does not.
func (p *Project) TrainingPriority() string { return p.Platform.Name + "-training" }

// Labels are on every object of the resource called name.
func (p *Project) Labels(name string) map[string]string {
	out := map[string]string{
		"app.kubernetes.io/managed-by": "terraform-provider-mlops",
		"app.kubernetes.io/name":       name,
		"app.kubernetes.io/part-of":    p.Platform.Name,
	}
	if p.Platform.Cloud == "azure" {
		out["azure.workload.identity/use"] = "true" // pods without it get no token of their identity
	}
	return out
}

// Annotations carry the owner and the tags, whose values need not be valid labels.
func (p *Project) Annotations() map[string]string {
	a := map[string]string{"mlops.dev/owner": p.Platform.Owner}
	for key, value := range p.Tags {
		a["tags.mlops.dev/"+key] = value
	}
	if p.Platform.Cloud == "google" {
		a["gke-gcsfuse/volumes"] = "true" // pods without it cannot mount a bucket
	}
	return a
}

// Claim is the PersistentVolumeClaim that is a bucket in a cluster, and where pods
// mount it.
func (p *Project) Claim(bucket string) (claim, mount string) { return bucket, "/mnt/" + bucket }

// PodUser is the user and group of all pods that share files on volumes.
const PodUser = 65532
