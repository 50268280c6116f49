package aws_test

import (
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
)

func TestDialect(t *testing.T) {
	t.Parallel()
	cloudtest.Dialect(t, aws.New(aws.Config{}), "aws", "s3://artifacts")
}
