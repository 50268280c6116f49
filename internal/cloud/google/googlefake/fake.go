package googlefake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// The project that the fake has.
const (
	Project = "acme-ml"
	Number  = "415104041262"
)

// Fake is the cloud. Its fields are open to tests, which hold Lock while they look.
type Fake struct {
	sync.Mutex
	tb        testing.TB
	documents map[string]*document

	Buckets map[string]*Bucket
	Secrets map[string]*Secret // by projects/P/secrets/NAME
	Pools   map[string]*Pool   // by projects/P/locations/L/clusters/C/nodePools/NAME
	Calls   []string           // every method that was called
	// Page is how many entries a page of a list has.
	Page int
	// Polls is how many requests an operation of GKE lasts. Break says how the next one
	// ends badly.
	Polls int
	Break *Broken
	// Strict checks a body once more, by the id of its method; it may be nil.
	Strict func(id string, body []byte) error

	operation  *operation
	operations map[string]*operation
	serial     int
}

// New is an empty cloud. A request that no discovery document allows fails the test.
func New(tb testing.TB) *Fake {
	tb.Helper()
	docs, err := documents()
	if err != nil {
		tb.Fatal(err)
	}
	return &Fake{
		tb: tb, documents: docs, Page: 2, Polls: 2,
		Buckets: map[string]*Bucket{}, Secrets: map[string]*Secret{}, Pools: map[string]*Pool{}, operations: map[string]*operation{},
	}
}

// refusal is an answer that is no success, in Google's form.
type refusal struct {
	code    int
	status  string // of the newer services
	reason  string // of Cloud Storage
	message string
}

func (r *refusal) body() string {
	data, _ := json.Marshal(map[string]any{"error": map[string]any{
		"code": r.code, "message": r.message, "status": r.status,
		"errors": []any{map[string]any{"reason": r.reason, "message": r.message, "domain": "global"}},
	}})
	return string(data)
}

func refuse(code int, status, reason, format string, args ...any) *refusal {
	return &refusal{code, status, reason, fmt.Sprintf(format, args...)}
}

func absent(format string, args ...any) *refusal {
	return refuse(http.StatusNotFound, "NOT_FOUND", "notFound", format, args...)
}

// RoundTrip answers a request.
func (f *Fake) RoundTrip(req *http.Request) (*http.Response, error) {
	var raw []byte
	if req.Body != nil {
		var err error
		if raw, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
	}
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	f.Lock()
	defer f.Unlock()
	answer, no := f.serve(req, raw)
	if no != nil {
		return reply(req, no.code, no.body()), nil
	}
	data, err := json.Marshal(answer)
	if err != nil {
		return nil, err
	}
	return reply(req, http.StatusOK, string(data)), nil
}

func reply(req *http.Request, code int, body string) *http.Response {
	return &http.Response{
		StatusCode: code, Status: fmt.Sprintf("%d %s", code, http.StatusText(code)), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json; charset=UTF-8"}}, Body: io.NopCloser(bytes.NewBufferString(body)), ContentLength: int64(len(body)), Request: req,
	}
}

func (f *Fake) serve(req *http.Request, raw []byte) (any, *refusal) {
	service, _, _ := strings.Cut(req.URL.Hostname(), ".")
	d := f.documents[service]
	if d == nil {
		f.tb.Errorf("a request to the unknown host %s", req.URL.Host)
		return nil, absent("no service is called %s", service)
	}
	c, err := d.understand(req, raw)
	if err == nil && f.Strict != nil && len(raw) > 0 {
		err = f.Strict(c.id, raw)
	}
	if err != nil {
		f.tb.Errorf("a request that no discovery document allows: %v", err)
		return nil, refuse(http.StatusBadRequest, "INVALID_ARGUMENT", "invalid", "%s", err)
	}
	f.Calls = append(f.Calls, c.id)
	switch service {
	case "storage":
		return f.serveStorage(c)
	case "container":
		return f.serveContainer(c)
	case "secretmanager":
		return f.serveSecrets(c)
	}
	return f.serveProjects(c)
}

func (f *Fake) serveProjects(c call) (any, *refusal) {
	if c.id != "cloudresourcemanager.projects.get" || c.path["name"] != "projects/"+Project {
		return nil, refuse(http.StatusForbidden, "PERMISSION_DENIED", "forbidden", "The caller does not have permission, or there is no %s", c.path["name"])
	}
	return map[string]any{"name": "projects/" + Number, "projectId": Project, "state": "ACTIVE"}, nil
}

// Count is how many objects there are that were made through the API: buckets, pools, and
// bindings with a condition that is marked as ours.
func (f *Fake) Count() int {
	f.Lock()
	defer f.Unlock()
	n := len(f.Pools)
	for _, b := range f.Buckets {
		if !b.Seeded {
			n++
		}
		n += marked(b.Policy)
	}
	for _, s := range f.Secrets {
		n += marked(s.Policy)
	}
	return n
}

// merge is a JSON merge patch, as Cloud Storage has it.
func merge(into, change map[string]any) map[string]any {
	if into == nil {
		into = map[string]any{}
	}
	for key, value := range change {
		inner, isObject := value.(map[string]any)
		switch {
		case value == nil:
			delete(into, key)
		case isObject:
			before, _ := into[key].(map[string]any)
			into[key] = merge(before, inner)
		default:
			into[key] = value
		}
	}
	return into
}
