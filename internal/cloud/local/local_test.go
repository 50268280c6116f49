package local_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/local"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func TestCloud(t *testing.T) {
	t.Parallel()
	c, err := local.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cloudtest.Run(t, c)
}

func TestBucket_withFilesStaysUnlessForced(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	c, err := local.New(root)
	if err != nil {
		t.Fatal(err)
	}
	b := spec.Bucket{Platform: "p", Name: "full"}
	id, err := c.Buckets.Create(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root, "buckets", "p", "full", "model.bin")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	err = c.Buckets.Delete(t.Context(), id)
	if !errors.Is(err, cloud.ErrNotEmpty) || !strings.Contains(err.Error(), "force_destroy") {
		t.Errorf("delete of a bucket with files: %v", err)
	}
	b.ForceDestroy = true
	if err := c.Buckets.Update(t.Context(), id, b); err != nil {
		t.Fatal(err)
	}
	if err := c.Buckets.Delete(t.Context(), id); err != nil {
		t.Errorf("forced delete: %v", err)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the file is still there: %v", err)
	}
}

func TestBucketURI_existing(t *testing.T) {
	t.Parallel()
	c, err := local.New("root")
	if err != nil {
		t.Fatal(err)
	}
	if got := c.BucketURI(spec.Bucket{Existing: "/srv/a b"}); got != "file:///srv/a%20b" {
		t.Errorf("got %s", got)
	}
}
