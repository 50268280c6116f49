package googlefake

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
)

// Answer is how Google Cloud words a fault at a request, nil where it never says so.
func Answer(fault cloudtest.Fault, req *http.Request) *http.Response {
	no := answer(fault, req)
	if no == nil {
		return nil
	}
	resp := reply(req, no.code, no.body())
	if fault == cloudtest.ThrottledUntil {
		resp.Header.Set("Retry-After", "0")
	}
	return resp
}

func answer(fault cloudtest.Fault, req *http.Request) *refusal {
	switch fault {
	case cloudtest.Throttled, cloudtest.ThrottledUntil:
		return refuse(http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "rateLimitExceeded", "Rate limit exceeded.")
	case cloudtest.Internal:
		return refuse(http.StatusInternalServerError, "INTERNAL", "backendError", "We encountered an internal error. Please try again.")
	case cloudtest.Unavailable:
		return refuse(http.StatusServiceUnavailable, "UNAVAILABLE", "backendError", "The service is currently unavailable.")
	case cloudtest.Expired:
		return refuse(http.StatusUnauthorized, "UNAUTHENTICATED", "authError", "Request had invalid authentication credentials. Expected OAuth 2 access token.")
	case cloudtest.Denied:
		return refuse(http.StatusForbidden, "PERMISSION_DENIED", "forbidden", "The caller does not have it.")
	case cloudtest.Busy:
		return busy(req)
	case cloudtest.Absent:
		return notYet(req)
	default:
		return nil
	}
}

// busy is what is said while another change is under way.
func busy(req *http.Request) *refusal {
	service, _, _ := strings.Cut(req.URL.Hostname(), ".")
	switch path := req.URL.Path; {
	case req.Method == http.MethodGet:
		return nil
	case service == "container":
		return refuse(http.StatusBadRequest, "FAILED_PRECONDITION", "failedPrecondition", "Cluster is running incompatible operation operation-1700000000000-0badcafe.")
	case service == "storage" && strings.HasSuffix(path, "/iam"):
		return refuse(http.StatusPreconditionFailed, "", "conditionNotMet", "At least one of the pre-conditions you specified did not hold.")
	case strings.HasSuffix(path, ":setIamPolicy"):
		return refuse(http.StatusConflict, "ABORTED", "aborted", "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.")
	case service == "storage" && req.Method == http.MethodPatch:
		return refuse(http.StatusConflict, "", "conflict", "The request could not be completed due to a conflicting concurrent change to the same resource.")
	}
	return nil
}

// notYet is what is said of an object that another place knows already. A list has no such
// answer, nor has what makes an object.
func notYet(req *http.Request) *refusal {
	if _, name, in := strings.Cut(req.URL.Path, "/clusters/"); in && !strings.Contains(name, "/") {
		return nil // the cluster was there before
	}
	lists := []string{"/storage/v1/b"}
	if slices.Contains(lists, req.URL.Path) || strings.HasSuffix(req.URL.Path, "/secrets") || strings.HasSuffix(req.URL.Path, "/nodePools") || strings.HasPrefix(req.URL.Path, "/v3/projects/") {
		return nil
	}
	return absent("The specified object does not exist.")
}
