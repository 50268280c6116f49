package googlefake_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/google/googlefake"
)

// ear hears what a fake reports to a test.
type ear struct {
	testing.TB
	heard string
}

func (e *ear) Errorf(format string, args ...any) { e.heard += fmt.Sprintf(format, args...) + "\n" }

// ask sends a request to a fake that prepare may fill, and gives what it reports and answers.
func ask(t *testing.T, prepare func(*googlefake.Fake), method, url, body string) (heard, answer string) {
	t.Helper()
	e := &ear{TB: t}
	f := googlefake.New(e)
	if prepare != nil {
		prepare(f)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := f.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return e.heard, string(data)
}

const (
	storage   = "https://storage.googleapis.com/storage/v1/"
	container = "https://container.googleapis.com/v1/projects/acme-ml/locations/l/clusters/c/nodePools"
	secrets   = "https://secretmanager.googleapis.com/v1/projects/acme-ml/secrets"
)

// A request that Google's own description does not have is reported, whatever is wrong.
func TestRequests(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ method, url, body, want string }{
		"right":             {"POST", storage + "b?project=acme-ml&alt=json", `{"name":"a","labels":{"x":"y"},"versioning":{"enabled":true}}`, ""},
		"host":              {"GET", "https://storage.example.com/storage/v1/b/a", "", "unknown host storage.example.com"},
		"scheme":            {"GET", "http://storage.googleapis.com/storage/v1/b/a", "", "unknown host"},
		"path":              {"GET", storage + "buckets/a", "", "no method has GET /storage/v1/buckets/a"},
		"required":          {"PUT", storage + "b/a", "{}", "storage.buckets.update: .acl is required"},
		"another method":    {"POST", storage + "b/a", "{}", "no method has POST"},
		"parameter":         {"GET", storage + "b/a?version=3", "", `there is no parameter "version"`},
		"its value":         {"GET", storage + "b/a?projection=some", "", `"some" is none of [full noAcl]`},
		"its type":          {"GET", storage + "b/a/iam?optionsRequestedPolicyVersion=three", "", `"three" is no whole number`},
		"twice":             {"GET", storage + "b/a?projection=full&projection=noAcl", "", `"projection" is there 2 times`},
		"missing":           {"POST", storage + "b", `{"name":"a"}`, `parameter "project" is required`},
		"field":             {"POST", storage + "b?project=acme-ml", `{"name":"a","title":"b"}`, ".title: there is no such field"},
		"field inside":      {"POST", storage + "b?project=acme-ml", `{"name":"a","versioning":{"on":true}}`, ".versioning.on: there is no such field"},
		"type":              {"POST", storage + "b?project=acme-ml", `{"name":"a","versioning":{"enabled":"true"}}`, ".versioning.enabled is a text, want boolean"},
		"number in a text":  {"POST", storage + "b?project=acme-ml", `{"name":"a","softDeletePolicy":{"retentionDurationSeconds":"week"}}`, `"week" is no whole number`},
		"list":              {"POST", storage + "b?project=acme-ml", `{"name":"a","labels":[]}`, ".labels is a list, want object"},
		"null":              {"POST", storage + "b?project=acme-ml", `{"name":"a","encryption":null}`, ".encryption is null"},
		"null in a patch":   {"PATCH", storage + "b/a", `{"encryption":null}`, ""},
		"value of a list":   {"POST", container, `{"nodePool":{"autoscaling":{"locationPolicy":"SOME"}}}`, `"SOME" is none of [`},
		"only read":         {"POST", container, `{"nodePool":{"status":"RUNNING"}}`, ".nodePool.status is for reading only"},
		"fraction":          {"POST", container, `{"nodePool":{"autoscaling":{"maxNodeCount":1.5}}}`, "is the number 1.5, want integer"},
		"verb":              {"POST", container + "/n:setSchedule", "{}", "no method has POST"},
		"body where none":   {"DELETE", container + "/n", "{}", "takes no body"},
		"no JSON":           {"PUT", container + "/n", "{", "body: "},
		"field of a secret": {"POST", secrets + "/s:setIamPolicy", `{"policy":{"rules":[]}}`, ".policy.rules: there is no such field"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			heard, _ := ask(t, nil, tt.method, tt.url, tt.body)
			if !strings.Contains(heard, tt.want) || (tt.want == "") != (heard == "") {
				t.Errorf("got %q, want %q", heard, tt.want)
			}
		})
	}
}

// An answer that Google would not give is reported as well: a driver must not live on it.
func TestAnswers(t *testing.T) {
	t.Parallel()
	bucket := func(field string, value any) func(*googlefake.Fake) {
		return func(f *googlefake.Fake) {
			f.Buckets["a"] = googlefake.NewBucket("a")
			f.Buckets["a"].Meta[field] = value
		}
	}
	pool := func(field string, value any) func(*googlefake.Fake) {
		return func(f *googlefake.Fake) {
			f.Pools["projects/acme-ml/locations/l/clusters/c/nodePools/n"] = &googlefake.Pool{Meta: map[string]any{field: value}}
		}
	}
	tests := map[string]struct {
		prepare   func(*googlefake.Fake)
		url, want string
	}{
		"right":         {bucket("labels", map[string]any{"a": "b"}), storage + "b/a", ""},
		"field":         {bucket("title", "b"), storage + "b/a", "storage.buckets.get: answer: .title: there is no such field"},
		"type":          {bucket("versioning", true), storage + "b/a", ".versioning is true or false, want object"},
		"number":        {bucket("metageneration", 1), storage + "b/a", ".metageneration is the number 1, want string"},
		"null":          {bucket("labels", nil), storage + "b/a", ".labels is null"},
		"read only":     {pool("status", "RUNNING"), container + "/n", ""},
		"value":         {pool("status", "FINE"), container + "/n", `"FINE" is none of [`},
		"unknown field": {bucket("labels", map[string]any{}), storage + "b?project=acme-ml&fields=items(name,title)", `there is no field "title"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			heard, _ := ask(t, tt.prepare, http.MethodGet, tt.url, "")
			if !strings.Contains(heard, tt.want) || (tt.want == "") != (heard == "") {
				t.Errorf("got %q, want %q", heard, tt.want)
			}
		})
	}
}

// Who asks for some fields gets no others.
func TestFields(t *testing.T) {
	t.Parallel()
	full := func(f *googlefake.Fake) {
		f.Page = 1
		for _, name := range []string{"a", "b"} {
			f.Buckets[name] = googlefake.NewBucket(name)
			f.Buckets[name].Meta["labels"] = map[string]any{"x": "y"}
		}
	}
	for fields, want := range map[string]string{
		"nextPageToken,items(name)": `{"items":[{"name":"a"}],"nextPageToken":"1"}`,
		"items(labels,name)":        `{"items":[{"labels":{"x":"y"},"name":"a"}]}`,
		"kind":                      `{"kind":"storage#buckets"}`,
	} {
		heard, got := ask(t, full, http.MethodGet, storage+"b?project=acme-ml&fields="+fields, "")
		if heard != "" || got != want {
			t.Errorf("%s gives %s, want %s; %s", fields, got, want, heard)
		}
	}
}
