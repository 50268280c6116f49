package aws_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws/awsfake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func logged(to string) func(*spec.Bucket) {
	return func(b *spec.Bucket) { b.AccessLogs = &spec.AccessLogs{Bucket: to, Prefix: "artifacts/"} }
}

// logBuckets adds two buckets that this provider made, to be written to.
func logBuckets(fake *awsfake.Account) {
	for _, name := range []string{"fraud-logs", "fraud-audit"} {
		fake.AddBucket(name, "eu-west-1", map[string]string{
			"tagging": "<Tagging><TagSet><Tag><Key>managed-by</Key><Value>terraform-provider-mlops</Value></Tag></TagSet></Tagging>",
			"policy":  strings.ReplaceAll(foreignStatement, "fraud-artifacts", name),
		})
	}
}

// letIn counts the buckets that let logs in.
func letIn(fake *awsfake.Account) (n int) {
	for _, name := range []string{"fraud-logs", "fraud-audit"} {
		fake.EditBucket(name, func(b *awsfake.Bucket) { n += strings.Count(b.Configs["policy"], "logging.s3.amazonaws.com") })
	}
	return n
}

// A bucket that logs into another of this provider, under every fault: the other lets the
// logs in.
func TestBucketsWithLogs(t *testing.T) {
	t.Parallel()
	c := bucketCase()
	c.Name, c.Before, c.After = "bucket with logs", bucket(on(), logged("fraud-logs")), bucket(on("cost-centre", "7"), logged("fraud-audit"))
	c.Tamper = func(t *testing.T, r cloudtest.Rig, id, setting string) {
		fake := r.Fake.(*awsfake.Account)
		if setting != "logging" {
			fake.EditBucket(id, byHand[setting])
			return
		}
		fake.EditBucket("fraud-logs", func(b *awsfake.Bucket) {
			b.Configs["policy"] = strings.ReplaceAll(foreignStatement, "fraud-artifacts", "fraud-logs")
		})
	}
	cloudtest.Run(t, func(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) cloudtest.Rig {
		rig := openAccount(nil)(t, wrap)
		fake := rig.Fake.(*awsfake.Account)
		logBuckets(fake)
		rig.Count = func() int { return fake.Count() - 2 }
		return rig
	}, c)
}

func TestLogsGoWhereTheyAreLetIn(t *testing.T) {
	t.Parallel()
	c, fake := direct(t, nil)
	logBuckets(fake)
	fake.AddBucket("theirs", "eu-west-1", map[string]string{"policy": strings.ReplaceAll(foreignStatement, "fraud-artifacts", "theirs")})
	policies := func(name string) (out string) {
		fake.EditBucket(name, func(b *awsfake.Bucket) { out = b.Configs["policy"] })
		return out
	}
	before := policies("theirs")
	b := bucket(on(), logged("fraud-logs"))
	if _, err := c.Buckets.Store.Create(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	policy := policies("fraud-logs")
	for _, want := range []string{`"Resource":"arn:aws:s3:::fraud-logs/*"`, `"aws:SourceAccount":"123456789012"`, `"Action":"s3:PutObject"`, "Theirs"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy of fraud-logs must have %s: %s", want, policy)
		}
	}
	for _, to := range []struct {
		bucket string
		let    int
	}{{"theirs", 1}, {"absent", 1}, {"fraud-audit", 2}, {"fraud-logs", 2}, {"", 2}} {
		b := bucket(on(), nil)
		if to.bucket != "" {
			b = bucket(on(), logged(to.bucket))
		}
		if err := c.Buckets.Store.Update(t.Context(), b.Name, b); err != nil {
			t.Fatal(err)
		}
		want, err := c.Buckets.Plan.Settings(b)
		got, failed := c.Buckets.Store.Read(t.Context(), b.Name, b)
		if err != nil || failed != nil || got["logging"] != want["logging"] || letIn(fake) != to.let {
			t.Errorf("to %q: logging is %q, want %q; %v, %v; %d buckets let logs in, want %d", to.bucket, got["logging"], want["logging"], err, failed, letIn(fake), to.let)
		}
	}
	if policies("theirs") != before {
		t.Errorf("the policy of somebody else's bucket was changed: %s", policies("theirs"))
	}
}
