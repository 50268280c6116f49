package aws

import (
	"context"
	"slices"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// policies are those on a role: the names of those inside it, and the ARNs of those
// attached to it.
type policies struct{ inline, attached []string }

// text is none for no policies.
func (p policies) text() string {
	if len(p.inline)+len(p.attached) == 0 {
		return none
	}
	return jsonText(slices.Concat(p.inline, p.attached))
}

// policies are all that a role has, of whoever.
func (t task) policies(ctx context.Context, client *iam.Client) (out policies, err error) {
	inside := iam.NewListRolePoliciesPaginator(client, &iam.ListRolePoliciesInput{RoleName: &t.role})
	for inside.HasMorePages() {
		page, err := inside.NextPage(ctx)
		if err != nil {
			return out, err
		}
		out.inline = append(out.inline, page.PolicyNames...)
	}
	attached := iam.NewListAttachedRolePoliciesPaginator(client, &iam.ListAttachedRolePoliciesInput{RoleName: &t.role})
	for attached.HasMorePages() {
		page, err := attached.NextPage(ctx)
		if err != nil {
			return out, err
		}
		for _, p := range page.AttachedPolicies {
			out.attached = append(out.attached, sdk.ToString(p.PolicyArn))
		}
	}
	return out, nil
}

// others are the policies besides ours. The role may do what its grants say and nothing
// else, so that they are drift; a role that is to have more is one that exists.
func (t task) others(ctx context.Context, client *iam.Client) (policies, error) {
	out, err := t.policies(ctx, client)
	out.inline = slices.DeleteFunc(out.inline, func(name string) bool { return name == policyName })
	slices.Sort(out.inline)
	slices.Sort(out.attached)
	return out, err
}

func (t task) dropOthers(ctx context.Context, client *iam.Client) error {
	others, err := t.others(ctx, client)
	if err != nil {
		return err
	}
	return t.drops(ctx, others)
}

func (t task) dropPolicies(ctx context.Context, client *iam.Client) error {
	all, err := t.policies(ctx, client)
	if err != nil {
		return err
	}
	return t.drops(ctx, all)
}

// drops takes policies from the role. One that is gone in the meantime is as wanted.
func (t task) drops(ctx context.Context, p policies) error {
	if len(p.inline)+len(p.attached) == 0 {
		return nil
	}
	client, err := t.iam(ctx, t.region) // one that does not wait for what is gone
	if err != nil {
		return err
	}
	for _, name := range p.inline {
		if _, err := client.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &t.role, PolicyName: &name}); err != nil && !isCode(err, "NoSuchEntity") {
			return err
		}
	}
	for _, arn := range p.attached {
		if _, err := client.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &t.role, PolicyArn: &arn}); err != nil && !isCode(err, "NoSuchEntity") {
			return err
		}
	}
	return nil
}
