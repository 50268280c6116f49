package azurekeyvault_test

import (
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/azurekeyvault/keyvaultfake"
)

func disable(s *keyvaultfake.Secret) { s.Newest().Disabled = true }

// A version that somebody disabled is seen, for nobody can read it. It is enabled again, or
// a new one takes its place, and it can be deleted.
func TestDisabled(t *testing.T) {
	t.Parallel()
	for title, values := range map[string]map[string]string{"as it was": nil, "written anew": {"password": "another canary"}} {
		store, fake, _ := fresh(t)
		s := sample(nil)
		made(t, store, s)
		if err := store.Store.Update(t.Context(), id, s); err != nil { // a second version, which is the newest
			t.Fatal(err)
		}
		version, err := store.Version(t.Context(), id, s)
		if err != nil {
			t.Fatal(err)
		}
		fake.Edit("suite-tracker", disable)
		want, _ := store.Plan.Settings(s)
		want["enabled"] = "false"
		if got, err := store.Store.Read(t.Context(), id, s); err != nil || !maps.Equal(got, want) {
			t.Errorf("%s: read %v, %v; want %v", title, got, err, want)
		}
		if got, err := store.Version(t.Context(), id, s); err != nil || got != version {
			t.Errorf("%s: version %s, %v; want %s", title, got, err, version)
		}
		if _, err := store.Values(t.Context(), id, s, ""); err == nil || !strings.Contains(err.Error(), "enable it") {
			t.Errorf("%s: values: %v", title, err)
		}
		holds := s.Values.Reveal()
		s.Values, s.Version = secrets.ValuesOf(values), version
		if values != nil {
			holds = values
		}
		if err := store.Store.Update(t.Context(), id, s); err != nil {
			t.Errorf("%s: %v", title, err)
		}
		if v, err := store.Values(t.Context(), id, s, ""); err != nil || !maps.Equal(v.Reveal(), holds) {
			t.Errorf("%s: values of keys %v, %v", title, v.Keys(), err)
		}
		fake.Edit("suite-tracker", disable)
		if err := store.Store.Delete(t.Context(), id, s); err != nil || fake.Count() != 0 {
			t.Errorf("%s: delete: %v, %d left", title, err, fake.Count())
		}
	}
}

// A disabled secret of somebody else is not taken, and ours is taken up.
func TestDisabled_taken(t *testing.T) {
	t.Parallel()
	store, fake, _ := fresh(t)
	fake.Edit("suite-tracker", disable)
	if got, err := store.Store.Create(t.Context(), sample(nil)); !errors.Is(err, cloud.ErrExists) || got != "" {
		t.Errorf("of another: %q, %v", got, err)
	}
	store, fake, _ = fresh(t)
	made(t, store, sample(nil))
	fake.Edit("suite-tracker", disable)
	made(t, store, sample(nil))
}

// What the network keeps out needs no permission.
func TestNetwork(t *testing.T) {
	t.Parallel()
	for inner, says := range map[string]string{
		"ForbiddenByFirewall":   "Client address is not authorized and caller is not a trusted service.\\r\\nClient address: 192.0.2.1",
		"ForbiddenByConnection": "Public network access is disabled and request is not from a trusted service nor via an approved private link.",
	} {
		store, _, rec := fresh(t)
		rec.spoil = func(req *http.Request, _ *http.Response) (*http.Response, error) {
			return cloudtest.Reply(req, 403, "application/json", `{"error":{"code":"Forbidden","message":"`+says+`","innererror":{"code":"`+inner+`"}}}`), nil
		}
		_, err := store.Store.Create(t.Context(), sample(nil))
		if !errors.Is(err, cloud.ErrDenied) || !strings.Contains(err.Error(), "az keyvault network-rule add") || strings.Contains(err.Error(), "needs permission") {
			t.Errorf("%s: %v", inner, err)
		}
	}
}
