package azure

import (
	"context"
	"fmt"
	"strconv"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// wantedService is how the blob service of an account keeps what is overwritten or deleted.
func wantedService(b cloud.Bucket) *armstorage.BlobServicePropertiesProperties {
	days := b.SoftDeleteDays
	if days == 0 {
		days = softDeleteDays
	}
	retention := func() *armstorage.DeleteRetentionPolicy {
		return &armstorage.DeleteRetentionPolicy{Enabled: to.Ptr(true), Days: to.Ptr(int32(days))}
	}
	blobs := retention()
	blobs.AllowPermanentDelete = to.Ptr(false) // of what is deleted softly
	return &armstorage.BlobServicePropertiesProperties{
		IsVersioningEnabled: to.Ptr(true), DeleteRetentionPolicy: blobs, ContainerDeleteRetentionPolicy: retention(),
	}
}

func describeService(p *armstorage.BlobServicePropertiesProperties) cloud.Settings {
	if p == nil {
		p = &armstorage.BlobServicePropertiesProperties{}
	}
	return cloud.Settings{
		"isVersioningEnabled":            flag(p.IsVersioningEnabled),
		"deleteRetentionPolicy":          retention(p.DeleteRetentionPolicy),
		"containerDeleteRetentionPolicy": retention(p.ContainerDeleteRetentionPolicy),
	}
}

func retention(p *armstorage.DeleteRetentionPolicy) string {
	if p == nil || !deref(p.Enabled) {
		return "disabled"
	}
	days := strconv.Itoa(int(deref(p.Days))) + " days"
	if deref(p.AllowPermanentDelete) {
		days += ", unless deleted permanently"
	}
	return days
}

func (c *clients) service(ctx context.Context, account string) (*armstorage.BlobServicePropertiesProperties, error) {
	var got armstorage.BlobServicesClientGetServicePropertiesResponse
	err := c.made(ctx, func(ctx context.Context) (err error) {
		got, err = c.services.GetServiceProperties(ctx, c.cfg.ResourceGroup, account, nil)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("blob service of %s: %w", account, err)
	}
	return got.BlobServiceProperties.BlobServiceProperties, nil
}

// amendService writes the whole of the service: what is not ours in it stays as it is.
func (c *clients) amendService(ctx context.Context, account string, have, want *armstorage.BlobServicePropertiesProperties) error {
	next := armstorage.BlobServicePropertiesProperties{}
	if have != nil {
		next = *have
	}
	next.IsVersioningEnabled = want.IsVersioningEnabled
	next.DeleteRetentionPolicy, next.ContainerDeleteRetentionPolicy = want.DeleteRetentionPolicy, want.ContainerDeleteRetentionPolicy
	err := c.made(ctx, func(ctx context.Context) error {
		_, err := c.services.SetServiceProperties(ctx, c.cfg.ResourceGroup, account, armstorage.BlobServiceProperties{BlobServiceProperties: &next}, nil)
		return err
	})
	if err != nil {
		return fmt.Errorf("blob service of %s: %w", account, err)
	}
	return nil
}
