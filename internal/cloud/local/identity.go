package local

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func (dialect) Policy(i spec.Identity) (string, error) {
	data, err := json.MarshalIndent(i.Policy(), "", "  ")
	return string(data) + "\n", err
}

// identities keeps each identity's policy as <root>/identities/<platform>/<name>.json.
// Nothing on this machine enforces it: it says what a cloud would.
type identities struct{ root string }

func policyFile(root, id string) string {
	return filepath.Join(root, "identities", filepath.FromSlash(id)+".json")
}

func (s identities) Create(_ context.Context, i spec.Identity) (string, error) {
	id := string(i.Platform) + "/" + i.Name
	path := policyFile(s.root, id)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", failure(err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", failure(err)
	}
	if err := file.Close(); err != nil {
		return "", failure(err)
	}
	return id, s.write(path, i)
}

// Read gives the policy document as it is.
func (s identities) Read(_ context.Context, id string) (cloud.Identity, error) {
	data, err := os.ReadFile(policyFile(s.root, id))
	if err != nil {
		return cloud.Identity{}, failure(err)
	}
	return cloud.Identity{Policy: string(data)}, nil
}

func (s identities) Update(_ context.Context, id string, i spec.Identity) error {
	path := policyFile(s.root, id)
	if _, err := os.Stat(path); err != nil {
		return failure(err)
	}
	return s.write(path, i)
}

func (s identities) Delete(_ context.Context, id string) error {
	return failure(os.Remove(policyFile(s.root, id)))
}

func (s identities) write(path string, i spec.Identity) error {
	text, err := dialect{}.Policy(i)
	if err != nil {
		return fmt.Errorf("policy of %s: %w", i.Name, err)
	}
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		return failure(err)
	}
	return failure(os.Rename(path+".new", path))
}
