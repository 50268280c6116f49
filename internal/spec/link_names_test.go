package spec_test

import (
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// Two resources that the cloud or the store would take for one are refused.
func TestLink_oneObjectOfTwo(t *testing.T) {
	t.Parallel()
	const (
		aws    = `{"cloud": "aws", "region": "eu-west-1", "secret_store": "aws_secrets_manager"}`
		google = `{"cloud": "google", "region": "europe-west1", "secret_store": "google_secret_manager"}`
		azure  = `{"cloud": "azure", "region": "westeurope", "secret_store": "azure_key_vault"}`
		vault  = `{"cloud": "aws", "region": "eu-west-1", "secret_store": "vault"}`
	)
	pool := func(name, more string) string { return `{"name": "` + name + `"` + more + `}` }
	secret := func(name, path string) string {
		return `{"name": "` + name + `", "existing": null, "path": "` + path + `"}`
	}
	account := func(name, namespace, account string) string {
		return `{"name": "` + name + `", "subject": {"kubernetes": {"namespace": "` + namespace + `", "service_account": "` + account + `"}}}`
	}
	for name, tt := range map[string]struct {
		platform string
		kind     spec.Kind
		one, two string
		want     []fault
	}{
		"AKS leaves dashes out":       {azure, spec.KindGPUPool, pool("train-l4", ""), pool("trainl4", ""), one("gpu_pool/trainl4: name", `a group of nodes "trainl4" is that of gpu_pool "train-l4" already`)},
		"AKS cuts, with a hash":       {azure, spec.KindGPUPool, pool("a-long-name-for-l4", ""), pool("a-long-name-for-t4", ""), nil},
		"GKE keeps dashes":            {google, spec.KindGPUPool, pool("train-l4", ""), pool("trainl4", ""), nil},
		"GKE, of a capacity":          {google, spec.KindGPUPool, pool("train", `, "capacity": ["spot", "on_demand"]`), pool("train-spot", ""), one("gpu_pool/train-spot: name", `"train-spot" is that of gpu_pool "train"`)},
		"EKS, of a capacity":          {aws, spec.KindGPUPool, pool("train", `, "capacity": ["spot", "on_demand"]`), pool("train-on-demand", ""), one("gpu_pool/train-on-demand: name", `"fraud-train-on-demand" is that of gpu_pool "train"`)},
		"Karpenter has no groups":     {aws, spec.KindGPUPool, pool("train", `, "capacity": ["spot", "on_demand"], "aws": {"provisioner": "karpenter"}`), pool("train-spot", ""), nil},
		"in a cluster":                {`{"cloud": "kubernetes"}`, spec.KindGPUPool, pool("train", `, "capacity": ["spot", "on_demand"]`), pool("train-spot", ""), nil},
		"one path on AWS":             {aws, spec.KindSecret, secret("a", "fraud/x"), secret("b", "fraud/x"), one("secret/b: path", `"fraud/x" is that of secret "a" already`)},
		"the default path":            {aws, spec.KindSecret, secret("a", "fraud/b"), `{"name": "b", "existing": null}`, one("secret/b: name", `"fraud/b" is that of secret "a" already`)},
		"two paths on AWS":            {aws, spec.KindSecret, secret("a", "fraud/x"), secret("b", "fraud-x"), nil},
		"Google takes no slashes":     {google, spec.KindSecret, secret("a", "fraud/x"), secret("b", "fraud-x"), one("secret/b: path", `"fraud-x" is that of secret "a" already`)},
		"Key Vault takes only dashes": {azure, spec.KindSecret, secret("a", "fraud/x_y"), secret("b", "fraud/x-y"), one("secret/b: path", `"fraud-x-y" is that of secret "a" already`)},
		"Key Vault knows no capitals": {azure, spec.KindSecret, secret("a", "fraud/X"), secret("b", "fraud/x"), one("secret/b: path", `"fraud-x" is that of secret "a" already`)},
		"one path in Vault":           {vault, spec.KindSecret, secret("a", "fraud/x"), secret("b", "fraud/x"), one("secret/b: path", `"secret/fraud/x" is that of secret "a" already`)},
		"two mounts of Vault":         {vault, spec.KindSecret, secret("a", "fraud/x"), strings.Replace(secret("b", "fraud/x"), `"path"`, `"vault": {"mount": "kv"}, "path"`, 1), nil},
		"a Secret that exists":        {aws, spec.KindSecret, `{"name": "a"}`, `{"name": "b"}`, nil},
		"one service account":         {aws, spec.KindIdentity, account("a", "fraud-training", "tr"), account("b", "fraud-training", "tr"), one("identity/b: subject.kubernetes.service_account", `"fraud-training/tr" is that of identity "a" already`)},
		"of two namespaces":           {aws, spec.KindIdentity, account("a", "fraud-training", "tr"), account("b", "fraud-staging", "tr"), nil},
		"two of GitHub": {aws, spec.KindIdentity, `{"name": "a", "subject": {"kubernetes": null, "github": {"repository": "a/b"}}}`,
			`{"name": "b", "subject": {"kubernetes": null, "github": {"repository": "a/b"}}}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, faults := spec.Link(spec.Repository{}, nil, extra(t, map[string]spec.Kind{tt.platform: spec.KindPlatform, tt.one: tt.kind, tt.two: tt.kind}))
			same(t, faults, tt.want)
		})
	}
}

// A pool whose accelerators nobody knows is a fault where a workload needs them, and no panic.
func TestLink_poolWithoutAccelerator(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ platform, why string }{
		"aws":        {`{"cloud": "aws", "region": "eu-west-1"}`, `not known which accelerators instance_type "g99.xlarge" has`},
		"kubernetes": {`{"cloud": "kubernetes"}`, "has no list of machines"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			specs := extra(t, map[string]spec.Kind{tt.platform: spec.KindPlatform, `{"accelerator": null, "instance_type": "g99.xlarge"}`: spec.KindGPUPool,
				`{"name": "main"}`: spec.KindRegistry, `{"registry": "main"}`: spec.KindModel, `{}`: spec.KindBucket, `{"name": "transactions"}`: spec.KindDataset,
				`{"steps": {"train": {"pool": "l4", "resources": {"accelerator": {"type": "nvidia-l4"}}}}}`: spec.KindPipeline})
			_, faults := spec.Link(spec.Repository{}, nil, specs)
			same(t, faults, one("gpu_pool/l4: accelerator", tt.why))
		})
	}
}
