package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// NewIdentityResource declares who a workload is.
func NewIdentityResource() resource.Resource {
	said := func(doc string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: doc}
	}
	return &physical[cloud.Identity]{
		logicalResource: logicalResource{kind: spec.KindIdentity, schema: owned("Who a workload is, and the least that it may do, computed from `grants`.\n\n"+
			"A **physical** resource: a role on `aws` (IRSA when the platform's cluster has an `oidc_issuer`, EKS Pod Identity without), bindings of a direct principal on `google`, a managed identity with federated credentials on `azure`, a policy document on `local`. With `secret_store = \"vault\"` also a policy and a role of Vault. The emitted repository has the ServiceAccount.", attributes{
			"platform": requiredText("`spec` of the `mlops_platform`."),
			"name":     replacing(requiredText("Lower-case letters, digits and dashes, at most 52 characters.")),
			"subject": nested("Who takes the identity. Exactly one is set.", attributes{
				"kubernetes": nested("A service account. Pipelines run in namespace `PLATFORM-training`.", attributes{"namespace": text("Namespace."), "service_account": text("Service account; the emitted repository makes it.")}),
				"github":     nested("A workflow of GitHub Actions.", attributes{"repository": text("`OWNER/NAME`."), "environment": text("Only in this environment.")}),
				"gitlab":     nested("A job of GitLab CI.", attributes{"project": text("`GROUP/PROJECT`."), "branch": text("Only on this branch.")}),
			}),
			"grants": nestedList("What it may do. Nothing else is allowed, and nobody may delete.", attributes{
				"access": choice("What.", "access", ""), "bucket": text("`spec` or name of an `mlops_bucket`."), "prefix": text("Below this prefix; all of the bucket when left out."), "secret": text("`spec` or name of an `mlops_secret`."),
			}),
			"existing":    replacing(text("Uses an identity that exists instead of creating one: the ARN of a role on `aws`, the e-mail address of a service account on `google`, the client id of a managed identity on `azure`. It is never changed or deleted.")),
			"principal":   said("The subject, as it stands in the policy."),
			"policy":      said("The policy document in the cloud's own words; known at plan unless it names something that only the cloud knows, such as the account."),
			"annotations": schema.MapAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Annotations of the service account."},
		})},
		resolve: resolveIdentity, describe: describeIdentity, finish: addressed,
		of: func(c cloud.Cloud) cloud.Kind[cloud.Identity] { return c.Identities },
		found: func(on cloud.On, name string) cloud.Identity {
			return cloud.Identity{Identity: &spec.Identity{Platform: spec.Ref(on.Platform.Name), Name: name}, On: on}
		},
	}
}

// describeIdentity writes what follows from an identity. One that exists has the policy
// that somebody else gave it: what is shown is what the grants need.
func describeIdentity(ctx context.Context, set setter, o resolved[cloud.Identity]) (out diag.Diagnostics) {
	policy, err := o.in.Policy(o.thing)
	value := types.StringValue(policy)
	switch {
	case err != nil && o.existing:
		value = types.StringValue("")
	case errors.Is(err, cloud.ErrLater):
		value = types.StringUnknown()
	case err != nil:
		return unplannable(spec.KindIdentity, err)
	}
	out.Append(set(ctx, path.Root("policy"), value)...)
	out.Append(set(ctx, path.Root("principal"), o.thing.Principal())...)
	if o.late {
		out.Append(set(ctx, path.Root("annotations"), types.MapUnknown(types.StringType))...)
		return out
	}
	out.Append(set(ctx, path.Root("annotations"), o.thing.Annotations(o.in.Name()))...)
	return out
}

// addresser is a store that knows what the cloud calls an identity where its service
// account must say so.
type addresser interface {
	Address(ctx context.Context, id string) (string, error)
}

// expecter is a cloud that knows what it will call an identity before it is there, "" where
// it does not.
type expecter interface {
	Expected(i cloud.Identity) string
}

// addressed fills in what the service account says of its identity: the ARN of a role
// where pods take it through the issuer of their cluster, the client id of a managed
// identity. It is ErrLater until the identity is there.
func addressed(ctx context.Context, o resolved[cloud.Identity]) error {
	i, id := o.thing, o.thing.On.ID
	store, asks := o.kind.Store.(addresser)
	issued := i.On.Platform.Cloud == "aws" && i.On.Platform.Cluster != nil && i.On.Platform.Cluster.OIDCIssuer != ""
	if e, knows := o.in.(expecter); id == "" && issued && knows {
		id = e.Expected(i)
	}
	switch {
	case i.Subject == nil, i.Subject.Kubernetes == nil, !asks && !issued:
		return nil
	case id == "":
		return fmt.Errorf("identity %q: %w", i.Name, cloud.ErrLater)
	case issued:
		i.Address = id
		return nil
	}
	address, err := store.Address(ctx, id)
	if err != nil {
		return err
	}
	i.Address = address
	return nil
}
