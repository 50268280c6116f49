package awssecretsmanager

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// The limits of the service.
const (
	maxBytes = 65536 // of the values
	maxTags  = 50
	shortest = 7 // days in which a deleted secret can be brought back
	longest  = 30
)

// managedKey is the key that the service uses when none is named.
const managedKey = "aws/secretsmanager"

var (
	nameForm = pattern.New(`^[A-Za-z0-9/_+=.@-]{1,512}$`)
	tagForm  = pattern.New(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
)

type plan struct{}

// Fixed is the name: a secret of another name is another one.
func (plan) Fixed() []string { return []string{"name"} }

// Settings are all but the values, their versions, and the days of recovery, which the
// service learns when the secret is deleted.
func (plan) Settings(s secrets.Secret) (cloud.Settings, error) {
	if err := possible(s); err != nil {
		return nil, err
	}
	return settings(s.StorePath(), s.KMSKey, s.Marked(s.Name)), nil
}

// possible says what the service cannot do, all at once.
func possible(s secrets.Secret) error {
	var faults spec.Faults
	if name := s.StorePath(); !nameForm.MatchString(name) {
		faults.Misfit("path", "%q cannot be the name of a secret of AWS: it has letters, digits and / _ + = . @ -, at most 512", name)
	}
	if s.Vault != nil {
		faults.Misfit("vault", "these settings are for Vault, and the secret %q is kept in AWS Secrets Manager: leave them out", s.Name)
	}
	if n := s.RecoveryDays; n != 0 && (n < shortest || n > longest) {
		faults.Misfit("recovery_days", "%d: AWS Secrets Manager keeps a deleted secret for %d to %d days", n, shortest, longest)
	}
	tags := s.Marked(s.Name)
	if len(tags) > maxTags {
		faults.Misfit("", "%d tags and marks are more than the %d tags that a secret of AWS can have", len(tags), maxTags)
	}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		if why := tagFault(key, tags[key]); why != "" {
			faults.Misfit("", "tag %q cannot be a tag of AWS: %s", key, why)
		}
	}
	return faults.Err()
}

func tagFault(key, value string) string {
	switch {
	case strings.HasPrefix(strings.ToLower(key), "aws:"):
		return "aws: at the start of a key is kept for AWS"
	case key == "" || utf8.RuneCountInString(key) > 128 || utf8.RuneCountInString(value) > 256:
		return "a key has 1 to 128 characters, a value at most 256"
	case !tagForm.MatchString(key) || !tagForm.MatchString(value):
		return "key and value have letters, digits, spaces and _ . : / = + - @"
	}
	return ""
}

func settings(name, key string, tags map[string]string) cloud.Settings {
	if key == "" {
		key = managedKey
	}
	text, _ := json.Marshal(tags) // a map of texts can always be written
	return cloud.Settings{"name": name, "kms_key_id": key, "tags": string(text)}
}

// settingsOf are those of a secret as it is, in the words of s. Tags of others are no
// settings, as long as it is known which are ours.
func settingsOf(d *secretsmanager.DescribeSecretOutput, s secrets.Secret) cloud.Settings {
	tags, want := tagsOf(d.Tags), ""
	if s.Secret != nil {
		want = s.KMSKey
	}
	if s.On.Platform != nil {
		ours := s.Marked(s.Name)
		maps.DeleteFunc(tags, func(key, _ string) bool { _, there := ours[key]; return !there })
	}
	key := sdk.ToString(d.KmsKeyId)
	if sameKey(key, want) {
		key = want
	}
	return settings(sdk.ToString(d.Name), key, tags)
}

// sameKey compares keys, which the cloud names by an id, an ARN or an alias as it was told.
// Only two ARNs tell the account and the region of both.
func sameKey(have, want string) bool {
	if strings.HasPrefix(have, "arn:") && strings.HasPrefix(want, "arn:") {
		return have == want
	}
	bare := func(key string) string {
		if strings.HasPrefix(key, "arn:") {
			key = key[strings.LastIndex(key, ":")+1:]
		}
		key = strings.TrimPrefix(key, "key/")
		if key == "" || key == "alias/"+managedKey {
			return managedKey
		}
		return key
	}
	return bare(have) == bare(want)
}

func tagsOf(list []types.Tag) map[string]string {
	out := map[string]string{}
	for _, t := range list {
		out[sdk.ToString(t.Key)] = sdk.ToString(t.Value)
	}
	return out
}

func tagList(tags map[string]string) (out []types.Tag) {
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, types.Tag{Key: sdk.String(key), Value: sdk.String(tags[key])})
	}
	return out
}
