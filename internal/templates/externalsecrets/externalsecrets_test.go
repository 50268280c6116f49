package externalsecrets_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/externalsecrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

func TestMain(m *testing.M) { realtools.Main(m) }

func TestTarget(t *testing.T) {
	templatestest.Run(t, externalsecrets.Target{}, templatestest.Options{
		Expresses: []spec.Kind{spec.KindSecret},
		Elsewhere: map[string]string{
			"secret.platform": "spec", "secret.existing": "one that exists is not written", "secret.generate": "provider", "secret.kms_key": "provider",
			"secret.recovery_days": "provider", "secret.vault.deletion_policy": "provider", "secret.store.type": "the goldens",
			"secret.store.region": "golden aws", "secret.store.project": "golden google", "secret.store.tenant": "golden azure",
		},
	})
}

// TestObjects: the definitions of External Secrets take what is written for each store.
func TestObjects(t *testing.T) {
	t.Parallel()
	realtools.KubeValidate(t, realtools.WriteFiles(t, templatestest.Objects(t))).Accept(t, "the objects")
}

// TestRefusals: each on the setting that a user has to change.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*templatestest.Case)
		want   string
	}{
		"no grant": {
			func(c *templatestest.Case) { c.Object(t, spec.KindIdentity, "trainer")["grants"] = []any{} },
			`secret "features": sync.namespaces[0]: Vault lets service accounts in by their roles, and none of namespace "fraud-training" may read this secret: add a grant on the secret to an mlops_identity of namespace "fraud-training"`,
		},
		"an identity that exists": {
			func(c *templatestest.Case) { c.Object(t, spec.KindIdentity, "trainer")["existing"] = "by-hand" },
			`secret "features": sync.namespaces[0]: Vault lets service accounts in by their roles, and identity "trainer", which may read this secret, exists already: nobody makes a role of Vault for it`,
		},
		"a grant in another namespace": {
			func(c *templatestest.Case) {
				c.Object(t, spec.KindSecret, "features")["sync"] = map[string]any{"namespaces": []any{"fraud-training", "fraud-staging"}}
			},
			`secret "features": sync.namespaces[1]: Vault lets service accounts in by their roles, and none of namespace "fraud-staging"`,
		},
		"no place": {
			func(c *templatestest.Case) { delete(c.Object(t, spec.KindSecret, "features"), "store") },
			`secret "features": sync.namespaces[0]: nothing says where the cluster finds secret_store "vault"`,
		},
		"two places of one name": {
			func(c *templatestest.Case) {
				other := map[string]any{"kind": "secret", "platform": "fraud", "name": "other", "vault": map[string]any{"mount": "kv"}, "sync": map[string]any{"namespaces": []any{"fraud-training"}}, "store": map[string]any{"type": "vault", "address": "https://another.example.com"}}
				c.Specs = append(c.Specs, other)
				trainer := c.Object(t, spec.KindIdentity, "trainer")
				grants, _ := trainer["grants"].([]any)
				trainer["grants"] = append(grants, map[string]any{"access": "read", "secret": "other"})
			},
			`secret "other": sync.namespaces[0]: would be read through store "vault-kv-trainer" of namespace "fraud-training"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := templatestest.Full(t)
			tt.change(c)
			p, faults := c.Link()
			if err := faults.Err(); err != nil {
				t.Fatal(err)
			}
			_, err := externalsecrets.Target{}.Render(p)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// TestAccounts: External Secrets asks as a service account only where the store answers it.
func TestAccounts(t *testing.T) {
	t.Parallel()
	store := map[string]map[string]any{
		"aws_secrets_manager":   {"type": "aws_secrets_manager", "region": "eu-west-1"},
		"google_secret_manager": {"type": "google_secret_manager", "project": "acme-ml"},
		"azure_key_vault":       {"type": "azure_key_vault", "address": "https://acme-ml.vault.azure.net"},
	}
	for name, tt := range map[string]struct {
		cloud, issuer, store string
		want                 bool
	}{
		"AWS, an issuer":          {"aws", "https://oidc.example.com/id/1", "aws_secrets_manager", true},
		"AWS, EKS Pod Identity":   {"aws", "", "aws_secrets_manager", false},
		"AWS from elsewhere":      {"kubernetes", "https://oidc.example.com/id/1", "aws_secrets_manager", false},
		"Google":                  {"google", "", "google_secret_manager", true},
		"Google from elsewhere":   {"kubernetes", "", "google_secret_manager", false},
		"Azure":                   {"azure", "", "azure_key_vault", true},
		"Azure from another":      {"google", "", "azure_key_vault", false},
		"AWS from Google's cloud": {"google", "", "aws_secrets_manager", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			platform := map[string]any{
				"kind": "platform", "name": "fraud", "owner": "fraud-ml", "cloud": tt.cloud, "secret_store": tt.store,
				"cluster": without(map[string]any{"name": "ml", "oidc_issuer": tt.issuer}), "environments": map[string]any{"staging": map[string]any{}},
			}
			if region := map[string]string{"aws": "eu-west-1", "google": "europe-west1", "azure": "westeurope"}[tt.cloud]; region != "" {
				platform["region"] = region
			}
			text := rendered(t, []map[string]any{
				platform,
				{"kind": "secret", "platform": "fraud", "name": "tracker", "sync": map[string]any{"namespaces": []any{"fraud-training"}}, "store": store[tt.store]},
				{
					"kind": "identity", "platform": "fraud", "name": "trainer", "grants": []any{map[string]any{"access": "read", "secret": "tracker"}},
					"subject": map[string]any{"kubernetes": map[string]any{"namespace": "fraud-training", "service_account": "the-trainer"}},
				},
			})
			if got := strings.Contains(text, "name: the-trainer"); got != tt.want {
				t.Errorf("asks as the service account: %t, want %t", got, tt.want)
			}
		})
	}
}

// TestAccounts_existing: an identity of ours is known to have its right, one that exists is
// only said to have it.
func TestAccounts_existing(t *testing.T) {
	t.Parallel()
	identity := func(name, existing string) map[string]any {
		return without(map[string]any{
			"kind": "identity", "platform": "fraud", "name": name, "existing": existing, "grants": []any{map[string]any{"access": "read", "secret": "tracker"}},
			"subject": map[string]any{"kubernetes": map[string]any{"namespace": "fraud-training", "service_account": name}},
		})
	}
	for name, tt := range map[string]struct {
		identities []map[string]any
		want       string
	}{
		"ours and one that exists": {[]map[string]any{identity("a-first", "trainer@acme.iam.gserviceaccount.com"), identity("b-second", "")}, "name: b-second"},
		"one that exists":          {[]map[string]any{identity("a-first", "trainer@acme.iam.gserviceaccount.com")}, "name: a-first"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := rendered(t, append(tt.identities,
				map[string]any{"kind": "platform", "name": "fraud", "owner": "fraud-ml", "cloud": "google", "region": "europe-west1", "secret_store": "google_secret_manager", "environments": map[string]any{"staging": map[string]any{}}},
				map[string]any{"kind": "secret", "platform": "fraud", "name": "tracker", "sync": map[string]any{"namespaces": []any{"fraud-training"}}, "store": map[string]any{"type": "google_secret_manager", "project": "acme-ml"}},
			))
			if !strings.Contains(text, tt.want) {
				t.Errorf("nothing has %q: %s", tt.want, text)
			}
		})
	}
}

// TestClouds: each cloud of Azure has addresses of its own, and a sign-in of its own.
func TestClouds(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://acme-ml.vault.azure.net":          "PublicCloud",
		"https://acme-ml.vault.azure.net/":         "PublicCloud",
		"https://acme-ml.vault.azure.cn":           "ChinaCloud",
		"https://acme-ml.vault.azure.cn/":          "ChinaCloud",
		"https://acme-ml.vault.usgovcloudapi.net":  "USGovernmentCloud",
		"https://acme-ml.vault.microsoftazure.de":  "GermanCloud",
		"https://vault.azure.cn.vault.example.com": "PublicCloud",
	} {
		text := rendered(t, []map[string]any{
			{"kind": "platform", "name": "fraud", "owner": "fraud-ml", "cloud": "azure", "region": "westeurope", "secret_store": "azure_key_vault", "environments": map[string]any{"staging": map[string]any{}}},
			{"kind": "secret", "platform": "fraud", "name": "tracker", "sync": map[string]any{"namespaces": []any{"fraud-training"}}, "store": map[string]any{"type": "azure_key_vault", "address": address}},
		})
		if !strings.Contains(text, "environmentType: "+want+"\n") {
			t.Errorf("%s is not in %s", address, want)
		}
	}
}

// without leaves out what is empty, as a user does.
func without(of map[string]any) map[string]any {
	maps.DeleteFunc(of, func(_ string, v any) bool { return v == "" })
	return of
}

// rendered is all that is written.
func rendered(t *testing.T, specs []map[string]any) (text string) {
	t.Helper()
	p, faults := (&templatestest.Case{Specs: specs}).Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	files, err := externalsecrets.Target{}.Render(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text += string(f.Data)
	}
	return text
}
