package vault_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/vault"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func TestMain(m *testing.M) { realtools.Main(m) }

// server is a real Vault.
type server struct{ address, root string }

func start(t *testing.T) server {
	t.Helper()
	address, root := realtools.Vault(t)
	return server{address, root}
}

// config is that of a driver with a token and without patience.
func (s server) config(token string) vault.Config {
	return vault.Config{Address: s.address, Token: token, Attempt: 5 * time.Second, Pace: time.Millisecond}
}

// as asks Vault without the driver, and puts the data of the answer into out.
func (s server) as(t *testing.T, token, method, path string, body, out any) int {
	t.Helper()
	var text io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		text = bytes.NewReader(data)
	}
	// A killed request of the driver must not take this one with it.
	req, err := http.NewRequest(method, s.address+"/v1/"+path, text)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Vault-Token", token)
	if method == http.MethodPatch {
		req.Header.Set("Content-Type", "application/merge-patch+json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if out != nil && resp.StatusCode < 300 {
		if err := json.Unmarshal(data, out); err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
	}
	return resp.StatusCode
}

// must asks as root.
func (s server) must(t *testing.T, method, path string, body, out any) {
	t.Helper()
	if code := s.as(t, s.root, method, path, body, out); code >= 300 {
		t.Fatalf("%s %s: %d", method, path, code)
	}
}

// entries are the names at a path, those of folders with what is in them.
func (s server) entries(t *testing.T, path string) (out []string) {
	t.Helper()
	var answer struct{ Data struct{ Keys []string } }
	s.as(t, s.root, "LIST", path, nil, &answer)
	for _, key := range answer.Data.Keys {
		if !strings.HasSuffix(key, "/") {
			out = append(out, path+key)
			continue
		}
		out = append(out, s.entries(t, path+key)...)
	}
	return out
}

var rigs atomic.Int64

// corner gives every rig a part of the server for itself: it moves the paths of secrets
// below a folder of the engine, and puts a prefix before the names of policies and roles.
type corner struct {
	next   http.RoundTripper
	folder string
}

func newCorner() string { return fmt.Sprintf("r%d", rigs.Add(1)) }

func (c corner) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	for _, engine := range []string{"data", "metadata", "destroy", "undelete", "delete"} {
		req.URL.Path = strings.Replace(req.URL.Path, "/v1/secret/"+engine+"/", "/v1/secret/"+engine+"/"+c.folder+"/", 1)
	}
	req.URL.Path = strings.Replace(req.URL.Path, "/v1/sys/policies/acl/", "/v1/sys/policies/acl/"+c.folder+"-", 1)
	req.URL.Path = strings.Replace(req.URL.Path, "/v1/auth/kubernetes/role/", "/v1/auth/kubernetes/role/"+c.folder+"-", 1)
	return c.next.RoundTrip(req)
}

// answer is what Vault says to a fault.
func answer(fault cloudtest.Fault, req *http.Request) *http.Response {
	say := func(status int, errors ...string) *http.Response {
		body, _ := json.Marshal(map[string]any{"errors": append([]string{}, errors...)})
		return cloudtest.Reply(req, status, "application/json", string(body)+"\n")
	}
	switch fault {
	case cloudtest.Throttled:
		return say(429, fmt.Sprintf("request path %q: rate limit quota exceeded", req.URL.Path))
	case cloudtest.ThrottledUntil:
		resp := say(429, fmt.Sprintf("request path %q: rate limit quota exceeded", req.URL.Path))
		resp.Header.Set("Retry-After", "0")
		return resp
	case cloudtest.Internal:
		return say(500, "1 error occurred:\n\t* internal error\n\n")
	case cloudtest.Unavailable:
		return say(503, "Vault is sealed")
	case cloudtest.Expired:
		return say(403, "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n")
	case cloudtest.Denied:
		return say(403, "1 error occurred:\n\t* permission denied\n\n")
	case cloudtest.Busy:
		if strings.HasPrefix(req.URL.Path, "/v1/secret/") {
			return say(400, "Upgrading from non-versioned to versioned data. This backend will be unavailable for a brief period and will resume service shortly.")
		}
		return say(412, "required index state not present")
	case cloudtest.Absent:
		if req.Method == http.MethodGet && strings.HasPrefix(req.URL.Path, "/v1/secret/") {
			return say(404)
		}
	default: // those of the network have no answer
	}
	return nil
}

func on(tags map[string]string) cloud.On {
	return cloud.On{Platform: &spec.Platform{Name: "fraud"}, Tags: tags}
}
