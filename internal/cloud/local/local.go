// Package local is the embedded cloud: buckets are folders on this machine, each
// with its settings in a JSON file beside it. It needs no account and opens no
// socket. A folder keeps no old versions and is as private as the user's files.
package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

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
	return cloud.Cloud{Dialect: dialect{root: abs}, Buckets: buckets{root: abs}, Identities: identities{root: abs}}, nil
}

type dialect struct{ root string }

func (dialect) Name() string { return "local" }

func (d dialect) BucketURI(b spec.Bucket) string {
	return b.URI("local", folder(d.root, id(b)))
}

// buckets keeps each bucket as <root>/buckets/<platform>/<name>/ and its settings
// as <name>.json beside the folder.
type buckets struct{ root string }

func id(b spec.Bucket) string { return string(b.Platform) + "/" + b.Name }

func folder(root, id string) string { return filepath.Join(root, "buckets", filepath.FromSlash(id)) }

func (s buckets) Create(_ context.Context, b spec.Bucket) (string, error) {
	path := folder(s.root, id(b))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", failure(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		return "", failure(err)
	}
	return id(b), s.write(b)
}

func (s buckets) Read(_ context.Context, id string) (spec.Bucket, error) {
	var b spec.Bucket
	path := folder(s.root, id)
	info, err := os.Stat(path)
	if err != nil {
		return b, failure(err)
	}
	if !info.IsDir() {
		return b, fmt.Errorf("%s is not a folder", path)
	}
	data, err := os.ReadFile(path + ".json")
	if errors.Is(err, fs.ErrNotExist) {
		return b, nil // the settings were lost: the next update writes them again
	}
	if err != nil {
		return b, failure(err)
	}
	if err := json.Unmarshal(data, &b); err != nil {
		return b, fmt.Errorf("settings %s.json: %w; delete the file to have it written anew", path, err)
	}
	return b, nil
}

func (s buckets) Update(_ context.Context, id string, b spec.Bucket) error {
	if _, err := os.Stat(folder(s.root, id)); err != nil {
		return failure(err)
	}
	return s.write(b)
}

// Delete refuses a folder with files unless the stored settings say force_destroy.
func (s buckets) Delete(ctx context.Context, id string) error {
	b, err := s.Read(ctx, id)
	if err != nil {
		return err
	}
	path, remove := folder(s.root, id), os.Remove
	if b.ForceDestroy {
		remove = os.RemoveAll
	} else if entries, err := os.ReadDir(path); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s holds %d files and folders: %w; empty it, or set force_destroy = true and apply first", path, len(entries), cloud.ErrNotEmpty)
	}
	if err := remove(path); err != nil {
		return failure(err)
	}
	if err := os.Remove(path + ".json"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failure(err)
	}
	return nil
}

// write replaces the settings as a whole, so that a crash leaves the old ones.
func (s buckets) write(b spec.Bucket) error {
	data, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return err
	}
	path := folder(s.root, id(b)) + ".json"
	if err := os.WriteFile(path+".new", append(data, '\n'), 0o600); err != nil {
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
