package spec_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func TestBucket_URI(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ cloud, existing, want string }{
		{"local", "", "file:///srv/a%20b"},
		{"local", "/data/x", "file:///data/x"},
		{"local", "s3://other/", "s3://other"},
		{"aws", "", "s3://artifacts"},
		{"aws", "acme-artifacts", "s3://acme-artifacts"},
		{"aws", "gs://acme-artifacts", "gs://acme-artifacts"},
		{"google", "", "gs://artifacts"},
		{"azure", "", "abfss://artifacts@fraud.dfs.core.windows.net"},
		{"azure", "abfss://c@acme.dfs.core.windows.net", "abfss://c@acme.dfs.core.windows.net"},
		{"kubernetes", "", "pvc://artifacts"},
		{"kubernetes", "s3://minio-bucket", "s3://minio-bucket"},
	} {
		b := spec.Bucket{Platform: "fraud", Name: "artifacts", Existing: tt.existing}
		if got := b.URI(tt.cloud, "/srv/a b"); got != tt.want {
			t.Errorf("%s %q: %s, want %s", tt.cloud, tt.existing, got, tt.want)
		}
	}
}

// TestProject_BucketURI: what a repository says of a bucket, and what pods mount, is one place.
func TestProject_BucketURI(t *testing.T) {
	t.Parallel()
	for platform, want := range map[string]string{
		`{}`:                      "file:///mnt/artifacts",
		`{"cloud": "kubernetes"}`: "pvc://artifacts",
		`{"cloud": "aws", "region": "eu-west-1"}`:   "s3://artifacts",
		`{"cloud": "azure", "region": "westus2"}`:   "abfss://artifacts@fraud.dfs.core.windows.net",
		`{"cloud": "google", "region": "us-east4"}`: "gs://artifacts",
	} {
		p, faults := spec.Link(spec.Repository{}, nil, extra(t, map[string]spec.Kind{platform: spec.KindPlatform, `{"name": "artifacts"}`: spec.KindBucket}))
		if err := faults.Err(); err != nil {
			t.Fatal(err)
		}
		if got := p.BucketURI("artifacts"); got != want {
			t.Errorf("%s: %s, want %s", platform, got, want)
		}
		if p.BucketURI("none") != "" {
			t.Error("a bucket that is not there has an address")
		}
	}
}

func TestStorageAccount(t *testing.T) {
	t.Parallel()
	form, seen := regexp.MustCompile(`^[a-z0-9]{3,24}$`), map[string]string{}
	for _, platform := range []string{"fraud", "fraud-ml", "fraudml", "a", "ab", strings.Repeat("a", 24), strings.Repeat("a", 25), strings.Repeat("a", 40), strings.Repeat("a", 39) + "b", "a-b"} {
		got := spec.StorageAccount(platform)
		if !form.MatchString(got) {
			t.Errorf("%s: %q is no name of a storage account", platform, got)
		}
		if other := seen[got]; other != "" {
			t.Errorf("%s and %s have one account, %s", platform, other, got)
		}
		seen[got] = platform
	}
	if spec.StorageAccount("fraud") != "fraud" {
		t.Error("a name that is good already stays as it is")
	}
}

func TestPlatform_region(t *testing.T) {
	t.Parallel()
	rules := map[string]rule{}
	for cloud, names := range map[string][2][]string{
		"aws":    {{"eu-west-1", "us-gov-west-1", "ap-southeast-5", "us-iso-east-1"}, {"westeurope", "eu-west-1a", "EU-WEST-1", "europe-west1"}},
		"google": {{"europe-west1", "us-central1", "northamerica-northeast1", "europe-west12"}, {"europe-west1-b", "eu-west-1", "westeurope"}},
		"azure":  {{"westeurope", "eastus2", "usgovvirginia"}, {"West Europe", "eu-west-1", "europe-west1"}},
	} {
		for _, good := range names[0] {
			rules[cloud+" "+good] = rule{spec.KindPlatform, `{"cloud": "` + cloud + `", "region": "` + good + `"}`, nil}
		}
		for _, bad := range names[1] {
			rules[cloud+" "+bad] = rule{spec.KindPlatform, `{"cloud": "` + cloud + `", "region": "` + bad + `"}`, one("region", `is not the name of a region of cloud "`+cloud+`"`)}
		}
		rules[cloud+" none"] = rule{spec.KindPlatform, `{"cloud": "` + cloud + `"}`, one("region", "must be set for cloud")}
	}
	rules["local"] = rule{spec.KindPlatform, `{"region": "eu-west-1"}`, one("region", "has no regions")}
	rules["kubernetes"] = rule{spec.KindPlatform, `{"cloud": "kubernetes"}`, nil}
	try(t, rules)
}

func TestLink_bucketNames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ platform, bucket, why string }{
		{`{"cloud": "aws", "region": "eu-west-1"}`, `{"name": "fraud-artifacts"}`, ""},
		{`{"cloud": "aws", "region": "eu-west-1"}`, `{"name": "ab"}`, "fewer than 3"},
		{`{"cloud": "aws", "region": "eu-west-1"}`, `{"name": "sthree-x"}`, "AWS keeps for itself"},
		{`{"cloud": "aws", "region": "eu-west-1"}`, `{"name": "amzn-s3-demo-x"}`, "AWS keeps for itself"},
		{`{"cloud": "aws", "region": "eu-west-1"}`, `{"name": "data-s3alias"}`, "AWS keeps for itself"},
		{`{"cloud": "aws", "region": "eu-west-1"}`, `{"name": "data--ol-s3"}`, "AWS keeps for itself"},
		{`{"cloud": "aws", "region": "eu-west-1"}`, `{"name": "data--table-s3"}`, "AWS keeps for itself"},
		{`{"cloud": "aws", "region": "eu-west-1"}`, `{"name": "xn--fraud"}`, "AWS keeps for itself"},
		{`{"cloud": "aws", "region": "eu-west-1"}`, `{"name": "fraud--x-s3"}`, "AWS keeps for itself"},
		{`{"cloud": "google", "region": "us-east4"}`, `{"name": "my-google-data"}`, "a form of google"},
		{`{"cloud": "google", "region": "us-east4"}`, `{"name": "goog-data"}`, "starts with goog"},
		{`{"cloud": "azure", "region": "westus2"}`, `{"name": "fraud--data"}`, "two dashes"},
		{`{"cloud": "azure", "region": "westus2"}`, `{"name": "fraud--data", "existing": "abfss://c@acme.dfs.core.windows.net"}`, ""},
		{`{}`, `{"name": "ab"}`, ""},
	} {
		var want []fault
		if tt.why != "" {
			want = one("name", tt.why)
		}
		given := strings.Replace(tt.bucket, "{", `{"platform": `+encoded(t, spec.KindPlatform, tt.platform)+", ", 1)
		same(t, decode(t, spec.KindBucket, given).Faults, want)
		_, faults := spec.Link(spec.Repository{}, nil, extra(t, map[string]spec.Kind{tt.platform: spec.KindPlatform, tt.bucket: spec.KindBucket}))
		switch err := faults.Err(); {
		case tt.why == "" && err != nil:
			t.Errorf("%s: %v", tt.bucket, err)
		case tt.why != "" && (err == nil || !strings.Contains(err.Error(), tt.why)):
			t.Errorf("%s: %v, want %s", tt.bucket, err, tt.why)
		}
	}
}

func TestPlatform_orchestratorOfAnotherCloud(t *testing.T) {
	t.Parallel()
	rules := map[string]rule{
		"aws":     {spec.KindPlatform, `{"cloud": "aws", "region": "eu-west-1", "orchestrator": "sagemaker_pipelines"}`, nil},
		"unknown": {spec.KindPlatform, `{"cloud": "<unknown>", "orchestrator": "sagemaker_pipelines"}`, nil},
		"google":  {spec.KindPlatform, `{"cloud": "google", "region": "us-east4", "orchestrator": "sagemaker_pipelines"}`, one("orchestrator", `"sagemaker_pipelines" is a service of cloud "aws", and the platform's cloud is "google"`)},
	}
	for orchestrator, home := range map[string]string{"sagemaker_pipelines": "aws", "azureml_pipelines": "azure", "vertex_pipelines": "google"} {
		rules["local "+orchestrator] = rule{spec.KindPlatform, `{"orchestrator": "` + orchestrator + `"}`, one("orchestrator", `"`+orchestrator+`" is a service of cloud "`+home+`", and the platform's cloud is "local"`)}
	}
	try(t, rules)
}

func TestIdentity_annotations(t *testing.T) {
	t.Parallel()
	for cloud, want := range map[string]string{
		"local": "", "kubernetes": "", "aws": "eks.amazonaws.com/role-arn", "google": "iam.gke.io/gcp-service-account", "azure": "azure.workload.identity/client-id",
	} {
		i := spec.Identity{Name: "trainer"}
		if got := i.Annotations(cloud); len(got) != 1 || got["mlops.dev/identity"] != "trainer" {
			t.Errorf("%s: %v", cloud, got)
		}
		i.Existing = "theirs"
		if got := i.Annotations(cloud); want != "" && got[want] != "theirs" || want == "" && len(got) != 1 {
			t.Errorf("%s: %v, want %s", cloud, got, want)
		}
	}
}
