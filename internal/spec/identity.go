package spec

import (
	"slices"
	"strings"
)

// Identity is who a workload is, and what it may read and write.
type Identity struct {
	Platform Ref      `json:"platform" ref:"platform"`
	Name     string   `json:"name"`
	Subject  *Subject `json:"subject"`
	Grants   []Grant  `json:"grants,omitempty"`
	Existing string   `json:"existing,omitempty" text:"filled"`
	// Address is what the cloud calls the identity where its service account has to say
	// so: the ARN of a role, a client id. The provider fills it in.
	Address string `json:"address,omitempty"`
}

// Subject is who takes the identity: exactly one is set.
type Subject struct {
	Kubernetes *KubernetesSubject `json:"kubernetes,omitempty"`
	GitHub     *GitHubSubject     `json:"github,omitempty"`
	GitLab     *GitLabSubject     `json:"gitlab,omitempty"`
}

// KubernetesSubject is a service account.
type KubernetesSubject struct {
	Namespace      string `json:"namespace"`
	ServiceAccount string `json:"service_account"`
}

// GitHubSubject is a workflow of a repository, in one environment when it is named.
type GitHubSubject struct {
	Repository  string `json:"repository"`
	Environment string `json:"environment,omitempty" text:"filled"`
}

// GitLabSubject is a job of a project, on one branch when it is named.
type GitLabSubject struct {
	Project string `json:"project"`
	Branch  string `json:"branch,omitempty" text:"filled"`
}

// Grant lets an identity read, or read and write, below a prefix of a bucket; or read a
// secret. Exactly one of bucket and secret is set.
type Grant struct {
	Access string `json:"access"`
	Bucket Ref    `json:"bucket,omitempty" ref:"bucket" text:"filled"`
	Prefix string `json:"prefix,omitempty"`
	Secret Ref    `json:"secret,omitempty" ref:"secret" text:"filled"`
}

// Kind is KindIdentity.
func (*Identity) Kind() Kind { return KindIdentity }

// ID is the identity's name.
func (i *Identity) ID() string { return i.Name }

func (*Identity) complete() {}

func (i *Identity) checkValues(c *checker) {
	c.host(At("name"), i.Name, 52)
	c.required(At("platform"), string(i.Platform))
	if s := i.Subject; s != nil {
		s.check(c)
	}
	for n, g := range i.Grants {
		g.check(c, At("grants").Index(n))
	}
}

func (s Subject) check(c *checker) {
	at := At("subject")
	if k := s.Kubernetes; k != nil {
		c.label(at.Attr("kubernetes").Attr("namespace"), k.Namespace, 63)
		c.label(at.Attr("kubernetes").Attr("service_account"), k.ServiceAccount, 63)
	}
	if g := s.GitHub; g != nil {
		owner, name, two := strings.Cut(g.Repository, "/")
		if c.required(at.Attr("github").Attr("repository"), g.Repository) && (!two || owner == "" || name == "" || strings.ContainsAny(g.Repository, "*? :")) {
			c.fault(at.Attr("github").Attr("repository"), "%q must be OWNER/NAME, without wildcards", g.Repository)
		}
		c.literal(at.Attr("github").Attr("environment"), g.Environment, "an environment")
	}
	if g := s.GitLab; g != nil {
		if c.required(at.Attr("gitlab").Attr("project"), g.Project) && (!strings.Contains(g.Project, "/") || strings.ContainsAny(g.Project, "*? :")) {
			c.fault(at.Attr("gitlab").Attr("project"), "%q must be GROUP/PROJECT, without wildcards", g.Project)
		}
		c.literal(at.Attr("gitlab").Attr("branch"), g.Branch, "a branch")
	}
}

// literal reports wildcards where policies compare letter by letter.
func (c *checker) literal(at Path, text, what string) {
	if strings.ContainsAny(text, "*?") {
		c.fault(at, "%q must be the name of %s, without wildcards: policies compare it letter by letter", text, what)
	}
}

func (g Grant) check(c *checker, at Path) {
	if c.required(at.Attr("access"), g.Access) {
		c.choice(at.Attr("access"), "access", g.Access)
	}
	both := g.Bucket != "" && g.Secret != ""
	none := g.Bucket == "" && g.Secret == ""
	if (both || none) && c.knows(at.Attr("bucket"), at.Attr("secret")) {
		c.misplaced(at, "needs exactly one of bucket and secret")
	}
	if strings.ContainsAny(string(g.Bucket)+string(g.Secret)+g.Prefix, "*?") {
		c.misplaced(at, "a wildcard would grant more than is named: name the bucket, the prefix or the secret itself")
	}
	if g.Secret != "" && g.Access == "write" && c.knows(at.Attr("access")) {
		c.fault(at.Attr("access"), "\"write\" is for buckets: workloads read secrets, and mlops_secret writes them")
	}
	if g.Prefix != "" && g.Secret != "" {
		c.fault(at.Attr("prefix"), "belongs to a bucket: a secret is granted as a whole")
	}
	if strings.HasPrefix(g.Prefix, "/") || slices.Contains(strings.Split(g.Prefix, "/"), "..") {
		c.fault(at.Attr("prefix"), "%q must be a prefix of object names, such as transactions/", g.Prefix)
	}
}

func (i *Identity) checkWhole(c *checker) {
	if !c.knowsKeys(At("subject")) {
		return
	}
	set := 0
	if s := i.Subject; s != nil {
		for _, there := range []bool{s.Kubernetes != nil, s.GitHub != nil, s.GitLab != nil} {
			if there {
				set++
			}
		}
	}
	if set != 1 {
		c.fault(At("subject"), "needs exactly one of kubernetes, github, gitlab; %d are set", set)
	}
}

// Principal names the subject, as it stands in policies.
func (i *Identity) Principal() string {
	switch s := i.Subject; {
	case s == nil:
		return ""
	case s.Kubernetes != nil:
		return "system:serviceaccount:" + s.Kubernetes.Namespace + ":" + s.Kubernetes.ServiceAccount
	case s.GitHub != nil && s.GitHub.Environment != "":
		return "repo:" + s.GitHub.Repository + ":environment:" + s.GitHub.Environment
	case s.GitHub != nil:
		return "repo:" + s.GitHub.Repository
	case s.GitLab != nil && s.GitLab.Branch != "":
		return "project_path:" + s.GitLab.Project + ":ref_type:branch:ref:" + s.GitLab.Branch
	case s.GitLab != nil:
		return "project_path:" + s.GitLab.Project
	}
	return ""
}

// annotated are the annotations by which the workload identity of a managed cluster
// finds an identity of its cloud. Sources: EKS (IRSA), GKE (Workload Identity
// Federation), AKS (Workload Identity).
var annotated = map[string]string{
	"aws": "eks.amazonaws.com/role-arn", "google": "iam.gke.io/gcp-service-account", "azure": "azure.workload.identity/client-id",
}

// Annotations are those of the service account on a cloud.
func (i *Identity) Annotations(cloud string) map[string]string {
	out := map[string]string{"mlops.dev/identity": i.Name}
	address := i.Address
	or(&address, i.Existing)
	if key := annotated[cloud]; key != "" && address != "" {
		out[key] = address
	}
	return out
}

// Policy is what an identity may do: the least that its grants need, and nothing else.
type Policy struct {
	Version   string      `json:"version"`
	Principal string      `json:"principal"`
	Allow     []Allowance `json:"allow"`
}

// Allowance lets a principal do actions on one bucket below a prefix, or on one secret.
type Allowance struct {
	Actions []string `json:"actions"`
	Bucket  string   `json:"bucket,omitempty"`
	Prefix  string   `json:"prefix,omitempty"`
	Secret  string   `json:"secret,omitempty"`
}

// Policy computes the policy of an identity in the terms of the language. Nobody may
// delete: what is superseded stays as an older version.
func (i *Identity) Policy() Policy {
	out := Policy{Version: "1", Principal: i.Principal(), Allow: []Allowance{}}
	for _, g := range i.Grants {
		a := Allowance{Actions: []string{"list", "read"}, Bucket: string(g.Bucket), Prefix: g.Prefix, Secret: string(g.Secret)}
		switch {
		case g.Secret != "":
			a.Actions = []string{"read"}
		case g.Access == "write":
			a.Actions = []string{"list", "read", "write"}
		}
		out.Allow = append(out.Allow, a)
	}
	return out
}
