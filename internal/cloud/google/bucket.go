package google

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"google.golang.org/api/storage/v1"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// buckets keeps buckets of Cloud Storage. The id is the name, which is one in the world.
type buckets struct {
	services
	plan bucketPlan
}

// changeBucket is what a patch needs; the second is for some of its fields, which an answer
// does not tell. Source: cloud.google.com/storage/docs/access-control/iam-json, Buckets patch.
const changeBucket = "storage.buckets.update and storage.buckets.setIamPolicy"

// Create sends one request: a bucket is there with all its settings, or not at all.
func (s buckets) Create(ctx context.Context, b cloud.Bucket) (string, error) {
	want, err := s.plan.wanted(b)
	if err != nil {
		return "", err
	}
	api, err := s.storage()
	if err != nil {
		return "", err
	}
	_, err = api.Buckets.Insert(s.Project, want).Context(ctx).Do()
	if status(err) == http.StatusConflict {
		err = s.takeUp(ctx, api, b, want)
	} else {
		err = failure(err, "storage.buckets.create")
	}
	if err != nil {
		return "", fmt.Errorf("bucket %q: %w", b.Name, err)
	}
	return b.Name, nil
}

// takeUp makes a bucket right that an earlier Create left, if it is ours.
func (s buckets) takeUp(ctx context.Context, api *storage.Service, b cloud.Bucket, want *storage.Bucket) error {
	have, err := s.seen(ctx, api, b.Name)
	switch {
	case errors.Is(err, errForbidden):
		return fmt.Errorf("%w: the name is taken in another project, or its bucket cannot be read: %w; names of buckets are unique in the world: choose another, or name the bucket in existing", cloud.ErrExists, err)
	case errors.Is(err, cloud.ErrNotFound):
		return fmt.Errorf("%w: the name is taken although no bucket has it; a deleted bucket keeps its name while it can be restored: restore it, or choose another name", cloud.ErrExists)
	case err != nil:
		return err
	case !b.Ours(have.Labels, b.Name):
		return fmt.Errorf("%w: the bucket has no marks of this platform; import it, or name it in existing", cloud.ErrExists)
	case !strings.EqualFold(have.Location, want.Location):
		return fmt.Errorf("%w: an earlier apply left the bucket in %s, and it is wanted in %s; delete it, or import it", cloud.ErrExists, have.Location, want.Location)
	}
	here, err := s.here(ctx, api, b.Name)
	switch {
	case err != nil:
		return err
	case !here:
		return fmt.Errorf("%w: a platform of this name has the bucket in another project; names of buckets are unique in the world: choose another", cloud.ErrExists)
	}
	return s.patient(ctx, func() error { return s.patch(ctx, api, b.Name, want) })
}

// seen reads a bucket that was made a moment ago.
func (s buckets) seen(ctx context.Context, api *storage.Service, name string) (have *storage.Bucket, err error) {
	err = s.patient(ctx, func() (err error) {
		have, err = api.Buckets.Get(name).Context(ctx).Do()
		return failure(err, "storage.buckets.get")
	})
	return have, err
}

// here reports whether a bucket is one of the project's own: a platform of the same name may
// have one so called in another project that we may read as well.
func (s buckets) here(ctx context.Context, api *storage.Service, name string) (found bool, err error) {
	err = api.Buckets.List(s.Project).Prefix(name).Fields("nextPageToken", "items(name)").Pages(ctx, func(page *storage.Buckets) error {
		found = found || slices.ContainsFunc(page.Items, func(b *storage.Bucket) bool { return b.Name == name })
		return nil
	})
	return found, failure(err, "storage.buckets.list")
}

func (s buckets) Read(ctx context.Context, id string, b cloud.Bucket) (cloud.Settings, error) {
	api, err := s.storage()
	if err != nil {
		return nil, err
	}
	have, err := api.Buckets.Get(id).Context(ctx).Do()
	if err != nil {
		return nil, fmt.Errorf("bucket %q: %w", id, failure(err, "storage.buckets.get"))
	}
	return bucketSettings(have, b.Marked(b.Name)), nil
}

func (s buckets) Update(ctx context.Context, id string, b cloud.Bucket) error {
	want, err := s.plan.wanted(b)
	if err != nil {
		return err
	}
	api, err := s.storage()
	if err != nil {
		return err
	}
	if err := s.patch(ctx, api, id, want); err != nil {
		return fmt.Errorf("bucket %q: %w", id, err)
	}
	return nil
}

// patch brings every setting about that is not fixed. Labels of others stay, as a patch
// merges them.
func (buckets) patch(ctx context.Context, api *storage.Service, id string, want *storage.Bucket) error {
	change := *want
	change.Name, change.Location = "", ""
	if change.Encryption == nil {
		change.NullFields = append(change.NullFields, "Encryption")
	}
	if change.Logging == nil {
		change.NullFields = append(change.NullFields, "Logging")
	}
	_, err := api.Buckets.Patch(id, &change).Context(ctx).Do()
	return failure(err, changeBucket)
}

// Delete refuses a bucket with objects unless force_destroy is set.
func (s buckets) Delete(ctx context.Context, id string, b cloud.Bucket) error {
	api, err := s.storage()
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		err = api.Buckets.Delete(id).Context(ctx).Do()
		if status(err) != http.StatusConflict {
			break
		}
		if !b.ForceDestroy || n == 3 {
			return fmt.Errorf("bucket %q: %w: %s; empty it, its old versions included, or set force_destroy = true and apply first", id, cloud.ErrNotEmpty, messageOf(err))
		}
		if err := s.empty(ctx, api, id); err != nil {
			return fmt.Errorf("bucket %q: %w", id, err)
		}
	}
	if err := failure(err, "storage.buckets.delete"); err != nil {
		return fmt.Errorf("bucket %q: %w", id, err)
	}
	return nil
}

// empty deletes every version of every object.
func (s buckets) empty(ctx context.Context, api *storage.Service, id string) error {
	removed := 0
	err := api.Objects.List(id).Versions(true).Fields("nextPageToken", "items(name,generation)").Pages(ctx, func(page *storage.Objects) error {
		if err := remove(ctx, api, id, page.Items); err != nil {
			return err
		}
		removed += len(page.Items)
		s.say("bucket %s: %d object versions deleted", id, removed)
		return nil
	})
	return failure(err, "storage.objects.list")
}

// remove deletes the versions of one page, some at a time.
func remove(ctx context.Context, api *storage.Service, id string, versions []*storage.Object) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var first error
	slots := make(chan struct{}, 16)
	for _, o := range versions {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			err := api.Objects.Delete(id, o.Name).Generation(o.Generation).Context(ctx).Do()
			if err == nil || status(err) == http.StatusNotFound {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if first == nil {
				first = fmt.Errorf("object %q: %w", o.Name, failure(err, "storage.objects.delete"))
			}
		})
	}
	wg.Wait()
	return first
}
