package argocd

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/components"
)

// platform is the name of the project that charts and shared folders belong to.
func (r *renderer) platform() string { return r.p.Platform.Name + ".platform" }

// rootProject lets the root Application write Argo CD's own kinds and nothing else.
func (r *renderer) rootProject() project {
	out := project{APIVersion: apiVersion, Kind: "AppProject", Metadata: r.metadata(r.p.Platform.Name, "-10")}
	out.Spec = projectSpec{
		Description: "The entry point of " + r.p.Platform.Name, SourceRepos: []string{r.p.Repository.URL},
		Destinations: []destination{{Server: local, Namespace: namespace}},
		Namespaced:   []kind{{"argoproj.io", "AppProject"}, {"argoproj.io", "Application"}, {"argoproj.io", "ApplicationSet"}},
	}
	return out
}

// platformProject allows the charts, and what this repository shares.
func (r *renderer) platformProject() project {
	repositories := []string{r.p.Repository.URL}
	namespaces := []string{r.p.TrainingNamespace(), r.p.MonitoringNamespace(), r.p.StorageNamespace()}
	for _, environment := range r.p.Platform.EnvironmentNames() {
		namespaces = append(namespaces, r.p.Namespace(environment))
	}
	for _, c := range r.components {
		namespaces = append(namespaces, c.Namespace)
		for _, chart := range c.Charts {
			repositories = append(repositories, strings.TrimPrefix(chart.Repository, "oci://"))
			namespaces = append(namespaces, chart.External...)
		}
	}
	kinds := slices.Clone(clusterKinds)
	for _, f := range components.Folders(r.p) {
		namespaces = append(namespaces, f.Namespaces...)
		for _, k := range f.Cluster {
			kinds = append(kinds, kind{k.Group, k.Kind})
		}
	}
	slices.Sort(repositories[1:])
	slices.Sort(namespaces)
	out := project{APIVersion: apiVersion, Kind: "AppProject", Metadata: r.metadata(r.platform(), "-10")}
	out.Spec = projectSpec{Description: "Charts and shared folders of " + r.p.Platform.Name, SourceRepos: slices.Compact(repositories), Cluster: kinds}
	for _, ns := range slices.Compact(namespaces) {
		out.Spec.Destinations = append(out.Spec.Destinations, r.target(ns))
	}
	return out
}

// clusterKinds are the kinds without a namespace that charts and platform/base write.
var clusterKinds = []kind{
	{"", "Namespace"}, {"", "PersistentVolume"}, {"scheduling.k8s.io", "PriorityClass"},
	{"admissionregistration.k8s.io", "MutatingWebhookConfiguration"}, {"admissionregistration.k8s.io", "ValidatingWebhookConfiguration"},
	{"apiextensions.k8s.io", "CustomResourceDefinition"}, {"apiregistration.k8s.io", "APIService"},
	{"rbac.authorization.k8s.io", "ClusterRole"}, {"rbac.authorization.k8s.io", "ClusterRoleBinding"},
	{"serving.kserve.io", "ClusterServingRuntime"}, {"serving.kserve.io", "ClusterStorageContainer"},
}

// environmentProject allows one namespace and nothing outside of it. While the
// environment is frozen nothing is synced by itself; a person still can, for a
// roll-back must not wait.
func (r *renderer) environmentProject(environment string) project {
	out := project{APIVersion: apiVersion, Kind: "AppProject", Metadata: r.metadata(r.p.Namespace(environment), "-10")}
	out.Spec = projectSpec{
		Description: "Endpoints of " + environment, SourceRepos: []string{r.p.Repository.URL},
		Destinations: []destination{r.target(r.p.Namespace(environment))},
	}
	for _, f := range r.p.Platform.Environments[environment].Freeze {
		zone := f.Timezone
		if zone == "" {
			zone = "UTC"
		}
		out.Spec.Windows = append(out.Spec.Windows, window{
			Kind: "deny", Schedule: spec.SundayAsZero(f.Cron), Duration: duration(f.Duration), Zone: zone, Applications: []string{"*"}, Manual: true,
		})
	}
	return out
}

// duration writes a length in Go's notation, which knows no days and weeks.
func duration(d spec.Duration) string {
	length, _ := d.Value()
	if length%time.Hour == 0 {
		return strconv.Itoa(int(length/time.Hour)) + "h"
	}
	return length.String()
}

func waveOf(wave int) string { return strconv.Itoa(wave) }
