package aws_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws/awsfake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func bucket(on cloud.On, change func(*spec.Bucket)) cloud.Bucket {
	out := &spec.Bucket{Platform: "fraud", Name: "fraud-artifacts"}
	if change != nil {
		change(out)
	}
	return cloud.Bucket{Bucket: out, On: on}
}

const foreignStatement = `{"Version":"2012-10-17","Statement":[{"Sid":"Theirs","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::210987654321:root"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::fraud-artifacts/*"}]}`

// byHand are changes of each setting behind the driver's back.
var byHand = map[string]func(*awsfake.Bucket){
	"public_access_block": func(b *awsfake.Bucket) {
		b.Configs["publicAccessBlock"] = "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>"
	},
	"ownership": func(b *awsfake.Bucket) { delete(b.Configs, "ownershipControls") },
	"versioning": func(b *awsfake.Bucket) {
		b.Configs["versioning"] = "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>"
	},
	"encryption": func(b *awsfake.Bucket) {
		b.Configs["encryption"] = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled><BlockedEncryptionTypes><EncryptionType>NONE</EncryptionType></BlockedEncryptionTypes></Rule></ServerSideEncryptionConfiguration>"
	},
	"policy":    func(b *awsfake.Bucket) { b.Configs["policy"] = foreignStatement },
	"lifecycle": func(b *awsfake.Bucket) { delete(b.Configs, "lifecycle") },
	"tags": func(b *awsfake.Bucket) {
		b.Configs["tagging"] = "<Tagging><TagSet><Tag><Key>theirs</Key><Value>1</Value></Tag></TagSet></Tagging>"
	},
	"logging": func(b *awsfake.Bucket) {
		b.Configs["logging"] = "<BucketLoggingStatus><LoggingEnabled><TargetBucket>elsewhere</TargetBucket><TargetPrefix/></LoggingEnabled></BucketLoggingStatus>"
	},
}

func bucketCase() cloudtest.Case[cloud.Bucket] {
	return cloudtest.Case[cloud.Bucket]{
		Name:   "bucket",
		Kind:   func(c cloud.Cloud) cloud.Kind[cloud.Bucket] { return c.Buckets },
		Before: bucket(on(), func(b *spec.Bucket) { b.Lifecycle = []spec.LifecycleRule{{Prefix: "tmp/", ExpireAfterDays: 7}} }),
		After: bucket(on("cost-centre", "42 + 1"), func(b *spec.Bucket) {
			b.KMSKey = "arn:aws:kms:eu-west-1:123456789012:key/1"
			b.Lifecycle = []spec.LifecycleRule{{NoncurrentExpireAfterDays: 30}, {Prefix: "a&b/", ExpireAfterDays: 1, NoncurrentExpireAfterDays: 2}}
			b.AccessLogs = &spec.AccessLogs{Bucket: "fraud-logs", Prefix: "artifacts/"}
		}),
		With: func(b cloud.Bucket, id string) cloud.Bucket { b.On.ID = id; return b },
		Tamper: func(t *testing.T, r cloudtest.Rig, id, setting string) {
			if byHand[setting] == nil {
				t.Fatalf("no change by hand of %s", setting)
			}
			r.Fake.(*awsfake.Account).EditBucket(id, byHand[setting])
		},
		Foreign: func(_ *testing.T, r cloudtest.Rig) {
			r.Fake.(*awsfake.Account).AddBucket("fraud-artifacts", "eu-west-1", map[string]string{})
		},
	}
}

func TestBuckets(t *testing.T) {
	t.Parallel()
	cloudtest.Run(t, openAccount(nil), bucketCase())
	forced := bucketCase()
	forced.Name = "bucket with objects"
	forced.Before.ForceDestroy, forced.After.ForceDestroy = true, true
	cloudtest.Run(t, func(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) cloudtest.Rig {
		rig := openAccount(nil)(t, wrap)
		rig.Fake.(*awsfake.Account).Fill = full
		return rig
	}, forced)
}

func full(b *awsfake.Bucket) {
	for i := range 3 {
		b.Versions = append(b.Versions, awsfake.Version{Key: "models/a&b", ID: fmt.Sprint(i), Marker: i == 2})
	}
	b.Uploads = []string{"u1", "u2", "u3"}
}

func TestBucketKeepsWhatIsOfOthers(t *testing.T) {
	t.Parallel()
	c, fake := direct(t, nil)
	b := bucket(on(), func(b *spec.Bucket) { b.Lifecycle = []spec.LifecycleRule{{ExpireAfterDays: 1}} })
	if _, err := c.Buckets.Store.Create(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	fake.EditBucket(b.Name, func(b *awsfake.Bucket) {
		first, second, _ := strings.Cut(b.Configs["lifecycle"], "</Rule>") // in another order
		head, first, _ := strings.Cut(first, "<Rule>")
		second, tail, _ := strings.Cut(second, "</Rule>")
		b.Configs["lifecycle"] = head + second + "</Rule><Rule>" + first + "</Rule>" + tail
		b.Configs["policy"] = strings.Replace(b.Configs["policy"], `"Statement":[`, `"Statement":[{"Sid":"Theirs","Effect":"Allow","Principal":{"Service":"logging.s3.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::fraud-artifacts/l/*"},`, 1)
		b.Configs["tagging"] = strings.Replace(b.Configs["tagging"], "<TagSet>", "<TagSet><Tag><Key>theirs</Key><Value>1</Value></Tag>", 1)
	})
	want, err := c.Buckets.Plan.Settings(b)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Buckets.Store.Read(t.Context(), b.Name, b)
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("what others added is no change: %v, %v; want %v", got, err, want)
	}
	if err := c.Buckets.Store.Update(t.Context(), b.Name, b); err != nil {
		t.Fatal(err)
	}
	fake.EditBucket(b.Name, func(b *awsfake.Bucket) {
		if !strings.Contains(b.Configs["policy"], "Theirs") || !strings.Contains(b.Configs["tagging"], "theirs") {
			t.Errorf("an update took away what others added: %s %s", b.Configs["policy"], b.Configs["tagging"])
		}
	})
}

func TestBucketDeletion(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		force  bool
		fill   func(*awsfake.Bucket)
		kind   error
		says   string
		remain int
	}{
		"empty":            {false, func(*awsfake.Bucket) {}, nil, "", 0},
		"full":             {false, full, cloud.ErrNotEmpty, "force_destroy = true", 7},
		"full and forced":  {true, full, nil, "", 0},
		"an object locked": {true, func(b *awsfake.Bucket) { b.Versions = []awsfake.Version{{Key: "locked/x", ID: "1"}} }, cloud.ErrDenied, `"locked/x": access denied: an object lock keeps them`, 2},
		"slow to delete": {true, func(b *awsfake.Bucket) {
			b.Versions, b.Slow = []awsfake.Version{{Key: "a", ID: "1"}, {Key: "b", ID: "1"}}, 2
		}, nil, "", 0},
		"too slow": {true, func(b *awsfake.Bucket) { b.Versions, b.Slow = []awsfake.Version{{Key: "a", ID: "1"}}, 99 }, cloud.ErrNotEmpty, "", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cl, fake := direct(t, nil)
			b := bucket(on(), func(b *spec.Bucket) { b.ForceDestroy = c.force })
			if _, err := cl.Buckets.Store.Create(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			fake.EditBucket(b.Name, c.fill)
			err := cl.Buckets.Store.Delete(t.Context(), b.Name, b)
			if !errors.Is(err, c.kind) || (err != nil && !strings.Contains(err.Error(), c.says)) {
				t.Errorf("delete: %v; want %v with %q", err, c.kind, c.says)
			}
			if n := fake.Count(); n != c.remain {
				t.Errorf("%d objects remain, want %d", n, c.remain)
			}
		})
	}
}

func TestBucketElsewhere(t *testing.T) {
	t.Parallel()
	for region, asked := range map[string]string{"us-east-1": "eu-west-1", "eu-west-1": "us-east-1"} {
		c, fake := direct(t, nil)
		fake.AddBucket("fraud-artifacts", region, map[string]string{})
		o := on()
		o.Platform = platform(func(p *spec.Platform) { p.Region = asked })
		b := bucket(o, nil)
		got, err := c.Buckets.Store.Read(t.Context(), b.Name, b)
		if err != nil || got["region"] != region || got["encryption"] != "none" {
			t.Errorf("read of a bucket in %s from %s: %v, %v", region, asked, got, err)
		}
		if err := c.Buckets.Store.Delete(t.Context(), b.Name, b); err != nil || fake.Count() != 0 {
			t.Errorf("delete of a bucket in %s from %s: %v", region, asked, err)
		}
	}
}

// A bucket of the name in another region is not ours to take, wherever one asks from.
func TestBucketTakenElsewhere(t *testing.T) {
	t.Parallel()
	for region, asked := range map[string]string{"us-east-1": "eu-west-1", "eu-west-1": "us-east-1"} {
		c, fake := direct(t, nil)
		fake.AddBucket("fraud-artifacts", region, map[string]string{})
		o := on()
		o.Platform = platform(func(p *spec.Platform) { p.Region = asked })
		id, err := c.Buckets.Store.Create(t.Context(), bucket(o, nil))
		if id != "" || !errors.Is(err, cloud.ErrExists) || !strings.Contains(err.Error(), "it is in "+region) || fake.Count() != 1 {
			t.Errorf("create of a bucket that is in %s from %s: %q, %v", region, asked, id, err)
		}
	}
}

func TestBucketInTheFirstRegion(t *testing.T) {
	t.Parallel()
	c, fake := direct(t, nil)
	o := on()
	o.Platform = platform(func(p *spec.Platform) { p.Region = "us-east-1" })
	b := bucket(o, nil)
	for range 2 { // S3 says yes to a bucket that is there already, in this region only
		if id, err := c.Buckets.Store.Create(t.Context(), b); err != nil || id != "fraud-artifacts" {
			t.Fatalf("create: %q, %v", id, err)
		}
	}
	fake.AddBucket("theirs", "us-east-1", map[string]string{"tagging": "<Tagging><TagSet/></Tagging>"})
	b.Name = "theirs"
	if _, err := c.Buckets.Store.Create(t.Context(), b); !errors.Is(err, cloud.ErrExists) || !strings.Contains(err.Error(), "import it") {
		t.Errorf("create over theirs: %v", err)
	}
}

func TestBucketRefused(t *testing.T) {
	t.Parallel()
	c, _ := direct(t, nil)
	many := on()
	for i := range 50 {
		many.Tags[fmt.Sprintf("t%d", i)] = "x"
	}
	for says, b := range map[string]cloud.Bucket{
		"soft_delete_days":    bucket(on(), func(b *spec.Bucket) { b.SoftDeleteDays = 7 }),
		`tag "team" = "a*b"`:  bucket(on("team", "a*b"), nil),
		`tag "AWS:x"`:         bucket(on("AWS:x", "y"), nil),
		`"Owner" and "owner"`: bucket(on("Owner", "y"), nil),
		"AWS takes 50":        bucket(many, nil),
		"256 characters":      bucket(on("k", strings.Repeat("v", 257)), nil),
		"kms_key: \"arn:aws:kms:us-east-1:123456789012:key/1\" is in us-east-1": bucket(on(), func(b *spec.Bucket) { b.KMSKey = "arn:aws:kms:us-east-1:123456789012:key/1" }),
		"kms_key: \"arn:aws:iam::123456789012:role/x\" is no key":               bucket(on(), func(b *spec.Bucket) { b.KMSKey = "arn:aws:iam::123456789012:role/x" }),
		"kms_key: \"my key\" is no key":                                         bucket(on(), func(b *spec.Bucket) { b.KMSKey = "my key" }),
		"S3 takes 1000 rules":                                                   bucket(on(), func(b *spec.Bucket) { b.Lifecycle = make([]spec.LifecycleRule, 1000) }),
		"access_logs.bucket: a bucket that logs into itself":                    bucket(on(), func(b *spec.Bucket) { b.AccessLogs = &spec.AccessLogs{Bucket: "fraud-artifacts"} }),
		"expire_after_days":                                                     bucket(on(), func(b *spec.Bucket) { b.Lifecycle = []spec.LifecycleRule{{ExpireAfterDays: 1 << 40}} }),
	} {
		if got, err := c.Buckets.Plan.Settings(b); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("settings %v, %v; want an error with %q", got, err, says)
		}
	}
}

func TestBucketKeys(t *testing.T) {
	t.Parallel()
	c, _ := direct(t, nil)
	for _, key := range []string{
		"", "alias/aws/s3", "alias/ml", "1234abcd-12ab-34cd-56ef-1234567890ab", "mrk-1234abcd12ab34cd56ef1234567890ab", "arn:aws:kms:eu-west-1:123456789012:key/1", "arn:aws:kms:eu-west-1:123456789012:alias/ml",
	} {
		got, err := c.Buckets.Plan.Settings(bucket(on(), func(b *spec.Bucket) { b.KMSKey = key }))
		if err != nil || !strings.Contains(got["encryption"], key) {
			t.Errorf("%q: %v, %v", key, got["encryption"], err)
		}
	}
}
