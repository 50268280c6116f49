package aws

import (
	"context"
	"errors"
	"fmt"

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

// associate hands the role to the pods of the service account. An association that is
// ours but names another role was changed by hand; one of others is refused.
func (t task) associate(ctx context.Context, id string) error {
	client, err := t.eks(ctx, t.region)
	if err != nil {
		return err
	}
	there, err := t.association(ctx, client)
	if err == nil && there == nil {
		there, err = t.newAssociation(ctx, id)
	}
	switch {
	case err != nil:
		return t.noPods(translate(t.podText(), err))
	case there == nil || sdk.ToString(there.RoleArn) == id:
		return nil
	case !ours(t.On, there.Tags, t.Name):
		return fmt.Errorf("%s: %w: its pods have the role %s; take that association away (aws eks delete-pod-identity-association), or name that role in existing", t.podText(), cloud.ErrExists, sdk.ToString(there.RoleArn))
	}
	patient, err := t.eks(ctx, t.region, notYet)
	if err != nil {
		return err
	}
	_, err = patient.UpdatePodIdentityAssociation(ctx, &eks.UpdatePodIdentityAssociationInput{ClusterName: there.ClusterName, AssociationId: there.AssociationId, RoleArn: &id})
	return translate(t.podText(), err)
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
	if isCode(err, "ResourceInUseException") {
		return t.association(ctx, client)
	}
	return nil, err
}

// noPods tells a missing cluster from a missing role: the error does not wrap ErrNotFound.
func (t task) noPods(err error) error {
	if errors.Is(err, cloud.ErrNotFound) {
		return fmt.Errorf("%s; the account has no cluster %q in %s: make it first, or name the right one in cluster of the platform", err.Error(), clusterOf(t.Identity), t.region)
	}
	return err
}

// associated is the role that the pods have: its name when it is ours, its ARN when not.
func (t task) associated(ctx context.Context, id string) (string, error) {
	client, err := t.eks(ctx, t.region)
	if err != nil {
		return "", err
	}
	there, err := t.association(ctx, client)
	switch {
	case isCode(err, "ResourceNotFoundException") || (err == nil && there == nil):
		return none, nil // the cluster may be gone as well
	case err != nil:
		return "", translate(t.podText(), err)
	case sdk.ToString(there.RoleArn) == id:
		return t.role, nil
	}
	return sdk.ToString(there.RoleArn), nil
}

// dissociate takes the role from the pods, and leaves them any other.
func (t task) dissociate(ctx context.Context, id string) error {
	client, err := t.eks(ctx, t.region)
	if err != nil {
		return err
	}
	there, err := t.association(ctx, client)
	if err == nil && there != nil && (sdk.ToString(there.RoleArn) == id || ours(t.On, there.Tags, t.Name)) {
		_, err = client.DeletePodIdentityAssociation(ctx, &eks.DeletePodIdentityAssociationInput{ClusterName: there.ClusterName, AssociationId: there.AssociationId})
	}
	if isCode(err, "ResourceNotFoundException") {
		return nil
	}
	return translate(t.podText(), err)
}
