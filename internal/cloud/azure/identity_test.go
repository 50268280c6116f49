package azure_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure/azurefake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func data() *spec.Bucket      { return &spec.Bucket{Platform: "fraud", Name: "data"} }
func artifacts() *spec.Bucket { return &spec.Bucket{Platform: "fraud", Name: "artifacts"} }

func identity(subject spec.Subject, tags map[string]string, grants ...cloud.Grant) cloud.Identity {
	return cloud.Identity{On: on(tags), Identity: &spec.Identity{Platform: "fraud", Name: "trainer", Subject: &subject}, Grants: grants}
}

func serviceAccount(name string) spec.Subject {
	return spec.Subject{Kubernetes: &spec.KubernetesSubject{Namespace: "training", ServiceAccount: name}}
}

func secret(name string) cloud.Grant {
	return cloud.Grant{Access: "read", Secret: &spec.Secret{Platform: "fraud", Name: name}, Reference: "fraud-" + name}
}

func identityCase() cloudtest.Case[cloud.Identity] {
	after := identity(spec.Subject{GitHub: &spec.GitHubSubject{Repository: "acme/fraud", Environment: "production"}}, map[string]string{"team": "fraud"},
		cloud.Grant{Access: "write", Bucket: artifacts()})
	return cloudtest.Case[cloud.Identity]{
		Name: "identity",
		Kind: func(c cloud.Cloud) cloud.Kind[cloud.Identity] { return c.Identities },
		Before: identity(serviceAccount("trainer"), map[string]string{"team": "risk"},
			cloud.Grant{Access: "read", Bucket: data(), Prefix: "churn/"}, secret("db")),
		After:  after,
		With:   func(i cloud.Identity, id string) cloud.Identity { i.On.ID = id; return i },
		Tamper: tamperIdentity,
		Foreign: func(_ *testing.T, r cloudtest.Rig) {
			fake := fakeOf(r)
			fake.Do(func() {
				fake.Identities["fraud-trainer"] = &azurefake.Identity{Identity: armmsi.Identity{Location: to.Ptr("westeurope"), Properties: &armmsi.UserAssignedIdentityProperties{PrincipalID: to.Ptr("p")}}}
			})
		},
	}
}

func TestIdentities(t *testing.T) {
	t.Parallel()
	c := identityCase()
	c.Before.On.Platform.Cluster.OIDCIssuer = "https://westeurope.oic.prod-aks.azure.com/t/i/"
	cloudtest.Run(t, open, c)
}

// ofCluster is the plan of identities whose issuer only the cluster knows.
type ofCluster struct{ cloud.Plan[cloud.Identity] }

// Fixed keeps the suite from comparing what is known after apply only.
func (p ofCluster) Fixed() []string { return append(p.Plan.Fixed(), "issuer") }

// The same where only the cluster knows its issuer, and is asked.
func TestIdentities_ofCluster(t *testing.T) {
	t.Parallel()
	c := identityCase()
	c.Name = "identity of the cluster"
	c.Kind = func(c cloud.Cloud) cloud.Kind[cloud.Identity] {
		return cloud.Kind[cloud.Identity]{Plan: ofCluster{c.Identities.Plan}, Store: c.Identities.Store}
	}
	cloudtest.Run(t, open, c)
}

func tamperIdentity(t *testing.T, r cloudtest.Rig, _, setting string) {
	fake := fakeOf(r)
	fake.Do(func() {
		have := fake.Identities["fraud-trainer"]
		switch setting {
		case "tags":
			have.Tags["team"] = to.Ptr("somebody")
		case "issuer":
			have.Credentials["kubernetes"].Issuer = to.Ptr("https://elsewhere.example/")
		case "federatedCredentials":
			have.Credentials["backdoor"] = &armmsi.FederatedIdentityCredentialProperties{Issuer: to.Ptr("https://elsewhere.example"), Subject: to.Ptr("me"), Audiences: to.SliceOfPtrs("api://AzureADTokenExchange")}
		case "policy":
			id := "/subscriptions/" + subscription + "/resourceGroups/rg/providers/Microsoft.Authorization/roleAssignments/x"
			fake.Roles[id] = &armauthorization.RoleAssignment{ID: &id, Name: to.Ptr("x"), Properties: &armauthorization.RoleAssignmentProperties{
				PrincipalID: have.Properties.PrincipalID, Scope: to.Ptr("/subscriptions/" + subscription + "/resourceGroups/rg"), RoleDefinitionID: to.Ptr("/x/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"),
			}}
		case "roleDefinitions":
			for _, d := range fake.Definitions {
				d.Properties.Permissions[0].DataActions = append(d.Properties.Permissions[0].DataActions, to.Ptr(blob+"/delete"))
			}
		default:
			t.Errorf("nobody changes %s by hand here", setting)
		}
	})
}

// An issuer that only the cluster knows is not compared, so it is out of the suite.
func TestIdentities_issuer(t *testing.T) {
	t.Parallel()
	r := open(t, plain)
	i := identityCase().Before
	if got, err := r.Cloud.Identities.Plan.Settings(i); err != nil || got["issuer"] != cloud.Later {
		t.Errorf("issuer is %q, %v; want it later", got["issuer"], err)
	}
	if _, err := r.Cloud.Identities.Store.Create(t.Context(), i); err != nil {
		t.Fatal(err)
	}
	if got, want := *fakeOf(r).Identities["fraud-trainer"].Credentials["kubernetes"].Issuer, fakeOf(r).Clusters["aks"].Issuer; got != want {
		t.Errorf("issuer is %q, want %q, which is the cluster's", got, want)
	}
	i.On.Platform.Cluster.OIDCIssuer = "westeurope.oic.prod-aks.azure.com/t/i"
	got, err := r.Cloud.Identities.Plan.Settings(i)
	if want := "https://westeurope.oic.prod-aks.azure.com/t/i/"; err != nil || got["issuer"] != want {
		t.Errorf("issuer is %q, %v; want %q", got["issuer"], err, want)
	}
}

func TestIdentities_address(t *testing.T) {
	t.Parallel()
	r := open(t, plain)
	id, err := r.Cloud.Identities.Store.Create(t.Context(), identityCase().Before)
	if err != nil {
		t.Fatal(err)
	}
	store, has := r.Cloud.Identities.Store.(interface {
		Address(ctx context.Context, id string) (string, error)
	})
	if !has {
		t.Fatal("the store has no addresses")
	}
	got, err := store.Address(t.Context(), id)
	if want := *fakeOf(r).Identities["fraud-trainer"].Properties.ClientID; err != nil || got != want {
		t.Errorf("address is %q, %v; want %q", got, err, want)
	}
}

func TestIdentities_refused(t *testing.T) {
	t.Parallel()
	later := secret("db")
	later.Reference = ""
	for name, c := range map[string]struct {
		i    cloud.Identity
		want string
	}{
		"github without environment": {identity(spec.Subject{GitHub: &spec.GitHubSubject{Repository: "acme/fraud"}}, nil), "set environment"},
		"gitlab without branch":      {identity(spec.Subject{GitLab: &spec.GitLabSubject{Project: "acme/fraud"}}, nil), "set branch"},
		"prefix with a quote":        {identity(serviceAccount("a"), nil, cloud.Grant{Access: "read", Bucket: data(), Prefix: "it's"}), "quotes"},
		"tag":                        {identity(serviceAccount("a"), map[string]string{"azure-x": "1"}), `tag "azure-x"`},
		"name of a secret":           {identity(serviceAccount("a"), nil, cloud.Grant{Access: "read", Secret: &spec.Secret{Name: "db"}, Reference: "a/b"}), "letters, digits and dashes"},
	} {
		if _, err := azure.New(config(nil)).Identities.Plan.Settings(c.i); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q in it", name, err, c.want)
		}
	}
	c := azure.New(config(nil))
	if _, err := c.Policy(identity(serviceAccount("a"), nil, later)); !errors.Is(err, cloud.ErrLater) {
		t.Errorf("policy of a secret without an address: %v, want ErrLater", err)
	}
	if got, err := c.Identities.Plan.Settings(identity(serviceAccount("a"), nil, later)); err != nil || got["policy"] != cloud.Later {
		t.Errorf("settings of it: %v, %v", got, err)
	}
}
