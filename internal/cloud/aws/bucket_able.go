package aws

import (
	"math"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// keyForm is the id or the alias of a key, without the ARN around it.
var keyForm = pattern.New(`^(alias/[A-Za-z0-9/_-]+|[A-Za-z0-9-]+)$`)

// mostRules is how many lifecycle rules S3 takes of a bucket.
const mostRules = 1000

// bucketUnable names what S3 cannot express, all of it, and the way out.
func bucketUnable(b cloud.Bucket, region string) error {
	var faults spec.Faults
	if b.SoftDeleteDays != 0 {
		faults.Misfit("soft_delete_days", "S3 has none: leave it out; what is deleted stays as an older version, for as long as noncurrent_expire_after_days of a lifecycle rule says")
	}
	for _, r := range b.Lifecycle {
		if max(r.ExpireAfterDays, r.NoncurrentExpireAfterDays) > math.MaxInt32 {
			faults.Misfit("lifecycle", "rule of prefix %q: expire_after_days: S3 takes %d days at most", r.Prefix, math.MaxInt32)
		}
	}
	if len(b.Lifecycle) >= mostRules {
		faults.Misfit("lifecycle", "S3 takes %d rules, of which the provider needs 1, and these are %d", mostRules, len(b.Lifecycle))
	}
	if b.AccessLogs != nil && b.AccessLogs.Bucket == b.Name {
		faults.Misfit("access_logs.bucket", "a bucket that logs into itself logs its logs: name another one")
	}
	return append(faults, spec.FaultsOf(keyUnable(b.KMSKey, region))...).Err()
}

// keyUnable says why no bucket of a region can be encrypted with a key. S3 itself takes
// any text, and refuses objects afterwards.
func keyUnable(key, region string) error {
	parts := strings.SplitN(key, ":", 6)
	switch {
	case key == "" || keyForm.MatchString(key):
		return nil
	case len(parts) != 6 || parts[0] != "arn" || parts[2] != "kms" || !keyForm.MatchString(strings.TrimPrefix(parts[5], "key/")):
		return spec.Misfit("kms_key", "%q is no key: it is the ARN, the id or the alias/NAME of a key of KMS", key)
	case region != "" && parts[3] != region:
		return spec.Misfit("kms_key", "%q is in %s, and S3 encrypts with keys of the bucket's region, which is %s", key, parts[3], region)
	}
	return nil
}
