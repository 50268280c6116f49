package local_test

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/local"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// open gives a cloud below a folder of its own, whose files are what it counts.
func open(t *testing.T, _ func(http.RoundTripper) http.RoundTripper) cloudtest.Rig {
	t.Helper()
	root := t.TempDir()
	c, err := local.New(root)
	if err != nil {
		t.Fatal(err)
	}
	return cloudtest.Rig{Cloud: c, Fake: root, Count: func() (n int) {
		_ = filepath.WalkDir(root, func(path string, _ fs.DirEntry, _ error) error {
			if rel, _ := filepath.Rel(root, path); strings.Count(rel, string(filepath.Separator)) == 2 {
				n++
			}
			return nil
		})
		return n
	}}
}

var on = cloud.On{Platform: &spec.Platform{Name: "suite", Cloud: "local"}}

func TestBuckets(t *testing.T) {
	t.Parallel()
	bucket := func(days int64) cloud.Bucket {
		return cloud.Bucket{Bucket: &spec.Bucket{Platform: "suite", Name: "artifacts", Lifecycle: []spec.LifecycleRule{{Prefix: "tmp/", ExpireAfterDays: days}}}, On: on}
	}
	cloudtest.Life(t, open, cloudtest.Case[cloud.Bucket]{
		Name: "buckets", Kind: func(c cloud.Cloud) cloud.Kind[cloud.Bucket] { return c.Buckets }, Before: bucket(30), After: bucket(7),
		With: func(b cloud.Bucket, _ string) cloud.Bucket { return b },
		Tamper: func(t *testing.T, r cloudtest.Rig, id, setting string) {
			t.Helper()
			rewrite(t, filepath.Join(r.Fake.(string), "buckets", id+".json"), `"`+setting+`": "`, `"`+setting+`": "x`)
		},
		Foreign: func(t *testing.T, r cloudtest.Rig) {
			t.Helper()
			if err := os.MkdirAll(filepath.Join(r.Fake.(string), "buckets", "suite", "artifacts"), 0o700); err != nil {
				t.Fatal(err)
			}
		},
	})
}

func TestIdentities(t *testing.T) {
	t.Parallel()
	before, after := cloudtest.Reader("suite", "local"), cloudtest.Reader("suite", "local")
	after.Identity.Grants = append(after.Identity.Grants, spec.Grant{Access: "read", Secret: "s"})
	cloudtest.Life(t, open, cloudtest.Case[cloud.Identity]{
		Name: "identities", Kind: func(c cloud.Cloud) cloud.Kind[cloud.Identity] { return c.Identities }, Before: before, After: after,
		With: func(i cloud.Identity, _ string) cloud.Identity { return i },
		Tamper: func(t *testing.T, r cloudtest.Rig, id, _ string) {
			t.Helper()
			rewrite(t, filepath.Join(r.Fake.(string), "identities", id+".json"), "read", "write")
		},
	})
}

func rewrite(t *testing.T, path, old, with string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(data), old, with, 1)
	if text == string(data) {
		t.Fatalf("%q is not in %s", old, data)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDialect(t *testing.T) {
	t.Parallel()
	c, err := local.New("/srv")
	if err != nil {
		t.Fatal(err)
	}
	cloudtest.Dialect(t, c, "local", "file:///srv/buckets/suite/artifacts")
}

func TestBucket_withFilesStaysUnlessForced(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	c, err := local.New(root)
	if err != nil {
		t.Fatal(err)
	}
	b := cloud.Bucket{Bucket: &spec.Bucket{Platform: "p", Name: "full"}, On: on}
	id, err := c.Buckets.Store.Create(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root, "buckets", "p", "full", "model.bin")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	err = c.Buckets.Store.Delete(t.Context(), id, b)
	if !errors.Is(err, cloud.ErrNotEmpty) || !strings.Contains(err.Error(), "force_destroy") {
		t.Errorf("delete of a bucket with files: %v", err)
	}
	b.ForceDestroy = true
	if err := c.Buckets.Store.Delete(t.Context(), id, b); err != nil {
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

// An import may name anything: nothing outside the root is read, changed or deleted.
func TestIDs_refused(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	c, err := local.New(filepath.Join(root, "mlops"))
	if err != nil {
		t.Fatal(err)
	}
	theirs := filepath.Join(root, "theirs.json")
	if err := os.WriteFile(theirs, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := cloud.Bucket{Bucket: &spec.Bucket{Platform: "p", Name: "n", ForceDestroy: true}, On: on}
	i := cloudtest.Reader("p", "local")
	for _, id := range []string{"../../theirs", "", "p", "p/", "/n", "p/n/m", "p/..", "./n"} {
		_, read := c.Buckets.Store.Read(t.Context(), id, b)
		_, readI := c.Identities.Store.Read(t.Context(), id, i)
		for _, err := range []error{read, c.Buckets.Store.Update(t.Context(), id, b), c.Buckets.Store.Delete(t.Context(), id, b), readI, c.Identities.Store.Update(t.Context(), id, i), c.Identities.Store.Delete(t.Context(), id, i)} {
			if err == nil || !strings.Contains(err.Error(), "it has the form PLATFORM/NAME") {
				t.Errorf("%q: %v", id, err)
			}
		}
	}
	if _, err := os.Stat(theirs); err != nil {
		t.Error(err)
	}
}

// What neither a folder nor the nodes of a cluster on this machine have is refused by name.
func TestSettings_refused(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	c, err := local.New(root)
	if err != nil {
		t.Fatal(err)
	}
	for want, b := range map[string]*spec.Bucket{
		"kms_key: ": {Platform: "p", Name: "n", KMSKey: "k"}, "access_logs: ": {Platform: "p", Name: "n", AccessLogs: &spec.AccessLogs{Bucket: "logs"}}, "soft_delete_days: ": {Platform: "p", Name: "n", SoftDeleteDays: 7},
	} {
		if _, err := c.Buckets.Plan.Settings(cloud.Bucket{Bucket: b, On: on}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		if id, err := c.Buckets.Store.Create(t.Context(), cloud.Bucket{Bucket: b, On: on}); err == nil || id != "" {
			t.Errorf("create: %q, %v", id, err)
		}
	}
	if entries, err := os.ReadDir(root); err != nil || len(entries) > 0 {
		t.Errorf("%v, %v are left", err, entries)
	}
	for want, p := range map[string]*spec.GPUPool{
		"zones: ": {Zones: []string{"a"}}, "disk: ": {Disk: &spec.Disk{Type: "x"}}, "reservation: ": {Reservation: "r"}, "driver: ": {Driver: "latest"},
	} {
		if _, err := c.Pools.Plan.Settings(cloud.Pool{GPUPool: p}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if got, err := c.Pools.Plan.Settings(cloud.Pool{GPUPool: &spec.GPUPool{Driver: "none", Capacity: []string{"spot"}, Sharing: &spec.Sharing{Strategy: "mps", Replicas: 3}}}); err != nil || len(got) > 0 {
		t.Errorf("got %v, %v", got, err)
	}
}
