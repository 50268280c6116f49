package google_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/google"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/google/googlefake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

const (
	tracker = "projects/acme-ml/secrets/churn-tracker"
	other   = "projects/acme-ml/secrets/churn-other"
)

// grounds are what identities are granted access to, and what they are not.
func grounds(f *googlefake.Fake) {
	for _, name := range []string{"acme-data", "acme-models", "acme-spare"} {
		f.Buckets[name] = googlefake.NewBucket(name)
	}
	f.Buckets["acme-spare"].Policy.Bindings = append(f.Buckets["acme-spare"].Policy.Bindings, googlefake.Binding{
		Role: "roles/storage.objectViewer", Members: []string{"user:auditor@acme.example"},
		Condition: &googlefake.Condition{Title: "until spring", Expression: `request.time < timestamp("2027-04-01T00:00:00Z")`},
	})
	f.Buckets["acme-spare"].Policy.Version = 3
	for _, name := range []string{tracker, other} {
		f.Secrets[name] = &googlefake.Secret{Labels: map[string]string{"managed-by": cloud.Manager, "mlops-platform": "churn"}}
	}
}

func bucketGrant(access, bucket, prefix string) cloud.Grant {
	return cloud.Grant{Access: access, Bucket: &spec.Bucket{Name: bucket}, Prefix: prefix}
}

func secretGrant(reference string) cloud.Grant {
	return cloud.Grant{Access: "read", Secret: &spec.Secret{Name: reference[strings.LastIndex(reference, "-")+1:]}, Reference: reference}
}

func trainer(account string, grants ...cloud.Grant) cloud.Identity {
	return cloud.Identity{On: on(nil), Grants: grants, Identity: &spec.Identity{
		Name: "trainer", Platform: "churn",
		Subject: &spec.Subject{Kubernetes: &spec.KubernetesSubject{Namespace: "training", ServiceAccount: account}},
	}}
}

func identityByHand(t *testing.T, r cloudtest.Rig, _, setting string) {
	t.Helper()
	f := fakeOf(r)
	f.Lock()
	defer f.Unlock()
	kind, name, _ := strings.Cut(setting, " ")
	switch kind {
	case "principal":
		for _, b := range f.Buckets {
			for n, binding := range b.Policy.Bindings {
				if binding.Condition != nil && strings.HasPrefix(binding.Condition.Title, "mlops ") {
					b.Policy.Bindings[n].Members = []string{"user:eve@acme.example"}
				}
			}
		}
	case "bucket":
		p := &f.Buckets[name].Policy
		p.Bindings[len(p.Bindings)-1].Condition.Expression = `resource.name.startsWith("projects/_/buckets/")`
	case "secret":
		f.Secrets["projects/acme-ml/secrets/churn-"+name].Policy.Bindings = nil
	default:
		t.Fatalf("no way is known to change %s by hand", setting)
	}
}

func TestIdentities(t *testing.T) {
	t.Parallel()
	cloudtest.Run(t, rig(grounds), cloudtest.Case[cloud.Identity]{
		Name: "identity", Kind: func(c cloud.Cloud) cloud.Kind[cloud.Identity] { return c.Identities },
		Before: trainer("trainer", bucketGrant("read", "acme-data", "raw/"), bucketGrant("write", "acme-models", "churn/"), secretGrant(tracker)),
		After:  trainer("other", bucketGrant("write", "acme-data", "clean/"), bucketGrant("read", "acme-spare", ""), secretGrant(other)),
		With:   func(i cloud.Identity, id string) cloud.Identity { i.On.ID = id; return i },
		Tamper: identityByHand,
	})
}

func TestIdentity_bindingsOfOthersStay(t *testing.T) {
	t.Parallel()
	c, f := opened(t)
	grounds(f)
	before, _ := json.Marshal(f.Buckets["acme-spare"].Policy.Bindings)
	i := trainer("trainer", bucketGrant("write", "acme-spare", "a/"))
	id, err := c.Identities.Store.Create(t.Context(), i)
	if err != nil || id != googlefake.Number+"/churn/trainer" {
		t.Fatalf("%q, %v", id, err)
	}
	if n := len(f.Buckets["acme-spare"].Policy.Bindings); n != 5 {
		t.Errorf("%d bindings, want the three of others and two of ours", n)
	}
	if err := c.Identities.Store.Delete(t.Context(), id, i); err != nil {
		t.Fatal(err)
	}
	if after, _ := json.Marshal(f.Buckets["acme-spare"].Policy.Bindings); !bytes.Equal(after, before) {
		t.Errorf("bindings of others became %s, they were %s", after, before)
	}
}

// What is granted no longer is taken away, although only the new grants are known.
func TestIdentity_ungranted(t *testing.T) {
	t.Parallel()
	c, f := opened(t)
	grounds(f)
	id, err := c.Identities.Store.Create(t.Context(), trainer("trainer", bucketGrant("write", "acme-models", "a/"), secretGrant(tracker)))
	if err != nil || f.Count() != 3 {
		t.Fatalf("%v, %d bindings", err, f.Count())
	}
	f.Buckets["acme-closed"] = googlefake.NewBucket("acme-closed")
	f.Buckets["acme-closed"].Closed = true
	if err := c.Identities.Store.Update(t.Context(), id, trainer("trainer", bucketGrant("read", "acme-data", ""))); err != nil {
		t.Fatal(err)
	}
	if n := len(f.Secrets[tracker].Policy.Bindings); f.Count() != 1 || len(f.Buckets["acme-models"].Policy.Bindings) != 2 || n != 0 {
		t.Errorf("%d bindings are left, %d on the secret", f.Count(), n)
	}
	f.Buckets["acme-closed"].Meta["labels"] = map[string]any{"managed-by": cloud.Manager}
	err = c.Identities.Store.Update(t.Context(), id, trainer("trainer", bucketGrant("read", "acme-data", "")))
	if !errors.Is(err, cloud.ErrDenied) || !strings.Contains(err.Error(), "bucket acme-closed: access denied: needs permission storage.buckets.getIamPolicy") {
		t.Errorf("a bucket of ours that cannot be searched: %v", err)
	}
}

// closed refuses to list secrets.
type closed struct {
	next http.RoundTripper
	why  string
}

func (c closed) RoundTrip(req *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(req.URL.Path, "/secrets") {
		return c.next.RoundTrip(req)
	}
	body := `{"error":{"code":403,"status":"PERMISSION_DENIED","message":"No.","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"` + c.why + `"}]}}`
	return cloudtest.Reply(req, http.StatusForbidden, "application/json", body), nil
}

func TestIdentity_whereSecretsCannotBeListed(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		why, store string
		denied     bool
	}{
		"Secret Manager is not enabled": {"SERVICE_DISABLED", "google_secret_manager", false},
		"secrets are in Vault":          {"IAM_PERMISSION_DENIED", "vault", false},
		"secrets are here":              {"IAM_PERMISSION_DENIED", "google_secret_manager", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, f := opened(t)
			grounds(f)
			i := trainer("trainer", bucketGrant("read", "acme-data", ""))
			i.On.Platform.SecretStore = tt.store
			_, err := google.New(config(closed{f, tt.why})).Identities.Store.Create(t.Context(), i)
			if errors.Is(err, cloud.ErrDenied) != tt.denied || (err != nil) != tt.denied {
				t.Errorf("got %v", err)
			}
			if tt.denied && !strings.Contains(err.Error(), "needs permission secretmanager.secrets.list") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestIdentity_onWhatIsNotThere(t *testing.T) {
	t.Parallel()
	c, f := opened(t)
	grounds(f)
	i := trainer("trainer", bucketGrant("read", "acme-data", ""), bucketGrant("read", "acme-gone", ""))
	id, err := c.Identities.Store.Create(t.Context(), i)
	if err == nil || errors.Is(err, cloud.ErrNotFound) || !strings.Contains(err.Error(), "bucket acme-gone is granted and does not exist") {
		t.Errorf("create: %v", err)
	}
	if id == "" {
		t.Error("a binding was made, and no id says so")
	}
	if err := c.Identities.Store.Delete(t.Context(), id, i); err != nil || f.Count() != 0 {
		t.Errorf("delete: %v, %d bindings are left", err, f.Count())
	}
}

func TestIdentity_withoutBindings(t *testing.T) {
	t.Parallel()
	c, f := opened(t)
	grounds(f)
	inVault := secretGrant(tracker)
	inVault.Secret.Store = &spec.SecretStore{Type: "vault"}
	i := trainer("trainer", inVault)
	want, err := c.Identities.Plan.Settings(i)
	if err != nil || want["bindings"] != "none" || want["elsewhere"] != "[]" || len(want) != 3 {
		t.Fatalf("settings %v, %v", want, err)
	}
	id, err := c.Identities.Store.Create(t.Context(), i)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Identities.Store.Read(t.Context(), id, i)
	if err != nil || got["bindings"] != "none" || !strings.HasSuffix(got["principal"], "/subject/ns/training/sa/trainer") {
		t.Errorf("read %v, %v", got, err)
	}
	if err := c.Identities.Store.Update(t.Context(), id, i); err != nil || f.Count() != 0 {
		t.Errorf("update: %v, %d bindings", err, f.Count())
	}
}

func TestPrincipal(t *testing.T) {
	t.Parallel()
	github := func(environment string) *spec.Subject {
		return &spec.Subject{GitHub: &spec.GitHubSubject{Repository: "acme/churn", Environment: environment}}
	}
	tests := map[string]struct {
		subject    *spec.Subject
		number, id string
		want, err  string
		later      bool
	}{
		"service account": {&spec.Subject{Kubernetes: &spec.KubernetesSubject{Namespace: "ns1", ServiceAccount: "sa1"}}, "42", "", "principal://iam.googleapis.com/projects/42/locations/global/workloadIdentityPools/acme-ml.svc.id.goog/subject/ns/ns1/sa/sa1", "", false},
		"number in id":    {&spec.Subject{Kubernetes: &spec.KubernetesSubject{Namespace: "ns1", ServiceAccount: "sa1"}}, "", "42/churn/trainer", "principal://iam.googleapis.com/projects/42/locations/global/workloadIdentityPools/acme-ml.svc.id.goog/subject/ns/ns1/sa/sa1", "", false},
		"no number":       {&spec.Subject{Kubernetes: &spec.KubernetesSubject{Namespace: "ns1", ServiceAccount: "sa1"}}, "", "", "", "", true},
		"github":          {github("production"), "", "", "principal://iam.googleapis.com/" + pool + "/subject/repo:acme/churn:environment:production", "", false},
		"github too wide": {github(""), "", "", "", "too wide: name the environment", false},
		"gitlab":          {&spec.Subject{GitLab: &spec.GitLabSubject{Project: "acme/ml/churn", Branch: "main"}}, "", "", "principal://iam.googleapis.com/" + pool + "/subject/project_path:acme/ml/churn:ref_type:branch:ref:main", "", false},
		"gitlab too wide": {&spec.Subject{GitLab: &spec.GitLabSubject{Project: "acme/churn"}}, "", "", "", "too wide: name the branch", false},
		"long":            {github(strings.Repeat("x", 120)), "", "", "", "at most 127", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := config(nil)
			cfg.ProjectNumber = tt.number
			i := trainer("")
			i.Subject, i.On.ID = tt.subject, tt.id
			got, err := google.New(cfg).Identities.Plan.Settings(i)
			switch {
			case tt.err != "":
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("got %v, want %q", err, tt.err)
				}
			case tt.later:
				if got["principal"] != cloud.Later {
					t.Errorf("got %q, %v", got["principal"], err)
				}
				if _, err := google.New(cfg).Policy(i); !errors.Is(err, cloud.ErrLater) {
					t.Errorf("policy: %v", err)
				}
			case got["principal"] != tt.want:
				t.Errorf("got %q, %v\nwant %q", got["principal"], err, tt.want)
			}
		})
	}
}

// Pods of a cluster in another project have principals of that project.
func TestPrincipal_ofAClusterElsewhere(t *testing.T) {
	t.Parallel()
	c, _ := opened(t)
	i := trainer("trainer")
	i.On.Platform.Cluster.Name = inZone
	if _, err := c.Identities.Plan.Settings(i); !errors.Is(err, cloud.ErrUnsupported) || !strings.Contains(err.Error(), "the cluster is in project acme-shared") {
		t.Errorf("got %v", err)
	}
	i.On.Platform.Cluster.Name = strings.Replace(inZone, "acme-shared", "acme-ml", 1)
	if got, err := c.Identities.Plan.Settings(i); err != nil || got["principal"] != cloud.Later {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestPrincipal_withoutPool(t *testing.T) {
	t.Parallel()
	cfg := config(nil)
	cfg.WorkloadIdentityPool = ""
	i := trainer("")
	i.Subject = &spec.Subject{GitLab: &spec.GitLabSubject{Project: "a/b", Branch: "main"}}
	if _, err := google.New(cfg).Identities.Plan.Settings(i); err == nil || !strings.Contains(err.Error(), "set workload_identity_pool") {
		t.Errorf("got %v", err)
	}
}

func TestGrants_refused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		grant cloud.Grant
		want  string
	}{
		"bucket of another cloud": {cloud.Grant{Access: "read", Bucket: &spec.Bucket{Name: "x", Existing: "s3://x"}}, "its own buckets only"},
		"secret of another form":  {cloud.Grant{Access: "read", Secret: &spec.Secret{Name: "x"}, Reference: "projects/a/locations/b/secrets/c"}, "projects/PROJECT/secrets/NAME"},
		"nothing":                 {cloud.Grant{Access: "read"}, "no bucket and no secret"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := opened(t)
			if _, err := c.Identities.Plan.Settings(trainer("a", tt.grant)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
