package local

import (
	"context"
	"os"
	"path/filepath"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// identities keeps each identity's policy as <root>/identities/<platform>/<name>.json.
// Nothing on this machine enforces it: it says what a cloud would.
type identities struct{ root string }

func policyFile(root, id string) string {
	return filepath.Join(root, "identities", filepath.FromSlash(id)+".json")
}

func (identities) Settings(i cloud.Identity) (cloud.Settings, error) {
	text, err := cloud.PortablePolicy(i)
	return cloud.Settings{"policy": text}, err
}

func (identities) Fixed() []string { return nil }

func (s identities) Create(_ context.Context, i cloud.Identity) (string, error) {
	id := string(i.Identity.Platform) + "/" + i.Name
	return id, s.write(id, i)
}

// Read gives the policy document as it is.
func (s identities) Read(_ context.Context, id string, _ cloud.Identity) (cloud.Settings, error) {
	if err := placed(id); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(policyFile(s.root, id))
	if err != nil {
		return nil, failure(err)
	}
	return cloud.Settings{"policy": string(data)}, nil
}

func (s identities) Update(_ context.Context, id string, i cloud.Identity) error {
	if err := placed(id); err != nil {
		return err
	}
	if _, err := os.Stat(policyFile(s.root, id)); err != nil {
		return failure(err)
	}
	return s.write(id, i)
}

func (s identities) Delete(_ context.Context, id string, _ cloud.Identity) error {
	if err := placed(id); err != nil {
		return err
	}
	return failure(os.Remove(policyFile(s.root, id)))
}

func (s identities) write(id string, i cloud.Identity) error {
	text, err := cloud.PortablePolicy(i)
	if err != nil {
		return err
	}
	return write(policyFile(s.root, id), []byte(text))
}
