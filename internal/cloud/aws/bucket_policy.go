package aws

import (
	"context"
	"fmt"
	"slices"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// The statements of ours in a bucket's policy, by their Sid. Those of others stay.
const (
	denyPlain  = "MlopsDenyInsecureTransport"
	denyOldTLS = "MlopsDenyOldTLS"
)

// ownStatements deny what is not encrypted on the way. They name every action and caller
// because they allow nothing: what they leave out would be open.
func ownStatements(bucket, region string) []statement {
	arn := "arn:" + partitionOf(region).name + ":s3:::" + bucket
	deny := func(sid, operator, key, value string) statement {
		return statement{
			"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": []string{arn, arn + "/*"},
			"Condition": map[string]any{operator: map[string]any{key: value}},
		}
	}
	return []statement{deny(denyPlain, "Bool", "aws:SecureTransport", "false"), deny(denyOldTLS, "NumericLessThan", "s3:TlsVersion", "1.2")}
}

func ownStatement(s statement) bool { return s["Sid"] == denyPlain || s["Sid"] == denyOldTLS }

func wantBucketPolicy(b cloud.Bucket, region string) string {
	return meaningOf(ownStatements(b.Name, region))
}

func bucketStatements(ctx context.Context, client *s3.Client, name string) ([]statement, error) {
	answer, err := client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &name})
	if isCode(err, "NoSuchBucketPolicy") {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return statementsOf(sdk.ToString(answer.Policy))
}

func getBucketPolicy(ctx context.Context, client *s3.Client, name string, _ cloud.Bucket) (string, error) {
	all, err := bucketStatements(ctx, client, name)
	if err != nil {
		return "", err
	}
	own := slices.DeleteFunc(all, func(s statement) bool { return !ownStatement(s) })
	if len(own) == 0 {
		return none, nil
	}
	return meaningOf(own), nil
}

// putBucketPolicy writes our statements beside those of others.
func putBucketPolicy(ctx context.Context, client *s3.Client, name string, _ cloud.Bucket, region string) error {
	all, err := bucketStatements(ctx, client, name)
	if err != nil {
		return err
	}
	foreign := slices.DeleteFunc(all, ownStatement)
	_, err = client.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &name, Policy: sdk.String(document(append(foreign, ownStatements(name, region)...)))})
	return err
}

// cleanup is the rule that every bucket has: parts of uploads that nobody finished, and
// markers of deletions with nothing below them, cost money and help nobody.
const cleanup = "mlops-cleanup"

// lifecycle are the rules of the user, and cleanup.
func lifecycle(b cloud.Bucket) []types.LifecycleRule {
	var out []types.LifecycleRule
	for i, r := range b.Lifecycle {
		rule := types.LifecycleRule{ID: sdk.String(fmt.Sprintf("mlops-rule-%03d", i+1)), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: sdk.String(r.Prefix)}}
		if r.ExpireAfterDays > 0 {
			rule.Expiration = &types.LifecycleExpiration{Days: sdk.Int32(int32(r.ExpireAfterDays))}
		}
		if r.NoncurrentExpireAfterDays > 0 {
			rule.NoncurrentVersionExpiration = &types.NoncurrentVersionExpiration{NoncurrentDays: sdk.Int32(int32(r.NoncurrentExpireAfterDays))}
		}
		out = append(out, rule)
	}
	out = append(out, types.LifecycleRule{
		ID: sdk.String(cleanup), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: sdk.String("")},
		AbortIncompleteMultipartUpload: &types.AbortIncompleteMultipartUpload{DaysAfterInitiation: sdk.Int32(7)},
		Expiration:                     &types.LifecycleExpiration{ExpiredObjectDeleteMarker: sdk.Bool(true)},
	})
	return ordered(out)
}

// ordered brings rules into one order: S3 gives them back in its own.
func ordered(rules []types.LifecycleRule) []types.LifecycleRule {
	slices.SortFunc(rules, func(a, b types.LifecycleRule) int {
		return strings.Compare(sdk.ToString(a.ID), sdk.ToString(b.ID))
	})
	return rules
}

func getLifecycle(ctx context.Context, client *s3.Client, name string, _ cloud.Bucket) (string, error) {
	answer, err := client.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &name})
	if isCode(err, "NoSuchLifecycleConfiguration") {
		return none, nil
	}
	if err != nil {
		return "", err
	}
	return canonical(ordered(answer.Rules)), nil
}

func putLifecycle(ctx context.Context, client *s3.Client, name string, b cloud.Bucket, _ string) error {
	_, err := client.PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{Bucket: &name, LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: lifecycle(b)}})
	return err
}
