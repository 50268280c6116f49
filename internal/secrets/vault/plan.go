package vault

import (
	"fmt"
	"maps"
	gopath "path"
	"slices"
	"strings"
	"unicode"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

type plan struct{}

// Fixed are mount and path: a secret elsewhere is another one.
func (plan) Fixed() []string { return []string{"mount", "path"} }

// The limits of the engine for custom metadata.
const (
	maxKeys  = 64
	maxKey   = 128
	maxValue = 512
)

// Settings are all but the values and their versions.
func (plan) Settings(s secrets.Secret) (cloud.Settings, error) {
	custom := s.Marked(s.Name)
	if err := possible(s, custom); err != nil {
		return nil, err
	}
	return settings(place{strings.Trim(s.Mount(), "/"), s.StorePath()}, metadata{CASRequired: true, Custom: custom}, nil), nil
}

// possible says what Vault cannot do, all at once.
func possible(s secrets.Secret, custom map[string]string) error {
	var faults spec.Faults
	// Vault and its client clean a path, and two spellings would be one secret.
	if path := s.StorePath(); gopath.Clean(path) != path {
		faults.Misfit("path", "%q is %q for Vault: write it that way", path, gopath.Clean(path))
	}
	if s.KMSKey != "" {
		faults.Misfit("kms_key", "Vault encrypts with its own seal, and no key of one secret: leave it out, or use secret_store aws_secrets_manager or google_secret_manager")
	}
	if s.RecoveryDays != 0 {
		faults.Misfit("recovery_days", "Vault keeps what is deleted without an end, until it is destroyed: leave it out, and say in vault.deletion_policy what a destroy takes away (aws_secrets_manager and google_secret_manager count days)")
	}
	if len(custom) > maxKeys {
		faults.Misfit("", "custom_metadata of %s would have %d keys, Vault takes at most %d: leave tags out", s.Name, len(custom), maxKeys)
	}
	for _, key := range slices.Sorted(maps.Keys(custom)) {
		if why := tagFault(key, custom[key]); why != "" {
			faults.Misfit("", "tag %q: %s", key, why)
		}
	}
	return faults.Err()
}

func tagFault(key, value string) string {
	switch {
	case key == "" || len(key) > maxKey:
		return fmt.Sprintf("Vault takes keys of 1 to %d bytes", maxKey)
	case value == "" || len(value) > maxValue:
		return fmt.Sprintf("its value has %d bytes, Vault takes 1 to %d", len(value), maxValue)
	case strings.ContainsFunc(key+value, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "Vault takes printable characters only"
	}
	return ""
}
