package azure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v6"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

const audience = "api://AzureADTokenExchange"

// federated is a federated credential: whose tokens an identity is given for.
type federated struct {
	Audiences []string `json:"audiences"`
	// Issuer is set where only the cluster knows its issuer: it is ofCluster, or what
	// somebody put in its place.
	Issuer  string `json:"issuer,omitempty"`
	Name    string `json:"name"`
	Subject string `json:"subject"`

	issuer string // "" while only the cluster knows it
}

// ofCluster stands for the issuer of the platform's cluster.
const ofCluster = "of the cluster"

// trust is the one subject that takes an identity. Azure compares a subject as a whole.
func trust(i cloud.Identity) (federated, error) {
	out := federated{Audiences: []string{audience}}
	if i.Identity == nil || i.Subject == nil {
		return out, nil
	}
	switch s := i.Subject; {
	case s.Kubernetes != nil:
		out.Name = "kubernetes"
		if i.On.Platform != nil && i.On.Platform.Cluster != nil {
			out.issuer = issuer(i.On.Platform.Cluster.OIDCIssuer)
		}
		if out.issuer == "" {
			out.Issuer = ofCluster
		}
	case s.GitHub != nil && s.GitHub.Environment == "":
		return out, spec.Misfit("subject.github", "without an environment every branch and pull request of the repository could be the identity, and Azure has no such subject: set environment")
	case s.GitHub != nil:
		out.Name, out.issuer = "github", "https://token.actions.githubusercontent.com"
	case s.GitLab != nil && s.GitLab.Branch == "":
		return out, spec.Misfit("subject.gitlab", "without a branch every branch of the project could be the identity, and Azure has no such subject: set branch")
	case s.GitLab != nil:
		out.Name, out.issuer = "gitlab", "https://gitlab.com"
	}
	out.Subject = i.Principal()
	return out, nil
}

// issuer is the issuer as tokens name it: those of AKS end with a slash.
func issuer(address string) string {
	if address != "" && !strings.Contains(address, "://") {
		address = "https://" + address
	}
	if strings.Contains(address, ".oic.prod-aks.azure.") && !strings.HasSuffix(address, "/") {
		address += "/"
	}
	return address
}

// clusterIssuer reads the issuer of the platform's cluster.
func (c *clients) clusterIssuer(ctx context.Context, i cloud.Identity) (string, error) {
	if i.On.Platform == nil || i.On.Platform.Cluster == nil {
		return "", errors.New("an identity of a service account needs the platform's cluster: set cluster.name, or cluster.oidc_issuer")
	}
	name := i.On.Platform.Cluster.Name
	address, err := c.issuerOf(ctx, name)
	switch {
	case err != nil:
		return "", withoutKind(err)
	case address == "":
		return "", fmt.Errorf("cluster %s has no OIDC issuer: run az aks update --name %s --enable-oidc-issuer --enable-workload-identity", name, name)
	}
	return address, nil
}

// issuerOf is the issuer of a cluster, "" when it has none.
func (c *clients) issuerOf(ctx context.Context, name string) (string, error) {
	var got armcontainerservice.ManagedClustersClientGetResponse
	err := c.try(ctx, func(ctx context.Context) (err error) {
		got, err = c.clusters.Get(ctx, c.cfg.clusterGroup(), name, nil)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("cluster %s of resource group %s: %w", name, c.cfg.clusterGroup(), err)
	}
	if p := got.Properties; p == nil || p.OidcIssuerProfile == nil {
		return "", nil
	}
	return deref(got.Properties.OidcIssuerProfile.IssuerURL), nil
}

// recognize says of credentials whether their issuer is the cluster's, where nothing else
// says what it should be: another one by hand would let strangers be the identity.
func (c *clients) recognize(ctx context.Context, i cloud.Identity, w wantedIdentity, credentials []federated) error {
	if w.trust.Issuer == "" || i.On.Platform == nil || i.On.Platform.Cluster == nil {
		return nil
	}
	address, err := c.issuerOf(ctx, i.On.Platform.Cluster.Name)
	if err != nil && !errors.Is(err, cloud.ErrNotFound) {
		return err
	}
	for n, f := range credentials {
		credentials[n].Issuer = f.issuer
		if f.issuer == address && address != "" {
			credentials[n].Issuer = ofCluster
		}
	}
	return nil
}

// withoutKind keeps "not found" of something else from reading as that of the object itself.
func withoutKind(err error) error {
	if errors.Is(err, cloud.ErrNotFound) {
		return errors.New(err.Error())
	}
	return err
}

// credentialsOf are the federated credentials of an identity.
func (c *clients) credentialsOf(ctx context.Context, identity string) (out []federated, err error) {
	err = c.made(ctx, func(ctx context.Context) error {
		out = []federated{}
		for pager := c.credentials.NewListPager(c.cfg.ResourceGroup, identity, nil); pager.More(); {
			page, err := pager.NextPage(ctx)
			if err != nil {
				return err
			}
			for _, f := range page.Value {
				p := f.Properties
				if p == nil {
					p = &armmsi.FederatedIdentityCredentialProperties{}
				}
				one := federated{Name: deref(f.Name), Subject: deref(p.Subject), issuer: deref(p.Issuer)}
				for _, a := range p.Audiences {
					one.Audiences = append(one.Audiences, deref(a))
				}
				out = append(out, one)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("federated credentials of identity %s: %w", identity, err)
	}
	slices.SortFunc(out, func(a, b federated) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// federate leaves one federated credential: any other lets somebody else be the identity.
func (c *clients) federate(ctx context.Context, identity string, want federated) error {
	have, err := c.credentialsOf(ctx, identity)
	if err != nil {
		return err
	}
	there := false
	for _, f := range have {
		if f.Name == want.Name {
			there = f.issuer == want.issuer && f.Subject == want.Subject && slices.Equal(f.Audiences, want.Audiences)
			continue
		}
		err := c.try(ctx, func(ctx context.Context) error {
			_, err := c.credentials.Delete(ctx, c.cfg.ResourceGroup, identity, f.Name, nil)
			return err
		})
		if err != nil && !errors.Is(err, cloud.ErrNotFound) {
			return fmt.Errorf("federated credential %s of identity %s: %w", f.Name, identity, err)
		}
	}
	if there {
		return nil
	}
	err = c.made(ctx, func(ctx context.Context) error {
		_, err := c.credentials.CreateOrUpdate(ctx, c.cfg.ResourceGroup, identity, want.Name, armmsi.FederatedIdentityCredential{
			Properties: &armmsi.FederatedIdentityCredentialProperties{Issuer: to.Ptr(want.issuer), Subject: to.Ptr(want.Subject), Audiences: to.SliceOfPtrs(want.Audiences...)},
		}, nil)
		return err
	})
	if err != nil {
		return fmt.Errorf("federated credential %s of identity %s: %w", want.Name, identity, err)
	}
	return nil
}

// issuers are those of federated credentials, each once.
func issuers(list []federated) string {
	var out []string
	for _, f := range list {
		out = append(out, f.issuer)
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), " ")
}
