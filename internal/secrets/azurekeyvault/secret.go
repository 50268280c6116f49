package azurekeyvault

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/document"
)

// Create makes the first version. What has our marks is taken up: what an interrupted
// Create left, or a deleted secret, which is recovered with what it held. A vault keeps no
// secret without a value: without values it is an empty object.
func (s *store) Create(ctx context.Context, sec secrets.Secret) (string, error) {
	text, err := prepared(sec)
	if err != nil {
		return "", err
	}
	c, err := s.open(place{s.vault(sec), sec.StoreName(storeType)}, sec)
	if err != nil {
		return "", err
	}
	have, err := c.newest(ctx)
	if errors.Is(err, cloud.ErrNotFound) {
		err = c.write(ctx, text, nil, "")
		var f *failure
		if !errors.As(err, &f) || f.code != deleted {
			return c.idUnless(err)
		}
		have, err = c.recover(ctx)
	}
	if err != nil {
		return "", err
	}
	if !sec.Ours(have.tags, sec.Name) {
		return "", c.foreign(have.tags, "import it, or give another path")
	}
	if sec.Values.Empty() {
		return c.idUnless(c.adjust(ctx, have))
	}
	return c.idUnless(c.write(ctx, text, have.tags, have.version))
}

// idUnless gives no id beside an error: what was there before must not go when the object
// is made anew.
func (s session) idUnless(err error) (string, error) {
	if err != nil {
		return "", err
	}
	return s.id(), nil
}

// prepared is the text to write.
func prepared(sec secrets.Secret) (string, error) {
	if err := possible(sec); err != nil {
		return "", err
	}
	text, err := document.Encode(sec.Values, maxBytes)
	if err != nil {
		return "", fmt.Errorf("secret %q: %w", sec.Name, err)
	}
	return text, nil
}

// foreign says why a name is not taken.
func (s session) foreign(tags map[string]string, way string) error {
	whose := "it has no marks of this provider"
	if platform := tags[cloud.MarkPlatform]; platform != "" {
		whose = fmt.Sprintf("it belongs to %s of platform %s", tags[cloud.MarkName], platform)
	}
	if path := tags[pathMark]; path != "" && path != s.sec.StorePath() {
		whose += fmt.Sprintf(", and is the path %s, which has the same name as %s", path, s.sec.StorePath())
	}
	return fmt.Errorf("secret %q: %s %w: %s: %s", s.sec.Name, s.id(), cloud.ErrExists, whose, way)
}

const recoveries = 60 // looks at a secret that is being recovered

// recover brings back a deleted secret that is ours, and waits until it is there.
func (s session) recover(ctx context.Context) (kept, error) {
	gone, err := s.GetDeletedSecret(ctx, s.name, nil)
	if err = s.translate(err, "readMetadata/action"); err != nil {
		return kept{}, fmt.Errorf("the name is held by a deleted secret: %w", err)
	}
	if tags := texts(gone.Tags); !s.sec.Ours(tags, s.sec.Name) {
		return kept{}, s.foreign(tags, "it is deleted, and only its owner may recover or purge it (az keyvault secret recover, purge): give another path")
	}
	_, err = s.RecoverDeletedSecret(ctx, s.name, nil)
	err = s.translate(err, "recover/action")
	var f *failure
	if err != nil && (!errors.As(err, &f) || f.status != http.StatusNotFound && f.status != http.StatusConflict) {
		return kept{}, err // both say that our own request was taken, and its answer lost
	}
	for n := 0; ; n++ {
		have, err := s.newest(ctx)
		if !errors.Is(err, cloud.ErrNotFound) || n == recoveries || s.pause(ctx, 1) != nil {
			return have, err
		}
		if s.config.Progress != nil {
			s.config.Progress("secret " + s.name + " is being recovered")
		}
	}
}

// Read gives the settings.
func (s *store) Read(ctx context.Context, id string, sec secrets.Secret) (cloud.Settings, error) {
	c, have, err := s.existing(ctx, id, sec)
	if err != nil {
		return nil, err
	}
	return settingsOf(c.place, have, sec), nil
}

// existing is a secret that must be there.
func (s *store) existing(ctx context.Context, id string, sec secrets.Secret) (session, kept, error) {
	p, err := placeOf(id)
	if err != nil {
		return session{}, kept{}, err
	}
	c, err := s.open(p, sec)
	if err != nil {
		return c, kept{}, err
	}
	have, err := c.newest(ctx)
	return c, have, err
}

// Update brings the settings about and writes the values as a new version. The vault cannot
// compare and write in one request: of two writers at the same moment the second wins, and
// only a version that is there before the write is seen.
func (s *store) Update(ctx context.Context, id string, sec secrets.Secret) error {
	text, err := prepared(sec)
	if err != nil {
		return err
	}
	c, have, err := s.existing(ctx, id, sec)
	if err != nil {
		return err
	}
	switch {
	case sec.Values.Empty():
		return c.adjust(ctx, have)
	case sec.Version == "" || sec.Version == have.version:
		return c.write(ctx, text, have.tags, have.version)
	case have.holds(sec.Values): // the answer to the request that wrote them was lost, or somebody wrote the same
		return c.adjust(ctx, have)
	}
	return fmt.Errorf("secret %q: the values were to be written on version %s, and the newest is %s: look at what was written, and apply again: %w", sec.Name, sec.Version, have.version, cloud.ErrConflict)
}

// adjust brings the settings of the newest version about. Tags of others stay.
func (s session) adjust(ctx context.Context, have kept) error {
	tags := cloud.With(have.tags, wanted(s.sec))
	if maps.Equal(tags, have.tags) && have.kind == contentType && !have.disabled {
		return nil
	}
	in := azsecrets.UpdateSecretPropertiesParameters{ContentType: to.Ptr(contentType), Tags: pointers(tags)}
	if have.disabled {
		in.SecretAttributes = &azsecrets.SecretAttributes{Enabled: to.Ptr(true)}
	}
	_, err := s.UpdateSecretProperties(ctx, s.name, have.version, in, nil)
	return s.translate(err, "update/action")
}

// Delete deletes the secret so that it can be recovered, for as many days as the vault is
// set to. Nothing is purged: until then its name is taken.
func (s *store) Delete(ctx context.Context, id string, sec secrets.Secret) error {
	c, _, err := s.existing(ctx, id, sec)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		_, err := c.DeleteSecret(ctx, c.name, nil)
		err = c.translate(err, "delete")
		var f *failure
		if !errors.As(err, &f) {
			return err
		}
		switch {
		case f.status == http.StatusNotFound, f.code == deleted, f.code == beingDeleted:
			return nil // the answer to our own request was lost
		case !f.busy() || n == tries || c.pause(ctx, n) != nil:
			return err
		}
	}
}
