package azure_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure/azurefake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// Buckets that are made at once share one account and keep their own rules in its policy.
func TestBuckets_share(t *testing.T) {
	t.Parallel()
	r := open(t, plain)
	store, fake := r.Cloud.Buckets.Store, fakeOf(r)
	names := []string{"artifacts", "artifacts-0", "data"}
	var all sync.WaitGroup
	for _, name := range names {
		all.Go(func() {
			if _, err := store.Create(t.Context(), bucket(name, nil)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	all.Wait()
	if len(fake.Accounts) != 1 || len(fake.Accounts["fraud"].Containers) != 3 || len(fake.Accounts["fraud"].Policy.Policy.Rules) != 3 {
		t.Fatalf("%d accounts with %d containers; want 1 with 3 and a rule for each", len(fake.Accounts), len(fake.Accounts["fraud"].Containers))
	}
	byHand := &armstorage.ManagementPolicyRule{Name: to.Ptr("everything"), Type: to.Ptr(armstorage.RuleTypeLifecycle), Enabled: to.Ptr(true), Definition: fake.Accounts["fraud"].Policy.Policy.Rules[0].Definition}
	fake.Do(func() {
		fake.Accounts["fraud"].Policy.Policy.Rules = append(fake.Accounts["fraud"].Policy.Policy.Rules, byHand)
	})
	changed := bucket("artifacts", nil)
	changed.Lifecycle = nil
	if err := store.Update(t.Context(), "fraud/artifacts", changed); err != nil {
		t.Fatal(err)
	}
	want, _ := r.Cloud.Buckets.Plan.Settings(changed)
	if got, err := store.Read(t.Context(), "fraud/artifacts", changed); err != nil || got["managementPolicy"] != "[]" || want["managementPolicy"] != "[]" {
		t.Errorf("without rules the policy reads %q, %v", got["managementPolicy"], err)
	}
	var left []string
	for _, rule := range fake.Accounts["fraud"].Policy.Policy.Rules {
		left = append(left, *rule.Name)
	}
	for _, name := range []string{"artifacts-0-0", "data-0", "everything"} {
		if !strings.Contains(" "+strings.Join(left, " ")+" ", " "+name+" ") {
			t.Errorf("rule %s is gone; there are %v", name, left)
		}
	}
	if len(left) != 3 {
		t.Errorf("rules are %v, want 3", left)
	}
	for i, name := range names {
		if err := store.Delete(t.Context(), "fraud/"+name, bucket(name, nil)); err != nil {
			t.Errorf("delete of %s: %v", name, err)
		}
		if gone := fake.Accounts["fraud"] == nil; gone != (i == len(names)-1) {
			t.Errorf("after %s the account is gone: %v", name, gone)
		}
	}
}

func TestBuckets_notEmpty(t *testing.T) {
	t.Parallel()
	r := open(t, plain)
	store, fake, b := r.Cloud.Buckets.Store, fakeOf(r), bucket("artifacts", nil)
	id, err := store.Create(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	for name, fill := range map[string]func(*azurefake.Container){
		"a blob":             func(c *azurefake.Container) { c.Blobs = []string{"model.pkl"} },
		"older versions":     func(c *azurefake.Container) { c.Versions = []string{"deleted.pkl"} },
		"blobs and versions": func(c *azurefake.Container) { c.Blobs, c.Versions = []string{"a", "b"}, []string{"c"} },
	} {
		fake.Do(func() {
			c := fake.Accounts["fraud"].Containers["artifacts"]
			c.Blobs, c.Versions = nil, nil
			fill(c)
		})
		if err := store.Delete(t.Context(), id, b); !errors.Is(err, cloud.ErrNotEmpty) {
			t.Errorf("delete of a bucket with %s: %v, want ErrNotEmpty", name, err)
		}
	}
	b.ForceDestroy = true
	if err := store.Delete(t.Context(), id, b); err != nil || r.Count() != 0 {
		t.Errorf("delete by force: %v, %d objects left", err, r.Count())
	}
}

// What is in an account stays when the account is of somebody else.
func TestBuckets_others(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(*azurefake.Azure)
		change  func(*cloud.Bucket)
		want    string
		kind    error
	}{
		"name of an account in another subscription": {func(a *azurefake.Azure) { a.Taken["fraud"] = true }, nil, "one in the whole world", cloud.ErrExists},
		"container of somebody else": {func(a *azurefake.Azure) {
			account := someAccount(a, "fraud")
			account.Tags = map[string]*string{cloud.MarkManager: to.Ptr(cloud.Manager), cloud.MarkPlatform: to.Ptr("fraud"), cloud.MarkName: to.Ptr("fraud")}
			account.Containers["artifacts"] = &azurefake.Container{}
		}, nil, "import it with fraud/artifacts", cloud.ErrExists},
		"another time to keep what is deleted": {func(a *azurefake.Azure) {
			c := azure.New(config(a))
			if _, err := c.Buckets.Store.Create(context.Background(), bucket("data", nil)); err != nil {
				panic(err)
			}
		}, func(b *cloud.Bucket) { b.SoftDeleteDays = 30 }, "soft_delete_days", nil},
		"another key": {func(a *azurefake.Azure) {
			c := azure.New(config(a))
			if _, err := c.Buckets.Store.Create(context.Background(), bucket("data", nil)); err != nil {
				panic(err)
			}
		}, func(b *cloud.Bucket) { b.KMSKey = "https://k.vault.azure.net/keys/k" }, "kms_key", nil},
		"no resource group": {func(a *azurefake.Azure) { a.Group = "other" }, nil, "ResourceGroupNotFound", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := open(t, plain)
			c.prepare(fakeOf(r))
			b, before := bucket("artifacts", nil), r.Count()
			if c.change != nil {
				c.change(&b)
			}
			_, err := r.Cloud.Buckets.Store.Create(t.Context(), b)
			if err == nil || !strings.Contains(err.Error(), c.want) || (c.kind != nil && !errors.Is(err, c.kind)) {
				t.Errorf("create: %v; want %q", err, c.want)
			}
			if r.Count() != before {
				t.Errorf("the refused create left %d objects more", r.Count()-before)
			}
		})
	}
}

func TestBuckets_refused(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*cloud.Bucket, *azure.Config){
		"access_logs":          func(b *cloud.Bucket, _ *azure.Config) { b.AccessLogs = &spec.AccessLogs{Bucket: "logs"} },
		"kms_key: \"alias/x\"": func(b *cloud.Bucket, _ *azure.Config) { b.KMSKey = "alias/x" },
		"set key_identity": func(b *cloud.Bucket, c *azure.Config) {
			b.KMSKey, c.KeyIdentity = "https://k.vault.azure.net/keys/k", ""
		},
		`tag "a/b"`:               func(b *cloud.Bucket, _ *azure.Config) { b.Tags = map[string]string{"a/b": "1"} },
		"both become \"a_b\"":     func(b *cloud.Bucket, _ *azure.Config) { b.Tags = map[string]string{"a.b": "1", "a-b": "2"} },
		"ASCII only":              func(b *cloud.Bucket, _ *azure.Config) { b.Tags = map[string]string{"team": "Köln"} },
		"no upper and lower case": func(b *cloud.Bucket, _ *azure.Config) { b.Tags = map[string]string{"Team": "a", "team": "b"} },
		"its value has 257":       func(b *cloud.Bucket, _ *azure.Config) { b.Tags = map[string]string{"team": strings.Repeat("x", 257)} },
		"keeps names that start":  func(b *cloud.Bucket, _ *azure.Config) { b.Tags = map[string]string{"Windows": "x"} },
	} {
		b, cfg := bucket("artifacts", nil), config(nil)
		change(&b, &cfg)
		if _, err := azure.New(cfg).Buckets.Plan.Settings(b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
}

type broke struct{}

func (broke) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{}, errors.New("nobody is signed in")
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*azure.Config){
		"set subscription_id":      func(c *azure.Config) { c.SubscriptionID = "" },
		"set resource_group":       func(c *azure.Config) { c.ResourceGroup = "" },
		"http is for this machine": func(c *azure.Config) { c.Endpoints = map[string]string{"resource_manager": "http://example.com"} },
		"this machine only":        func(c *azure.Config) { c.Endpoints = map[string]string{"blob": "http://192.0.2.1"} },
		"without a user":           func(c *azure.Config) { c.Endpoints = map[string]string{"resource_manager": "https://u:p@example.com"} },
		"az login":                 func(c *azure.Config) { c.Credential = broke{} },
	} {
		cfg := config(azurefake.New())
		change(&cfg)
		_, err := azure.New(cfg).Buckets.Store.Read(t.Context(), "fraud/artifacts", bucket("artifacts", nil))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q in it", err, want)
		}
		if want == "az login" && !errors.Is(err, cloud.ErrDenied) {
			t.Errorf("%v, want ErrDenied", err)
		}
	}
	fake := azurefake.New()
	cfg := config(fake)
	cfg.Endpoints = map[string]string{"resource_manager": "http://127.0.0.1:1"}
	if _, err := azure.New(cfg).Buckets.Store.Create(t.Context(), bucket("artifacts", nil)); err != nil {
		t.Errorf("http on this machine: %v", err)
	}
}

type refusing struct {
	status        int
	code, message string
}

func (r refusing) RoundTrip(req *http.Request) (*http.Response, error) {
	return cloudtest.Reply(req, r.status, "application/json", `{"error":{"code":"`+r.code+`","message":"`+r.message+`"}}`), nil
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		refusing
		kind  error
		wants []string
	}{
		"quota":        {refusing{http.StatusConflict, "OperationNotAllowed", "exceeding approved standardNCADSA100v4Family Cores quota. Current Limit: 0"}, nil, []string{"standardNCADSA100v4Family", "Usage + quotas"}},
		"action":       {refusing{http.StatusForbidden, "AuthorizationFailed", "The client does not have authorization to perform action 'Microsoft.Storage/storageAccounts/write' over scope"}, cloud.ErrDenied, []string{"needs permission Microsoft.Storage/storageAccounts/write"}},
		"linked":       {refusing{http.StatusForbidden, "LinkedAuthorizationFailed", "The client 'c' with object id 'c' has permission to perform action 'Microsoft.ContainerService/managedClusters/agentPools/write' on scope 's'; however, it does not have permission to perform action(s) 'Microsoft.Network/virtualNetworks/subnets/join/action' on the linked scope(s) 'n' or the linked scope(s) are invalid."}, cloud.ErrDenied, []string{"needs permission Microsoft.Network/virtualNetworks/subnets/join/action"}},
		"policy":       {refusing{http.StatusForbidden, "RequestDisallowedByPolicy", "disallowed by policy p"}, cloud.ErrDenied, []string{"policy of the subscription"}},
		"registration": {refusing{http.StatusConflict, "MissingSubscriptionRegistration", "not registered to use namespace 'Microsoft.Storage'"}, nil, []string{"az provider register"}},
		"unnamed":      {refusing{http.StatusForbidden, "Forbidden", "no"}, cloud.ErrDenied, []string{"needs permission Microsoft.Storage/storageAccounts/read"}},
	} {
		_, err := azure.New(config(c.refusing)).Buckets.Store.Create(t.Context(), bucket("artifacts", nil))
		if err == nil || (c.kind != nil && !errors.Is(err, c.kind)) {
			t.Errorf("%s: %v, want %v", name, err, c.kind)
			continue
		}
		for _, want := range append(c.wants, c.message) {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q in it", name, err, want)
			}
		}
	}
}
