package aws

import (
	"context"
	"fmt"
	"slices"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// logDoor is the statement by which a bucket lets in the logs of the account's buckets. S3
// brings them nowhere else. A bucket that this provider made has no other place to say so;
// the policy of any other is its owner's, and is left alone. It is one statement for all
// who log into the bucket: they may be made at the same time.
const logDoor = "MlopsLetLogsIn"

// logStatement names who writes the logs, for which account. Source: Permissions for server
// access log delivery, in the user guide of Amazon S3.
func logStatement(target, region, account string) statement {
	return statement{
		"Sid": logDoor, "Effect": "Allow", "Principal": map[string]any{"Service": "logging.s3.amazonaws.com"}, "Action": "s3:PutObject",
		"Resource":  "arn:" + partitionOf(region).name + ":s3:::" + target + "/*",
		"Condition": map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": account}},
	}
}

// door is what a bucket that takes logs has in its policy, and is to have.
type door struct {
	ours bool        // it is for this provider to write
	has  []statement // what it has
	want statement
}

func (d door) open() bool {
	return slices.ContainsFunc(d.has, func(s statement) bool { return meaningOf([]statement{s}) == meaningOf([]statement{d.want}) })
}

// door looks at the bucket that the logs of b go to.
func (s buckets) door(ctx context.Context, client *s3.Client, b cloud.Bucket) (out door, err error) {
	target, region := b.AccessLogs.Bucket, client.Options().Region
	tags, err := bucketTags(ctx, client, target)
	if isCode(err, "NoSuchBucket") || redirected(err) != "" {
		return door{}, nil // S3 says so when logging is turned on
	}
	if out.ours = tags[cloud.MarkManager] == cloud.Manager; !out.ours || err != nil {
		return out, err
	}
	account, err := s.accountID(ctx, region)
	if err != nil {
		return out, err
	}
	out.want = logStatement(target, region, account)
	out.has, err = bucketStatements(ctx, client, target)
	return out, err
}

// openDoor lets the logs of b into the bucket that takes them.
func (s buckets) openDoor(ctx context.Context, client *s3.Client, b cloud.Bucket) error {
	if b.AccessLogs == nil {
		return nil
	}
	d, err := s.door(ctx, client, b)
	if err == nil && d.ours && !d.open() {
		others := slices.DeleteFunc(d.has, func(s statement) bool { return s["Sid"] == logDoor })
		_, err = client.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &b.AccessLogs.Bucket, Policy: sdk.String(document(append([]statement{d.want}, others...)))})
	}
	return translate(fmt.Sprintf("bucket %q of access_logs", b.AccessLogs.Bucket), err)
}

// notDelivered stands in the setting of a bucket whose logs go nowhere.
const notDelivered = ", and the policy of that bucket does not let the logs in"

// undelivered is notDelivered where it is so. Who may not look sees nothing wrong.
func (s buckets) undelivered(ctx context.Context, client *s3.Client, b cloud.Bucket) (string, error) {
	if b.Bucket == nil || b.AccessLogs == nil {
		return "", nil
	}
	d, err := s.door(ctx, client, b)
	switch {
	case isCode(err, deniedCodes...):
		return "", nil
	case err == nil && d.ours && !d.open():
		return notDelivered, nil
	}
	return "", translate(fmt.Sprintf("bucket %q of access_logs", b.AccessLogs.Bucket), err)
}
