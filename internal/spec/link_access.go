package spec

import (
	"fmt"
	"slices"
	"strings"
)

// clouds are the orchestrators that are one cloud's own service.
var clouds = map[string]string{"sagemaker_pipelines": "aws", "azureml_pipelines": "azure", "vertex_pipelines": "google"}

// foreign says why an orchestrator cannot run on a cloud, or "".
func foreign(orchestrator, cloud string) string {
	home := clouds[orchestrator]
	if home == "" || home == cloud {
		return ""
	}
	return fmt.Sprintf("%q is a service of cloud %q, and the platform's cloud is %q: set cloud = %q, or choose an orchestrator that runs in the cluster: argo_workflows, kubeflow_pipelines, airflow, prefect, dagster", orchestrator, home, cloud, home)
}

// orchestrators reports those of pipelines that are of another cloud than the platform's.
func (l *linker) orchestrators() {
	for _, pl := range l.p.Pipelines {
		if why := foreign(pl.Orchestrator, l.p.Platform.Cloud); why != "" {
			l.fault(pl, At("orchestrator"), "%s", why)
		}
	}
}

// ofPlatform reports a resource of another platform.
func (l *linker) ofPlatform(s Spec, platform Ref) {
	if string(platform) != l.p.Platform.Name {
		l.fault(s, At("platform"), "belongs to platform %q, but this repository is of platform %q", platform, l.p.Platform.Name)
	}
}

func (l *linker) identity(i *Identity) {
	l.ofPlatform(i, i.Platform)
	if s := i.Subject; s != nil && s.Kubernetes != nil {
		l.sole(i, At("subject", "kubernetes", "service_account"), "the service account", s.Kubernetes.Namespace+"/"+s.Kubernetes.ServiceAccount)
	}
	for n, g := range i.Grants {
		at := At("grants").Index(n)
		l.refer(i, at.Attr("bucket"), KindBucket, string(g.Bucket))
		l.refer(i, at.Attr("secret"), KindSecret, string(g.Secret))
	}
}

func (l *linker) secret(s *Secret) {
	l.ofPlatform(s, s.Platform)
	if other, why := s.Foreign(l.p.Platform.SecretStore); why != "" {
		l.fault(s, At(other), "%s", why)
	}
	if s.Existing == "" && l.p.Platform.SecretStore == "" {
		l.fault(s, At("name"), "the platform has no secret_store to write it to: set one, or name a Secret of the cluster with existing")
	}
	if s.Existing == "" && l.p.Platform.SecretStore != "" {
		l.stored(s)
	}
}

// stored reports two secrets that one store keeps in one place.
func (l *linker) stored(s *Secret) {
	at, store := At("path"), l.p.Platform.SecretStore
	if s.Path == "" {
		at = At("name")
	}
	name := s.StoreName(store)
	switch store {
	case "vault":
		name = s.Mount() + "/" + name
	case "azure_key_vault":
		name = strings.ToLower(name) // which makes no difference of it
	}
	l.sole(s, at, "in the secret store,", name)
}

// takes reports a pipeline's identity that pods in the training namespace cannot take.
func (l *linker) takes(pl *Pipeline) {
	if !l.refer(pl, At("identity"), KindIdentity, pl.Identity) {
		return
	}
	k := l.p.Identity(pl.Identity).Subject.Kubernetes
	switch {
	case k == nil:
		l.fault(pl, At("identity"), "identity %q is not of the cluster: pods need one with subject = { kubernetes = { … } }", pl.Identity)
	case k.Namespace != l.p.TrainingNamespace():
		l.fault(pl, At("identity"), "identity %q is of namespace %q, and pipelines run in %q", pl.Identity, k.Namespace, l.p.TrainingNamespace())
	}
}

// fits reports a pool whose nodes do not have what a workload asks for.
func (l *linker) fits(s Spec, at Path, r *Resources, pool string) {
	if !l.refer(s, at, KindGPUPool, pool) || r == nil || r.Accelerator == nil {
		return
	}
	has, asks := l.p.Pool(pool).Accelerator, r.Accelerator
	if has == nil {
		return // reported with the pool
	}
	if has.Type != asks.Type || has.Count < asks.Count {
		l.fault(s, at, "a node of pool %q has %d %s, and the workload asks for %d %s: it would never start", pool, has.Count, has.Type, asks.Count, asks.Type)
	}
}

// reaches reports a secret that is not brought into the training namespace.
func (l *linker) reaches(s Spec, at Path, name string) {
	if !l.refer(s, at, KindSecret, name) {
		return
	}
	if secret := l.p.Secret(name); secret.Existing == "" && (secret.Sync == nil || !slices.Contains(secret.Sync.Namespaces, l.p.TrainingNamespace())) {
		l.fault(s, at, "secret %q is not brought into namespace %q, where the pods are: add it to sync.namespaces", name, l.p.TrainingNamespace())
	}
}
