package azure_test

import (
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure/azurefake"
)

func keyed(key string) cloud.Bucket {
	b := bucket("artifacts", nil)
	b.KMSKey = key
	return b
}

// amended makes a bucket, changes what it is to be or the account by hand, and checks that
// the change is seen and brought about. It gives the account as it is then.
func amended(t *testing.T, first, then cloud.Bucket, byHand func(*azurefake.Account), reconfigure func(*azure.Config)) *azurefake.Account {
	t.Helper()
	fake := azurefake.New()
	id, err := azure.New(config(fake)).Buckets.Store.Create(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	fake.Do(func() {
		if byHand != nil {
			byHand(fake.Accounts["fraud"])
		}
	})
	cfg := config(fake)
	if reconfigure != nil {
		reconfigure(&cfg)
	}
	c := azure.New(cfg)
	want, err := c.Buckets.Plan.Settings(then)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.Buckets.Store.Read(t.Context(), id, then); err != nil || same(got, want) {
		t.Errorf("the change is not seen: %v, %v", got, err)
	}
	if err := c.Buckets.Store.Update(t.Context(), id, then); err != nil {
		t.Fatal(err)
	}
	if got, err := c.Buckets.Store.Read(t.Context(), id, then); err != nil || !same(got, want) {
		t.Errorf("after the update: %v, %v; want %v", got, err, want)
	}
	return fake.Accounts["fraud"]
}

func same(a, b cloud.Settings) bool {
	for name := range b {
		if a[name] != b[name] {
			return false
		}
	}
	return len(a) == len(b)
}

const key = "https://keys.vault.azure.net/keys/mlops"

// A key without a version is the newest one for ever, which Azure is told by no version.
func TestAccounts_keyVersion(t *testing.T) {
	t.Parallel()
	account := amended(t, keyed(key+"/0123"), keyed(key), nil, nil)
	if got := account.Properties.Encryption.KeyVaultProperties.KeyVersion; got == nil || *got != "" {
		t.Errorf("the account still has a version of the key")
	}
}

// Another identity to read the key as is a change, however its id is spelled.
func TestAccounts_keyIdentity(t *testing.T) {
	t.Parallel()
	other := strings.Replace(config(nil).KeyIdentity, "/keys", "/others", 1)
	account := amended(t, keyed(key), keyed(key), nil, func(c *azure.Config) { c.KeyIdentity = other })
	if got := account.Properties.Encryption.EncryptionIdentity.EncryptionUserAssignedIdentity; *got != other || account.Identity.UserAssignedIdentities[other] == nil {
		t.Errorf("the key is read as %s, the account has %v", *got, account.Identity.UserAssignedIdentities)
	}
	fake := azurefake.New()
	c := azure.New(config(fake))
	id, err := c.Buckets.Store.Create(t.Context(), keyed(key))
	if err != nil {
		t.Fatal(err)
	}
	fake.Do(func() {
		used := fake.Accounts["fraud"].Properties.Encryption.EncryptionIdentity
		used.EncryptionUserAssignedIdentity = to.Ptr(strings.Replace(*used.EncryptionUserAssignedIdentity, "/resourceGroups/", "/resourcegroups/", 1))
	})
	want, _ := c.Buckets.Plan.Settings(keyed(key))
	if got, err := c.Buckets.Store.Read(t.Context(), id, keyed(key)); err != nil || got["encryption"] != want["encryption"] {
		t.Errorf("the same identity in other letters reads %q, %v; want %q", got["encryption"], err, want["encryption"])
	}
}

// An identity that somebody gave the account stays beside that of the key.
func TestAccounts_identityOfOthers(t *testing.T) {
	t.Parallel()
	account := amended(t, bucket("artifacts", nil), keyed(key), func(a *azurefake.Account) {
		a.Identity = &armstorage.Identity{Type: to.Ptr(armstorage.IdentityTypeSystemAssigned), PrincipalID: to.Ptr("p")}
	}, nil)
	if got := *account.Identity.Type; got != armstorage.IdentityTypeSystemAssignedUserAssigned {
		t.Errorf("the account has identities of type %s", got)
	}
}

// Whoever could delete for ever what is deleted softly could undo the protection.
func TestAccounts_permanentDelete(t *testing.T) {
	t.Parallel()
	b := bucket("artifacts", nil)
	account := amended(t, b, b, func(a *azurefake.Account) { a.Service.DeleteRetentionPolicy.AllowPermanentDelete = to.Ptr(true) }, nil)
	if got := account.Service.DeleteRetentionPolicy.AllowPermanentDelete; got == nil || *got {
		t.Error("blobs can still be deleted for ever")
	}
}

// An account does not move: a bucket of a platform that did is refused, with the way out.
func TestAccounts_elsewhere(t *testing.T) {
	t.Parallel()
	r := open(t, plain)
	if _, err := r.Cloud.Buckets.Store.Create(t.Context(), bucket("data", nil)); err != nil {
		t.Fatal(err)
	}
	b, before := bucket("artifacts", nil), r.Count()
	b.On.Platform.Region = "northeurope"
	_, err := r.Cloud.Buckets.Store.Create(t.Context(), b)
	if err == nil || !strings.Contains(err.Error(), "westeurope") || !strings.Contains(err.Error(), "northeurope") || r.Count() != before {
		t.Errorf("create: %v, %d objects more; want both places in it and nothing made", err, r.Count()-before)
	}
}

// Everything in a container expires that Azure can let expire: append blobs, too.
func TestRules_blobTypes(t *testing.T) {
	t.Parallel()
	settings, err := azure.New(config(nil)).Buckets.Plan.Settings(bucket("artifacts", nil))
	if err != nil || !strings.Contains(settings["managementPolicy"], `"blobTypes":["appendBlob","blockBlob"]`) {
		t.Errorf("%s, %v", settings["managementPolicy"], err)
	}
}

// An account that is not ours is not made ours: it would go with our last bucket.
func TestAccounts_notTakenOver(t *testing.T) {
	t.Parallel()
	r := open(t, plain)
	someAccount(fakeOf(r), "fraud")
	_, err := r.Cloud.Buckets.Store.Create(t.Context(), bucket("artifacts", nil))
	if err == nil || strings.Contains(err.Error(), cloud.MarkManager) || !strings.Contains(err.Error(), "existing") {
		t.Errorf("%v; want the way by existing, and no marks to set", err)
	}
}

// An account that somebody else made stays, even when all that was imported of it goes.
func TestAccounts_imported(t *testing.T) {
	t.Parallel()
	r := open(t, plain)
	store, fake := r.Cloud.Buckets.Store, fakeOf(r)
	account := someAccount(fake, "fraud")
	account.Containers["artifacts"] = &azurefake.Container{}
	b := bucket("artifacts", nil)
	if err := store.Update(t.Context(), "fraud/artifacts", b); err != nil {
		t.Fatal(err)
	}
	if err := store.Delete(t.Context(), "fraud/artifacts", b); err != nil {
		t.Fatal(err)
	}
	if fake.Accounts["fraud"] == nil || len(account.Containers) != 0 {
		t.Errorf("the account is gone, or its container is left: %v", fake.Accounts)
	}
}
