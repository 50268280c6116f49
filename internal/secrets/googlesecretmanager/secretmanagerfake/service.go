// Package secretmanagerfake is Secret Manager of Google Cloud in memory, for tests only.
// Its answers are of the types of Google's own module; how it behaves is ours.
package secretmanagerfake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"google.golang.org/api/secretmanager/v1"
)

// Service is the secrets of all projects.
type Service struct {
	mu      sync.Mutex
	secrets map[string]*Secret // by projects/P/secrets/NAME
	etags   int
	// Page is how many versions a page has, Hidden how many times a new secret is not found.
	Page, Hidden int
}

// Secret is a secret as it is kept.
type Secret struct {
	secretmanager.Secret
	Versions []*Version
	hidden   int
}

// Version is a version with what it holds.
type Version struct {
	secretmanager.SecretVersion
	payload *secretmanager.SecretPayload
}

// New returns a service without secrets.
func New() *Service { return &Service{secrets: map[string]*Secret{}, Page: 2} }

// Edit changes a secret by hand. It makes one that is not there.
func (f *Service) Edit(name string, change func(*Secret)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.secrets[name] == nil {
		f.secrets[name] = &Secret{Secret: secretmanager.Secret{Name: name, Replication: &secretmanager.Replication{Automatic: &secretmanager.Automatic{}}}}
	}
	change(f.secrets[name])
	f.secrets[name].Etag = f.etag()
}

// Write adds a version by hand.
func (f *Service) Write(name string, payload *secretmanager.SecretPayload) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.secrets[name].add(payload)
}

// Count is how many secrets there are whose values could be read, or be written.
func (f *Service) Count() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.secrets {
		if len(s.Versions) == 0 || s.Versions[len(s.Versions)-1].ScheduledDestroyTime == "" {
			n++
		}
	}
	return n
}

func (f *Service) etag() string {
	f.etags++
	return fmt.Sprintf(`"%06x"`, f.etags)
}

// refusal is an answer that says no.
type refusal struct {
	code    int
	status  string
	message string
}

func absent(name string) *refusal {
	return &refusal{http.StatusNotFound, "NOT_FOUND", "Secret [" + name + "] not found."}
}

func precondition(message string) *refusal {
	return &refusal{http.StatusBadRequest, "FAILED_PRECONDITION", message}
}

func invalid(message string) *refusal {
	return &refusal{http.StatusBadRequest, "INVALID_ARGUMENT", message}
}

var path = regexp.MustCompile(`^/v1/(projects/[^/]+)/secrets(?:/([^/:]+)(?:/versions(?:/([^/:]+))?)?)?(?::(\w+))?$`)

// request is one that was understood.
type request struct {
	*http.Request
	project, name, version string
	body                   []byte
}

// RoundTrip answers a request.
func (f *Service) RoundTrip(req *http.Request) (*http.Response, error) {
	r := request{Request: req}
	if req.Body != nil {
		r.body, _ = io.ReadAll(req.Body)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	code, answer, no := http.StatusOK, any(nil), absent(req.URL.Path)
	if parts := path.FindStringSubmatch(req.URL.Path); parts != nil {
		r.project, r.name, r.version = parts[1], parts[1]+"/secrets/"+parts[2], parts[3]
		answer, no = f.serve(r, parts[4])
	}
	if no != nil {
		code = no.code
		answer = map[string]any{"error": map[string]any{"code": no.code, "status": no.status, "message": no.message}}
	}
	data, err := json.Marshal(answer)
	return &http.Response{
		StatusCode: code, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"application/json; charset=UTF-8"}},
		Body: io.NopCloser(bytes.NewReader(data)), ContentLength: int64(len(data)), Request: req,
	}, err
}

func (f *Service) serve(r request, verb string) (any, *refusal) {
	if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/secrets") {
		return f.create(r)
	}
	s := f.secrets[r.name]
	if s == nil {
		return nil, absent(r.name)
	}
	if s.hidden > 0 {
		s.hidden--
		return nil, absent(r.name)
	}
	switch {
	case verb == "addVersion":
		return s.addVersion(r)
	case r.version != "":
		return s.ofVersion(r, verb)
	case strings.HasSuffix(r.URL.Path, "/versions"):
		return f.list(r, s)
	}
	switch r.Method {
	case http.MethodGet:
		return s.Secret, nil
	case http.MethodDelete:
		delete(f.secrets, r.name)
		return struct{}{}, nil
	}
	return f.patch(r, s)
}

// later is when a delayed destruction is due.
func later(ttl string) string {
	d, _ := time.ParseDuration(ttl)
	return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(d).Format(time.RFC3339)
}
