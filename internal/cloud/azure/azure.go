// Package azure is Microsoft Azure: buckets are containers of a storage account that the
// buckets of a platform share, pools are agent pools of an AKS cluster, identities are
// user-assigned identities with federated credentials and assignments of two roles that
// the identities of a platform share. It makes no resource group, cluster or key vault,
// and knows nothing of what is kept in them.
package azure

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// Config is where on Azure, and how to talk to it.
type Config struct {
	SubscriptionID string
	ResourceGroup  string
	// ClusterResourceGroup is that of the AKS cluster; ResourceGroup when it is empty.
	ClusterResourceGroup string
	// Location of what is made; the platform's region when it is empty.
	Location string
	Tenant   string
	// VaultID is the resource id of the key vault that holds the platform's secrets. When
	// it is empty, the vault of VaultURL is looked for in ResourceGroup.
	VaultID  string
	VaultURL string
	// KeyIdentity is the resource id of a user-assigned identity that may use the keys
	// that kms_key of buckets names: a storage account reads its key as somebody.
	KeyIdentity string
	// Endpoints by name: resource_manager, authority, and blob, which takes the place of
	// a storage account's own endpoint. Plain http is for this machine only.
	Endpoints map[string]string
	// Credential is azidentity's default chain when it is nil.
	Credential azcore.TokenCredential
	Transport  http.RoundTripper
	UserAgent  string
	Attempt    time.Duration // bounds each try; 30 s when it is 0
	Pace       time.Duration // between tries and polls; 0 is what Azure asks for
	Progress   func(string)
	// Locks are those of the drivers that work at the same time: its own when it is nil.
	Locks *Locks
}

// New returns the cloud. It opens nothing: clients are made on first use.
func New(cfg Config) cloud.Cloud {
	if cfg.Locks == nil {
		cfg.Locks = &Locks{}
	}
	d := &driver{cfg: cfg, clients: sync.OnceValues(func() (*clients, error) { return connect(cfg) })}
	return cloud.Cloud{
		Dialect:    dialect{d},
		Buckets:    cloud.Kind[cloud.Bucket]{Plan: buckets{d}, Store: buckets{d}},
		Identities: cloud.Kind[cloud.Identity]{Plan: identities{d}, Store: identities{d}},
		Pools:      cloud.Kind[cloud.Pool]{Plan: pools{d}, Store: pools{d}},
	}
}

// driver is what the stores share.
type driver struct {
	cfg     Config
	clients func() (*clients, error)
}

// alone holds what is called name until the returned function is called.
func (d *driver) alone(name string) func() { return d.cfg.Locks.alone(name) }

// location is where what belongs to a platform is made, as Azure writes it.
func (d *driver) location(on cloud.On) string {
	where := d.cfg.Location
	if where == "" && on.Platform != nil {
		where = on.Platform.Region
	}
	return place(where)
}

// place is a location in the one form that is compared: Azure answers "West Europe" for
// what was asked for as "westeurope".
func place(location string) string {
	return strings.ToLower(strings.ReplaceAll(location, " ", ""))
}

// group is the resource id of a resource group.
func (d *driver) group(name string) (string, error) {
	if err := d.cfg.check(); err != nil {
		return "", err
	}
	return "/subscriptions/" + d.cfg.SubscriptionID + "/resourceGroups/" + name, nil
}

func (c Config) check() error {
	switch {
	case c.SubscriptionID == "":
		return errors.New("the subscription is not known: set subscription_id for Azure, or ARM_SUBSCRIPTION_ID")
	case c.ResourceGroup == "":
		return errors.New("the resource group is not known: set resource_group for Azure to one that exists")
	}
	return nil
}

func (c Config) clusterGroup() string {
	if c.ClusterResourceGroup != "" {
		return c.ClusterResourceGroup
	}
	return c.ResourceGroup
}

func (c Config) progress(ctx context.Context, format string, a ...any) {
	if c.Progress != nil && ctx.Err() == nil {
		c.Progress(fmt.Sprintf(format, a...))
	}
}

type dialect struct{ *driver }

func (dialect) Name() string { return "azure" }

func (d dialect) BucketURI(b spec.Bucket) string { return b.URI(d.Name(), "") }

// Policy are the role assignments, and the role definitions that say what they allow.
func (d dialect) Policy(i cloud.Identity) (string, error) {
	wanted, err := d.assignments(i)
	if err != nil {
		return "", fmt.Errorf("policy of identity %q: %w", i.Name, err)
	}
	shared, err := d.definitionsOf(platformOf(i))
	if err != nil {
		return "", fmt.Errorf("policy of identity %q: %w", i.Name, err)
	}
	return document(wanted, needed(shared, i.Grants)), nil
}
