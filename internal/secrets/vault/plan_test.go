package vault_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/vault"
)

// TestSettings_refused: what Vault cannot do is refused by name, with who can, and before
// anything is asked of a Vault.
func TestSettings_refused(t *testing.T) {
	t.Parallel()
	store := vault.New(vault.Config{Address: "http://127.0.0.1:1", Token: "t", Pace: time.Microsecond})
	for name, tt := range map[string]struct {
		change func(*secrets.Secret)
		says   []string // "" when it is taken
	}{
		"nothing":       {func(*secrets.Secret) {}, nil},
		"kms_key":       {func(s *secrets.Secret) { s.KMSKey = "alias/ml" }, []string{"kms_key:", "aws_secrets_manager", "leave it out"}},
		"recovery_days": {func(s *secrets.Secret) { s.RecoveryDays = 30 }, []string{"recovery_days:", "deletion_policy", "leave it out"}},
		"both":          {func(s *secrets.Secret) { s.KMSKey, s.RecoveryDays = "k", 7 }, []string{"kms_key:", "recovery_days:"}},
		"two slashes":   {func(s *secrets.Secret) { s.Path = "fraud//tracker" }, []string{`path: "fraud//tracker"`, `"fraud/tracker"`}},
		"a dot":         {func(s *secrets.Secret) { s.Path = "fraud/./tracker" }, []string{`path: "fraud/./tracker"`}},
		"dots in names": {func(s *secrets.Secret) { s.Path = "fraud/tracker.v1" }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sec := tracker("", nil)
			tt.change(&sec)
			_, err := store.Plan.Settings(sec)
			if tt.says == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			_, created := store.Store.Create(t.Context(), sec)
			updated := store.Store.Update(t.Context(), "secret/fraud/tracker", sec)
			for what, err := range map[string]error{"settings": err, "create": created, "update": updated} {
				for _, says := range tt.says {
					if err == nil || !strings.Contains(err.Error(), says) {
						t.Errorf("%s: %v; want %q", what, err, says)
					}
				}
			}
		})
	}
}
