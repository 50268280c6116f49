package kubernetes

import (
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

func TestTarget(t *testing.T) {
	templatestest.Run(t, Target{}, templatestest.Options{
		Expresses: []spec.Kind{spec.KindBucket},
		Elsewhere: map[string]string{
			"bucket.existing":           "provider",
			"bucket.force_destroy":      "provider",
			"bucket.kms_key":            "spec",                                                                                     // refused for cloud "local"
			"bucket.access_logs.bucket": "provider", "bucket.access_logs.prefix": "provider", "bucket.soft_delete_days": "provider", // what the cloud does by itself
		},
	})
}
