package googlesecretmanager

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"google.golang.org/api/secretmanager/v1"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/document"
)

// Create makes the secret, and then its first version. What has our marks is taken up:
// what an interrupted Create left, or a secret whose versions wait for their destruction.
func (s *store) Create(ctx context.Context, sec secrets.Secret) (string, error) {
	want, text, err := prepared(sec)
	if err != nil {
		return "", err
	}
	c, err := s.open(sec)
	if err != nil {
		return "", err
	}
	name := s.name(sec)
	parent, id, _ := strings.Cut(name, "/secrets/")
	_, err = c.secrets.Create(parent, want).SecretId(id).Context(ctx).Do()
	if code(err) == http.StatusConflict {
		return c.takeUp(ctx, name, want, text)
	}
	if err != nil {
		return "", c.translate(err, "secretmanager.secrets.create")
	}
	if text == nil {
		_, err = c.get(ctx, name, true)
		return name, err
	}
	return name, c.write(ctx, name, *text, 0)
}

// prepared is the secret to make and the text to write, nil when the values stay as they
// are.
func prepared(sec secrets.Secret) (*secretmanager.Secret, *string, error) {
	want, err := wanted(sec)
	if err != nil || sec.Values.Empty() {
		return want, nil, err
	}
	text, err := document.Encode(sec.Values, maxBytes)
	if err != nil {
		return nil, nil, fmt.Errorf("secret %q: %w", sec.Name, err)
	}
	return want, &text, nil
}

// takeUp makes what is there under the name the secret that is wanted.
func (s session) takeUp(ctx context.Context, name string, want *secretmanager.Secret, text *string) (string, error) {
	have, err := s.get(ctx, name, true)
	if err != nil {
		return "", err
	}
	if !s.sec.Ours(have.Labels, s.sec.Name) {
		return "", s.foreign(have)
	}
	if canonical(have.Replication) != canonical(want.Replication) {
		return "", fmt.Errorf("secret %q: %s is ours, and its values are kept in another way, which nothing changes (%s): remove it (gcloud secrets delete), or give another path", s.sec.Name, name, canonical(have.Replication))
	}
	newest, err := s.newest(ctx, name)
	if err != nil {
		return "", err
	}
	if err = s.adjust(ctx, have, want); err == nil && text != nil {
		err = s.write(ctx, name, *text, number(newest))
	} else if err == nil {
		err = s.enable(ctx, newest)
	}
	if err != nil && newest != nil {
		return "", err // what held values before must not go when the object is made anew
	}
	return name, err
}

// enable makes a version readable that somebody disabled, or that waits for its destruction.
func (s session) enable(ctx context.Context, v *secretmanager.SecretVersion) error {
	if v == nil || v.State == enabled {
		return nil
	}
	_, err := s.versions.Enable(v.Name, &secretmanager.EnableSecretVersionRequest{}).Context(ctx).Do()
	return s.translate(err, "secretmanager.versions.enable")
}

// foreign says why a name is not taken.
func (s session) foreign(have *secretmanager.Secret) error {
	whose := "it has no marks of this provider"
	if platform := have.Labels[cloud.MarkPlatform]; platform != "" {
		whose = fmt.Sprintf("it belongs to %s of platform %s", have.Labels[cloud.MarkName], platform)
	}
	if path := have.Annotations[pathMark]; path != "" && path != s.sec.StorePath() {
		whose += fmt.Sprintf(", and is the path %s, which has the same name as %s", path, s.sec.StorePath())
	}
	return fmt.Errorf("secret %q: %s %w: %s: import it, or give another path", s.sec.Name, have.Name, cloud.ErrExists, whose)
}

func (s session) get(ctx context.Context, name string, made bool) (out *secretmanager.Secret, err error) {
	do := func() error { out, err = s.secrets.Get(name).Context(ctx).Do(); return err }
	if made {
		err = s.patient(ctx, do)
	} else {
		err = do()
	}
	return out, s.translate(err, "secretmanager.secrets.get")
}

// existing is a secret that must be there, with its newest version, which may be nil. One
// whose newest version is destroyed, or waits for it, is not there.
func (s session) existing(ctx context.Context, name string) (*secretmanager.Secret, *secretmanager.SecretVersion, error) {
	have, err := s.get(ctx, name, false)
	if err != nil {
		return nil, nil, err
	}
	newest, err := s.newest(ctx, name)
	if err == nil && dying(newest) {
		err = fmt.Errorf("the newest version of %s is destroyed, or waits for it: %w", name, cloud.ErrNotFound)
	}
	return have, newest, err
}

// Read gives the settings.
func (s *store) Read(ctx context.Context, id string, sec secrets.Secret) (cloud.Settings, error) {
	c, err := s.open(sec)
	if err != nil {
		return nil, err
	}
	have, newest, err := c.existing(ctx, id)
	if err != nil {
		return nil, err
	}
	return settingsOf(have, newest, sec), nil
}

// Update brings the settings about and writes the values as a new version. The cloud
// cannot compare and write in one request: of two writers at the same moment the second
// wins, and only a version that is there before the write is seen.
func (s *store) Update(ctx context.Context, id string, sec secrets.Secret) error {
	want, text, err := prepared(sec)
	if err != nil {
		return err
	}
	c, err := s.open(sec)
	if err != nil {
		return err
	}
	have, newest, err := c.existing(ctx, id)
	if err != nil {
		return err
	}
	if seen := number(newest); text != nil && sec.Version != "" && sec.Version != fmt.Sprint(seen) {
		if !c.holds(ctx, id) {
			return fmt.Errorf("secret %q: the values were to be written on version %s, and the newest is %d: look at what was written, and apply again: %w", sec.Name, sec.Version, seen, cloud.ErrConflict)
		}
		text = nil
	}
	switch err := c.adjust(ctx, have, want); {
	case err != nil:
		return err
	case text == nil:
		return c.enable(ctx, newest)
	}
	return c.write(ctx, id, *text, number(newest))
}

// adjust brings the settings about that differ. What others put on the secret stays; when
// somebody changes it at the same time, it is read again.
func (s session) adjust(ctx context.Context, have, want *secretmanager.Secret) error {
	for n := 0; ; n++ {
		change, mask := difference(have, want)
		if len(mask) == 0 {
			return nil
		}
		_, err := s.secrets.Patch(have.Name, change).UpdateMask(strings.Join(mask, ",")).Context(ctx).Do()
		if !stale(err) || n == tries || s.pause(ctx, n, err) != nil {
			return s.translate(err, "secretmanager.secrets.update")
		}
		if have, err = s.get(ctx, have.Name, false); err != nil {
			return err
		}
	}
}

// difference is a patch and the fields of it.
func difference(have, want *secretmanager.Secret) (change *secretmanager.Secret, mask []string) {
	with := func(has, more map[string]string) map[string]string {
		out := maps.Clone(has)
		if out == nil {
			out = map[string]string{}
		}
		maps.Copy(out, more)
		return out
	}
	change = &secretmanager.Secret{Etag: have.Etag}
	if labels := with(have.Labels, want.Labels); !maps.Equal(labels, have.Labels) {
		change.Labels, mask = labels, append(mask, "labels")
	}
	if annotations := with(have.Annotations, want.Annotations); !maps.Equal(annotations, have.Annotations) {
		change.Annotations, mask = annotations, append(mask, "annotations")
	}
	if want.VersionDestroyTtl != have.VersionDestroyTtl {
		change.VersionDestroyTtl, mask = want.VersionDestroyTtl, append(mask, "versionDestroyTtl")
	}
	if have.ExpireTime != "" {
		mask = append(mask, "expireTime") // and nothing in its place
	}
	return change, mask
}

// Delete removes the secret for good. With days of recovery its versions are destroyed
// instead, which the cloud does after that time, until when they can be enabled again; the
// empty secret stays with our marks, and is taken up by the next Create.
func (s *store) Delete(ctx context.Context, id string, sec secrets.Secret) error {
	c, err := s.open(sec)
	if err != nil {
		return err
	}
	have, newest, err := c.existing(ctx, id)
	if err != nil {
		return err
	}
	if sec.Secret != nil && sec.RecoveryDays != 0 && newest != nil {
		want, err := wanted(sec)
		if err != nil {
			return err
		}
		// Without the delay, which somebody may have removed, nothing could be brought back.
		if err := c.adjust(ctx, have, want); err != nil {
			return err
		}
		return c.destroy(ctx, id)
	}
	_, err = c.secrets.Delete(id).Context(ctx).Do()
	if err = c.translate(err, "secretmanager.secrets.delete"); errors.Is(err, cloud.ErrNotFound) {
		return nil // the answer to our own request was lost
	}
	return err
}

// destroy lets go of all versions, the newest last: until then the secret counts as there,
// and an interrupted Delete is done again.
func (s session) destroy(ctx context.Context, name string) error {
	var all []*secretmanager.SecretVersion
	err := s.versions.List(name).Context(ctx).Pages(ctx, func(page *secretmanager.ListSecretVersionsResponse) error {
		all = append(all, page.Versions...)
		return nil
	})
	if err != nil {
		return s.translate(err, "secretmanager.versions.list")
	}
	slices.SortFunc(all, func(a, b *secretmanager.SecretVersion) int { return number(a) - number(b) })
	for _, v := range all {
		if dying(v) {
			continue
		}
		_, err := s.versions.Destroy(v.Name, &secretmanager.DestroySecretVersionRequest{}).Context(ctx).Do()
		if err != nil && s.gone(ctx, v.Name) {
			continue // the answer to our own request was lost
		}
		if err != nil {
			return s.translate(err, "secretmanager.versions.destroy")
		}
	}
	return nil
}

func (s session) gone(ctx context.Context, version string) bool {
	v, err := s.versions.Get(version).Context(ctx).Do()
	return code(err) == http.StatusNotFound || err == nil && dying(v)
}
