package google_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/google/googlefake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func artifacts() cloud.Bucket {
	return cloud.Bucket{On: on(map[string]string{"team": "ml"}), Bucket: &spec.Bucket{
		Name: "acme-artifacts", KMSKey: "projects/acme-ml/locations/europe-west1/keyRings/ml/cryptoKeys/a",
		Lifecycle: []spec.LifecycleRule{{Prefix: "tmp/", ExpireAfterDays: 30, NoncurrentExpireAfterDays: 7}},
	}}
}

func artifactsLater() cloud.Bucket {
	return cloud.Bucket{On: on(map[string]string{"team": "risk"}), Bucket: &spec.Bucket{
		Name: "acme-artifacts", SoftDeleteDays: 30, ForceDestroy: true, AccessLogs: &spec.AccessLogs{Bucket: "acme-logs", Prefix: "a/"},
	}}
}

// byHand changes one setting of a bucket.
func bucketByHand(t *testing.T, r cloudtest.Rig, id, setting string) {
	t.Helper()
	f := fakeOf(r)
	f.Lock()
	defer f.Unlock()
	meta := f.Buckets[id].Meta
	iam, _ := meta["iamConfiguration"].(map[string]any)
	changes := map[string]func(){
		"storage_class":            func() { meta["storageClass"] = "NEARLINE" },
		"uniform_access":           func() { iam["uniformBucketLevelAccess"] = map[string]any{"enabled": false} },
		"public_access_prevention": func() { iam["publicAccessPrevention"] = "inherited" },
		"versioning":               func() { meta["versioning"] = map[string]any{"enabled": false} },
		"soft_delete_days":         func() { meta["softDeletePolicy"] = map[string]any{"retentionDurationSeconds": "0"} },
		"lifecycle":                func() { delete(meta, "lifecycle") },
		"kms_key":                  func() { delete(meta, "encryption") },
		"access_logs":              func() { meta["logging"] = map[string]any{"logBucket": "elsewhere"} },
		"labels":                   func() { meta["labels"].(map[string]any)["team"] = "other" },
	}
	change := changes[setting]
	if change == nil {
		t.Fatalf("no way is known to change %s by hand", setting)
	}
	change()
}

func TestBuckets(t *testing.T) {
	t.Parallel()
	cloudtest.Run(t, rig(nil), cloudtest.Case[cloud.Bucket]{
		Name: "bucket", Kind: func(c cloud.Cloud) cloud.Kind[cloud.Bucket] { return c.Buckets },
		Before: artifacts(), After: artifactsLater(),
		With:   func(b cloud.Bucket, id string) cloud.Bucket { b.On.ID = id; return b },
		Tamper: bucketByHand,
		Foreign: func(_ *testing.T, r cloudtest.Rig) {
			b := googlefake.NewBucket("acme-artifacts")
			b.Foreign = true
			fakeOf(r).Buckets["acme-artifacts"] = b
		},
	})
}

func TestBucket_ofAnotherPlatformIsRefused(t *testing.T) {
	t.Parallel()
	c, f := opened(t)
	f.Buckets["acme-artifacts"] = googlefake.NewBucket("acme-artifacts")
	id, err := c.Buckets.Store.Create(t.Context(), artifacts())
	if !errors.Is(err, cloud.ErrExists) || id != "" || !strings.Contains(err.Error(), "import it, or name it in existing") {
		t.Errorf("got %q, %v", id, err)
	}
}

// Another project of the same people may have a platform and a bucket of these names.
func TestBucket_ofTheSamePlatformElsewhere(t *testing.T) {
	t.Parallel()
	c, f := opened(t)
	b := googlefake.NewBucket("acme-artifacts")
	b.Elsewhere = true
	b.Meta["labels"] = map[string]any{"managed-by": cloud.Manager, "mlops-platform": "churn", "mlops-name": "acme-artifacts"}
	f.Buckets["acme-artifacts"] = b
	id, err := c.Buckets.Store.Create(t.Context(), artifacts())
	if !errors.Is(err, cloud.ErrExists) || id != "" || !strings.Contains(err.Error(), "in another project") || b.Meta["versioning"] != nil {
		t.Errorf("got %q, %v, bucket %v", id, err, b.Meta)
	}
}

func TestBucket_labelsOfOthersStay(t *testing.T) {
	t.Parallel()
	c, f := opened(t)
	id, err := c.Buckets.Store.Create(t.Context(), artifacts())
	if err != nil {
		t.Fatal(err)
	}
	labels := f.Buckets[id].Meta["labels"].(map[string]any)
	labels["cost-center"] = "42"
	if err := c.Buckets.Store.Update(t.Context(), id, artifactsLater()); err != nil {
		t.Fatal(err)
	}
	if labels["cost-center"] != "42" || labels["team"] != "risk" {
		t.Errorf("labels are %v", labels)
	}
}

func TestBucket_withObjectsStaysUnlessForced(t *testing.T) {
	t.Parallel()
	c, f := opened(t)
	b := artifacts()
	id, err := c.Buckets.Store.Create(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 7 {
		f.Buckets[id].Objects = append(f.Buckets[id].Objects, googlefake.Object{Name: fmt.Sprintf("m/%d", n/6), Generation: fmt.Sprint(100 + n)})
	}
	err = c.Buckets.Store.Delete(t.Context(), id, b)
	if !errors.Is(err, cloud.ErrNotEmpty) || !strings.Contains(err.Error(), "force_destroy") {
		t.Errorf("delete of a bucket with objects: %v", err)
	}
	b.ForceDestroy = true
	if err := c.Buckets.Store.Delete(t.Context(), id, b); err != nil || f.Count() != 0 {
		t.Errorf("forced delete: %v, %d objects are left", err, f.Count())
	}
}

// A rule without its prefix, or for every version, would delete what it must not.
func TestBucket_sendsWhatItSays(t *testing.T) {
	t.Parallel()
	c, f := opened(t)
	b := artifacts()
	b.Lifecycle = append(b.Lifecycle, spec.LifecycleRule{NoncurrentExpireAfterDays: 90})
	b.AccessLogs, b.SoftDeleteDays = &spec.AccessLogs{Bucket: "acme-logs", Prefix: "a/"}, 14
	if _, err := c.Buckets.Store.Create(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	meta := f.Buckets["acme-artifacts"].Meta
	for field, want := range map[string]string{
		"name": `"acme-artifacts"`, "location": `"EUROPE-WEST1"`, "storageClass": `"STANDARD"`,
		"labels":           `{"managed-by":"terraform-provider-mlops","mlops-name":"acme-artifacts","mlops-platform":"churn","team":"ml"}`,
		"versioning":       `{"enabled":true}`,
		"iamConfiguration": `{"publicAccessPrevention":"enforced","uniformBucketLevelAccess":{"enabled":true}}`,
		"softDeletePolicy": `{"retentionDurationSeconds":"1209600"}`,
		"encryption":       `{"defaultKmsKeyName":"projects/acme-ml/locations/europe-west1/keyRings/ml/cryptoKeys/a"}`,
		"logging":          `{"logBucket":"acme-logs","logObjectPrefix":"a/"}`,
		"lifecycle": `{"rule":[` +
			`{"action":{"type":"Delete"},"condition":{"age":30,"isLive":true,"matchesPrefix":["tmp/"]}},` +
			`{"action":{"type":"Delete"},"condition":{"daysSinceNoncurrentTime":7,"matchesPrefix":["tmp/"]}},` +
			`{"action":{"type":"Delete"},"condition":{"daysSinceNoncurrentTime":90}},` +
			`{"action":{"type":"AbortIncompleteMultipartUpload"},"condition":{"age":7}}]}`,
	} {
		if got, err := json.Marshal(meta[field]); err != nil || string(got) != want {
			t.Errorf("%s is %s, want %s", field, got, want)
		}
	}
}

func TestBucketSettings_refused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*cloud.Bucket)
		want   string
	}{
		"tag key":   {func(b *cloud.Bucket) { b.Tags = map[string]string{"Team": "ml"} }, `the tag "Team" cannot be a label of Google Cloud`},
		"tag value": {func(b *cloud.Bucket) { b.Tags = map[string]string{"team": "ML Platform"} }, `the value "ML Platform" of tag "team"`},
		"key":       {func(b *cloud.Bucket) { b.KMSKey = "arn:aws:kms:eu-west-1:1:key/a" }, "Google Cloud names a key projects/P/locations/L/keyRings/R/cryptoKeys/K"},
		"region":    {func(b *cloud.Bucket) { b.On.Platform.Region = "" }, "set region of the platform"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, f := opened(t)
			b := artifacts()
			tt.change(&b)
			if _, err := c.Buckets.Plan.Settings(b); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("settings: %v, want %q", err, tt.want)
			}
			if _, err := c.Buckets.Store.Create(t.Context(), b); err == nil || len(f.Calls) != 0 {
				t.Errorf("create: %v after %v", err, f.Calls)
			}
		})
	}
}
