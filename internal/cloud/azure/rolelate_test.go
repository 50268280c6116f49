package azure_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure/azurefake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
)

// A new role is not known everywhere at once, and somebody may take it back in between.
func TestRoles_late(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		late int
		want string
	}{"soon": {1, ""}, "later": {15, ""}, "never": {1000, "RoleDefinitionDoesNotExist"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := open(t, plain)
			fakeOf(r).Late = c.late
			_, err := r.Cloud.Identities.Store.Create(t.Context(), called("trainer", "write"))
			if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
				t.Errorf("create: %v, want %q", err, c.want)
			}
		})
	}
}

func TestRoles_takenMeanwhile(t *testing.T) {
	t.Parallel()
	fake := azurefake.New()
	fake.Clusters["aks"] = &azurefake.Cluster{Issuer: "https://issuer/"}
	var once sync.Once
	meanwhile := before(func(req *http.Request) error {
		if req.Method == http.MethodPut && strings.Contains(req.URL.Path, "/roleAssignments/") {
			once.Do(func() { fake.Do(func() { clear(fake.Definitions) }) })
		}
		return nil
	})
	if _, err := azure.New(config(meanwhile.on(fake))).Identities.Store.Create(t.Context(), called("trainer", "write")); err != nil {
		t.Error(err)
	}
	if got := named(fake); got != "writer" {
		t.Errorf("the roles are %q, want the writer's again", got)
	}
}

// refused answers the first of the matching requests with an error.
func refused(times int64, method, part string, status int, code string) func(http.RoundTripper) http.RoundTripper {
	var n atomic.Int64
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(req *http.Request) (*http.Response, error) {
			if req.Method == method && strings.Contains(req.URL.Path, part) && n.Add(1) <= times {
				return cloudtest.Reply(req, status, "application/json", `{"error":{"code":"`+code+`","message":"no"}}`), nil
			}
			return next.RoundTrip(req)
		})
	}
}

// Azure is late with what was deleted, too: an assignment counts, a name is taken.
func TestRoles_deletedLate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		wrap func(http.RoundTripper) http.RoundTripper
		left int
	}{
		"assignment counts for a while": {refused(2, http.MethodDelete, "/roleDefinitions/", http.StatusBadRequest, "RoleDefinitionHasAssignments"), 0},
		"assignment nobody lists":       {refused(1000, http.MethodDelete, "/roleDefinitions/", http.StatusConflict, "RoleDefinitionHasAssignments"), 1},
		"name is taken for a while":     {refused(2, http.MethodPut, "/roleDefinitions/", http.StatusConflict, "RoleDefinitionWithSameNameExists"), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, i := open(t, c.wrap), called("trainer", "write")
			id, err := r.Cloud.Identities.Store.Create(t.Context(), i)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Cloud.Identities.Store.Delete(t.Context(), id, i); err != nil || r.Count() != c.left {
				t.Errorf("delete: %v, %d objects left, want %d", err, r.Count(), c.left)
			}
		})
	}
}

// A list that still has the assignments that were just taken back keeps no role.
func TestRoles_listedLate(t *testing.T) {
	t.Parallel()
	var stale atomic.Pointer[string]
	r := open(t, func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(req *http.Request) (*http.Response, error) {
			lists := req.Method == http.MethodGet && strings.HasSuffix(req.URL.Path, "/roleAssignments")
			if old := stale.Load(); lists && old != nil && !req.URL.Query().Has("$filter") {
				return cloudtest.Reply(req, http.StatusOK, "application/json", *old), nil
			}
			resp, err := next.RoundTrip(req)
			if err != nil || !lists {
				return resp, err
			}
			body, err := io.ReadAll(resp.Body)
			stale.Store(to.Ptr(string(body)))
			return cloudtest.Reply(req, resp.StatusCode, "application/json", string(body)), err
		})
	})
	i := called("trainer", "write")
	id, err := r.Cloud.Identities.Store.Create(t.Context(), i)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Cloud.Identities.Store.Delete(t.Context(), id, i); err != nil || r.Count() != 0 {
		t.Errorf("delete: %v, %d objects left", err, r.Count())
	}
	if old := stale.Load(); old == nil || !strings.Contains(*old, "principalId") {
		t.Errorf("no list was late")
	}
}

// A role that the identity still has on another bucket is not asked to go.
func TestRoles_elsewhere(t *testing.T) {
	t.Parallel()
	r := open(t, plain)
	fake, both := fakeOf(r), called("trainer", "write")
	both.Grants = append(both.Grants, cloud.Grant{Access: "write", Bucket: data()})
	id, err := r.Cloud.Identities.Store.Create(t.Context(), both)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Cloud.Identities.Store.Update(t.Context(), id, called("trainer", "write")); err != nil {
		t.Fatal(err)
	}
	if len(fake.Roles) != 1 || named(fake) != "writer" {
		t.Errorf("%d assignments of %q, want 1 of the writer's role", len(fake.Roles), named(fake))
	}
	if n := deletions(fake); n != 0 {
		t.Errorf("a role was asked to go %d times", n)
	}
}

func TestRoles_denied(t *testing.T) {
	t.Parallel()
	r := open(t, refused(1, http.MethodPut, "/roleDefinitions/", http.StatusForbidden, "AuthorizationFailed"))
	_, err := r.Cloud.Identities.Store.Create(t.Context(), called("trainer", "write"))
	if !errors.Is(err, cloud.ErrDenied) || !strings.Contains(err.Error(), "needs permission Microsoft.Authorization/roleDefinitions/write") {
		t.Errorf("create: %v; want the permission that is missing", err)
	}
}
