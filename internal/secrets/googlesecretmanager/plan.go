package googlesecretmanager

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"google.golang.org/api/secretmanager/v1"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/google"
	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

const (
	maxBytes = 65536 // of the values
	// pathMark is the annotation that keeps the path, of which a name may be a short form.
	pathMark = "mlops-path"
	forever  = "0s"    // how the settings say that nothing delays a destruction
	never    = "never" // and that nothing removes the secret at a time
	enabled  = "ENABLED"
)

var (
	idForm  = pattern.New(`^[A-Za-z0-9_-]{1,255}$`)
	keyForm = pattern.New(`^projects/[^/]+/locations/([a-z0-9-]+)/keyRings/[^/]+/cryptoKeys/[^/]+$`)
)

// storeType is the value of secret_store.
const storeType = "google_secret_manager"

type plan struct{}

// Fixed are the name and where and how the values are encrypted.
func (plan) Fixed() []string { return []string{"name", "replication"} }

// Settings are all but the values and their versions.
func (plan) Settings(s secrets.Secret) (cloud.Settings, error) {
	want, err := wanted(s)
	if err != nil {
		return nil, err
	}
	return settings(s.StoreName(storeType), want, nil), nil
}

// wanted is the secret as it is to be.
func wanted(s secrets.Secret) (*secretmanager.Secret, error) {
	var faults spec.Faults
	if id := s.StoreName(storeType); !idForm.MatchString(id) {
		faults.Misfit("path", "%q cannot be the name of a secret of Google Cloud: beside slashes, which become dashes, it has letters, digits, dashes and underscores, at most 255", s.StorePath())
	}
	if s.Vault != nil {
		faults.Misfit("vault", "these settings are for Vault, and the secret %q is kept in Secret Manager of Google Cloud: leave them out", s.Name)
	}
	labels, err := google.Labels(s.On, s.Name)
	if err != nil {
		faults = append(faults, spec.FaultsOf(err)...)
	}
	out := &secretmanager.Secret{Labels: labels, Annotations: map[string]string{pathMark: s.StorePath()}, Replication: &secretmanager.Replication{Automatic: &secretmanager.Automatic{}}}
	if s.RecoveryDays != 0 {
		out.VersionDestroyTtl = fmt.Sprintf("%ds", s.RecoveryDays*24*60*60)
	}
	if s.KMSKey != "" {
		where := keyForm.FindStringSubmatch(s.KMSKey)
		if where == nil {
			faults.Misfit("kms_key", "%q: Google Cloud names a key projects/P/locations/L/keyRings/R/cryptoKeys/K", s.KMSKey)
		} else {
			out.Replication = encrypted(s.KMSKey, where[1])
		}
	}
	return out, faults.Err()
}

// encrypted keeps the values where their key is: a key of the location global serves
// values that are everywhere.
func encrypted(key, location string) *secretmanager.Replication {
	by := &secretmanager.CustomerManagedEncryption{KmsKeyName: key}
	if location == "global" {
		return &secretmanager.Replication{Automatic: &secretmanager.Automatic{CustomerManagedEncryption: by}}
	}
	return &secretmanager.Replication{UserManaged: &secretmanager.UserManaged{Replicas: []*secretmanager.Replica{{Location: location, CustomerManagedEncryption: by}}}}
}

// settings are those of a secret with its newest version. What has none yet counts as
// enabled. Nobody can read a version that somebody disabled, and a secret that expires is
// gone for good.
func settings(id string, s *secretmanager.Secret, newest *secretmanager.SecretVersion) cloud.Settings {
	out := cloud.Settings{
		"name": id, "labels": canonical(s.Labels), "annotations": canonical(s.Annotations), "replication": canonical(s.Replication),
		"version_destroy_ttl": cmp.Or(s.VersionDestroyTtl, forever), "expire_time": cmp.Or(s.ExpireTime, never), "newest_version": enabled,
	}
	if newest != nil {
		out["newest_version"] = newest.State
	}
	return out
}

// settingsOf are those of a secret as it is. What others put on it is no setting, as long
// as it is known what is ours.
func settingsOf(have *secretmanager.Secret, newest *secretmanager.SecretVersion, s secrets.Secret) cloud.Settings {
	shown := *have
	if s.On.Platform != nil {
		shown.Labels = only(have.Labels, s.Marked(s.Name))
		shown.Annotations = only(have.Annotations, map[string]string{pathMark: ""})
	} else {
		shown.Labels, shown.Annotations = only(have.Labels, have.Labels), only(have.Annotations, have.Annotations)
	}
	return settings(have.Name[strings.LastIndex(have.Name, "/")+1:], &shown, newest)
}

// only are those of has whose keys want has as well.
func only(has, want map[string]string) map[string]string {
	out := map[string]string{}
	for key := range want {
		if value, there := has[key]; there {
			out[key] = value
		}
	}
	return out
}

// canonical writes JSON with sorted keys.
func canonical(v any) string {
	data, _ := json.Marshal(v) // of texts, lists and maps
	var tree any
	_ = json.Unmarshal(data, &tree)
	data, _ = json.Marshal(tree)
	return string(data)
}
