package azure

import (
	"context"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

func (c *clients) container(ctx context.Context, account, name string) (*armstorage.ContainerProperties, error) {
	var got armstorage.BlobContainersClientGetResponse
	err := c.try(ctx, func(ctx context.Context) (err error) {
		got, err = c.containers.Get(ctx, c.cfg.ResourceGroup, account, name, nil)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("container %s of %s: %w", name, account, err)
	}
	if got.ContainerProperties == nil {
		return &armstorage.ContainerProperties{}, nil
	}
	return got.ContainerProperties, nil
}

func (c *clients) createContainer(ctx context.Context, account, name string, marks map[string]string) error {
	err := c.made(ctx, func(ctx context.Context) error {
		_, err := c.containers.Create(ctx, c.cfg.ResourceGroup, account, name, armstorage.BlobContainer{ContainerProperties: &armstorage.ContainerProperties{
			PublicAccess: to.Ptr(armstorage.PublicAccessNone), Metadata: pointers(marks),
		}}, nil)
		return err
	})
	if err != nil {
		return fmt.Errorf("container %s of %s: %w", name, account, err)
	}
	return nil
}

// amendContainer keeps the metadata of others.
func (c *clients) amendContainer(ctx context.Context, account, name string, have *armstorage.ContainerProperties, marks map[string]string) error {
	next := lowered(values(have.Metadata))
	maps.Copy(next, marks)
	err := c.made(ctx, func(ctx context.Context) error {
		_, err := c.containers.Update(ctx, c.cfg.ResourceGroup, account, name, armstorage.BlobContainer{ContainerProperties: &armstorage.ContainerProperties{
			PublicAccess: to.Ptr(armstorage.PublicAccessNone), Metadata: pointers(next),
		}}, nil)
		return err
	})
	if err != nil {
		return fmt.Errorf("container %s of %s: %w", name, account, err)
	}
	return nil
}

func describeContainer(name string, p *armstorage.ContainerProperties, marks map[string]string) cloud.Settings {
	access := deref(p.PublicAccess)
	if access == "" {
		access = armstorage.PublicAccessNone
	}
	return cloud.Settings{
		"container": name, "publicAccess": string(access), "metadata": canonical(cloud.Managed(lowered(values(p.Metadata)), marks)),
	}
}

// lowered has every name in lower case, as metadata is compared.
func lowered(m map[string]string) map[string]string {
	out := make(map[string]string, len(m))
	for key, value := range m {
		out[strings.ToLower(key)] = value
	}
	return out
}

// others are the containers of an account besides one. Those of Azure's own features,
// such as $logs, are nobody's.
func (c *clients) others(ctx context.Context, account, name string) (out []string, err error) {
	err = c.made(ctx, func(ctx context.Context) error {
		out = nil
		for pager := c.containers.NewListPager(c.cfg.ResourceGroup, account, nil); pager.More(); {
			page, err := pager.NextPage(ctx)
			if err != nil {
				return err
			}
			for _, item := range page.Value {
				if n := deref(item.Name); n != name && !strings.HasPrefix(n, "$") && (item.Properties == nil || !deref(item.Properties.Deleted)) {
					out = append(out, n)
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("containers of %s: %w", account, err)
	}
	return out, nil
}

// empty asks the blob service itself, which Resource Manager cannot answer: whether a
// container has no blob and no older version of one.
func (c *clients) empty(ctx context.Context, account *armstorage.Account, name string) (bool, error) {
	endpoint := c.cfg.Endpoints["blob"]
	if endpoint == "" && account.Properties != nil && account.Properties.PrimaryEndpoints != nil {
		endpoint = deref(account.Properties.PrimaryEndpoints.Blob)
	}
	for marker := ""; ; {
		query := url.Values{"restype": {"container"}, "comp": {"list"}, "include": {"versions"}, "maxresults": {"1"}}
		if marker != "" {
			query.Set("marker", marker)
		}
		var page struct {
			Blobs struct {
				Blob []struct {
					Name string
				}
			}
			NextMarker string
		}
		err := c.try(ctx, func(ctx context.Context) error {
			return c.list(ctx, strings.TrimSuffix(endpoint, "/")+"/"+name+"?"+query.Encode(), &page)
		})
		switch {
		case status(err) == http.StatusUnauthorized && c.cfg.lent():
			return false, fmt.Errorf("blobs of container %s of %s: %w; the access token that was given is not one for https://storage.azure.com", name, deref(account.Name), err)
		case err != nil:
			return false, fmt.Errorf("blobs of container %s of %s: %w", name, deref(account.Name), err)
		case len(page.Blobs.Blob) > 0:
			return false, nil
		case page.NextMarker == "":
			return true, nil
		}
		marker = page.NextMarker
	}
}

func (c *clients) list(ctx context.Context, address string, page any) error {
	req, err := runtime.NewRequest(ctx, http.MethodGet, address)
	if err != nil {
		return err
	}
	req.Raw().Header.Set("x-ms-version", "2023-11-03")
	resp, err := c.blobs.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if !runtime.HasStatusCode(resp, http.StatusOK) {
		return runtime.NewResponseError(resp)
	}
	body, err := runtime.Payload(resp)
	if err != nil {
		return err
	}
	return xml.Unmarshal(body, page)
}
