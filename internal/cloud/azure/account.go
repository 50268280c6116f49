package azure

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// softDeleteDays is how long what was deleted can be brought back when nothing is said.
const softDeleteDays = 7

// markMade is the tag of an account that was made here, which goes with its last bucket.
// One that has all other marks since a container of it was imported stays.
const markMade = "mlops-made"

// wantedAccount is the storage account that the buckets of a platform share.
func (d *driver) wantedAccount(b cloud.Bucket, name string) (*armstorage.Account, error) {
	encryption, err := d.encryption(b.KMSKey)
	if err != nil {
		return nil, err
	}
	tags := b.Marked(name)
	if err := checkTags(cloud.With(tags, map[string]string{markMade: name})); err != nil {
		return nil, err
	}
	return &armstorage.Account{
		Name:     to.Ptr(name),
		Location: to.Ptr(d.location(b.On)),
		Tags:     pointers(tags),
		Properties: &armstorage.AccountProperties{
			AllowBlobPublicAccess:        to.Ptr(false),
			AllowSharedKeyAccess:         to.Ptr(false),
			AllowCrossTenantReplication:  to.Ptr(false),
			MinimumTLSVersion:            to.Ptr(armstorage.MinimumTLSVersionTLS12),
			EnableHTTPSTrafficOnly:       to.Ptr(true),
			DefaultToOAuthAuthentication: to.Ptr(true),
			Encryption:                   encryption,
		},
	}, nil
}

func (d *driver) encryption(key string) (*armstorage.Encryption, error) {
	if key == "" {
		return &armstorage.Encryption{KeySource: to.Ptr(armstorage.KeySourceMicrosoftStorage)}, nil
	}
	u, err := url.Parse(key)
	var parts []string
	if err == nil {
		parts = strings.Split(strings.Trim(u.Path, "/"), "/")
	}
	if err != nil || u.Scheme != "https" || u.User != nil || len(parts) < 2 || len(parts) > 3 || parts[0] != "keys" {
		return nil, spec.Misfit("kms_key", "%q: on Azure a key is https://VAULT.vault.azure.net/keys/NAME", key)
	}
	if !strings.HasPrefix(d.cfg.KeyIdentity, "/subscriptions/") {
		return nil, spec.Misfit("kms_key", "a storage account reads its key as an identity: set key_identity for Azure to the resource id of a user-assigned identity that may use the key (role Key Vault Crypto Service Encryption User)")
	}
	// No version is the newest one for ever. Azure has to be told: a version that is left
	// out stays as it was.
	properties := &armstorage.KeyVaultProperties{KeyName: to.Ptr(parts[1]), KeyVaultURI: to.Ptr("https://" + u.Host), KeyVersion: to.Ptr("")}
	if len(parts) == 3 {
		properties.KeyVersion = to.Ptr(parts[2])
	}
	return &armstorage.Encryption{
		KeySource:          to.Ptr(armstorage.KeySourceMicrosoftKeyvault),
		KeyVaultProperties: properties,
		EncryptionIdentity: &armstorage.EncryptionIdentity{EncryptionUserAssignedIdentity: to.Ptr(d.cfg.KeyIdentity)},
	}, nil
}

// keyOf names what encrypts an account: Azure, or a key and the identity that it is read
// as, spelled as in want where that differs in upper and lower case only.
func keyOf(e, want *armstorage.Encryption) string {
	if e == nil || deref(e.KeySource) != armstorage.KeySourceMicrosoftKeyvault || e.KeyVaultProperties == nil {
		return string(armstorage.KeySourceMicrosoftStorage)
	}
	v := e.KeyVaultProperties
	out := strings.TrimSuffix(strings.TrimSuffix(deref(v.KeyVaultURI), "/")+"/keys/"+deref(v.KeyName)+"/"+deref(v.KeyVersion), "/")
	if reader := readerOf(e); reader != "" {
		out += " as " + deref(alike(&reader, to.Ptr(readerOf(want))))
	}
	return out
}

// readerOf is the resource id of the identity that the key is read as.
func readerOf(e *armstorage.Encryption) string {
	if e == nil || e.EncryptionIdentity == nil {
		return ""
	}
	return deref(e.EncryptionIdentity.EncryptionUserAssignedIdentity)
}

// alike is a text of Azure, which does not tell upper and lower case apart in ids, spelled
// as want where it is the same.
func alike(have, want *string) *string {
	if have != nil && want != nil && strings.EqualFold(*have, *want) {
		return want
	}
	return have
}

// user makes the identity that an account reads its key as one of the account. It is nil
// when Azure keeps the key. An identity that the account has of itself stays.
func user(e *armstorage.Encryption, have *armstorage.Identity) *armstorage.Identity {
	if e.EncryptionIdentity == nil {
		return nil
	}
	kind := armstorage.IdentityTypeUserAssigned
	if have != nil && strings.HasPrefix(string(deref(have.Type)), string(armstorage.IdentityTypeSystemAssigned)) {
		kind = armstorage.IdentityTypeSystemAssignedUserAssigned
	}
	return &armstorage.Identity{Type: &kind, UserAssignedIdentities: map[string]*armstorage.UserAssignedIdentity{readerOf(e): {}}}
}

func (c *clients) account(ctx context.Context, name string) (*armstorage.Account, error) {
	var got armstorage.AccountsClientGetPropertiesResponse
	err := c.try(ctx, func(ctx context.Context) (err error) {
		got, err = c.accounts.GetProperties(ctx, c.cfg.ResourceGroup, name, nil)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("storage account %s: %w", name, err)
	}
	return &got.Account, nil
}

// create makes the account and waits until it is there. Asking for it twice makes one.
func (c *clients) create(ctx context.Context, want *armstorage.Account) (*armstorage.Account, error) {
	name, p := deref(want.Name), want.Properties
	_, err := wait(ctx, c, "storage account "+name, true, func(ctx context.Context, token string) (*runtime.Poller[armstorage.AccountsClientCreateResponse], error) {
		return c.accounts.BeginCreate(ctx, c.cfg.ResourceGroup, name, armstorage.AccountCreateParameters{
			Kind:     to.Ptr(armstorage.KindStorageV2),
			SKU:      &armstorage.SKU{Name: to.Ptr(armstorage.SKUNameStandardLRS)},
			Location: want.Location,
			Tags:     merged(want.Tags, map[string]string{markMade: name}),
			Identity: user(p.Encryption, nil),
			Properties: &armstorage.AccountPropertiesCreateParameters{
				AllowBlobPublicAccess:        p.AllowBlobPublicAccess,
				AllowSharedKeyAccess:         p.AllowSharedKeyAccess,
				AllowCrossTenantReplication:  p.AllowCrossTenantReplication,
				MinimumTLSVersion:            p.MinimumTLSVersion,
				EnableHTTPSTrafficOnly:       p.EnableHTTPSTrafficOnly,
				DefaultToOAuthAuthentication: p.DefaultToOAuthAuthentication,
				Encryption:                   p.Encryption,
			},
		}, &armstorage.AccountsClientBeginCreateOptions{ResumeToken: token})
	})
	if errors.Is(err, cloud.ErrExists) {
		return nil, fmt.Errorf("storage account %s: %w; its name follows from the platform's and is one in the whole world: name the platform otherwise, or name a container that exists in existing", name, err)
	}
	if err != nil {
		return nil, fmt.Errorf("storage account %s: %w", name, err)
	}
	return want, nil
}

// amend brings an account that is there to what is wanted of it.
func (c *clients) amend(ctx context.Context, have, want *armstorage.Account) error {
	p := want.Properties
	err := c.made(ctx, func(ctx context.Context) error {
		_, err := c.accounts.Update(ctx, c.cfg.ResourceGroup, deref(want.Name), armstorage.AccountUpdateParameters{
			Tags:     merged(have.Tags, values(want.Tags)),
			Identity: user(p.Encryption, have.Identity),
			Properties: &armstorage.AccountPropertiesUpdateParameters{
				AllowBlobPublicAccess:        p.AllowBlobPublicAccess,
				AllowSharedKeyAccess:         p.AllowSharedKeyAccess,
				AllowCrossTenantReplication:  p.AllowCrossTenantReplication,
				MinimumTLSVersion:            p.MinimumTLSVersion,
				EnableHTTPSTrafficOnly:       p.EnableHTTPSTrafficOnly,
				DefaultToOAuthAuthentication: p.DefaultToOAuthAuthentication,
				Encryption:                   p.Encryption,
			},
		}, nil)
		return err
	})
	if err != nil {
		return fmt.Errorf("storage account %s: %w", deref(want.Name), err)
	}
	return nil
}

// describeAccount are the settings of the account that every bucket in it shows.
func describeAccount(have, want *armstorage.Account) cloud.Settings {
	p, wanted := have.Properties, want.Properties
	if p == nil {
		p = &armstorage.AccountProperties{}
	}
	return cloud.Settings{
		"account":                      deref(have.Name),
		"location":                     place(deref(have.Location)),
		"tags":                         canonical(cloud.Managed(values(have.Tags), values(want.Tags))),
		"allowBlobPublicAccess":        flag(p.AllowBlobPublicAccess),
		"allowSharedKeyAccess":         flag(p.AllowSharedKeyAccess),
		"allowCrossTenantReplication":  flag(p.AllowCrossTenantReplication),
		"minimumTlsVersion":            string(deref(p.MinimumTLSVersion)),
		"supportsHttpsTrafficOnly":     flag(p.EnableHTTPSTrafficOnly),
		"defaultToOAuthAuthentication": flag(p.DefaultToOAuthAuthentication),
		"encryption":                   keyOf(p.Encryption, wanted.Encryption),
	}
}

func flag(b *bool) string {
	if b == nil {
		return "unset"
	}
	return strconv.FormatBool(*b)
}
