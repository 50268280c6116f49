package provider_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws/awsfake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure/azurefake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/google/googlefake"
)

// site is a cloud in this process, and how a provider in another one finds it.
type site struct {
	cloud   string
	regions [2]string
	section string // of the provider's configuration
	more    string // of the platform
	count   func() int

	aws    *awsfake.Account
	eks    *awsfake.EKS
	google *googlefake.Fake
	azure  *azurefake.Azure
}

// sites are the clouds with an API.
var sites = map[string]func(t *testing.T) *site{"aws": onAmazon, "google": onGoogle, "azure": onAzure}

// listens serves what a transport answers, on loopback. host is that of the service it is.
func listens(t *testing.T, host string, next http.RoundTripper) string {
	t.Helper()
	server := httptest.NewServer(handler(t, host, next))
	t.Cleanup(server.Close)
	return server.URL
}

func handler(t *testing.T, host string, next http.RoundTripper) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		in := r.Clone(r.Context())
		in.RequestURI, in.URL.Scheme, in.URL.Host, in.Host = "", "https", host, host
		resp, err := next.RoundTrip(in)
		if err != nil {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
			w.WriteHeader(http.StatusTeapot)
			return
		}
		defer func() { _ = resp.Body.Close() }()
		maps.Copy(w.Header(), resp.Header)
		w.WriteHeader(resp.StatusCode)
		_, _ = io.Copy(w, resp.Body)
	})
}

// tripper is a function as a transport.
type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// handled is a handler as a transport.
func handled(h http.Handler) http.RoundTripper {
	return tripper(func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		resp := w.Result()
		resp.Request = r
		return resp, nil
	})
}

// onAmazon is an account with cluster ml, whose node groups are made at once.
func onAmazon(t *testing.T) *site {
	t.Helper()
	account := awsfake.NewAccount("123456789012", []string{"ml"}, []string{"oidc.eks.eu-west-1.amazonaws.com/id/ABC"})
	groups := awsfake.NewEKS("ml", "subnet-b", "subnet-a")
	groups.AddGroup(awsfake.NodeGroup{ClusterName: "ml", NodegroupName: "system", Status: awsfake.Active, NodeRole: "arn:aws:iam::123456789012:role/nodes"})
	eks := tripper(func(r *http.Request) (*http.Response, error) {
		if strings.Contains(r.URL.EscapedPath(), "pod") {
			return awsfake.Checked(t, account).RoundTrip(r)
		}
		return atOnce(awsfake.EKSChecked(t, handled(groups)), r)
	})
	at := listens(t, "127.0.0.1", awsfake.Checked(t, account))
	return &site{
		cloud: "aws", regions: [2]string{"eu-west-1", "eu-central-1"}, aws: account, eks: groups,
		count: func() int { return account.Count() + len(groups.Groups()) },
		section: fmt.Sprintf(`aws = {
    region     = "eu-west-1", account_id = "123456789012", access_key = "AKIDEXAMPLE", secret_key = "not-a-secret"
    endpoints  = { s3 = %q, iam = %q, sts = %q, eks = %q }
  }`, at, at, at, listens(t, "127.0.0.1", eks)),
	}
}

// atOnce answers a change of a node group with its end: nobody waits for the next look.
func atOnce(next http.RoundTripper, r *http.Request) (*http.Response, error) {
	resp, err := next.RoundTrip(r)
	if err != nil || !strings.HasSuffix(r.URL.Path, "/update-config") || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	var said struct{ Update struct{ ID string } }
	if err := json.NewDecoder(resp.Body).Decode(&said); err != nil {
		return nil, err
	}
	group := strings.TrimSuffix(r.URL.Path, "/update-config")
	for _, look := range []string{group, group[:strings.Index(group, "/node-groups")] + "/updates/" + said.Update.ID} {
		again := r.Clone(r.Context())
		again.Method, again.Body, again.URL.Path, again.URL.RawPath, again.ContentLength = http.MethodGet, http.NoBody, look, "", 0
		if strings.Contains(look, "/updates/") {
			again.URL.RawQuery = "nodegroupName=" + group[strings.LastIndex(group, "/")+1:]
		}
		again.Header.Del("Content-Type")
		if resp, err = next.RoundTrip(again); err != nil {
			return nil, err
		}
	}
	return resp, nil
}

// onGoogle is a project whose node pools are made at once.
func onGoogle(t *testing.T) *site {
	t.Helper()
	fake := googlefake.New(t)
	fake.Polls = 0
	at := func(service string) string { return listens(t, service+".googleapis.com", fake) }
	over := tripper(func(r *http.Request) (*http.Response, error) { return finished(fake, r) })
	return &site{
		cloud: "google", regions: [2]string{"europe-west1", "europe-west4"}, google: fake, count: fake.Count,
		section: fmt.Sprintf(`google = {
    project      = %q, project_number = %q, access_token = "not-a-secret"
    endpoints    = { storage = "%s/storage/v1/", container = "%s/", secretmanager = "%s/", cloudresourcemanager = "%s/" }
  }`, googlefake.Project, googlefake.Number, at("storage"), listens(t, "container.googleapis.com", over), at("secretmanager"), at("cloudresourcemanager")),
	}
}

// finished answers a change of a node pool with its end: nobody waits for the next look.
func finished(fake http.RoundTripper, r *http.Request) (*http.Response, error) {
	resp, err := fake.RoundTrip(r)
	if err != nil || r.Method == http.MethodGet || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	var operation struct{ Name string }
	if err := json.NewDecoder(resp.Body).Decode(&operation); err != nil {
		return nil, err
	}
	again := r.Clone(r.Context())
	location, _, _ := strings.Cut(r.URL.Path, "/clusters/")
	again.Method, again.Body, again.ContentLength = http.MethodGet, http.NoBody, 0
	again.URL.Path, again.URL.RawPath, again.URL.RawQuery = location+"/operations/"+operation.Name, "", ""
	return fake.RoundTrip(again)
}

// onAzure is a subscription with cluster ml.
func onAzure(t *testing.T) *site {
	t.Helper()
	fake := azurefake.New()
	fake.Do(func() {
		fake.Clusters["ml"] = &azurefake.Cluster{Issuer: "https://oidc.example.com/ml", Pools: map[string]*azurefake.Pool{}}
	})
	names := &dispatcher{begun: map[string]string{}}
	manager := tripper(func(r *http.Request) (*http.Response, error) {
		in, err := names.named(r)
		if err != nil {
			return nil, err
		}
		resp, err := fake.RoundTrip(in)
		if err == nil {
			resp.Header.Set("Retry-After", "1") // the shortest that Azure can ask for
		}
		return resp, err
	})
	return &site{
		cloud: "azure", regions: [2]string{"westeurope", "northeurope"}, azure: fake, count: fake.Count,
		section: fmt.Sprintf(`azure = {
    subscription_id = "00000000-0000-0000-0000-000000000000", resource_group = "rg", access_token = "not-a-secret"
    endpoints       = { resource_manager = %q, blob = %q }
  }`, listens(t, "management.azure.com", manager), listens(t, "fraud.blob.core.windows.net", fake)),
	}
}

// operations are those of Resource Manager that are in use, by the kinds of a path's last
// parts: a generated server takes the name of one from the context, which no request brings.
var operations = map[string]map[string]string{
	"storageAccounts":               {"GET": "AccountsClient.GetProperties", "PUT": "AccountsClient.BeginCreate", "PATCH": "AccountsClient.Update", "DELETE": "AccountsClient.Delete"},
	"blobServices":                  {"GET": "BlobServicesClient.GetServiceProperties", "PUT": "BlobServicesClient.SetServiceProperties"},
	"containers":                    {"GET": "BlobContainersClient.Get", "PUT": "BlobContainersClient.Create", "PATCH": "BlobContainersClient.Update", "DELETE": "BlobContainersClient.Delete"},
	"/containers":                   {"GET": "BlobContainersClient.NewListPager"},
	"managementPolicies":            {"GET": "ManagementPoliciesClient.Get", "PUT": "ManagementPoliciesClient.CreateOrUpdate", "DELETE": "ManagementPoliciesClient.Delete"},
	"userAssignedIdentities":        {"GET": "UserAssignedIdentitiesClient.Get", "PUT": "UserAssignedIdentitiesClient.CreateOrUpdate", "DELETE": "UserAssignedIdentitiesClient.Delete"},
	"federatedIdentityCredentials":  {"PUT": "FederatedIdentityCredentialsClient.CreateOrUpdate", "DELETE": "FederatedIdentityCredentialsClient.Delete"},
	"/federatedIdentityCredentials": {"GET": "FederatedIdentityCredentialsClient.NewListPager"},
	"roleAssignments":               {"PUT": "RoleAssignmentsClient.Create", "DELETE": "RoleAssignmentsClient.DeleteByID"},
	"/roleAssignments":              {"GET": "RoleAssignmentsClient.NewListForScopePager"},
	"roleDefinitions":               {"GET": "RoleDefinitionsClient.Get", "PUT": "RoleDefinitionsClient.CreateOrUpdate", "DELETE": "RoleDefinitionsClient.Delete"},
	"/roleDefinitions":              {"GET": "RoleDefinitionsClient.NewListPager"},
	"managedClusters":               {"GET": "ManagedClustersClient.Get"},
	"agentPools":                    {"GET": "AgentPoolsClient.Get", "PUT": "AgentPoolsClient.BeginCreateOrUpdate", "DELETE": "AgentPoolsClient.BeginDelete"},
}

// dispatcher names the operation of a request. Looks at one under way have its name.
type dispatcher struct {
	mu    sync.Mutex
	begun map[string]string // by path
}

func (d *dispatcher) named(r *http.Request) (*http.Request, error) {
	path, look := strings.CutSuffix(r.URL.Path, "/get/fake/status")
	d.mu.Lock()
	defer d.mu.Unlock()
	name := d.begun[path]
	if !look {
		name = operations[kindOf(path)][r.Method]
		d.begun[path] = name
	}
	if name == "" {
		return nil, fmt.Errorf("no operation is known for %s %s", r.Method, r.URL.Path)
	}
	return r.WithContext(context.WithValue(r.Context(), runtime.CtxAPINameKey{}, name)), nil
}

// kindOf is the last kind of a path, with a slash before it when a list of it is asked for.
func kindOf(path string) string {
	_, rest, _ := strings.Cut(path[strings.LastIndex(path, "/providers/")+1:], "/")
	parts := strings.Split(rest, "/")[1:] // kind, name, kind, name
	kind := parts[(len(parts)-1)/2*2]
	if len(parts)%2 == 1 {
		kind = "/" + kind
	}
	return kind
}
