package awssecretsmanager

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/document"
)

// Create makes the secret with its first version. What has our marks is taken up: what an
// interrupted Create left, or a secret that is scheduled for deletion, which is brought
// back with what it held.
func (s *store) Create(ctx context.Context, sec secrets.Secret) (string, error) {
	text, err := prepared(sec)
	if err != nil {
		return "", err
	}
	c, err := s.open(ctx, "", sec)
	if err != nil {
		return "", err
	}
	token := newToken()
	in := &secretsmanager.CreateSecretInput{Name: sdk.String(sec.StorePath()), Tags: tagList(sec.Marked(sec.Name)), ClientRequestToken: &token, SecretString: text}
	if sec.KMSKey != "" {
		in.KmsKeyId = &sec.KMSKey
	}
	made, err := c.CreateSecret(ctx, in)
	if taken(err) || marked(err) {
		return c.takeUp(ctx, text, token)
	}
	if err != nil {
		return "", c.translate(err)
	}
	if _, err := c.describe(ctx, arn(made.ARN), patient); err != nil {
		return arn(made.ARN), err
	}
	return arn(made.ARN), nil
}

// prepared is the text to write, nil when the values stay as they are.
func prepared(sec secrets.Secret) (*string, error) {
	if err := possible(sec); err != nil {
		return nil, err
	}
	if sec.Values.Empty() {
		return nil, nil //nolint:nilnil // nothing is to be written
	}
	text, err := document.Encode(sec.Values, maxBytes)
	if err != nil {
		return nil, fmt.Errorf("secret %q: %w", sec.Name, err)
	}
	return &text, nil
}

// takeUp makes what is there under the name the secret that is wanted.
func (c session) takeUp(ctx context.Context, text *string, token string) (string, error) {
	sec := c.sec
	d, err := c.describe(ctx, sec.StorePath(), patient)
	if err != nil {
		return "", err
	}
	if !sec.Ours(tagsOf(d.Tags), sec.Name) {
		return "", foreign(sec, d)
	}
	id := arn(d.ARN)
	if d.DeletedDate != nil {
		if _, err := c.RestoreSecret(ctx, &secretsmanager.RestoreSecretInput{SecretId: &id}); err != nil {
			return "", c.translate(err)
		}
	}
	if err = c.adjust(ctx, d); err == nil {
		err = c.put(ctx, id, text, token)
	}
	if _, here := d.VersionIdsToStages[token]; err != nil && current(d) != "0" && !here {
		return "", err // what held values before must not go when the object is made anew
	}
	return id, err
}

// foreign says why a name is not taken.
func foreign(sec secrets.Secret, d *secretsmanager.DescribeSecretOutput) error {
	tags := tagsOf(d.Tags)
	whose := "it has no marks of this provider"
	if platform := tags[cloud.MarkPlatform]; platform != "" {
		whose = fmt.Sprintf("it belongs to %s of platform %s", tags[cloud.MarkName], platform)
	}
	way := "import it, or give another path"
	if d.DeletedDate != nil {
		way = fmt.Sprintf("it is scheduled for deletion since %s, and only its owner may bring it back (aws secretsmanager restore-secret): give another path", d.DeletedDate.UTC().Format(time.DateOnly))
	}
	return fmt.Errorf("secret %q: the name %s %w: %s: %s", sec.Name, sec.StorePath(), cloud.ErrExists, whose, way)
}

// describe reads all but the values. What is scheduled for deletion has a DeletedDate.
func (c session) describe(ctx context.Context, id string, how ...func(*secretsmanager.Options)) (*secretsmanager.DescribeSecretOutput, error) {
	d, err := c.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &id}, how...)
	return d, c.translate(err)
}

// existing is a secret that must be there. One that is scheduled for deletion is not.
func (s *store) existing(ctx context.Context, id string, sec secrets.Secret) (session, *secretsmanager.DescribeSecretOutput, error) {
	c, err := s.open(ctx, id, sec)
	if err != nil {
		return c, nil, err
	}
	d, err := c.describe(ctx, id)
	if err == nil && d.DeletedDate != nil {
		err = fmt.Errorf("secret %s is scheduled for deletion: %w", id, cloud.ErrNotFound)
	}
	return c, d, err
}

// Read gives the settings.
func (s *store) Read(ctx context.Context, id string, sec secrets.Secret) (cloud.Settings, error) {
	_, d, err := s.existing(ctx, id, sec)
	if err != nil {
		return nil, err
	}
	return settingsOf(d, sec), nil
}

// Update brings the settings about and writes the values as a new version. The service
// cannot compare and write in one request: of two writers at the same moment the second
// wins, and only a version that is there before the write is seen.
func (s *store) Update(ctx context.Context, id string, sec secrets.Secret) error {
	text, err := prepared(sec)
	if err != nil {
		return err
	}
	c, d, err := s.existing(ctx, id, sec)
	if err != nil {
		return err
	}
	if text != nil && sec.Version != "" && sec.Version != current(d) {
		if !c.holds(ctx, id) {
			return fmt.Errorf("secret %q: the values were to be written on version %s, and the newest is %s: look at what was written, and apply again: %w", sec.Name, sec.Version, current(d), cloud.ErrConflict)
		}
		text = nil
	}
	if err := c.adjust(ctx, d); err != nil {
		return err
	}
	return c.put(ctx, id, text, newToken())
}

// adjust brings the settings about that differ. Tags of others stay.
func (c session) adjust(ctx context.Context, d *secretsmanager.DescribeSecretOutput) error {
	sec := c.sec
	have, changed := tagsOf(d.Tags), map[string]string{}
	for key, value := range sec.Marked(sec.Name) {
		if old, there := have[key]; !there || old != value {
			changed[key] = value
		}
	}
	if len(changed) > 0 {
		if _, err := c.TagResource(ctx, &secretsmanager.TagResourceInput{SecretId: d.ARN, Tags: tagList(changed)}); err != nil {
			return c.translate(err)
		}
	}
	if sameKey(sdk.ToString(d.KmsKeyId), sec.KMSKey) {
		return nil
	}
	// An empty text is the service's own key.
	_, err := c.UpdateSecret(ctx, &secretsmanager.UpdateSecretInput{SecretId: d.ARN, KmsKeyId: &sec.KMSKey})
	return c.translate(err)
}

// Delete schedules the deletion. Until the days of recovery are over the secret can be
// brought back, its name is taken, and nobody can read it.
func (s *store) Delete(ctx context.Context, id string, sec secrets.Secret) error {
	days := int64(longest)
	if sec.Secret != nil && sec.RecoveryDays != 0 {
		days = sec.RecoveryDays
	}
	c, _, err := s.existing(ctx, id, sec)
	if err != nil {
		return err
	}
	_, err = c.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: &id, RecoveryWindowInDays: &days})
	if marked(err) {
		return nil // the answer to our own request was lost
	}
	if err = c.translate(err); errors.Is(err, cloud.ErrNotFound) {
		return nil // it was there a moment ago
	}
	return err
}

// current is the id of the version that readers get, "0" while there is none.
func current(d *secretsmanager.DescribeSecretOutput) string {
	for version, stages := range d.VersionIdsToStages {
		if slices.Contains(stages, stageCurrent) {
			return version
		}
	}
	return "0"
}
