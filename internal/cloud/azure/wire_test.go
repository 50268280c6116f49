package azure_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure/azurefake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
)

// operation is a Resource Manager whose long operations are told as Azure tells them, by
// the header Azure-AsyncOperation, which the generated servers do not speak. says are what
// it answers, one after the other, the last for ever.
// Source: "Track asynchronous Azure operations" of Azure Resource Manager.
func operation(fake *azurefake.Azure, kind string, says ...string) http.RoundTripper {
	var polled atomic.Int64
	return roundTrip(func(req *http.Request) (*http.Response, error) {
		switch {
		case strings.Contains(req.URL.Path, "/operations/"):
			n := min(int(polled.Add(1)), len(says)) - 1
			status, body, _ := strings.Cut(says[n], " ")
			code := map[string]int{"200": http.StatusOK, "429": http.StatusTooManyRequests, "404": http.StatusNotFound}[status]
			return cloudtest.Reply(req, code, "application/json", body), nil
		case req.Method == http.MethodPut && strings.Contains(req.URL.Path, kind):
			resp, err := fake.RoundTrip(req)
			if err != nil || resp.StatusCode >= http.StatusBadRequest {
				return resp, err
			}
			status := http.StatusCreated
			if strings.Contains(kind, "storageAccounts") {
				status = http.StatusAccepted
			}
			resp = cloudtest.Reply(req, status, "application/json", `{"properties":{"provisioningState":"Creating"}}`)
			resp.Header.Set("Azure-AsyncOperation", "https://management.azure.com/subscriptions/"+subscription+"/providers/Microsoft.ContainerService/locations/westeurope/operations/1?api-version=2025-02-01")
			return resp, nil
		}
		resp, err := fake.RoundTrip(req)
		if err != nil && strings.Contains(req.URL.Path, kind) { // what it came to, which has no name for the generated servers
			return cloudtest.Reply(req, http.StatusOK, "application/json", `{"properties":{"provisioningState":"Succeeded"}}`), nil
		}
		return resp, err
	})
}

const failed = `200 {"name":"1","status":"Failed","error":{"code":"ReconcileVMSSAgentPoolFailed","message":"Code=\"AllocationFailed\" no capacity","details":[{"code":"x","message":"in zone 1"}]}}`

// The words of an operation that failed are the cloud's, and what came to be is not lost.
func TestWire_failed(t *testing.T) {
	t.Parallel()
	fake := azurefake.New()
	fake.Clusters["aks"] = &azurefake.Cluster{Pools: map[string]*azurefake.Pool{}}
	cfg, told := config(operation(fake, "/agentPools/", `200 {"status":"Creating"}`, `429 {"error":{"code":"TooManyRequests"}}`, failed)), []string{}
	cfg.Progress = func(text string) { told = append(told, text) }
	id, err := azure.New(cfg).Pools.Store.Create(t.Context(), spot(nil))
	if id != "aks/train" || err == nil || !strings.Contains(err.Error(), "ReconcileVMSSAgentPoolFailed: Code=\"AllocationFailed\" no capacity in zone 1") {
		t.Errorf("pool: id %q, %v", id, err)
	}
	if !strings.Contains(strings.Join(told, "\n"), "Creating") {
		t.Errorf("told %q", told)
	}
	id, err = azure.New(config(operation(azurefake.New(), "/storageAccounts/fraud", failed))).Buckets.Store.Create(t.Context(), bucket("artifacts", nil))
	if id != "" || err == nil || !strings.Contains(err.Error(), "no capacity in zone 1") {
		t.Errorf("bucket: id %q, %v", id, err)
	}
}

func TestWire_succeeded(t *testing.T) {
	t.Parallel()
	fake := azurefake.New()
	fake.Clusters["aks"] = &azurefake.Cluster{Pools: map[string]*azurefake.Pool{}}
	soon := operation(fake, "/agentPools/", `404 {"error":{"code":"NotFound","message":"no such operation yet"}}`, `200 {"status":"InProgress"}`, `200 {"status":"Succeeded"}`)
	if id, err := azure.New(config(soon)).Pools.Store.Create(t.Context(), spot(nil)); err != nil || id != "aks/train" {
		t.Errorf("id %q, %v", id, err)
	}
}

// When Azure says how long to wait, nothing is asked before.
func TestWire_retryAfter(t *testing.T) {
	t.Parallel()
	fake, last := azurefake.New(), atomic.Pointer[time.Time]{}
	throttles := roundTrip(func(req *http.Request) (*http.Response, error) {
		now := time.Now()
		if before := last.Swap(&now); before == nil {
			resp := cloudtest.Reply(req, http.StatusTooManyRequests, "application/json", `{"error":{"code":"TooManyRequests"}}`)
			resp.Header.Set("Retry-After", "1")
			return resp, nil
		} else if waited := now.Sub(*before); len(fake.Requests) == 0 && waited < time.Second {
			t.Errorf("asked again after %s, Azure said to wait for 1s", waited)
		}
		return fake.RoundTrip(req)
	})
	if _, err := azure.New(config(throttles)).Buckets.Store.Create(t.Context(), bucket("artifacts", nil)); err != nil {
		t.Error(err)
	}
}

// Whoever waits for another change to end is told what it waits for, and at the end, too.
func TestWire_busy(t *testing.T) {
	t.Parallel()
	fake := azurefake.New()
	fake.Clusters["aks"] = &azurefake.Cluster{Pools: map[string]*azurefake.Pool{}}
	ctx, over := context.WithCancel(t.Context())
	defer over()
	tried := 0
	busy := roundTrip(func(req *http.Request) (*http.Response, error) {
		if req.Method == http.MethodPut {
			if tried++; tried == 3 {
				over()
			}
			return cloudtest.Reply(req, http.StatusConflict, "application/json", `{"error":{"code":"OperationNotAllowed","message":"Managed cluster is in (Stopped) state"}}`), nil
		}
		return fake.RoundTrip(req)
	})
	cfg, told := config(busy), []string{}
	cfg.Progress = func(text string) { told = append(told, text) }
	_, err := azure.New(cfg).Pools.Store.Create(ctx, spot(nil))
	if err == nil || !strings.Contains(err.Error(), "(Stopped) state") {
		t.Errorf("%v; want what it waited for", err)
	}
	if len(told) == 0 || !strings.Contains(told[0], "(Stopped) state") {
		t.Errorf("told %q", told)
	}
}

// An operation that takes longer than it may says how far it was, and what to set.
func TestWire_tooLong(t *testing.T) {
	t.Parallel()
	ctx, over := context.WithCancel(t.Context())
	defer over()
	looked, creating := 0, operation(cluster(), "/agentPools/", `200 {"status":"Creating"}`)
	id, err := azure.New(config(before(func(req *http.Request) error {
		if strings.Contains(req.URL.Path, "/operations/") {
			if looked++; looked == 3 {
				over()
			}
		}
		return nil
	}).on(creating))).Pools.Store.Create(ctx, spot(nil))
	if id != "aks/train" || !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "still Creating") || !strings.Contains(err.Error(), "timeouts") {
		t.Errorf("id %q, %v; want the id, how far it is and timeouts", id, err)
	}
}
