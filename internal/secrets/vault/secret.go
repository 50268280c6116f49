package vault

import (
	"context"
	"fmt"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
)

// store keeps secrets, and reads them.
type store struct{ *session }

// Create makes the metadata, which carries the marks, and then a first version. What has
// our marks is taken up: an interrupted Create, or a path whose newest version was deleted.
func (s store) Create(ctx context.Context, sec secrets.Secret) (string, error) {
	if _, err := (plan{}).Settings(sec); err != nil {
		return "", err
	}
	id := place{strings.Trim(sec.Mount(), "/"), sec.StorePath()}.id()
	p, err := s.find(ctx, id)
	if err != nil {
		return "", err
	}
	m, err := s.metadata(ctx, p)
	fresh := absent(err)
	if err != nil && !fresh {
		return "", err
	}
	if !fresh && !sec.Ours(m.Custom, sec.Name) {
		return "", foreign(id, m)
	}
	if err := s.configure(ctx, p, m, sec.Marked(sec.Name), capability(fresh)); err != nil {
		return "", err
	}
	if err := s.fill(ctx, p, m, sec.Values); err != nil {
		if fresh {
			return id, err
		}
		return "", err // what was there before must not go when the object is made anew
	}
	return id, nil
}

func capability(fresh bool) string {
	if fresh {
		return "create"
	}
	return "update"
}

// foreign says why a path is not taken.
func foreign(id string, m metadata) error {
	whose := "has no marks of this provider"
	if platform := m.Custom[cloud.MarkPlatform]; platform != "" {
		whose = fmt.Sprintf("belongs to %s of platform %s", m.Custom[cloud.MarkName], platform)
	}
	way := "import it, or give another path"
	if m.state() == deleted || m.state() == destroyed {
		way = "its newest version was deleted, the older ones are still somebody else's: have it removed (vault kv metadata delete), or give another path"
	}
	return fmt.Errorf("%s %s and has %d versions: %s: %w", id, whose, m.Current, way, cloud.ErrExists)
}

// fill writes the values of a secret that is made. Without values it stays as it is, when
// there is something.
func (s store) fill(ctx context.Context, p place, m metadata, v secrets.Values) error {
	switch {
	case !v.Empty():
		return s.put(ctx, p, m.Current, v)
	case m.state() == deleted:
		body := map[string]any{"versions": []int{m.Current}}
		return s.do(ctx, call{method: write, path: p.undelete(), body: body, needs: "update"}, nil)
	case m.state() == destroyed:
		return fmt.Errorf("%s: its newest version was destroyed, and there are no values to write: give some, or remove the path (vault kv metadata delete)", p.id())
	}
	return nil
}

// Read gives the settings. A path whose newest version is deleted is absent.
func (s store) Read(ctx context.Context, id string, sec secrets.Secret) (cloud.Settings, error) {
	p, m, err := s.existing(ctx, id)
	if err != nil {
		return nil, err
	}
	if sec.On.Platform == nil {
		return settings(p, m, nil), nil // imported: nobody has said yet which marks are meant
	}
	return settings(p, m, sec.Marked(sec.Name)), nil
}

// existing is a secret that must be there.
func (s store) existing(ctx context.Context, id string) (place, metadata, error) {
	p, err := s.find(ctx, id)
	if err != nil {
		return p, metadata{}, err
	}
	m, err := s.metadata(ctx, p)
	if err == nil && !m.there() {
		err = fmt.Errorf("%s: its version %d is deleted: %w", id, m.Current, cloud.ErrNotFound)
	}
	return p, m, err
}

// Update brings the settings about, and writes values on the version that was seen last.
func (s store) Update(ctx context.Context, id string, sec secrets.Secret) error {
	if _, err := (plan{}).Settings(sec); err != nil {
		return err
	}
	p, m, err := s.existing(ctx, id)
	if err != nil {
		return err
	}
	seen, err := version(sec.Version, m.Current)
	if err != nil {
		return err
	}
	written := sec.Values.Empty()
	if !written && seen != m.Current {
		if err := s.conflict(ctx, p, seen, sec.Values); err != nil {
			return err
		}
		written = true
	}
	if err := s.configure(ctx, p, m, sec.Marked(sec.Name), "update"); err != nil || written {
		return err
	}
	return s.put(ctx, p, seen, sec.Values)
}

// Delete takes away as much as the deletion policy of the secret says: the newest version,
// which can be brought back, or the values of all, or everything.
func (s store) Delete(ctx context.Context, id string, sec secrets.Secret) error {
	p, m, err := s.existing(ctx, id)
	if err != nil {
		return err
	}
	policy := ""
	if sec.Vault != nil {
		policy = sec.Vault.Deletion
	}
	switch {
	case policy == "metadata" || m.state() == empty: // of what is empty nothing could be brought back
		return s.do(ctx, call{method: remove, path: p.metadata(), needs: "delete"}, nil)
	case policy == "destroy":
		return s.do(ctx, call{method: write, path: p.destroy(), body: map[string]any{"versions": m.values()}, needs: "update"}, nil)
	case policy == "" || policy == "delete":
		return s.do(ctx, call{method: remove, path: p.data(), needs: "delete"}, nil)
	}
	return fmt.Errorf("%s: unknown deletion policy %q: delete, destroy or metadata", id, policy)
}
