package kubernetes_test

import (
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/kubernetes"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func TestDialect(t *testing.T) {
	t.Parallel()
	cloudtest.Dialect(t, kubernetes.New(), "kubernetes", "pvc://artifacts")
}

// What a cluster cannot have is refused by its name, and nothing else is.
func TestSettings_refused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		bucket spec.Bucket
		pool   spec.GPUPool
		want   string
	}{
		"plain":            {spec.Bucket{Lifecycle: []spec.LifecycleRule{{ExpireAfterDays: 3}}}, spec.GPUPool{Driver: "managed", Capacity: []string{"spot", "on_demand"}, MaxHourlyPrice: "2.5", Sharing: &spec.Sharing{Strategy: "mig", Profile: "1g.5gb"}}, ""},
		"kms_key":          {spec.Bucket{KMSKey: "k"}, spec.GPUPool{}, "kms_key: a bucket of cloud"},
		"access_logs":      {spec.Bucket{AccessLogs: &spec.AccessLogs{Bucket: "logs"}}, spec.GPUPool{}, "access_logs: a bucket of cloud"},
		"soft_delete_days": {spec.Bucket{SoftDeleteDays: 7}, spec.GPUPool{}, "soft_delete_days: a bucket of cloud"},
		"zones":            {spec.Bucket{}, spec.GPUPool{Zones: []string{"a"}}, "zones: nobody makes nodes"},
		"disk":             {spec.Bucket{}, spec.GPUPool{Disk: &spec.Disk{SizeGiB: 9}}, "disk: nobody makes nodes"},
		"reservation":      {spec.Bucket{}, spec.GPUPool{Reservation: "r"}, "reservation: nobody makes nodes"},
		"driver":           {spec.Bucket{}, spec.GPUPool{Driver: "latest"}, "driver: nobody makes nodes"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, text := kubernetes.New(), ""
			bucket, err := c.Buckets.Plan.Settings(cloud.Bucket{Bucket: &tt.bucket})
			if err != nil {
				text += err.Error()
			}
			pool, err := c.Pools.Plan.Settings(cloud.Pool{GPUPool: &tt.pool})
			if err != nil {
				text += err.Error()
			}
			if !strings.Contains(text, tt.want) || (tt.want == "") != (text == "") || len(bucket)+len(pool) > 0 {
				t.Errorf("got %q, want %q", text, tt.want)
			}
		})
	}
}

func TestSettings_ofIdentities(t *testing.T) {
	t.Parallel()
	c := kubernetes.New()
	i := cloudtest.Reader("suite", "kubernetes")
	if got, err := c.Identities.Plan.Settings(i); err != nil || len(got) > 0 {
		t.Errorf("got %v, %v", got, err)
	}
	for want, subject := range map[string]*spec.Subject{
		"repo:acme/churn":    {GitHub: &spec.GitHubSubject{Repository: "acme/churn"}},
		"project_path:a/b:r": {GitLab: &spec.GitLabSubject{Project: "a/b", Branch: "main"}},
	} {
		i.Subject = subject
		if _, err := c.Identities.Plan.Settings(i); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "set subject.kubernetes") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
