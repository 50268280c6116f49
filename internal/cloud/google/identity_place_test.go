package google_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/google"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// What no search of the project finds is taken away by who knows the old grants: another
// bucket that exists is another identity.
func TestIdentity_elsewhere(t *testing.T) {
	t.Parallel()
	c, f := opened(t)
	grounds(f)
	theirs := bucketGrant("read", "shared", "raw/")
	theirs.Bucket.Existing = "gs://acme-spare"
	i := trainer("trainer", theirs, bucketGrant("read", "acme-data", ""), secretGrant("projects/acme-other/secrets/churn-tracker"))
	want, err := c.Identities.Plan.Settings(i)
	const list = `["//storage.googleapis.com/projects/_/buckets/acme-spare","//secretmanager.googleapis.com/projects/acme-other/secrets/churn-tracker"]`
	if err != nil || want["elsewhere"] != list || !slices.Contains(c.Identities.Plan.Fixed(), "elsewhere") {
		t.Errorf("settings %v, %v", want, err)
	}
}

// Two projects may have a platform of one name, and read one bucket.
func TestIdentity_ofAnotherProject(t *testing.T) {
	t.Parallel()
	c, f := opened(t)
	grounds(f)
	other := config(f)
	other.Project, other.ProjectNumber = "acme-test", "7"
	i, p := trainer("trainer", bucketGrant("read", "acme-data", "raw/")), &f.Buckets["acme-data"].Policy
	theirs, err := google.New(other).Identities.Store.Create(t.Context(), i)
	if err != nil {
		t.Fatal(err)
	}
	id, err := c.Identities.Store.Create(t.Context(), i)
	if err != nil || len(p.Bindings) != 4 {
		t.Fatalf("%v, bindings %v", err, p.Bindings)
	}
	if err := c.Identities.Store.Delete(t.Context(), id, i); err != nil {
		t.Fatal(err)
	}
	if got, err := google.New(other).Identities.Store.Read(t.Context(), theirs, i); err != nil || !strings.Contains(got["principal"], "/projects/7/") {
		t.Errorf("%v, bindings of the other are %v", err, got)
	}
}

// A title has at most 100 characters, and the longest names do not share one.
func TestIdentity_longNames(t *testing.T) {
	t.Parallel()
	c, f := opened(t)
	grounds(f)
	for n := range 2 {
		i := trainer("trainer", bucketGrant("read", "acme-data", "raw/"))
		i.On.Platform.Name, i.Name = strings.Repeat("p", 40), strings.Repeat("i", 51)+fmt.Sprint(n)
		if _, err := c.Identities.Store.Create(t.Context(), i); err != nil || f.Count() != n+1 {
			t.Fatalf("%v, %d bindings", err, f.Count())
		}
	}
}

// A secret that exists is an object of the cluster: nothing in the cloud is granted.
func TestGrants_ofASecretOfTheCluster(t *testing.T) {
	t.Parallel()
	c, _ := opened(t)
	i := trainer("trainer", cloud.Grant{Access: "read", Secret: &spec.Secret{Name: "tracker", Existing: "tracker-credentials"}})
	if got, err := c.Identities.Plan.Settings(i); err != nil || got["bindings"] != "none" {
		t.Errorf("got %v, %v", got, err)
	}
}

// Identities that are granted one bucket write its policy at once, and none is lost.
func TestIdentity_manyAtOnce(t *testing.T) {
	t.Parallel()
	_, f := opened(t)
	grounds(f)
	const many = 10
	failed := make(chan error, many)
	for n := range many {
		go func() {
			i := trainer("trainer", bucketGrant("read", "acme-data", "raw/"))
			i.Name = fmt.Sprintf("trainer-%d", n)
			_, err := google.New(config(f)).Identities.Store.Create(t.Context(), i)
			failed <- err
		}()
	}
	for range many {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	if n := f.Count(); n != many {
		t.Errorf("%d bindings are there, want %d", n, many)
	}
}

// refusing answers every new policy of a bucket in words of its own.
type refusing struct {
	next http.RoundTripper
	code int
	says string
}

func (r refusing) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodPut {
		return r.next.RoundTrip(req)
	}
	return cloudtest.Reply(req, r.code, "application/json", problem(r.says, "invalid")), nil
}

func TestIdentity_refused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		code int
		says string
		want string
	}{
		"no pool":      {http.StatusBadRequest, "Identity Pool does not exist (acme-ml.svc.id.goog). Please check that you specified a valid resource name.", "a cluster of the project with Workload Identity makes the pool"},
		"organisation": {http.StatusPreconditionFailed, "One or more users named in the policy do not belong to a permitted customer.", "bucket acme-data: a policy of the organisation does not allow it: One or more users"},
		"another race": {http.StatusPreconditionFailed, "At least one of the pre-conditions you specified did not hold.", "bucket acme-data: changed by somebody else in the meantime"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, f := opened(t)
			grounds(f)
			id, err := google.New(config(refusing{f, tt.code, tt.says})).Identities.Store.Create(t.Context(), trainer("trainer", bucketGrant("read", "acme-data", "raw/")))
			if err == nil || id != "" || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q, %v", id, err)
			}
		})
	}
}
