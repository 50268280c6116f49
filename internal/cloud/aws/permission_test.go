package aws_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws"
)

// needed are the actions of requests that are not called as the request is, and what else
// a request takes. Source: the service authorization references of Amazon S3, AWS
// Identity and Access Management, and Amazon EKS.
var needed = map[string][]string{
	"s3 CreateBucket":                    {"s3:CreateBucket", "s3:PutBucketOwnershipControls", "s3:TagResource"},
	"s3 PutPublicAccessBlock":            {"s3:PutBucketPublicAccessBlock"},
	"s3 GetPublicAccessBlock":            {"s3:GetBucketPublicAccessBlock"},
	"s3 PutBucketEncryption":             {"s3:PutEncryptionConfiguration"},
	"s3 GetBucketEncryption":             {"s3:GetEncryptionConfiguration"},
	"s3 PutBucketLifecycleConfiguration": {"s3:PutLifecycleConfiguration"},
	"s3 GetBucketLifecycleConfiguration": {"s3:GetLifecycleConfiguration"},
	"s3 ListObjectVersions":              {"s3:ListBucketVersions"},
	"s3 ListMultipartUploads":            {"s3:ListBucketMultipartUploads"},
	"s3 DeleteObjects":                   {"s3:DeleteObject", "s3:DeleteObjectVersion"},
	"iam CreateRole":                     {"iam:CreateRole", "iam:TagRole"},
	"eks CreatePodIdentityAssociation":   {"eks:CreatePodIdentityAssociation", "eks:TagResource", "iam:PassRole", "iam:GetRole"},
	"eks UpdatePodIdentityAssociation":   {"eks:UpdatePodIdentityAssociation", "iam:PassRole", "iam:GetRole"},
	"eks CreateNodegroup":                {"eks:CreateNodegroup", "eks:TagResource", "iam:PassRole"},
	"iam GetOpenIDConnectProvider":       nil, // whoever may not look goes on without
	"sts GetCallerIdentity":              {"sts:GetCallerIdentity"},
	"sts AssumeRole":                     {"sts:AssumeRole"},
	"iam PutRolePermissionsBoundary":     {"iam:PutRolePermissionsBoundary"},
	"iam RemoveRoleFromInstanceProfile":  {"iam:RemoveRoleFromInstanceProfile"},
	"s3 GetBucketLocation":               {"s3:GetBucketLocation"},
	"s3 PutBucketVersioning":             {"s3:PutBucketVersioning"},
	"eks ListPodIdentityAssociations":    {"eks:ListPodIdentityAssociations"},
	"eks DescribePodIdentityAssociation": {"eks:DescribePodIdentityAssociation"},
}

// Whichever request is refused, the error names the action that is missing, although the
// service does not say it.
func TestEveryRefusalNamesThePermission(t *testing.T) {
	t.Parallel()
	refused := 0
	for at := range steps() {
		for n := 1; ; n++ {
			c, w := openWhole(t, func(c *aws.Config) { assumed(c) })
			for _, before := range steps()[:at] {
				if err := before.do(t, c, w); err != nil {
					t.Fatalf("%s: %v", before.name, err)
				}
			}
			w.begin(n)
			err := steps()[at].do(t, c, w)
			if n > len(w.asked) {
				break
			}
			refused++
			if steps()[at].name == "read bucket" && strings.Contains(w.sent[n-1], "fraud-logs.s3.") {
				continue // whoever may not look at the bucket of the logs sees nothing wrong with it
			}
			names(t, steps()[at].name, w.asked[n-1], err)
		}
	}
	if refused < 100 {
		t.Errorf("%d refusals, want more", refused)
	}
}

func names(t *testing.T, step, op string, err error) {
	t.Helper()
	actions, listed := needed[op]
	switch {
	case listed && actions == nil:
		return
	case !listed:
		actions = []string{strings.Replace(op, " ", ":", 1)}
	}
	if err == nil || !errors.Is(err, cloud.ErrDenied) {
		t.Errorf("%s: %s is refused: %v; want ErrDenied", step, op, err)
		return
	}
	for _, action := range actions {
		if !strings.Contains(err.Error(), action) {
			t.Errorf("%s: %s is refused: %v; it must name %s", step, op, err, action)
		}
	}
}
