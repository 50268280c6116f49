package azure_test

import (
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure/azurefake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func bucketCase() cloudtest.Case[cloud.Bucket] {
	return cloudtest.Case[cloud.Bucket]{
		Name:   "bucket",
		Kind:   func(c cloud.Cloud) cloud.Kind[cloud.Bucket] { return c.Buckets },
		Before: bucket("artifacts", map[string]string{"team": "risk", "cost.center": "1"}),
		After: cloud.Bucket{On: on(map[string]string{"team": "fraud", "stage": "x"}), Bucket: &spec.Bucket{
			Platform: "fraud", Name: "artifacts", SoftDeleteDays: 30, KMSKey: "https://keys.vault.azure.net/keys/mlops",
			Lifecycle: []spec.LifecycleRule{{ExpireAfterDays: 90}, {Prefix: "old/", NoncurrentExpireAfterDays: 5}},
		}},
		With:    func(b cloud.Bucket, id string) cloud.Bucket { b.On.ID = id; return b },
		Tamper:  tamperBucket,
		Foreign: func(_ *testing.T, r cloudtest.Rig) { someAccount(fakeOf(r), "fraud") },
	}
}

func bucket(name string, tags map[string]string) cloud.Bucket {
	return cloud.Bucket{On: on(tags), Bucket: &spec.Bucket{Platform: "fraud", Name: name, Lifecycle: []spec.LifecycleRule{{Prefix: "tmp/", ExpireAfterDays: 7}}}}
}

// someAccount makes an account of somebody else.
func someAccount(a *azurefake.Azure, name string) *azurefake.Account {
	account := &azurefake.Account{
		Account:    armstorage.Account{Name: to.Ptr(name), Location: to.Ptr("westeurope"), Properties: &armstorage.AccountProperties{PrimaryEndpoints: &armstorage.Endpoints{Blob: to.Ptr("https://" + name + ".blob.core.windows.net/")}}},
		Containers: map[string]*azurefake.Container{},
	}
	a.Do(func() { a.Accounts[name] = account })
	return account
}

func TestBuckets(t *testing.T) {
	t.Parallel()
	cloudtest.Run(t, open, bucketCase())
}

func tamperBucket(t *testing.T, r cloudtest.Rig, _, setting string) {
	fake := fakeOf(r)
	fake.Do(func() {
		account := fake.Accounts["fraud"]
		p, container := account.Properties, account.Containers["artifacts"]
		switch setting {
		case "tags":
			account.Tags["team"] = to.Ptr("somebody")
		case "allowBlobPublicAccess":
			p.AllowBlobPublicAccess = to.Ptr(true)
		case "allowSharedKeyAccess":
			p.AllowSharedKeyAccess = nil
		case "allowCrossTenantReplication":
			p.AllowCrossTenantReplication = to.Ptr(true)
		case "minimumTlsVersion":
			p.MinimumTLSVersion = to.Ptr(armstorage.MinimumTLSVersionTLS10)
		case "supportsHttpsTrafficOnly":
			p.EnableHTTPSTrafficOnly = to.Ptr(false)
		case "defaultToOAuthAuthentication":
			p.DefaultToOAuthAuthentication = to.Ptr(false)
		case "encryption":
			p.Encryption = &armstorage.Encryption{KeySource: to.Ptr(armstorage.KeySourceMicrosoftKeyvault), KeyVaultProperties: &armstorage.KeyVaultProperties{KeyName: to.Ptr("k"), KeyVaultURI: to.Ptr("https://v")}}
		case "isVersioningEnabled":
			account.Service.IsVersioningEnabled = to.Ptr(false)
		case "deleteRetentionPolicy":
			account.Service.DeleteRetentionPolicy.Enabled = to.Ptr(false)
		case "containerDeleteRetentionPolicy":
			account.Service.ContainerDeleteRetentionPolicy.Days = to.Ptr[int32](1)
		case "publicAccess":
			container.PublicAccess = to.Ptr(armstorage.PublicAccessBlob)
		case "metadata":
			delete(container.Metadata, "team")
		case "managementPolicy":
			account.Policy.Policy.Rules[0].Enabled = to.Ptr(false)
		default:
			t.Errorf("nobody changes %s by hand here", setting)
		}
	})
}
