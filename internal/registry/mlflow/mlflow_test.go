package mlflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/registry"
)

// serve answers every request with the next of the given answers, the last one
// for ever. It is a fake: the real server is tried by the provider's tests.
func serve(t *testing.T, answers ...func(http.ResponseWriter, *http.Request)) (*client, *[]string) {
	t.Helper()
	var seen []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i := min(len(seen), len(answers)-1)
		seen = append(seen, r.Method+" "+r.URL.Path)
		answers[i](w, r)
	}))
	t.Cleanup(srv.Close)
	c, ok := New(Config{TrackingURI: srv.URL + "/", Username: "u", Password: "p"}).(*client)
	if !ok {
		t.Fatal("not a client")
	}
	c.pause = time.Millisecond
	return c, &seen
}

func status(code int, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = fmt.Fprint(w, body)
	}
}

func TestClient_failures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request)
		want   error
		text   string
		calls  int
	}{
		"missing":        {status(404, `{"error_code":"RESOURCE_DOES_NOT_EXIST"}`), registry.ErrNotFound, "not found", 1},
		"exists":         {status(400, `{"error_code":"RESOURCE_ALREADY_EXISTS"}`), registry.ErrExists, "exists", 1},
		"no credentials": {status(401, ``), registry.ErrDenied, "username and password", 1},
		"not allowed":    {status(403, ``), registry.ErrDenied, "token", 1},
		"bad value":      {status(400, `{"error_code":"INVALID_PARAMETER_VALUE","message":"name is empty"}`), nil, "INVALID_PARAMETER_VALUE: name is empty", 1},
		"overloaded":     {status(429, ``), nil, "HTTP 429", attempts},
		"broken":         {status(503, `<html>`), nil, "HTTP 503", attempts},
		"not MLflow":     {status(200, `<html>`), nil, "not MLflow's", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cl, seen := serve(t, c.answer)
			_, err := cl.Read(t.Context(), "m")
			if err == nil || !strings.Contains(err.Error(), c.text) || (c.want != nil && !errors.Is(err, c.want)) {
				t.Errorf("got %v, want %v with %q", err, c.want, c.text)
			}
			if len(*seen) != c.calls {
				t.Errorf("%d calls, want %d", len(*seen), c.calls)
			}
			if strings.Contains(fmt.Sprint(err), "p@") {
				t.Errorf("the password is in the error: %v", err)
			}
		})
	}
}

func TestClient_recoversFromAnOverload(t *testing.T) {
	t.Parallel()
	cl, seen := serve(t, status(503, ""), status(429, ""), status(200, `{"registered_model":{"name":"m","tags":[{"key":"a","value":"b"}]}}`))
	m, err := cl.Read(t.Context(), "m")
	if err != nil || m.Tags["a"] != "b" || len(*seen) != 3 {
		t.Errorf("got %+v, %v after %d calls", m, err, len(*seen))
	}
}

func TestClient_unreachable(t *testing.T) {
	t.Parallel()
	cl, _ := serve(t, status(200, ""))
	cl.config.TrackingURI = "http://127.0.0.1:1"
	if _, err := cl.Read(t.Context(), "m"); !errors.Is(err, registry.ErrUnreachable) || !strings.Contains(err.Error(), "tracking_uri") {
		t.Errorf("got %v", err)
	}
}

func TestClient_stopsWhenAsked(t *testing.T) {
	t.Parallel()
	cl, _ := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the client left
		<-r.Context().Done()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := cl.Create(ctx, registry.Model{Name: "m"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// TestCreate_lostAnswers: what became of a model whose creation was not confirmed.
func TestCreate_lostAnswers(t *testing.T) {
	t.Parallel()
	exists := status(400, `{"error_code":"RESOURCE_ALREADY_EXISTS"}`)
	ours := status(200, `{"registered_model":{"name":"m","description":"d","tags":[{"key":"a","value":"b"}]}}`)
	missing := status(404, `{"error_code":"RESOURCE_DOES_NOT_EXIST"}`)
	for name, c := range map[string]struct {
		answers []func(http.ResponseWriter, *http.Request)
		want    error // nil: it was made
		other   bool  // an error that is none of the registry's
	}{
		"made by the try before":  {[]func(http.ResponseWriter, *http.Request){status(502, ""), exists, ours}, nil, false},
		"made by somebody else":   {[]func(http.ResponseWriter, *http.Request){status(502, ""), exists, status(200, `{"registered_model":{"name":"m"}}`)}, registry.ErrExists, false},
		"there from the start":    {[]func(http.ResponseWriter, *http.Request){exists, ours}, registry.ErrExists, false},
		"made, and never said":    {[]func(http.ResponseWriter, *http.Request){status(500, ""), status(500, ""), ours}, nil, false},
		"not made":                {[]func(http.ResponseWriter, *http.Request){status(500, ""), status(500, ""), missing}, nil, true},
		"nobody knows":            {[]func(http.ResponseWriter, *http.Request){status(500, "")}, registry.ErrUnknown, false},
		"overloaded, so not made": {[]func(http.ResponseWriter, *http.Request){status(429, "")}, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cl, _ := serve(t, c.answers...)
			cl.config.Attempts = 2
			err := cl.Create(t.Context(), registry.Model{Name: "m", Description: "d", Tags: map[string]string{"a": "b"}})
			switch {
			case c.other && (err == nil || errors.Is(err, registry.ErrUnknown) || errors.Is(err, registry.ErrExists)):
				t.Errorf("got %v, want the server's own error", err)
			case !c.other && !errors.Is(err, c.want):
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// TestClient_hidesCredentials: an address may hold what a sentence must not.
func TestClient_hidesCredentials(t *testing.T) {
	t.Parallel()
	for _, uri := range []string{"http://user:hunter2@127.0.0.1:1", "http://user:hunter2@127.0.0.1:1/?token=hunter2"} {
		c := newClient(Config{TrackingURI: uri, Attempts: 1})
		if _, err := c.Read(t.Context(), "m"); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v", err)
		}
	}
}

func TestUpdate_writesOnlyWhatDiffers(t *testing.T) {
	t.Parallel()
	cl, seen := serve(t, status(200, "{}"))
	before := registry.Model{Name: "m", Description: "d", Tags: map[string]string{"same": "1", "changed": "1", "gone": "1"}}
	after := registry.Model{Name: "m", Description: "d", Tags: map[string]string{"same": "1", "changed": "2", "new": "1"}}
	if err := cl.Update(t.Context(), before, after); err != nil {
		t.Fatal(err)
	}
	want := "POST /api/2.0/mlflow/registered-models/set-tag,POST /api/2.0/mlflow/registered-models/set-tag,DELETE /api/2.0/mlflow/registered-models/delete-tag"
	if got := strings.Join(*seen, ","); got != want {
		t.Errorf("calls %s, want %s", got, want)
	}
}

func TestDelete_refusesAModelWithVersions(t *testing.T) {
	t.Parallel()
	cl, seen := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Query().Get("filter"), "name='m'") {
			_ = json.NewEncoder(w).Encode(map[string]any{"model_versions": []map[string]string{{"version": "1"}}})
			return
		}
		_, _ = fmt.Fprint(w, "{}")
	})
	if err := cl.Delete(t.Context(), "m", false); !errors.Is(err, registry.ErrHasVersions) || !strings.Contains(err.Error(), "force_destroy") {
		t.Errorf("got %v", err)
	}
	if err := cl.Delete(t.Context(), "m", true); err != nil || len(*seen) != 2 {
		t.Errorf("forced: %v after %v", err, *seen)
	}
}
