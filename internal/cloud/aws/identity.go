package aws

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func newIdentities(c *clients) cloud.Kind[cloud.Identity] {
	return cloud.Kind[cloud.Identity]{Plan: identityPlan{c}, Store: identities{c}}
}

// Where roles are, and what their policy is called.
const (
	rolePath       = "/mlops/"
	policyName     = "mlops"
	longestRole    = 64
	charactersHash = 8
)

// roleName is PLATFORM-NAME, with a hash at its end where that is too long.
func roleName(i cloud.Identity) string {
	name := string(i.Identity.Platform) + "-" + i.Name
	if i.On.Platform != nil {
		name = i.On.Platform.Name + "-" + i.Name
	}
	if len(name) <= longestRole {
		return name
	}
	return name[:longestRole-charactersHash-1] + "-" + spec.Hash(name)[:charactersHash]
}

// Expected is the ARN that the role of an identity will have, "" where nothing says in
// which account.
func (d dialect) Expected(i cloud.Identity) string {
	return whereOf(i, d.config).role(roleName(i))
}

func (w where) role(name string) string {
	if w.account == "" {
		return ""
	}
	return "arn:" + w.partition() + ":iam::" + w.account + ":role" + rolePath + name
}

// roleOf is the name in the ARN of a role.
func roleOf(id string) (string, error) {
	parts := strings.SplitN(id, ":", 6)
	if len(parts) != 6 || parts[2] != "iam" || !strings.HasPrefix(parts[5], "role/") {
		return "", fmt.Errorf("%q is not the ARN of a role, such as arn:aws:iam::123456789012:role/mlops/fraud-trainer", id)
	}
	return parts[5][strings.LastIndex(parts[5], "/")+1:], nil
}

func identityText(i cloud.Identity, role string) string {
	return fmt.Sprintf("identity %q (role %q)", i.Name, role)
}

type identityPlan struct{ *clients }

// Settings are those of the role, and of the association that hands it to pods.
func (p identityPlan) Settings(i cloud.Identity) (cloud.Settings, error) {
	out, err := wanted(i, whereOf(i, p.Config), p.PermissionsBoundary)
	if err != nil {
		return nil, fmt.Errorf("identity %q: %w", i.Name, err)
	}
	return out, nil
}

// Fixed is what IAM and EKS never change of a role and of an association.
func (identityPlan) Fixed() []string { return []string{"role", "pod_identity"} }

// wanted are the settings as far as they are known.
func wanted(i cloud.Identity, w where, boundary string) (cloud.Settings, error) {
	if err := checkTags(marked(i.On, i.Name)); err != nil {
		return nil, err
	}
	out := cloud.Settings{"role": roleName(i), "tags": jsonText(marked(i.On, i.Name)), "pod_identity": none, "other_policies": none}
	for _, d := range []struct {
		name string
		make func(cloud.Identity, where) (string, error)
	}{{"trust", trust}, {"policy", checkedPolicy}} {
		text, err := d.make(i, w)
		switch {
		case errors.Is(err, cloud.ErrLater):
			out[d.name] = cloud.Later
		case err != nil:
			return nil, err
		case text == "":
			out[d.name] = none
		default:
			out[d.name] = meaningOfPolicy(text)
		}
	}
	if boundary != "" {
		out["boundary"] = boundary
	}
	if podIdentity(i) {
		out["pod_identity"], out["pod_identity_role"] = placeOfPods(i), out["role"]
		out["pod_identity_session"], out["pod_identity_tags"] = none, out["tags"]
	}
	return out, nil
}

// checkedPolicy is the policy of a role, "" of one that is granted nothing: IAM takes no
// policy without statements.
func checkedPolicy(i cloud.Identity, w where) (string, error) {
	statements, err := granted(i, w)
	if err != nil || len(statements) == 0 {
		return "", err
	}
	out := document(statements)
	if len(out) > longestPolicy {
		return "", fmt.Errorf("the policy of its grants has %d characters, and IAM takes %d for a role: grant fewer prefixes, or split the identity", len(out), longestPolicy)
	}
	return out, nil
}

// identities are kept by the ARNs of their roles.
type identities struct{ *clients }

// task is one identity under way.
type task struct {
	identities
	cloud.Identity
	where
	role  string
	trust string
	// policy is "" for a role that is granted nothing.
	policy string
}

// begin completes what was not known when it was planned.
func (s identities) begin(ctx context.Context, i cloud.Identity, role string) (task, error) {
	out := task{identities: s, Identity: i, where: whereOf(i, s.Config), role: role}
	if out.account == "" {
		account, err := s.accountID(ctx, out.region)
		if err != nil {
			return out, err
		}
		out.account = account
	}
	var err error
	if out.trust, err = trust(i, out.where); err == nil {
		out.policy, err = checkedPolicy(i, out.where)
	}
	if err != nil {
		return out, fmt.Errorf("identity %q: %w", i.Name, err)
	}
	return out, checkTags(marked(i.On, i.Name))
}

func (t task) text() string { return identityText(t.Identity, t.role) }

// Create makes the role with its marks, its policy, and the association with the pods.
func (s identities) Create(ctx context.Context, i cloud.Identity) (string, error) {
	t, err := s.begin(ctx, i, roleName(i))
	if err != nil {
		return "", err
	}
	if err := t.checkProvider(ctx); err != nil {
		return "", err
	}
	id, err := t.makeRole(ctx)
	if err != nil {
		return id, err
	}
	return id, t.apply(ctx, id, "NoSuchEntity")
}

// Update puts every setting.
func (s identities) Update(ctx context.Context, id string, i cloud.Identity) error {
	role, err := roleOf(id)
	if err != nil {
		return err
	}
	i.On.ID = id
	t, err := s.begin(ctx, i, role)
	if err != nil {
		return err
	}
	return t.apply(ctx, id)
}

// apply puts the settings of the role, then hands it to the pods.
func (t task) apply(ctx context.Context, id string, also ...string) error {
	client, err := t.iam(ctx, t.region, also...)
	if err != nil {
		return err
	}
	for _, put := range []func(context.Context, *iam.Client) error{t.putTrust, t.putPolicy, t.dropOthers, t.putTags, t.putBoundary} {
		if err := put(ctx, client); err != nil {
			return translate(t.text(), err)
		}
	}
	if !podIdentity(t.Identity) {
		return nil
	}
	return t.associate(ctx, id)
}

// Read gives the settings of a role and, where pods get it from EKS, of its association.
func (s identities) Read(ctx context.Context, id string, i cloud.Identity) (cloud.Settings, error) {
	role, err := roleOf(id)
	if err != nil {
		return nil, err
	}
	i.On.ID = id
	t := task{identities: s, Identity: i, where: whereOf(i, s.Config), role: role}
	client, err := s.iam(ctx, t.region)
	if err != nil {
		return nil, err
	}
	out, err := t.readRole(ctx, client)
	if err != nil {
		return nil, translate(t.text(), err)
	}
	if i.Subject != nil {
		out["pod_identity"] = none // of an imported one nobody knows
	}
	if podIdentity(i) && clusterOf(i) != "" {
		if err := t.associated(ctx, id, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Delete takes the role from the pods, then removes it with all that hangs on it.
func (s identities) Delete(ctx context.Context, id string, i cloud.Identity) error {
	role, err := roleOf(id)
	if err != nil {
		return err
	}
	i.On.ID = id
	t := task{identities: s, Identity: i, where: whereOf(i, s.Config), role: role}
	client, err := s.iam(ctx, t.region)
	if err != nil {
		return err
	}
	_, absent := client.GetRole(ctx, &iam.GetRoleInput{RoleName: &role})
	if absent != nil && !isCode(absent, "NoSuchEntity") {
		return translate(t.text(), absent)
	}
	if podIdentity(i) && clusterOf(i) != "" {
		if err := t.dissociate(ctx, id); err != nil {
			return err
		}
	}
	if absent != nil {
		return translate(t.text(), absent)
	}
	return t.removeRole(ctx, client)
}
