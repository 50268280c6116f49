package aws

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// placeOfPods is whose pods get the role.
func placeOfPods(i cloud.Identity) string {
	k := i.Subject.Kubernetes
	return clusterOf(i) + "/" + k.Namespace + "/" + k.ServiceAccount
}

func (t task) podText() string { return t.text() + ": pod identity of " + placeOfPods(t.Identity) }

// notYet is what EKS says of a role that IAM made a moment ago.
const notYet = "InvalidParameterException"

// association is that of the service account with whatever role, nil when it has none.
func (t task) association(ctx context.Context, client *eks.Client) (*types.PodIdentityAssociation, error) {
	k, cluster := t.Subject.Kubernetes, clusterOf(t.Identity)
	pages := eks.NewListPodIdentityAssociationsPaginator(client, &eks.ListPodIdentityAssociationsInput{ClusterName: &cluster, Namespace: &k.Namespace, ServiceAccount: &k.ServiceAccount})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, summary := range page.Associations {
			if sdk.ToString(summary.Namespace) != k.Namespace || sdk.ToString(summary.ServiceAccount) != k.ServiceAccount {
				continue
			}
			whole, err := client.DescribePodIdentityAssociation(ctx, &eks.DescribePodIdentityAssociationInput{ClusterName: &cluster, AssociationId: summary.AssociationId})
			if isCode(err, "ResourceNotFoundException") {
				continue // it went away between the two
			}
			if err != nil {
				return nil, err
			}
			return whole.Association, nil
		}
	}
	return nil, nil //nolint:nilnil // none is an answer
}

// holds reports whether an association is of this identity: one that hands its role out, or
// has its marks although somebody changed the role by hand.
func (t task) holds(a *types.PodIdentityAssociation, id string) bool {
	return sdk.ToString(a.RoleArn) == id || ours(t.On, a.Tags, t.Name)
}

// sessionOf is what an association makes of a role beyond handing it out: another role
// after it, a policy that narrows it, or a session without the tags that its trust asks
// for. None of that is ours.
func sessionOf(a *types.PodIdentityAssociation) string {
	return canonical(map[string]any{"disableSessionTags": a.DisableSessionTags, "policy": a.Policy, "targetRoleArn": a.TargetRoleArn})
}

// associate hands the role to the pods of the service account. An association that is
// ours but was changed by hand is repaired; one of others is refused.
func (t task) associate(ctx context.Context, id string) error {
	client, err := t.eks(ctx, t.region)
	if err != nil {
		return err
	}
	there, err := t.association(ctx, client)
	if err == nil && there != nil && t.holds(there, id) && sessionOf(there) != none {
		there, err = nil, t.drop(ctx, client, there) // no update says that something is to be left out
	}
	if err == nil && there == nil {
		there, err = t.newAssociation(ctx, id)
	}
	switch {
	case err != nil:
		return t.noPods(translate(t.podText(), err))
	case there == nil:
		return nil // it is made, with all that it has
	case !t.holds(there, id):
		return fmt.Errorf("%s: %w: its pods have the role %s; take that association away (aws eks delete-pod-identity-association), or name that role in existing", t.podText(), cloud.ErrExists, sdk.ToString(there.RoleArn))
	}
	return translate(t.podText(), t.repair(ctx, client, there, id))
}

// repair brings the role and the tags of an association about. The tags come last: by them
// an association with another role is known to be ours.
func (t task) repair(ctx context.Context, client *eks.Client, there *types.PodIdentityAssociation, id string) error {
	if sdk.ToString(there.RoleArn) != id {
		patient, err := t.eks(ctx, t.region, notYet)
		if err != nil {
			return err
		}
		_, err = patient.UpdatePodIdentityAssociation(ctx, &eks.UpdatePodIdentityAssociationInput{ClusterName: there.ClusterName, AssociationId: there.AssociationId, RoleArn: &id})
		if err != nil {
			return err
		}
	}
	want := marked(t.On, t.Name)
	if maps.Equal(cloud.Managed(there.Tags, want), want) {
		return nil
	}
	_, err := client.TagResource(ctx, &eks.TagResourceInput{ResourceArn: there.AssociationArn, Tags: want})
	return err
}

// newAssociation gives the one that is there when the answer to an earlier try was lost.
func (t task) newAssociation(ctx context.Context, id string) (*types.PodIdentityAssociation, error) {
	client, err := t.eks(ctx, t.region, notYet)
	if err != nil {
		return nil, err
	}
	k, cluster := t.Subject.Kubernetes, clusterOf(t.Identity)
	_, err = client.CreatePodIdentityAssociation(ctx, &eks.CreatePodIdentityAssociationInput{
		ClusterName: &cluster, Namespace: &k.Namespace, ServiceAccount: &k.ServiceAccount, RoleArn: &id, Tags: marked(t.On, t.Name),
	})
	if !isCode(err, "ResourceInUseException") {
		return nil, err
	}
	for range tries { // a list may be late
		there, failed := t.association(ctx, client)
		if failed != nil || there != nil {
			return there, failed
		}
		if late := t.pause(ctx, 5*time.Second); late != nil {
			return nil, late
		}
	}
	return nil, err
}

func (t task) drop(ctx context.Context, client *eks.Client, a *types.PodIdentityAssociation) error {
	_, err := client.DeletePodIdentityAssociation(ctx, &eks.DeletePodIdentityAssociationInput{ClusterName: a.ClusterName, AssociationId: a.AssociationId})
	if isCode(err, "ResourceNotFoundException") {
		return nil
	}
	return err
}

// noPods tells a missing cluster from a missing role: the error does not wrap ErrNotFound.
func (t task) noPods(err error) error {
	if errors.Is(err, cloud.ErrNotFound) {
		return fmt.Errorf("%s; the account has no cluster %q in %s: make it first, or name the right one in cluster of the platform", err.Error(), clusterOf(t.Identity), t.region)
	}
	return err
}

// associated writes what the pods have: the name of the role when it is ours, its ARN when
// not, and what somebody added to it.
func (t task) associated(ctx context.Context, id string, out cloud.Settings) error {
	client, err := t.eks(ctx, t.region)
	if err != nil {
		return err
	}
	out["pod_identity"] = placeOfPods(t.Identity)
	out["pod_identity_role"], out["pod_identity_session"], out["pod_identity_tags"] = none, none, none
	there, err := t.association(ctx, client)
	switch {
	case isCode(err, "ResourceNotFoundException") || (err == nil && there == nil):
		return nil // the cluster may be gone as well
	case err != nil:
		return translate(t.podText(), err)
	}
	out["pod_identity_role"] = sdk.ToString(there.RoleArn)
	if out["pod_identity_role"] == id {
		out["pod_identity_role"] = t.role
	}
	out["pod_identity_session"] = sessionOf(there)
	out["pod_identity_tags"] = jsonText(cloud.Managed(there.Tags, marked(t.On, t.Name)))
	return nil
}

// dissociate takes the role from the pods, and leaves them any other.
func (t task) dissociate(ctx context.Context, id string) error {
	client, err := t.eks(ctx, t.region)
	if err != nil {
		return err
	}
	there, err := t.association(ctx, client)
	if err == nil && there != nil && t.holds(there, id) {
		err = t.drop(ctx, client, there)
	}
	if isCode(err, "ResourceNotFoundException") {
		return nil
	}
	return translate(t.podText(), err)
}
