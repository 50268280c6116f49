package aws_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws/awsfake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

var (
	pods   = spec.Subject{Kubernetes: &spec.KubernetesSubject{Namespace: "fraud-training", ServiceAccount: "trainer"}}
	github = spec.Subject{GitHub: &spec.GitHubSubject{Repository: "acme/fraud", Environment: "prod"}}
	gitlab = spec.Subject{GitLab: &spec.GitLabSubject{Project: "acme/ml/fraud", Branch: "main"}}
)

func identity(on cloud.On, subject spec.Subject, grants ...cloud.Grant) cloud.Identity {
	return cloud.Identity{Identity: &spec.Identity{Platform: "fraud", Name: "trainer", Subject: &subject}, On: on, Grants: grants}
}

func onBucket(access, name, prefix string) cloud.Grant {
	return cloud.Grant{Access: access, Bucket: &spec.Bucket{Platform: "fraud", Name: name}, Prefix: prefix}
}

const roleID = "arn:aws:iam::" + account + ":role/mlops/fraud-trainer"

// tamperRole are changes of each setting behind the driver's back.
func tamperRole(t *testing.T, r cloudtest.Rig, _, setting string) {
	fake := r.Fake.(*awsfake.Account)
	switch setting {
	case "pod_identity_role":
		fake.EditPods(func(*awsfake.Pod) bool { return false })
		return
	case "pod_identity_session":
		fake.EditPods(func(p *awsfake.Pod) bool { p.TargetRoleArn = "arn:aws:iam::210987654321:role/admin"; return true })
		return
	case "pod_identity_tags":
		fake.EditPods(func(p *awsfake.Pod) bool { p.Tags = map[string]string{"owner": "another", "theirs": "1"}; return true })
		return
	}
	fake.EditRole("fraud-trainer", func(role *awsfake.Role) {
		switch setting {
		case "trust":
			role.Trust = strings.Replace(role.Trust, `"Effect":"Allow"`, `"Effect":"Deny"`, 1)
		case "policy":
			role.Inline["mlops"] = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
		case "other_policies":
			role.Inline["theirs"] = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
			role.Attached = append(role.Attached, "arn:aws:iam::aws:policy/AdministratorAccess")
		case "tags":
			role.Tags["owner"] = "another"
		case "boundary":
			role.Boundary = ""
		default:
			t.Fatalf("no change by hand of %s", setting)
		}
	})
}

func identityCase(name string, o cloud.On, subject spec.Subject) cloudtest.Case[cloud.Identity] {
	after := o
	after.Tags = map[string]string{"owner": "ops", "cost-centre": "42"}
	return cloudtest.Case[cloud.Identity]{
		Name:   name,
		Kind:   func(c cloud.Cloud) cloud.Kind[cloud.Identity] { return c.Identities },
		Before: identity(o, subject, onBucket("read", "data", "transactions/")),
		After: identity(after, subject, onBucket("write", "artifacts", "models/"), cloud.Grant{
			Access: "read", Secret: &spec.Secret{Platform: "fraud", Name: "tracker"}, Reference: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:fraud/tracker-AbCdEf",
		}),
		With:   func(i cloud.Identity, id string) cloud.Identity { i.On.ID = id; return i },
		Tamper: tamperRole,
		Foreign: func(_ *testing.T, r cloudtest.Rig) {
			r.Fake.(*awsfake.Account).AddRole("fraud-trainer", awsfake.Role{Path: "/", Trust: "{}", Tags: map[string]string{"managed-by": "hand"}})
		},
	}
}

func TestIdentities(t *testing.T) {
	t.Parallel()
	irsa := on()
	irsa.Platform = platform(func(p *spec.Platform) { p.Cluster.OIDCIssuer = "https://oidc.eks.eu-west-1.amazonaws.com/id/ABC" })
	bounded := func(c *aws.Config) {
		c.Account, c.PermissionsBoundary = account, "arn:aws:iam::"+account+":policy/boundary"
	}
	cloudtest.Run(t, openAccount(nil), identityCase("pod identity", on(), pods))
	cloudtest.Run(t, openAccount(bounded), identityCase("irsa", irsa, pods))
	cloudtest.Life(t, openAccount(nil), identityCase("github", on(), github))
	cloudtest.Life(t, openAccount(nil), identityCase("gitlab", on(), gitlab))
}

func TestIdentityWithoutGrants(t *testing.T) {
	t.Parallel()
	deleted := &answers{operation: "DeleteRolePolicy"}
	c, fake := direct(t, func(config *aws.Config) { deleted.next, config.HTTPClient = config.HTTPClient, deleted })
	some, nothing := identity(on(), pods, onBucket("read", "data", "")), identity(on(), pods)
	id, err := c.Identities.Store.Create(t.Context(), nothing)
	if err != nil || id != roleID || len(deleted.at) != 1 {
		t.Fatalf("create: %q, %v, after %d tries to delete a policy that never was", id, err, len(deleted.at))
	}
	for _, i := range []cloud.Identity{some, nothing} {
		i.On.ID = id
		if err := c.Identities.Store.Update(t.Context(), id, i); err != nil {
			t.Fatal(err)
		}
		want, err := c.Identities.Plan.Settings(i)
		got, failed := c.Identities.Store.Read(t.Context(), id, i)
		if err != nil || failed != nil || got["policy"] != want["policy"] || (want["policy"] == "none") != (len(i.Grants) == 0) {
			t.Errorf("policy is %q, want %q; %v, %v", got["policy"], want["policy"], err, failed)
		}
	}
	fake.EditRole("fraud-trainer", func(r *awsfake.Role) {
		if len(r.Inline) != 0 {
			t.Errorf("policies that are left over: %v", r.Inline)
		}
		r.Attached, r.Profiles, r.Inline["theirs"] = []string{"arn:aws:iam::aws:policy/X", "a", "b"}, []string{"p"}, "{}"
	})
	if err := c.Identities.Store.Delete(t.Context(), id, nothing); err != nil || fake.Count() != 0 {
		t.Errorf("delete of a role with more on it: %v, %d objects left", err, fake.Count())
	}
}

func TestIdentityRefused(t *testing.T) {
	t.Parallel()
	c, _ := direct(t, nil)
	nowhere := on()
	nowhere.Platform = platform(func(p *spec.Platform) { p.Cluster = nil })
	encrypted := onBucket("read", "data", "")
	encrypted.Bucket.KMSKey = "alias/ml"
	var many []cloud.Grant
	for n := range 60 {
		many = append(many, onBucket("write", "data", strings.Repeat("x", 100)+string(rune('a'+n%26))+string(rune('a'+n/26))))
	}
	long := github
	long.GitHub = &spec.GitHubSubject{Repository: "acme/fraud", Environment: strings.Repeat("e", 2000)}
	for says, i := range map[string]cloud.Identity{
		"set subject.github.environment": identity(on(), spec.Subject{GitHub: &spec.GitHubSubject{Repository: "acme/fraud"}}),
		"set subject.gitlab.branch":      identity(on(), spec.Subject{GitLab: &spec.GitLabSubject{Project: "acme/fraud"}}),
		"set cluster.name":               identity(nowhere, pods),
		"is an alias":                    identity(on(), pods, encrypted),
		"mean something else":            identity(on(), pods, onBucket("read", "data", "${aws:username}/")),
		"IAM takes 10240 for a role":     identity(on(), pods, many...),
		"IAM takes 2048":                 identity(withAccount(on()), long),
		"is no bucket of S3":             identity(on(), pods, cloud.Grant{Access: "read", Bucket: &spec.Bucket{Name: "x", Existing: "gs://x"}}),
		"without the rest of its ARN":    identity(on(), pods, cloud.Grant{Access: "read", Bucket: &spec.Bucket{Name: "x", Existing: "arn:aws:s3:::theirs"}}),
		`tag "owner" = "a;b"`:            identity(on("owner", "a;b"), pods),
	} {
		if got, err := c.Identities.Plan.Settings(i); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("settings %v, %v; want an error with %q", got, err, says)
		}
	}
}

func withAccount(o cloud.On) cloud.On { o.ID = roleID; return o }

// What only the account knows is known after apply, or when the configuration names it.
func TestIdentityBeforeItsAccountIsKnown(t *testing.T) {
	t.Parallel()
	i := identity(on(), pods, cloud.Grant{Access: "read", Secret: &spec.Secret{Platform: "fraud", Name: "tracker"}})
	for _, c := range []struct {
		account string
		later   bool
	}{{"", true}, {account, false}} {
		driver := aws.New(aws.Config{Account: c.account})
		got, err := driver.Identities.Plan.Settings(i)
		if err != nil || (got["trust"] == cloud.Later) != c.later || (got["policy"] == cloud.Later) != c.later || got["role"] != "fraud-trainer" {
			t.Errorf("account %q: settings %v, %v", c.account, got, err)
		}
		if _, err := driver.Policy(i); errors.Is(err, cloud.ErrLater) != c.later {
			t.Errorf("account %q: policy: %v", c.account, err)
		}
	}
	i.Grants[0].Reference = cloud.Later
	if _, err := aws.New(aws.Config{Account: account}).Policy(i); !errors.Is(err, cloud.ErrLater) {
		t.Errorf("a secret that will be made: %v", err)
	}
}

func TestRoleNames(t *testing.T) {
	t.Parallel()
	c := aws.New(aws.Config{Account: account})
	seen := map[string]bool{}
	for _, name := range []string{"trainer", strings.Repeat("n", 58), strings.Repeat("n", 59), strings.Repeat("n", 59) + "a", strings.Repeat("n", 59) + "b"} {
		i := identity(on(), pods)
		i.Name = name
		got, err := c.Identities.Plan.Settings(i)
		if err != nil || len(got["role"]) > 64 || seen[got["role"]] {
			t.Errorf("role of %q is %q, %v", name, got["role"], err)
		}
		seen[got["role"]] = true
	}
}

// Nobody can take a role whose provider is missing, and the provider may be made later:
// the user is told.
func TestProviderIsMissing(t *testing.T) {
	t.Parallel()
	var told []string
	c, _ := direct(t, nil)
	o := on()
	o.Platform = platform(func(p *spec.Platform) { p.Cluster.OIDCIssuer = "https://oidc.eks.eu-west-1.amazonaws.com/id/NONE" })
	id, err := c.Identities.Store.Create(cloud.Warned(t.Context(), func(text string) { told = append(told, text) }), identity(o, pods))
	if said := strings.Join(told, "\n"); id != roleID || err != nil || !strings.Contains(said, "create-open-id-connect-provider --url https://oidc.eks.eu-west-1.amazonaws.com/id/NONE") {
		t.Errorf("create: %q, %v, and the user is told %q", id, err, said)
	}
}

func TestClusterIsMissing(t *testing.T) {
	t.Parallel()
	c, _ := direct(t, nil)
	o := on()
	o.Platform = platform(func(p *spec.Platform) { p.Cluster.Name = "other" })
	i := identity(o, pods)
	id, err := c.Identities.Store.Create(t.Context(), i)
	if id != roleID || err == nil || errors.Is(err, cloud.ErrNotFound) || !strings.Contains(err.Error(), `no cluster "other" in eu-west-1`) {
		t.Errorf("create: %q, %v", id, err)
	}
	if err := c.Identities.Store.Delete(t.Context(), id, i); err != nil {
		t.Errorf("delete without the cluster: %v", err)
	}
}

func TestNoRole(t *testing.T) {
	t.Parallel()
	c, _ := direct(t, nil)
	if _, err := c.Identities.Store.Read(t.Context(), "trainer", identity(on(), pods)); err == nil || !strings.Contains(err.Error(), "is not the ARN of a role, such as") {
		t.Errorf("read of %q: %v", "trainer", err)
	}
}
