package aws

import (
	"context"
	"fmt"
	"slices"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// empty deletes every version, every delete marker and every unfinished upload.
func (s buckets) empty(ctx context.Context, client *s3.Client, id string) error {
	if err := s.abort(ctx, client, id); err != nil {
		return err
	}
	pages, deleted := s3.NewListObjectVersionsPaginator(client, &s3.ListObjectVersionsInput{Bucket: &id}), 0
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return gone(err)
		}
		n, err := deletePage(ctx, client, id, page)
		if err != nil {
			return err
		}
		if deleted += n; n > 0 {
			s.tell("%s: %d versions deleted", bucketText(id), deleted)
		}
	}
	return nil
}

// gone takes a bucket that is away for an empty one.
func gone(err error) error {
	if isCode(err, "NoSuchBucket") {
		return nil
	}
	return err
}

func (s buckets) abort(ctx context.Context, client *s3.Client, id string) error {
	pages := s3.NewListMultipartUploadsPaginator(client, &s3.ListMultipartUploadsInput{Bucket: &id})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return gone(err)
		}
		for _, upload := range page.Uploads {
			_, err := client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &id, Key: upload.Key, UploadId: upload.UploadId})
			if err != nil && !isCode(err, "NoSuchUpload", "NoSuchBucket") {
				return err
			}
		}
	}
	return nil
}

// mostDeleted is how many objects one request deletes.
const mostDeleted = 1000

// passes are codes of objects that S3 can delete the next time.
var passes = []string{"InternalError", "SlowDown", "ServiceUnavailable", "OperationAborted", "RequestTimeout"}

// deletePage deletes what is on a page. What passes by itself is left for the next round:
// the bucket says then that it is not empty.
func deletePage(ctx context.Context, client *s3.Client, id string, page *s3.ListObjectVersionsOutput) (int, error) {
	var all []types.ObjectIdentifier
	for _, v := range page.Versions {
		all = append(all, types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
	}
	for _, m := range page.DeleteMarkers {
		all = append(all, types.ObjectIdentifier{Key: m.Key, VersionId: m.VersionId})
	}
	left := 0
	for batch := range slices.Chunk(all, mostDeleted) {
		answer, err := client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &id, Delete: &types.Delete{Objects: batch, Quiet: sdk.Bool(true)}})
		if err != nil {
			return 0, err
		}
		left += len(answer.Errors)
		lasting := slices.DeleteFunc(answer.Errors, func(e types.Error) bool { return slices.Contains(passes, sdk.ToString(e.Code)) })
		if len(lasting) > 0 {
			first := lasting[0]
			return 0, refusedDelete(len(lasting), sdk.ToString(first.Key), sdk.ToString(first.Code), sdk.ToString(first.Message))
		}
	}
	return len(all) - left, nil
}

// refusedDelete is the error of objects that S3 keeps: the answer itself is 200.
func refusedDelete(n int, key, code, message string) error {
	says, kind := meaning(code, "DeleteObjects", 0)
	text := fmt.Sprintf("%d objects cannot be deleted, among them %q: ", n, key)
	switch {
	case strings.Contains(strings.ToLower(message), "object lock"):
		text += says + ": an object lock keeps them: wait until it ends, or lift it (a lock in governance mode by who has s3:BypassGovernanceRetention, a legal hold by who has s3:PutObjectLegalHold): "
	case kind != nil:
		text += says + ": needs permission " + actions["S3 DeleteObjects"] + ": "
	}
	cause := fmt.Errorf("%s: %s", code, message)
	return &failure{text: text + cause.Error(), kind: kind, cause: cause}
}
