package provider_test

import (
	"fmt"
	"testing"
)

// TestClaims: two resources that would be one object in the cloud are refused at plan, and
// where their configurations are the same, by the one that comes second.
func TestClaims(t *testing.T) {
	t.Parallel()
	two := func(kind, first, second string) string {
		return story{kind: kind}.resource("one", first) + story{kind: kind}.resource("two", second)
	}
	account := func(name string) string {
		return fmt.Sprintf(`name = "tr"
  subject = { kubernetes = { namespace = "fraud-training", service_account = %q } }`, name)
	}
	for name, tt := range map[string]struct{ cloud, text, says string }{
		"identities of one name": {"aws", two("mlops_identity", account("tr"), account("tr2")), `another mlops_identity of platform "fraud" is called "tr"`},
		"identities of one service account": {"aws", two("mlops_identity", account("tr"), `name = "other"
  subject = { kubernetes = { namespace = "fraud-training", service_account = "tr" } }`), `would both be "ml/fraud-training/tr"`},
		"buckets of one name":     {"google", two("mlops_bucket", `name = "acme-data"`, "name = \"acme-data\"\n  force_destroy = true"), `another mlops_bucket of platform "fraud" is called "acme-data"`},
		"agent pools of one name": {"azure", two("mlops_gpu_pool", "name = \"train-l4\"\n  accelerator = { type = \"nvidia-t4\" }", "name = \"trainl4\"\n  accelerator = { type = \"nvidia-t4\" }"), `would both be "trainl4"`},
		"settings of one account": {"azure", two("mlops_bucket", "name = \"one\"\n  soft_delete_days = 7", "name = \"two\"\n  soft_delete_days = 30"), `on azure both have it with their account "fraud": give both the same`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, f := sites[tt.cloud](t), newFolder(t)
			f.write(s.platform(0) + tt.text)
			f.exits(1, []string{tt.says}, "plan", "-parallelism=1")
		})
	}
	t.Run("the same twice", func(t *testing.T) {
		t.Parallel()
		s, f := onAmazon(t), newFolder(t)
		f.write(s.platform(0) + two("mlops_bucket", `name = "acme-data"`, `name = "acme-data"`))
		f.refused("another mlops_bucket of this configuration has just made acme-data")
		f.write(s.platform(0) + story{kind: "mlops_bucket"}.resource("one", `name = "acme-data"`) + story{kind: "mlops_bucket"}.resource("two", `name = "acme-two"`))
		f.apply()
		f.unchanged()
	})
}

// TestClaims_renamed: a resource that was renamed without a moved block takes up its object,
// and the old one does not delete it under its hands.
func TestClaims_renamed(t *testing.T) {
	t.Parallel()
	s, f := onAmazon(t), newFolder(t)
	f.write(s.platform(0) + story{kind: "mlops_bucket"}.resource("one", `name = "acme-data"`))
	f.apply()
	f.write(s.platform(0) + story{kind: "mlops_bucket"}.resource("two", `name = "acme-data"`))
	said, _ := f.run("apply", "-auto-approve", "-parallelism=1") // which of the two comes first is Terraform's to choose
	if s.count() != 1 {
		t.Errorf("%d buckets are there: %s", s.count(), end(said))
	}
	f.run("state", "rm", "mlops_bucket.one")
	f.apply()
	f.unchanged()
}
