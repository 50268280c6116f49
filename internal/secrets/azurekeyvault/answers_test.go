package azurekeyvault_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/azurekeyvault"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/azurekeyvault/keyvaultfake"
)

// A token goes to nobody but the vault's own service, except on this machine.
func TestChallenge(t *testing.T) {
	t.Parallel()
	for at, refused := range map[string]bool{vault: true, "https://127.0.0.1:1": false, "https://localhost:1": false} {
		fake := keyvaultfake.New(at)
		rec := &recorded{next: fake, spoil: func(_ *http.Request, resp *http.Response) (*http.Response, error) {
			if resp.StatusCode == 401 {
				resp.Header.Set("WWW-Authenticate", `Bearer authorization="https://login.microsoftonline.com/tenant", resource="https://vault.example.com"`)
			}
			return resp, nil
		}}
		c := config(rec)
		c.VaultURL = at
		_, err := azurekeyvault.New(c).Store.Create(t.Context(), sample(nil))
		if (err != nil) != refused {
			t.Errorf("%s: %v; refused must be %v", at, err, refused)
		}
		for _, req := range rec.seen {
			if refused && req.Header.Get("Authorization") != "" {
				t.Errorf("%s: a token was sent", at)
			}
		}
	}
	for _, at := range []string{"", "http://suite.vault.azure.net", "https://user:canary@suite.vault.azure.net", "suite", "https://suite.vault.azure.net/secrets"} {
		c := config(nil)
		c.VaultURL = at
		if _, err := azurekeyvault.New(c).Store.Create(t.Context(), sample(nil)); err == nil || strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), "must be like https://") {
			t.Errorf("%q: %v", at, err)
		}
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	c := config(keyvaultfake.New(vault))
	c.Credential = tokens{errors.New("az is not there")}
	_, err := azurekeyvault.New(c).Store.Create(t.Context(), sample(nil))
	if !errors.Is(err, cloud.ErrDenied) || !strings.Contains(err.Error(), "credentials") || !strings.Contains(err.Error(), "az is not there") {
		t.Errorf("no token: %v", err)
	}
	store, _, rec := fresh(t)
	rec.spoil = func(req *http.Request, _ *http.Response) (*http.Response, error) {
		return answer(cloudtest.Expired, req), nil
	}
	_, err = store.Store.Create(t.Context(), sample(nil))
	if !errors.Is(err, cloud.ErrDenied) || !strings.Contains(err.Error(), "credentials") || !strings.Contains(err.Error(), "AKV10022") {
		t.Errorf("refused token: %v", err)
	}
}

// What others may answer is no value, and is not shown.
func TestStrangeAnswers(t *testing.T) {
	t.Parallel()
	for title, c := range map[string]struct {
		status     int
		body, says string
	}{
		"disabled":   {403, `{"error":{"code":"Forbidden","message":"Operation get is not allowed on a disabled secret.","innererror":{"code":"SecretDisabled"}}}`, "enable it with"},
		"no object":  {200, `{"value":"canary","id":"` + id + `/1"}`, "no JSON object"},
		"no version": {200, `{"value":"{\"a\":\"canary\"}"}`, "holds no version"},
		"no JSON":    {200, `canary`, "cannot be read"},
		"types":      {200, `{"value":["canary"]}`, "cannot be read"},
	} {
		store, _, rec := fresh(t)
		made(t, store, sample(nil))
		rec.spoil = func(_ *http.Request, resp *http.Response) (*http.Response, error) {
			resp.StatusCode, resp.Body = c.status, io.NopCloser(bytes.NewBufferString(c.body))
			return resp, nil
		}
		v, err := store.Values(t.Context(), id, sample(func(s *secrets.Secret) { s.Values = secrets.Values{} }), "")
		if err == nil || strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), c.says) || !v.Empty() || errors.Is(err, cloud.ErrDenied) {
			t.Errorf("%s: %v, %v; want %q", title, v.Keys(), err, c.says)
		}
	}
}
