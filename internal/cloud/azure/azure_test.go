package azure_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	azfake "github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure/azurefake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

const subscription = "11111111-2222-3333-4444-555555555555"

func config(transport http.RoundTripper) azure.Config {
	return azure.Config{
		SubscriptionID: subscription, ResourceGroup: "rg", VaultURL: "https://vault.vault.azure.net", KeyIdentity: "/subscriptions/" + subscription + "/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/keys",
		Credential: &azfake.TokenCredential{}, Transport: transport, UserAgent: "mlops-test", Attempt: 250 * time.Millisecond, Pace: time.Millisecond,
	}
}

// open is a rig with a cluster called "aks".
func open(_ *testing.T, wrap func(http.RoundTripper) http.RoundTripper) cloudtest.Rig {
	fake := azurefake.New()
	fake.Clusters["aks"] = &azurefake.Cluster{Issuer: "https://westeurope.oic.prod-aks.azure.com/t/i/", Pools: map[string]*azurefake.Pool{}}
	return cloudtest.Rig{Cloud: azure.New(config(wrap(fake))), Count: fake.Count, Fake: fake, Answer: answer}
}

func fakeOf(r cloudtest.Rig) *azurefake.Azure { return r.Fake.(*azurefake.Azure) }

func platform() *spec.Platform {
	return &spec.Platform{Name: "fraud", Cloud: "azure", Region: "westeurope", SecretStore: "azure_key_vault", Cluster: &spec.Cluster{Name: "aks"}}
}

func on(tags map[string]string) cloud.On { return cloud.On{Platform: platform(), Tags: tags} }

// answer is how Azure words a fault.
func answer(fault cloudtest.Fault, req *http.Request) *http.Response {
	blob := strings.Contains(req.URL.Host, ".blob.")
	say := func(status int, code, message string) *http.Response {
		if blob {
			return cloudtest.Reply(req, status, "application/xml", `<?xml version="1.0" encoding="utf-8"?><Error><Code>`+code+`</Code><Message>`+message+"\nRequestId:1\nTime:2</Message></Error>")
		}
		return cloudtest.Reply(req, status, "application/json", fmt.Sprintf(`{"error":{"code":%q,"message":%q}}`, code, message))
	}
	switch fault {
	case cloudtest.Throttled:
		return say(http.StatusTooManyRequests, "TooManyRequests", "The request is being throttled.")
	case cloudtest.ThrottledUntil:
		resp := say(http.StatusTooManyRequests, "TooManyRequests", "The request is being throttled.")
		resp.Header.Set("Retry-After-Ms", "20")
		return resp
	case cloudtest.Internal:
		return say(http.StatusInternalServerError, "InternalServerError", "The server encountered an internal error.")
	case cloudtest.Unavailable:
		return say(http.StatusServiceUnavailable, "ServerTimeout", "The request could not be processed.")
	case cloudtest.Expired:
		return say(http.StatusUnauthorized, "ExpiredAuthenticationToken", "The access token expiry is in the past.")
	case cloudtest.Denied:
		if blob {
			return say(http.StatusForbidden, "AuthorizationPermissionMismatch", "This request is not authorized to perform this operation using this permission.")
		}
		return say(http.StatusForbidden, "AuthorizationFailed", "The client 'c' does not have authorization over scope 's' or the scope is invalid.")
	case cloudtest.Absent:
		return say(http.StatusNotFound, "ResourceNotFound", "The Resource was not found.")
	case cloudtest.Busy:
		return busy(req, say)
	default: // the transport breaks the others itself
		return nil
	}
}

func busy(req *http.Request, say func(int, string, string) *http.Response) *http.Response {
	path := req.URL.Path
	switch {
	case req.Method == http.MethodGet:
		return nil
	case strings.Contains(path, "/federatedIdentityCredentials/"):
		return say(http.StatusConflict, "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity", "Too many Federated Identity Credentials are written concurrently for the managed identity.")
	case strings.Contains(path, "Microsoft.Authorization/roleAssignments/") && req.Method == http.MethodPut:
		return say(http.StatusBadRequest, "PrincipalNotFound", "Principal does not exist in the directory.")
	case strings.Contains(path, "Microsoft.ContainerService/"):
		return say(http.StatusConflict, "OperationNotAllowed", "Operation is not allowed because there's an in progress update.")
	case strings.Contains(path, "/containers/") && req.Method == http.MethodPut:
		return say(http.StatusConflict, "ContainerBeingDeleted", "The specified container is being deleted.")
	case strings.Contains(path, "Microsoft.Storage/"):
		return say(http.StatusConflict, "StorageAccountOperationInProgress", "An operation is currently performing on this storage account that requires exclusive access.")
	}
	return nil
}

func TestDialect(t *testing.T) {
	t.Parallel()
	cloudtest.Dialect(t, azure.New(config(nil)), "azure", "abfss://artifacts@suite.dfs.core.windows.net")
}

func plain(next http.RoundTripper) http.RoundTripper { return next }
