package azurekeyvault

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// The limits of the service.
const (
	maxBytes = 25 * 1024 // of the values
	maxTags  = 15
	maxTag   = 256 // characters of a key, and of a value
)

const (
	// pathMark is the tag that keeps the path, of which a name may be a short form.
	pathMark    = "mlops-path"
	contentType = "application/json"
)

var nameForm = pattern.New(`^[0-9A-Za-z-]{1,127}$`)

// storeType is the value of secret_store.
const storeType = "azure_key_vault"

type plan struct{}

// Fixed is the name: a secret of another name is another one.
func (plan) Fixed() []string { return []string{"name"} }

// Settings are all but the values and their versions.
func (plan) Settings(s secrets.Secret) (cloud.Settings, error) {
	if err := possible(s); err != nil {
		return nil, err
	}
	return settings(s.StoreName(storeType), kept{kind: contentType}, wanted(s)), nil
}

// wanted are the tags of a secret.
func wanted(s secrets.Secret) map[string]string {
	out := s.Marked(s.Name)
	out[pathMark] = s.StorePath()
	return out
}

// possible says what the vault cannot do, all at once.
func possible(s secrets.Secret) error {
	var faults spec.Faults
	if !nameForm.MatchString(s.StoreName(storeType)) {
		faults.Misfit("path", "%q cannot be the name of a secret of a key vault: it has letters, digits and dashes, at most 127; slashes, dots and underscores become dashes", s.StorePath())
	}
	if s.Vault != nil {
		faults.Misfit("vault", "these settings are for HashiCorp Vault, and the secret %q is kept in a key vault of Azure: leave them out", s.Name)
	}
	if s.KMSKey != "" {
		faults.Misfit("kms_key", "a key vault encrypts its secrets with its own keys: leave it out")
	}
	if s.RecoveryDays != 0 {
		faults.Misfit("recovery_days", "how long a deleted secret can be brought back is a setting of the key vault, for all of its secrets: leave it out")
	}
	tags := wanted(s)
	if len(tags) > maxTags {
		faults.Misfit("", "%d tags and marks are more than the %d tags that a secret of a key vault can have", len(tags), maxTags)
	}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		if key == "" || utf8.RuneCountInString(key) > maxTag || utf8.RuneCountInString(tags[key]) > maxTag {
			faults.Misfit("", "tag %q: a key vault takes keys of 1 to %d and values of up to %d characters", key, maxTag, maxTag)
		}
	}
	return faults.Err()
}

// settings are those of a version with the tags that are shown. When it ends is no setting:
// a vault gives values out all the same, and takes no end away again.
func settings(name string, v kept, tags map[string]string) cloud.Settings {
	text, _ := json.Marshal(tags) // a map of texts can always be written
	return cloud.Settings{"name": name, "content_type": v.kind, "tags": string(text), "enabled": strconv.FormatBool(!v.disabled)}
}

// settingsOf are those of a secret as it is, in the words of s. Tags of others are no
// settings, as long as it is known which are ours.
func settingsOf(p place, have kept, s secrets.Secret) cloud.Settings {
	tags, name := maps.Clone(have.tags), p.name
	if s.On.Platform != nil {
		ours := wanted(s)
		maps.DeleteFunc(tags, func(key, _ string) bool { _, there := ours[key]; return !there })
		// The vault does not tell names apart by the case of letters.
		if planned := s.StoreName(storeType); strings.EqualFold(planned, name) {
			name = planned
		}
	}
	return settings(name, have, tags)
}
