package azure_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure/azurefake"
)

type before func(*http.Request) error

func (b before) on(next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(req *http.Request) (*http.Response, error) {
		if err := b(req); err != nil {
			return nil, err
		}
		return next.RoundTrip(req)
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (r roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return r(req) }

// What somebody else makes between a look and a write is not overwritten.
func TestPools_race(t *testing.T) {
	t.Parallel()
	fake := azurefake.New()
	fake.Clusters["aks"] = &azurefake.Cluster{Pools: map[string]*azurefake.Pool{}}
	var once sync.Once
	faster := before(func(req *http.Request) error {
		if req.Method == http.MethodPut {
			once.Do(func() {
				name := req.URL.Path[strings.LastIndex(req.URL.Path, "/")+1:]
				p := &azurefake.Pool{}
				p.ETag = to.Ptr(`"theirs"`)
				fake.Do(func() { fake.Clusters["aks"].Pools[name] = p })
			})
		}
		return nil
	})
	id, err := azure.New(config(faster.on(fake))).Pools.Store.Create(t.Context(), poolCase().Before)
	if !errors.Is(err, cloud.ErrExists) || id != "" || len(fake.Clusters["aks"].Pools) != 1 {
		t.Errorf("create: id %q, %v, %d pools; want ErrExists and theirs alone", id, err, len(fake.Clusters["aks"].Pools))
	}
}

// A request without an answer is given up and sent again.
func TestAttempt(t *testing.T) {
	t.Parallel()
	fake := azurefake.New()
	var once sync.Once
	hangs := before(func(req *http.Request) error {
		var err error
		once.Do(func() { <-req.Context().Done(); err = req.Context().Err() })
		return err
	})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := azure.New(config(hangs.on(fake))).Buckets.Store.Create(ctx, bucket("artifacts", nil)); err != nil {
		t.Error(err)
	}
}

// Tags, metadata and settings of others stay when ours change.
func TestOthers_kept(t *testing.T) {
	t.Parallel()
	r := open(t, plain)
	fake := fakeOf(r)
	bucketID, err := r.Cloud.Buckets.Store.Create(t.Context(), bucketCase().Before)
	if err != nil {
		t.Fatal(err)
	}
	identityID, err := r.Cloud.Identities.Store.Create(t.Context(), identityCase().Before)
	if err != nil {
		t.Fatal(err)
	}
	poolID, err := r.Cloud.Pools.Store.Create(t.Context(), poolCase().Before)
	if err != nil {
		t.Fatal(err)
	}
	theirs := to.Ptr("theirs")
	fake.Do(func() {
		account := fake.Accounts["fraud"]
		account.Tags["backup"], account.Containers["artifacts"].Metadata["backup"] = theirs, theirs
		account.Service.ChangeFeed = &armstorage.ChangeFeed{Enabled: to.Ptr(true)}
		fake.Identities["fraud-trainer"].Tags["backup"] = theirs
		for _, p := range fake.Clusters["aks"].Pools {
			p.Tags["backup"], p.MaxPods = theirs, to.Ptr[int32](30)
			p.NodeLabels["kubernetes.azure.com/x"], p.NodeTaints = theirs, append(p.NodeTaints, to.Ptr("kubernetes.azure.com/x=y:NoSchedule"))
		}
	})
	want, _ := r.Cloud.Buckets.Plan.Settings(bucketCase().Before)
	got, err := r.Cloud.Buckets.Store.Read(t.Context(), bucketID, bucketCase().Before)
	if err != nil || got["tags"] != want["tags"] || got["metadata"] != want["metadata"] {
		t.Errorf("tags of others are drift: %v, %v", got, err)
	}
	if err := errors.Join(r.Cloud.Buckets.Store.Update(t.Context(), bucketID, bucketCase().After),
		r.Cloud.Identities.Store.Update(t.Context(), identityID, identityCase().After), r.Cloud.Pools.Store.Update(t.Context(), poolID, poolCase().After)); err != nil {
		t.Fatal(err)
	}
	account := fake.Accounts["fraud"]
	kept := map[string]bool{
		"tag of the account": account.Tags["backup"] != nil, "metadata": account.Containers["artifacts"].Metadata["backup"] != nil,
		"change feed": account.Service.ChangeFeed != nil, "tag of the identity": fake.Identities["fraud-trainer"].Tags["backup"] != nil,
	}
	for name, p := range fake.Clusters["aks"].Pools {
		kept["tag of "+name], kept["pods of "+name], kept["label of "+name] = p.Tags["backup"] != nil, p.MaxPods != nil, p.NodeLabels["kubernetes.azure.com/x"] != nil
		kept["taint of "+name] = slices.ContainsFunc(p.NodeTaints, func(t *string) bool { return *t == "kubernetes.azure.com/x=y:NoSchedule" })
	}
	for what, is := range kept {
		if !is {
			t.Errorf("%s is gone", what)
		}
	}
}

// What somebody else changes between a look and a write is not lost.
func TestPools_changedMeanwhile(t *testing.T) {
	t.Parallel()
	fake := azurefake.New()
	fake.Clusters["aks"] = &azurefake.Cluster{Pools: map[string]*azurefake.Pool{}}
	id, err := azure.New(config(fake)).Pools.Store.Create(t.Context(), poolCase().Before)
	if err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	meanwhile := before(func(req *http.Request) error {
		if req.Method == http.MethodPut {
			once.Do(func() {
				fake.Do(func() {
					p := fake.Clusters["aks"].Pools[req.URL.Path[strings.LastIndex(req.URL.Path, "/")+1:]]
					p.Tags["theirs"], p.ETag = to.Ptr("x"), to.Ptr(`"theirs"`)
				})
			})
		}
		return nil
	})
	if err := azure.New(config(meanwhile.on(fake))).Pools.Store.Update(t.Context(), id, poolCase().After); err != nil {
		t.Fatal(err)
	}
	kept := 0
	for _, p := range fake.Clusters["aks"].Pools {
		if p.Tags["theirs"] != nil {
			kept++
		}
	}
	if kept != 1 {
		t.Errorf("%d of the pools have the tag that was set in the meantime, want 1", kept)
	}
}

// What is in a subscription that nobody can see is not gone, and what was in a resource
// group that is gone, is.
func TestGone(t *testing.T) {
	t.Parallel()
	for code, gone := range map[string]bool{"ResourceNotFound": true, "ResourceGroupNotFound": true, "SubscriptionNotFound": false} {
		c := azure.New(config(refusing{http.StatusNotFound, code, "m"}))
		for kind, read := range map[string]func() error{
			"bucket": func() error {
				_, err := c.Buckets.Store.Read(t.Context(), "fraud/artifacts", bucketCase().Before)
				return err
			},
			"pool": func() error {
				_, err := c.Pools.Store.Read(t.Context(), "aks/train-a100", poolCase().Before)
				return err
			},
			"identity": func() error {
				_, err := c.Identities.Store.Read(t.Context(), "/subscriptions/"+subscription+"/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/fraud-trainer", identityCase().Before)
				return err
			},
		} {
			if err := read(); err == nil || errors.Is(err, cloud.ErrNotFound) != gone || (!gone && !strings.Contains(err.Error(), "subscription_id")) {
				t.Errorf("%s of a %s: %v, gone must be %v", code, kind, err, gone)
			}
		}
	}
}
