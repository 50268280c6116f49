package argocd

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// endpoints deploys every endpoint's overlay of an environment.
func (r *renderer) endpoints(environment string) applicationSet {
	set := r.set(r.p.Namespace(environment)+".endpoints", "2", "endpoints/*/overlays/"+environment)
	set.Spec.Template = r.template(environment, 1, ".endpoint")
	set.Spec.Template.Metadata.Annotations["argocd.argoproj.io/compare-options"] = "ServerSideDiff=true"
	r.keep(&set, environment)
	return set
}

// drift deploys what watches the endpoints of an environment.
func (r *renderer) drift(environment string) applicationSet {
	set := r.set(r.p.Namespace(environment)+".drift", "3", "monitoring/*/drift/"+environment)
	set.Spec.Template = r.template(environment, 1, ".drift")
	r.keep(&set, environment)
	return set
}

// monitoring deploys the rules and dashboards of every endpoint, and those of the
// platform in monitoring/_platform, whose name Kubernetes does not take.
func (r *renderer) monitoring() applicationSet {
	set := r.set(r.p.MonitoringNamespace(), "3", "monitoring/*")
	set.Spec.Template = r.template("monitoring", 1, ".rules")
	set.Spec.Template.Metadata.Name = strings.Replace(set.Spec.Template.Metadata.Name, " }}", ` | replace "_" "0-" }}`, 1)
	set.Spec.Template.Spec.Project = r.platform()
	set.Spec.Template.Spec.Destination = r.target(r.p.MonitoringNamespace())
	return set
}

// set makes an Application of every folder that fits the pattern.
func (r *renderer) set(name, wave, folders string) applicationSet {
	set := applicationSet{APIVersion: apiVersion, Kind: "ApplicationSet", Metadata: r.metadata(name, wave)}
	set.Spec.GoTemplate, set.Spec.Options = true, []string{"missingkey=error"}
	set.Spec.Generators = []generator{{Git: gitGenerator{
		RepoURL: r.p.Repository.URL, Revision: r.p.Repository.Branch, Directories: []pathPattern{{r.within(folders)}},
	}}}
	return set
}

// template is the Application made of a folder. at is the place of the endpoint's
// name in the path below the repository's folder.
func (r *renderer) template(environment string, at int, suffix string) template {
	if prefix := r.p.Repository.Path; prefix != "" {
		at += strings.Count(prefix, "/") + 1
	}
	name := r.p.Namespace(environment) + ".{{ index .path.segments " + strconv.Itoa(at) + " }}" + suffix
	t := template{Metadata: templateMetadata{Name: name, Labels: r.p.Labels(environment), Annotations: map[string]string{}}}
	for key, value := range r.p.Annotations() {
		t.Metadata.Annotations[key] = literal(value)
	}
	t.Spec = applicationSpec{
		Project:    r.p.Namespace(environment),
		Source:     &source{RepoURL: literal(r.p.Repository.URL), Revision: literal(r.p.Repository.Branch), Path: "{{ .path.path }}"},
		SyncPolicy: automated(),
	}
	t.Spec.Destination = r.target(r.p.Namespace(environment))
	t.Spec.Destination.Name = literal(t.Spec.Destination.Name)
	return t
}

// literal writes text into a template of Go, where {{ would begin an action.
func literal(text string) string { return strings.ReplaceAll(text, "{{", `{{ "{{" }}`) }

// keep leaves running what the last environment has when the set itself is deleted.
func (r *renderer) keep(set *applicationSet, environment string) {
	if names := r.p.Platform.EnvironmentNames(); names[len(names)-1] == environment {
		set.Spec.Policy = &setPolicy{Preserve: true}
	}
}

// monitored reports whether rules are written: target prometheus does, into a folder
// for each endpoint and one for the platform.
func (r *renderer) monitored() bool {
	return slices.Contains(r.p.Platform.Observability.Metrics, "prometheus") && len(r.p.Endpoints)+len(r.p.Pipelines) > 0
}

// drifts reports whether an endpoint of the environment has monitors that run there.
func (r *renderer) drifts(environment string) bool {
	return slices.ContainsFunc(r.p.Endpoints, func(e *spec.Endpoint) bool {
		m := e.Monitors
		watched := m != nil && (m.Drift != nil || m.Quality != nil || m.Performance != nil)
		return watched && slices.Contains(r.p.EnvironmentsOf(e), environment)
	})
}
