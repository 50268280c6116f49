package spec_test

import (
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func TestExistingBucket(t *testing.T) {
	t.Parallel()
	const id = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/acct/blobServices/default/containers/data"
	for _, tt := range []struct{ cloud, text, uri, id string }{ // no uri: refused
		{"aws", "acme", "acme", "acme"},
		{"aws", "arn:aws:s3:::acme", "s3://acme", "acme"},
		{"aws", "arn:aws-cn:s3:::acme/raw/", "s3://acme/raw", "acme"},
		{"aws", "s3://acme/raw", "s3://acme/raw", "acme"},
		{"aws", "gs://acme", "gs://acme", "acme"},
		{"aws", "Acme", "", ""},
		{"aws", "arn:aws:iam::123456789012:role/x", "", ""},
		{"google", "https://www.googleapis.com/storage/v1/b/acme", "gs://acme", "acme"},
		{"google", "projects/_/buckets/acme", "gs://acme", "acme"},
		{"google", "acme.example.com", "acme.example.com", "acme.example.com"},
		{"google", "https://example.com/acme", "", ""},
		{"azure", id, "abfss://data@acct.dfs.core.windows.net", "acct/data"},
		{"azure", "https://acct.blob.core.windows.net/data", "abfss://data@acct.dfs.core.windows.net", "acct/data"},
		{"azure", "https://acct.blob.core.usgovcloudapi.net/data/", "abfss://data@acct.dfs.core.usgovcloudapi.net", "acct/data"},
		{"azure", "https://acct.blob.core.windows.net/data/below", "", ""},
		{"azure", "acct/data", "", ""},
		{"local", "/data", "/data", "/data"},
		{"local", "file:///data", "file:///data", "file:///data"},
		{"kubernetes", "claim", "claim", "claim"},
	} {
		uri, err := spec.ExistingBucket(tt.cloud, tt.text)
		if uri != tt.uri || (err == nil) != (tt.uri != "") {
			t.Errorf("%s %q: %q, %v; want %q", tt.cloud, tt.text, uri, err, tt.uri)
		}
		if got := spec.ExistingID(&spec.Bucket{Existing: uri}); err == nil && got != tt.id {
			t.Errorf("%s %q has the id %q, want %q", tt.cloud, tt.text, got, tt.id)
		}
	}
}

func TestExistingIdentity(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ cloud, text, want string }{ // nothing wanted: refused
		{"aws", "arn:aws:iam::123456789012:role/ml/trainer", "arn:aws:iam::123456789012:role/ml/trainer"},
		{"aws", "trainer", ""},
		{"aws", "arn:aws:iam::123456789012:user/trainer", ""},
		{"google", "trainer@acme-ml.iam.gserviceaccount.com", "trainer@acme-ml.iam.gserviceaccount.com"},
		{"google", "projects/acme-ml/serviceAccounts/trainer@acme-ml.iam.gserviceaccount.com", "trainer@acme-ml.iam.gserviceaccount.com"},
		{"google", "arn:aws:iam::123456789012:role/trainer", ""},
		{"azure", "11111111-2222-3333-4444-555555555555", "11111111-2222-3333-4444-555555555555"},
		{"azure", "/subscriptions/x", ""},
		{"local", "trainer", "trainer"},
	} {
		if got, err := spec.ExistingIdentity(tt.cloud, tt.text); got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s %q: %q, %v; want %q", tt.cloud, tt.text, got, err, tt.want)
		}
	}
}
