package aws

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// bucketSetting is how one setting of a bucket is planned, read and put.
type bucketSetting struct {
	name string
	want func(b cloud.Bucket, region string) string
	get  func(ctx context.Context, client *s3.Client, name string, b cloud.Bucket) (string, error)
	put  func(ctx context.Context, client *s3.Client, name string, b cloud.Bucket, region string) error
}

// bucketSettings are in the order in which they are put: nothing is public while a
// policy is written, and versions are kept before objects can come.
var bucketSettings = []bucketSetting{
	{"public_access_block", func(cloud.Bucket, string) string { return canonical(closed()) }, getPublicAccess, putPublicAccess},
	{"ownership", func(cloud.Bucket, string) string { return string(types.ObjectOwnershipBucketOwnerEnforced) }, getOwnership, putOwnership},
	{"versioning", func(cloud.Bucket, string) string { return string(types.BucketVersioningStatusEnabled) }, getVersioning, putVersioning},
	{"encryption", func(b cloud.Bucket, _ string) string { return canonical(encryption(b)) }, getEncryption, putEncryption},
	{"policy", wantBucketPolicy, getBucketPolicy, putBucketPolicy},
	{"lifecycle", func(b cloud.Bucket, _ string) string { return canonical(lifecycle(b)) }, getLifecycle, putLifecycle},
	{"tags", func(b cloud.Bucket, _ string) string { return jsonText(marked(b.On, b.Name)) }, getTags, putTags},
	{"logging", func(b cloud.Bucket, _ string) string { return canonical(logging(b)) }, getLogging, putLogging},
}

// redirected is the region that S3 says a bucket is in, when it is another one.
func redirected(err error) string {
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) && answer.Response != nil && isCode(err, "PermanentRedirect", "AuthorizationHeaderMalformed") {
		return answer.Response.Header.Get("X-Amz-Bucket-Region")
	}
	return ""
}

func closed() *types.PublicAccessBlockConfiguration {
	yes := sdk.Bool(true)
	return &types.PublicAccessBlockConfiguration{BlockPublicAcls: yes, BlockPublicPolicy: yes, IgnorePublicAcls: yes, RestrictPublicBuckets: yes}
}

func getPublicAccess(ctx context.Context, client *s3.Client, name string, _ cloud.Bucket) (string, error) {
	answer, err := client.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: &name})
	if isCode(err, "NoSuchPublicAccessBlockConfiguration") {
		return none, nil
	}
	if err != nil {
		return "", err
	}
	return canonical(answer.PublicAccessBlockConfiguration), nil
}

func putPublicAccess(ctx context.Context, client *s3.Client, name string, _ cloud.Bucket, _ string) error {
	_, err := client.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{Bucket: &name, PublicAccessBlockConfiguration: closed()})
	return err
}

func getOwnership(ctx context.Context, client *s3.Client, name string, _ cloud.Bucket) (string, error) {
	answer, err := client.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: &name})
	if isCode(err, "OwnershipControlsNotFoundError") {
		return none, nil
	}
	if err != nil {
		return "", err
	}
	var out []string
	if answer.OwnershipControls != nil {
		for _, rule := range answer.OwnershipControls.Rules {
			out = append(out, string(rule.ObjectOwnership))
		}
	}
	return strings.Join(out, ","), nil
}

func putOwnership(ctx context.Context, client *s3.Client, name string, _ cloud.Bucket, _ string) error {
	_, err := client.PutBucketOwnershipControls(ctx, &s3.PutBucketOwnershipControlsInput{Bucket: &name, OwnershipControls: &types.OwnershipControls{
		Rules: []types.OwnershipControlsRule{{ObjectOwnership: types.ObjectOwnershipBucketOwnerEnforced}},
	}})
	return err
}

func getVersioning(ctx context.Context, client *s3.Client, name string, _ cloud.Bucket) (string, error) {
	answer, err := client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &name})
	if err != nil {
		return "", err
	}
	if answer.Status == "" {
		return none, nil
	}
	return string(answer.Status), nil
}

func putVersioning(ctx context.Context, client *s3.Client, name string, _ cloud.Bucket, _ string) error {
	_, err := client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: &name, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
	return err
}

// encryption is with S3's own keys, or with the named one. Keys that a client sends with
// each request are blocked: nobody else could read what they wrote.
func encryption(b cloud.Bucket) []types.ServerSideEncryptionRule {
	rule := types.ServerSideEncryptionRule{
		ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAes256},
		BlockedEncryptionTypes:             &types.BlockedEncryptionTypes{EncryptionType: []types.EncryptionType{types.EncryptionTypeSseC}},
	}
	if b.KMSKey != "" {
		rule.ApplyServerSideEncryptionByDefault = &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAwsKms, KMSMasterKeyID: &b.KMSKey}
		rule.BucketKeyEnabled = sdk.Bool(true)
	}
	return []types.ServerSideEncryptionRule{rule}
}

func getEncryption(ctx context.Context, client *s3.Client, name string, _ cloud.Bucket) (string, error) {
	answer, err := client.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &name})
	if isCode(err, "ServerSideEncryptionConfigurationNotFoundError") || (err == nil && answer.ServerSideEncryptionConfiguration == nil) {
		return none, nil
	}
	if err != nil {
		return "", err
	}
	rules := answer.ServerSideEncryptionConfiguration.Rules
	for i := range rules {
		if rules[i].BlockedEncryptionTypes == nil { // servers that do not know it say nothing; S3 says NONE when nothing is blocked
			rules[i].BlockedEncryptionTypes = encryption(cloud.Bucket{Bucket: &spec.Bucket{}})[0].BlockedEncryptionTypes
		}
	}
	return canonical(rules), nil
}

func putEncryption(ctx context.Context, client *s3.Client, name string, b cloud.Bucket, _ string) error {
	_, err := client.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: &name, ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{Rules: encryption(b)}})
	return err
}

// logging is nil where nothing is logged.
func logging(b cloud.Bucket) *types.LoggingEnabled {
	if b.AccessLogs == nil {
		return nil
	}
	return &types.LoggingEnabled{TargetBucket: &b.AccessLogs.Bucket, TargetPrefix: &b.AccessLogs.Prefix}
}

func getLogging(ctx context.Context, client *s3.Client, name string, _ cloud.Bucket) (string, error) {
	answer, err := client.GetBucketLogging(ctx, &s3.GetBucketLoggingInput{Bucket: &name})
	if err != nil {
		return "", err
	}
	if answer.LoggingEnabled != nil && answer.LoggingEnabled.TargetObjectKeyFormat != nil && answer.LoggingEnabled.TargetObjectKeyFormat.SimplePrefix != nil {
		answer.LoggingEnabled.TargetObjectKeyFormat = nil // which S3 says of those that have none
	}
	return canonical(answer.LoggingEnabled), nil
}

func putLogging(ctx context.Context, client *s3.Client, name string, b cloud.Bucket, _ string) error {
	_, err := client.PutBucketLogging(ctx, &s3.PutBucketLoggingInput{Bucket: &name, BucketLoggingStatus: &types.BucketLoggingStatus{LoggingEnabled: logging(b)}})
	return err
}

func bucketTags(ctx context.Context, client *s3.Client, name string) (map[string]string, error) {
	answer, err := client.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: &name})
	if isCode(err, "NoSuchTagSet") {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, tag := range answer.TagSet {
		out[sdk.ToString(tag.Key)] = sdk.ToString(tag.Value)
	}
	return out, nil
}

func getTags(ctx context.Context, client *s3.Client, name string, b cloud.Bucket) (string, error) {
	tags, err := bucketTags(ctx, client, name)
	if err != nil {
		return "", err
	}
	return jsonText(cloud.Managed(tags, marked(b.On, b.Name))), nil
}

// putTags keeps the tags of others: S3 replaces the whole set.
func putTags(ctx context.Context, client *s3.Client, name string, b cloud.Bucket, _ string) error {
	tags, err := bucketTags(ctx, client, name)
	if err != nil {
		return err
	}
	_, err = client.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: &name, Tagging: &types.Tagging{TagSet: s3Tags(cloud.With(tags, marked(b.On, b.Name)))}})
	return err
}

func s3Tags(tags map[string]string) (out []types.Tag) {
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, types.Tag{Key: sdk.String(key), Value: sdk.String(tags[key])})
	}
	return out
}
