package aws

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

func newBuckets(c *clients) cloud.Kind[cloud.Bucket] {
	return cloud.Kind[cloud.Bucket]{Plan: bucketPlan{c}, Store: buckets{c}}
}

type bucketPlan struct{ *clients }

// Settings are every setting of a bucket, those that are the same for all included.
func (p bucketPlan) Settings(b cloud.Bucket) (cloud.Settings, error) {
	if err := bucketUnable(b, p.region(b.On)); err != nil {
		return nil, fmt.Errorf("bucket %q: %w", b.Name, err)
	}
	if err := checkTags(marked(b.On, b.Name)); err != nil {
		return nil, fmt.Errorf("bucket %q: %w", b.Name, err)
	}
	out := cloud.Settings{"region": p.region(b.On)}
	for _, s := range bucketSettings {
		out[s.name] = s.want(b, p.region(b.On))
	}
	return out, nil
}

func (bucketPlan) Fixed() []string { return []string{"region"} }

// buckets are kept by their names.
type buckets struct{ *clients }

func bucketText(name string) string { return fmt.Sprintf("bucket %q", name) }

// Create makes a bucket with its marks in one request, so that a bucket without marks
// is never ours.
func (s buckets) Create(ctx context.Context, b cloud.Bucket) (string, error) {
	client, err := s.s3(ctx, s.region(b.On))
	if err != nil {
		return "", err
	}
	there, err := found(ctx, client, b)
	id := ""
	if err == nil && !there {
		_, err = client.CreateBucket(ctx, createInput(b, client.Options().Region))
		if unsure(err) {
			id = b.Name
		}
		if isCode(err, "BucketAlreadyOwnedByYou") { // the answer to an earlier try was lost
			err = s.made(ctx, b)
		}
	}
	if err != nil {
		return id, bucketTaken(b.Name, translate(bucketText(b.Name), err))
	}
	return b.Name, s.apply(ctx, b.Name, b, "NoSuchBucket")
}

// made looks for a bucket that there must be, and may be seen late.
func (s buckets) made(ctx context.Context, b cloud.Bucket) error {
	client, err := s.s3(ctx, s.region(b.On), "NoSuchBucket")
	if err != nil {
		return err
	}
	there, err := found(ctx, client, b)
	if err == nil && !there {
		err = fmt.Errorf("%w: it comes and goes", cloud.ErrConflict)
	}
	return err
}

// found reports whether our bucket is there; one of somebody else is an error.
func found(ctx context.Context, client *s3.Client, b cloud.Bucket) (bool, error) {
	tags, err := bucketTags(ctx, client, b.Name)
	switch {
	case isCode(err, "NoSuchBucket"):
		return false, nil
	case redirected(err) != "":
		return false, fmt.Errorf("%w: it is in %s", cloud.ErrExists, redirected(err))
	case err != nil:
		return false, err
	case !ours(b.On, tags, b.Name):
		return false, cloud.ErrExists
	}
	return true, nil
}

// bucketTaken adds the way out. S3 denies what is of another account, too.
func bucketTaken(name string, err error) error {
	switch {
	case errors.Is(err, cloud.ErrExists):
		return fmt.Errorf("%w: import it with the id %q, name it in existing, or choose another name (names of buckets are taken in all of AWS)", err, name)
	case errors.Is(err, cloud.ErrDenied):
		return fmt.Errorf("%w; S3 also answers so when the name is taken in another account", err)
	}
	return err
}

func createInput(b cloud.Bucket, region string) *s3.CreateBucketInput {
	configuration := &types.CreateBucketConfiguration{Tags: s3Tags(marked(b.On, b.Name))}
	if region != "us-east-1" { // which is no constraint
		configuration.LocationConstraint = types.BucketLocationConstraint(region)
	}
	return &s3.CreateBucketInput{Bucket: &b.Name, ObjectOwnership: types.ObjectOwnershipBucketOwnerEnforced, CreateBucketConfiguration: configuration}
}

// apply puts every setting, in an order in which none is refused for want of another.
func (s buckets) apply(ctx context.Context, name string, b cloud.Bucket, also ...string) error {
	region := s.region(b.On)
	client, err := s.s3(ctx, region, also...)
	if err != nil {
		return err
	}
	if err := s.openDoor(ctx, client, b); err != nil {
		return fmt.Errorf("logging: %w", err)
	}
	for _, setting := range bucketSettings {
		if err := setting.put(ctx, client, name, b, region); err != nil {
			return fmt.Errorf("%s: %w", setting.name, translate(bucketText(name), err))
		}
	}
	return nil
}

// Read asks the region in which the bucket is, whatever region was configured.
func (s buckets) Read(ctx context.Context, id string, b cloud.Bucket) (cloud.Settings, error) {
	region, err := s.location(ctx, id, b)
	if err != nil {
		return nil, err
	}
	client, err := s.s3(ctx, region)
	if err != nil {
		return nil, err
	}
	out := cloud.Settings{"region": region}
	for _, setting := range bucketSettings {
		if out[setting.name], err = setting.get(ctx, client, id, b); err != nil {
			return nil, fmt.Errorf("%s: %w", setting.name, translate(bucketText(id), err))
		}
	}
	closed, err := s.undelivered(ctx, client, b)
	if err != nil {
		return nil, fmt.Errorf("logging: %w", err)
	}
	out["logging"] += closed
	return out, nil
}

// location is the region of a bucket.
func (s buckets) location(ctx context.Context, id string, b cloud.Bucket) (string, error) {
	client, err := s.s3(ctx, s.region(b.On))
	if err != nil {
		return "", err
	}
	answer, err := client.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: &id})
	if region := redirected(err); region != "" {
		return region, nil
	}
	if err != nil {
		return "", translate(bucketText(id), err)
	}
	switch region := string(answer.LocationConstraint); region {
	case "":
		return "us-east-1", nil
	case "EU":
		return "eu-west-1", nil
	default:
		return region, nil
	}
}

// Update puts every setting.
func (s buckets) Update(ctx context.Context, id string, b cloud.Bucket) error {
	return s.apply(ctx, id, b)
}

// Delete removes a bucket, and what is in it only where force_destroy says so.
func (s buckets) Delete(ctx context.Context, id string, b cloud.Bucket) error {
	region, err := s.location(ctx, id, b)
	if err != nil {
		return err
	}
	client, err := s.s3(ctx, region)
	if err != nil {
		return err
	}
	if err := s.remove(ctx, client, id, b.ForceDestroy); err != nil {
		return err
	}
	for {
		_, err := client.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: &id})
		if isCode(err, "NoSuchBucket") {
			return nil
		}
		if err != nil {
			return translate(bucketText(id), err)
		}
		if err := s.pause(ctx, 5*time.Second); err != nil {
			return fmt.Errorf("%s is deleted, and still there: %w", bucketText(id), err)
		}
	}
}

// rounds is how often a bucket is emptied while somebody else fills it.
const rounds = 5

func (s buckets) remove(ctx context.Context, client *s3.Client, id string, force bool) (err error) {
	for range rounds {
		if force {
			if err := s.empty(ctx, client, id); err != nil {
				return translate(bucketText(id), err)
			}
		}
		_, err = client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &id})
		if err == nil || isCode(err, "NoSuchBucket") {
			return nil
		}
		if !isCode(err, "BucketNotEmpty") || !force {
			break
		}
		if late := s.pause(ctx, 5*time.Second); late != nil {
			break
		}
	}
	err = translate(bucketText(id), err)
	if errors.Is(err, cloud.ErrNotEmpty) && !force {
		return fmt.Errorf("%w: set force_destroy = true and apply before destroying, or delete its objects, their older versions and delete markers first", err)
	}
	return err
}
