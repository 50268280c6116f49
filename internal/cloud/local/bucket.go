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

// buckets keeps each bucket as <root>/buckets/<platform>/<name>/ and its settings
// as <name>.json beside the folder. The file is written first: a folder without one is
// of somebody else.
type buckets struct{ root string }

func bucketID(b spec.Bucket) string { return string(b.Platform) + "/" + b.Name }

func folder(root, id string) string { return filepath.Join(root, "buckets", filepath.FromSlash(id)) }

// Settings are the rules that a cloud would apply. Nothing on this machine does. What a
// folder cannot have is refused by its name.
func (buckets) Settings(b cloud.Bucket) (cloud.Settings, error) {
	if name := b.Extra(); name != "" {
		return nil, fmt.Errorf("bucket %q: %s: a bucket of cloud \"local\" is a folder on this machine, which has none: leave it out", b.Name, name)
	}
	rules, err := json.Marshal(append([]spec.LifecycleRule{}, b.Lifecycle...))
	return cloud.Settings{"lifecycle": string(rules)}, err
}

func (buckets) Fixed() []string { return nil }

func (s buckets) Create(_ context.Context, b cloud.Bucket) (string, error) {
	id := bucketID(*b.Bucket)
	path := folder(s.root, id)
	if _, err := os.Stat(path + ".json"); err != nil {
		if _, err := os.Stat(path); err == nil {
			return "", failure(&fs.PathError{Op: "create", Path: path, Err: fs.ErrExist})
		}
	}
	if err := s.write(id, b); err != nil {
		return "", err
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", failure(err)
	}
	return id, nil
}

func (s buckets) Read(_ context.Context, id string, _ cloud.Bucket) (cloud.Settings, error) {
	if err := placed(id); err != nil {
		return nil, err
	}
	path := folder(s.root, id)
	info, err := os.Stat(path)
	if err != nil {
		return nil, failure(err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is not a folder", path)
	}
	data, err := os.ReadFile(path + ".json")
	if errors.Is(err, fs.ErrNotExist) {
		return cloud.Settings{}, nil // the settings were lost: the next update writes them again
	}
	if err != nil {
		return nil, failure(err)
	}
	out := cloud.Settings{}
	if err := json.Unmarshal(data, &out); err != nil {
		return nil, fmt.Errorf("settings %s.json: %w; delete the file to have it written anew", path, err)
	}
	return out, nil
}

func (s buckets) Update(_ context.Context, id string, b cloud.Bucket) error {
	if err := placed(id); err != nil {
		return err
	}
	if _, err := os.Stat(folder(s.root, id)); err != nil {
		return failure(err)
	}
	return s.write(id, b)
}

// Delete refuses a folder with files unless force_destroy is set.
func (s buckets) Delete(_ context.Context, id string, b cloud.Bucket) error {
	if err := placed(id); err != nil {
		return err
	}
	path, remove := folder(s.root, id), os.Remove
	if b.ForceDestroy {
		remove = os.RemoveAll
	} else if entries, err := os.ReadDir(path); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s holds %d files and folders: %w; empty it, or set force_destroy = true and apply first", path, len(entries), cloud.ErrNotEmpty)
	}
	if _, err := os.Stat(path); err != nil {
		return failure(err)
	}
	if err := remove(path); err != nil {
		return failure(err)
	}
	if err := os.Remove(path + ".json"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failure(err)
	}
	return nil
}

func (s buckets) write(id string, b cloud.Bucket) error {
	settings, err := s.Settings(b)
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(settings, "", "  ")
	if err != nil {
		return err
	}
	return write(folder(s.root, id)+".json", append(data, '\n'))
}
