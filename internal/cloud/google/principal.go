package google

import (
	"context"
	"fmt"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

var (
	poolForm   = pattern.New(`^projects/[0-9]+/locations/global/workloadIdentityPools/[a-z0-9-]{4,32}$`)
	numberForm = pattern.New(`^[0-9]+$`)
)

// principal names an identity in policies: the workload itself, no account that it would
// have to take on. It is cloud.ErrLater while the project's number is unknown.
func (d dialect) principal(i cloud.Identity) (string, error) {
	if i.Subject == nil {
		return "", fmt.Errorf("the identity %q has no subject", i.Name)
	}
	if k := i.Subject.Kubernetes; k != nil {
		if where := clusterProject(i.On); where != "" && where != d.project {
			return "", fmt.Errorf("%w: the cluster is in project %s, and its pods have principals of that project: set project in the provider's google block to it, not %q", cloud.ErrUnsupported, where, d.project)
		}
		number := d.number
		if first, _, _ := strings.Cut(i.On.ID, "/"); numberForm.MatchString(first) {
			number = first
		}
		if number != "" && !numberForm.MatchString(number) {
			return "", fmt.Errorf("project_number %q is no number: `gcloud projects describe %s` shows it", number, d.project)
		}
		if d.project == "" || number == "" {
			return "", fmt.Errorf("the number of project %q: %w", d.project, cloud.ErrLater)
		}
		return fmt.Sprintf("principal://iam.googleapis.com/projects/%s/locations/global/workloadIdentityPools/%s.svc.id.goog/subject/ns/%s/sa/%s", number, d.project, k.Namespace, k.ServiceAccount), nil
	}
	if err := narrow(i.Identity); err != nil {
		return "", err
	}
	if !poolForm.MatchString(d.pool) {
		return "", fmt.Errorf("workflows of a forge come through a workload identity pool: set workload_identity_pool in the provider's google block to projects/NUMBER/locations/global/workloadIdentityPools/POOL, not %q", d.pool)
	}
	if n := len(i.Principal()); n > 127 {
		return "", fmt.Errorf("the subject %q has %d characters, and a pool takes at most 127", i.Principal(), n)
	}
	return "principal://iam.googleapis.com/" + d.pool + "/subject/" + i.Principal(), nil
}

// clusterProject is the project that the id of a cluster names, "" for one that is called by
// its name only.
func clusterProject(on cloud.On) string {
	if on.Platform == nil || on.Platform.Cluster == nil {
		return ""
	}
	if id := clusterForm.FindStringSubmatch(on.Platform.Cluster.Name); id != nil {
		return id[1]
	}
	return ""
}

// narrow refuses a subject that no single token has: a principal is compared as a whole.
func narrow(i *spec.Identity) error {
	switch s := i.Subject; {
	case s.GitHub != nil && s.GitHub.Environment == "":
		return fmt.Errorf("the subject %q is too wide: name the environment of the repository, as Google Cloud compares the whole subject", i.Principal())
	case s.GitLab != nil && s.GitLab.Branch == "":
		return fmt.Errorf("the subject %q is too wide: name the branch of the project, as Google Cloud compares the whole subject", i.Principal())
	}
	return nil
}

// number is that of the project, asked once.
func (s services) number(ctx context.Context) (string, error) {
	if s.ProjectNumber != "" {
		return s.ProjectNumber, nil
	}
	if known, there := s.numbers.Load(s.Project); there {
		return fmt.Sprint(known), nil
	}
	api, err := s.projects()
	if err != nil {
		return "", err
	}
	p, err := api.Projects.Get("projects/" + s.Project).Context(ctx).Do()
	if err != nil {
		return "", fmt.Errorf("number of project %q: %w; or set project_number in the provider's google block", s.Project, failure(err, "resourcemanager.projects.get"))
	}
	number := strings.TrimPrefix(p.Name, "projects/")
	s.numbers.Store(s.Project, number)
	return number, nil
}
