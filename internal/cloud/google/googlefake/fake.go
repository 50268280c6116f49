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
	Zones   []string           // of each cluster
	// Page is how many entries a page of a list has.
	Page int
	// Fill is how many versions of objects a bucket has as soon as it is made.
	Fill int
	// Deny is the id of a method that nobody may call.
	Deny string
	// Polls is how many requests an operation of GKE lasts. Break says how the next one
	// ends badly.
	Polls int
	Break *Broken
	// Strict checks a request and its answer once more, nil where it is refused; it may be nil.
	Strict func(req *http.Request, body, answer []byte) error

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
		tb: tb, documents: docs, Page: 2, Polls: 2, Zones: []string{"europe-west1-b", "europe-west1-c", "europe-west1-d"},
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
	data, no := f.serve(req, raw)
	switch {
	case no != nil:
		return reply(req, no.code, no.body()), nil
	case data == nil:
		return reply(req, http.StatusNoContent, ""), nil
	}
	return reply(req, http.StatusOK, string(data)), nil
}

func reply(req *http.Request, code int, body string) *http.Response {
	return &http.Response{
		StatusCode: code, Status: fmt.Sprintf("%d %s", code, http.StatusText(code)), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json; charset=UTF-8"}}, Body: io.NopCloser(bytes.NewBufferString(body)), ContentLength: int64(len(body)), Request: req,
	}
}

func (f *Fake) serve(req *http.Request, raw []byte) ([]byte, *refusal) {
	service, _, _ := strings.Cut(req.URL.Hostname(), ".")
	d := f.documents[service]
	if d == nil || req.URL.Scheme+"://"+req.URL.Host+"/" != d.RootURL {
		f.tb.Errorf("a request to the unknown host %s", req.URL.Host)
		return nil, absent("no service is called %s", service)
	}
	c, err := d.understand(req, raw)
	if err != nil {
		f.tb.Errorf("a request that no discovery document allows: %v", err)
		return nil, refuse(http.StatusBadRequest, "INVALID_ARGUMENT", "invalid", "%s", err)
	}
	f.Calls = append(f.Calls, c.id)
	answer, no := f.dispatch(service, c)
	var data []byte
	if no == nil {
		if data, err = d.answered(c, answer); err != nil {
			f.tb.Errorf("an answer that no discovery document has: %v", err)
		}
	}
	if f.Strict != nil {
		if err := f.Strict(req, raw, data); err != nil {
			f.tb.Errorf("%s: %v", c.id, err)
		}
	}
	return data, no
}

func (f *Fake) dispatch(service string, c call) (any, *refusal) {
	if c.id == f.Deny {
		return nil, refuse(http.StatusForbidden, "PERMISSION_DENIED", "forbidden", "The caller does not have it.")
	}
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
		if !b.Seeded && !b.Elsewhere {
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
