package mlflow

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/registry"
)

// versions answers as MLflow does for a model whose versions come in two pages.
func versions(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	page := map[string]string{
		"":    `{"model_versions":[{"name":"m","version":"10","run_id":"r10","status":"READY"},{"name":"m","version":"2","run_id":"gone","status":"READY"}],"next_page_token":"2/2"}`,
		"2/2": `{"model_versions":[{"name":"m","version":"9","run_id":"r9","status":"READY"},{"name":"m","version":"11","run_id":"r11","status":"PENDING_REGISTRATION"},{"name":"m","version":"8","run_id":"r8","status":"READY","tags":[{"key":"validation_status","value":"pending"}]}]}`,
	}
	run := map[string]string{"r10": "0.9", "r9": "0.90", "r11": "0.99", "r8": "0.98"}
	switch path := strings.TrimPrefix(r.URL.Path, "/api/2.0/mlflow/"); {
	case path == "model-versions/search" && q.Get("filter") == "name='m'":
		_, _ = fmt.Fprint(w, page[q.Get("page_token")])
	case path == "runs/get" && run[q.Get("run_id")] != "":
		_, _ = fmt.Fprintf(w, `{"run":{"data":{"metrics":[{"key":"auc","value":%s},{"key":"bad","value":"NaN"},{"key":"worse","value":"Infinity"}]}}}`, run[q.Get("run_id")])
	default:
		status(404, `{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"no"}`)(w, r)
	}
}

// TestBest: every page is read, 10 is newer than 9, and equal values are one value
// however they are written.
func TestBest(t *testing.T) {
	t.Parallel()
	cl, _ := serve(t, versions)
	for _, least := range []bool{false, true} {
		v, err := cl.Best(t.Context(), "m", "auc", least)
		if err != nil || v.Number != "10" || len(v.Metrics) != 1 || v.Metrics["auc"] != "0.9" {
			t.Errorf("least %v: %+v, %v", least, v, err)
		}
	}
	if _, err := cl.Best(t.Context(), "m", "bad", false); !errors.Is(err, registry.ErrNotFound) || !strings.Contains(err.Error(), "none of its 5 versions") {
		t.Errorf("a metric that is no number: %v", err)
	}
}

func TestByNumber_runIsGone(t *testing.T) {
	t.Parallel()
	cl, _ := serve(t,
		status(200, `{"model_version":{"name":"m","version":"2","run_id":"gone","aliases":["b","a"]}}`),
		status(404, `{"error_code":"RESOURCE_DOES_NOT_EXIST"}`))
	v, err := cl.ByNumber(t.Context(), "m", "2")
	if err != nil || len(v.Metrics) != 0 || strings.Join(v.Aliases, ",") != "a,b" {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestByAlias_missing(t *testing.T) {
	t.Parallel()
	cl, _ := serve(t, status(200, `{"registered_model":{"name":"m","aliases":[{"alias":"champion","version":"1"}]}}`))
	if _, err := cl.ByAlias(t.Context(), "m", "shadow"); !errors.Is(err, registry.ErrNotFound) || !strings.Contains(err.Error(), "its aliases are: champion") {
		t.Errorf("got %v", err)
	}
}
