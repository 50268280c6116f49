package aws

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// checkProvider looks for the OIDC provider that vouches for the subject, and warns when
// there is none: IAM takes a role that trusts nobody yet, and the provider may be made
// later. Who may not look goes on without.
func (t task) checkProvider(ctx context.Context) error {
	if podIdentity(t.Identity) {
		return nil
	}
	f, err := federated(t.Identity)
	if err != nil {
		return err
	}
	arn, err := t.provider(f.host)
	if err != nil {
		return err
	}
	client, err := t.iam(ctx, t.region)
	if err != nil {
		return err
	}
	_, err = client.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn})
	switch err := translate(t.text(), err); {
	case errors.Is(err, cloud.ErrNotFound):
		cloud.Warn(ctx, "%s: the account has no OIDC provider %s, so nobody can take it yet: make it once, with the audience %s (aws iam create-open-id-connect-provider --url https://%s --client-id-list %s)",
			t.text(), f.host, audience, f.host, audience)
	case err != nil && !errors.Is(err, cloud.ErrDenied):
		return err
	}
	return nil
}

// makeRole makes the role, or takes up what an earlier Create made.
func (t task) makeRole(ctx context.Context) (string, error) {
	client, err := t.iam(ctx, t.region)
	if err != nil {
		return "", err
	}
	id, err := t.ownRole(ctx, client)
	if !isCode(err, "NoSuchEntity") {
		return id, t.taken(translate(t.text(), err))
	}
	made, err := client.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: &t.role, Path: sdk.String(rolePath), AssumeRolePolicyDocument: &t.trust, Description: sdk.String("Made by " + cloud.Manager + " for identity " + t.Name),
		PermissionsBoundary: optional(t.PermissionsBoundary), Tags: iamTags(marked(t.On, t.Name)),
	})
	if isCode(err, "EntityAlreadyExists", "EntityAlreadyExistsException") { // the answer to an earlier try was lost
		if client, err = t.iam(ctx, t.region, "NoSuchEntity"); err != nil {
			return "", err
		}
		id, err = t.ownRole(ctx, client)
		return id, t.taken(translate(t.text(), err))
	}
	if unsure(err) {
		return t.where.role(t.role), translate(t.text(), err)
	}
	if err != nil {
		return "", translate(t.text(), err)
	}
	return sdk.ToString(made.Role.Arn), nil
}

// ownRole is the ARN of our role; one of somebody else is an error. Roles are the same in
// all regions and clusters of an account, and their marks do not say for which they are:
// their trust does.
func (t task) ownRole(ctx context.Context, client *iam.Client) (string, error) {
	there, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: &t.role})
	if err != nil {
		return "", err
	}
	if !ours(t.On, tagsOf(there.Role.Tags), t.Name) {
		return "", cloud.ErrExists
	}
	if meaningOfPolicy(sdk.ToString(there.Role.AssumeRolePolicyDocument)) != meaningOfPolicy(t.trust) {
		return "", fmt.Errorf("%w: it has the marks of platform %q, and trusts somebody else: a platform of that name is in another region or cluster of the account, or the subject was changed since the role was made; give one of the platforms another name, or else", cloud.ErrExists, t.On.Platform.Name)
	}
	return sdk.ToString(there.Role.Arn), nil
}

func (t task) taken(err error) error {
	if errors.Is(err, cloud.ErrExists) {
		return fmt.Errorf("%w: import the role by its ARN, or name it in existing", err)
	}
	return err
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func (t task) putTrust(ctx context.Context, client *iam.Client) error {
	_, err := client.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &t.role, PolicyDocument: &t.trust})
	return err
}

func (t task) putPolicy(ctx context.Context, client *iam.Client) error {
	if t.policy == "" {
		client, err := t.iam(ctx, t.region) // one that does not wait for a policy to come
		if err != nil {
			return err
		}
		_, err = client.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &t.role, PolicyName: sdk.String(policyName)})
		if isCode(err, "NoSuchEntity") {
			return nil
		}
		return err
	}
	_, err := client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &t.role, PolicyName: sdk.String(policyName), PolicyDocument: &t.policy})
	return err
}

func (t task) putTags(ctx context.Context, client *iam.Client) error {
	_, err := client.TagRole(ctx, &iam.TagRoleInput{RoleName: &t.role, Tags: iamTags(marked(t.On, t.Name))})
	return err
}

func (t task) putBoundary(ctx context.Context, client *iam.Client) error {
	if t.PermissionsBoundary == "" {
		return nil
	}
	_, err := client.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: &t.role, PermissionsBoundary: &t.PermissionsBoundary})
	return err
}

func (t task) readRole(ctx context.Context, client *iam.Client) (cloud.Settings, error) {
	there, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: &t.role})
	if err != nil {
		return nil, err
	}
	out := cloud.Settings{
		"role": t.role, "trust": meaningOfPolicy(sdk.ToString(there.Role.AssumeRolePolicyDocument)),
		"tags": jsonText(cloud.Managed(tagsOf(there.Role.Tags), marked(t.On, t.Name))), "policy": none,
	}
	if t.PermissionsBoundary != "" {
		out["boundary"] = none
		if b := there.Role.PermissionsBoundary; b != nil {
			out["boundary"] = sdk.ToString(b.PermissionsBoundaryArn)
		}
	}
	policy, err := client.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &t.role, PolicyName: sdk.String(policyName)})
	switch {
	case isCode(err, "NoSuchEntity"):
	case err != nil:
		return nil, err
	default:
		out["policy"] = meaningOfPolicy(sdk.ToString(policy.PolicyDocument))
	}
	others, err := t.others(ctx, client)
	if err != nil {
		return nil, err
	}
	out["other_policies"] = others.text()
	return out, nil
}

// removeRole removes what hangs on the role, of whoever: IAM keeps the role otherwise, and
// for some seconds after its last policy went.
func (t task) removeRole(ctx context.Context, client *iam.Client) (err error) {
	for range tries {
		for _, strip := range []func(context.Context, *iam.Client) error{t.dropPolicies, t.leaveProfiles} {
			if err := strip(ctx, client); err != nil && !isCode(err, "NoSuchEntity") {
				return translate(t.text(), err)
			}
		}
		_, err = client.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &t.role})
		if err == nil || isCode(err, "NoSuchEntity") {
			return nil
		}
		if !isCode(err, "DeleteConflict", "DeleteConflictException") || t.pause(ctx, 5*time.Second) != nil {
			break
		}
	}
	return translate(t.text(), err)
}

func (t task) leaveProfiles(ctx context.Context, client *iam.Client) error {
	pages := iam.NewListInstanceProfilesForRolePaginator(client, &iam.ListInstanceProfilesForRoleInput{RoleName: &t.role})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, profile := range page.InstanceProfiles {
			_, err := client.RemoveRoleFromInstanceProfile(ctx, &iam.RemoveRoleFromInstanceProfileInput{RoleName: &t.role, InstanceProfileName: profile.InstanceProfileName})
			if err != nil && !isCode(err, "NoSuchEntity") {
				return err
			}
		}
	}
	return nil
}

func iamTags(tags map[string]string) (out []types.Tag) {
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, types.Tag{Key: sdk.String(key), Value: sdk.String(tags[key])})
	}
	return out
}

func tagsOf(tags []types.Tag) map[string]string {
	out := map[string]string{}
	for _, tag := range tags {
		out[sdk.ToString(tag.Key)] = sdk.ToString(tag.Value)
	}
	return out
}
