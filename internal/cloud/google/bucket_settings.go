package google

import (
	"errors"
	"strconv"
	"strings"

	"google.golang.org/api/storage/v1"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

const (
	day       = 24 * 60 * 60
	abortDays = 7 // of an upload that nobody finishes
	unset     = "none"
)

// keyForm is the name of a key of Cloud KMS, without a version.
var keyForm = pattern.New(`^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$`)

// bucketPlan says what becomes of a bucket. TLS is no setting: Cloud Storage has nothing else.
type bucketPlan struct{ region string }

// Fixed: a bucket stays where it is.
func (bucketPlan) Fixed() []string { return []string{"location"} }

func (p bucketPlan) Settings(b cloud.Bucket) (cloud.Settings, error) {
	want, err := p.wanted(b)
	if err != nil {
		return nil, err
	}
	return bucketSettings(want, want.Labels), nil
}

// wanted is the bucket as the API takes it.
func (p bucketPlan) wanted(b cloud.Bucket) (*storage.Bucket, error) {
	tags, err := labels(b.On, b.Name)
	if err != nil {
		return nil, err
	}
	where := region(b.On, p.region)
	switch {
	case where == "":
		return nil, errors.New("the region of the bucket is not known: set region of the platform")
	case b.KMSKey != "" && !keyForm.MatchString(b.KMSKey):
		return nil, spec.Misfit("kms_key", "%q: Google Cloud names a key projects/P/locations/L/keyRings/R/cryptoKeys/K", b.KMSKey)
	}
	out := &storage.Bucket{
		Name: b.Name, Location: strings.ToUpper(where), StorageClass: "STANDARD", Labels: tags,
		IamConfiguration: &storage.BucketIamConfiguration{
			PublicAccessPrevention:   "enforced",
			UniformBucketLevelAccess: &storage.BucketIamConfigurationUniformBucketLevelAccess{Enabled: true},
		},
		Versioning:       &storage.BucketVersioning{Enabled: true},
		SoftDeletePolicy: &storage.BucketSoftDeletePolicy{RetentionDurationSeconds: 7 * day},
		Lifecycle:        &storage.BucketLifecycle{Rule: lifecycle(b)},
	}
	if b.SoftDeleteDays > 0 {
		out.SoftDeletePolicy.RetentionDurationSeconds = b.SoftDeleteDays * day
	}
	if b.KMSKey != "" {
		out.Encryption = &storage.BucketEncryption{DefaultKmsKeyName: b.KMSKey}
	}
	if b.AccessLogs != nil {
		out.Logging = &storage.BucketLogging{LogBucket: b.AccessLogs.Bucket, LogObjectPrefix: b.AccessLogs.Prefix}
		if out.Logging.LogObjectPrefix == "" {
			out.Logging.LogObjectPrefix = b.Name // what the cloud takes when there is none
		}
	}
	return out, nil
}

// lifecycle ends live objects as old versions, old versions for good, and uploads that
// nobody finishes.
func lifecycle(b cloud.Bucket) []*storage.BucketLifecycleRule {
	remove := func(prefix string, when storage.BucketLifecycleRuleCondition) *storage.BucketLifecycleRule {
		if prefix != "" {
			when.MatchesPrefix = []string{prefix}
		}
		return &storage.BucketLifecycleRule{Action: &storage.BucketLifecycleRuleAction{Type: "Delete"}, Condition: &when}
	}
	var out []*storage.BucketLifecycleRule
	for _, rule := range b.Lifecycle {
		if days := rule.ExpireAfterDays; days > 0 {
			out = append(out, remove(rule.Prefix, storage.BucketLifecycleRuleCondition{Age: &days, IsLive: ptr(true)}))
		}
		if days := rule.NoncurrentExpireAfterDays; days > 0 {
			out = append(out, remove(rule.Prefix, storage.BucketLifecycleRuleCondition{DaysSinceNoncurrentTime: days}))
		}
	}
	return append(out, &storage.BucketLifecycleRule{
		Action:    &storage.BucketLifecycleRuleAction{Type: "AbortIncompleteMultipartUpload"},
		Condition: &storage.BucketLifecycleRuleCondition{Age: ptr(int64(abortDays))},
	})
}

// bucketSettings are those of a bucket that is wanted, or that is there.
func bucketSettings(b *storage.Bucket, tags map[string]string) cloud.Settings {
	out := cloud.Settings{
		"location":                 strings.ToUpper(b.Location),
		"storage_class":            b.StorageClass,
		"uniform_access":           "disabled",
		"public_access_prevention": unset,
		"versioning":               "disabled",
		"soft_delete_days":         "0",
		"lifecycle":                "[]",
		"kms_key":                  unset,
		"access_logs":              unset,
		"labels":                   canonical(cloud.Managed(b.Labels, tags)),
	}
	if c := b.IamConfiguration; c != nil {
		out["public_access_prevention"] = c.PublicAccessPrevention
		if c.UniformBucketLevelAccess != nil && c.UniformBucketLevelAccess.Enabled {
			out["uniform_access"] = "enabled"
		}
	}
	if b.Versioning != nil && b.Versioning.Enabled {
		out["versioning"] = "enabled"
	}
	if b.SoftDeletePolicy != nil {
		out["soft_delete_days"] = strconv.FormatFloat(float64(b.SoftDeletePolicy.RetentionDurationSeconds)/day, 'f', -1, 64)
	}
	if b.Lifecycle != nil {
		out["lifecycle"] = canonicalSet(b.Lifecycle.Rule)
	}
	if b.Encryption != nil && b.Encryption.DefaultKmsKeyName != "" {
		out["kms_key"] = b.Encryption.DefaultKmsKeyName
	}
	if b.Logging != nil && b.Logging.LogBucket != "" {
		out["access_logs"] = canonical(b.Logging)
	}
	return out
}
