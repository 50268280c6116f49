package vault

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// place is where a secret is: a path in a key-value engine of version 2.
type place struct{ mount, path string }

func (p place) id() string       { return p.mount + "/" + p.path }
func (p place) data() string     { return p.mount + "/data/" + p.path }
func (p place) metadata() string { return p.mount + "/metadata/" + p.path }
func (p place) destroy() string  { return p.mount + "/destroy/" + p.path }
func (p place) undelete() string { return p.mount + "/undelete/" + p.path }

// find asks Vault which engine holds an id, and that it is one with versions: a write to
// the metadata of another would be a secret of a strange name. The answer is kept.
func (s *session) find(ctx context.Context, id string) (place, error) {
	s.mu.Lock()
	p, there := s.places[id]
	s.mu.Unlock()
	if there {
		return p, nil
	}
	var answer struct {
		Data struct {
			Path, Type string
			Options    map[string]string
		}
	}
	err := s.do(ctx, call{method: read, path: "sys/internal/ui/mounts/" + id, needs: read}, &answer)
	if err != nil {
		return p, unmounted(id, err)
	}
	mount := strings.Trim(answer.Data.Path, "/")
	path, inside := strings.CutPrefix(id, mount+"/")
	switch kind := answer.Data.Type; {
	case !inside || path == "":
		return p, fmt.Errorf("%s: Vault has that under %q, which is no engine with a path in it", id, mount)
	case kind != "kv" && kind != "generic":
		return p, fmt.Errorf("the engine at %s is of type %s: secrets need one of type kv, version 2: name its mount", mount, kind)
	case answer.Data.Options["version"] != "2":
		return p, fmt.Errorf("the engine at %s is of version 1, which keeps no versions: turn them on (vault kv enable-versioning %s), or name the mount of a kv engine of version 2", mount, mount)
	}
	s.mu.Lock()
	s.places[id] = place{mount, path}
	s.mu.Unlock()
	return place{mount, path}, nil
}

// unmounted explains the one answer that Vault has for an engine that is not there and for
// one of which the token may see nothing.
func unmounted(id string, err error) error {
	var f *failure
	if !errors.As(err, &f) || f.status != 403 || !strings.Contains(f.said, "preflight") {
		return err
	}
	mount, _, _ := strings.Cut(id, "/")
	return fmt.Errorf("%s: there is no engine at %s (enable one: vault secrets enable -path=%s -version=2 kv), or the token has no permission for anything in it (its policies need capability \"read\" on %s/metadata/…): %s: %w", id, mount, mount, mount, f.said, cloud.ErrDenied)
}
