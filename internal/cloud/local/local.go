// Package local is the embedded cloud: buckets are folders on this machine, each
// with its settings in a JSON file beside it. It needs no account and opens no
// socket. A folder keeps no old versions and is as private as the user's files.
package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// New returns the cloud whose files lie below root; a relative root starts at the
// working directory.
func New(root string) (cloud.Cloud, error) {
	abs, err := filepath.Abs(root)
	if err != nil {
		return cloud.Cloud{}, fmt.Errorf("local root %s: %w", root, err)
	}
	b, i := buckets{root: abs}, identities{root: abs}
	return cloud.Cloud{
		Dialect: dialect{root: abs}, Buckets: cloud.Kind[cloud.Bucket]{Plan: b, Store: b},
		Identities: cloud.Kind[cloud.Identity]{Plan: i, Store: i}, Pools: cloud.Kind[cloud.Pool]{Plan: cloud.GivenNodes{Cloud: "local"}},
	}, nil
}

type dialect struct{ root string }

func (dialect) Name() string { return "local" }

func (d dialect) BucketURI(b spec.Bucket) string {
	return b.URI("local", folder(d.root, bucketID(b)))
}

func (dialect) Policy(i cloud.Identity) (string, error) { return cloud.PortablePolicy(i) }

// placed refuses an id that would lead out of the root, as an import may name any.
func placed(id string) error {
	platform, name, two := strings.Cut(id, "/")
	if !two || platform == "" || name == "" || strings.Contains(name, "/") || !filepath.IsLocal(id) || filepath.Clean(id) != id {
		return fmt.Errorf("%q is no id of cloud \"local\": it has the form PLATFORM/NAME", id)
	}
	return nil
}

// write replaces a file as a whole, so that a crash leaves the old one.
func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return failure(err)
	}
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		return failure(err)
	}
	return failure(os.Rename(path+".new", path))
}

func failure(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %w", cloud.ErrNotFound, err)
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%w: %w; import it, or name it in `existing`", cloud.ErrExists, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: %w", cloud.ErrDenied, err)
	}
	return err
}
