// Package googlefake is a Google Cloud in memory, for tests only. What it is asked is
// checked against Google's own discovery documents; how it behaves is ours.
package googlefake

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// document is a discovery document: the description from which Google's clients are made.
type document struct {
	RootURL     string              `json:"rootUrl"`
	ServicePath string              `json:"servicePath"`
	Parameters  map[string]schema   `json:"parameters"`
	Schemas     map[string]schema   `json:"schemas"`
	Resources   map[string]resource `json:"resources"`

	methods []method
}

type resource struct {
	Methods   map[string]method   `json:"methods"`
	Resources map[string]resource `json:"resources"`
}

type method struct {
	ID         string               `json:"id"`
	HTTPMethod string               `json:"httpMethod"`
	Path       string               `json:"path"`
	Parameters map[string]parameter `json:"parameters"`
	Request    *schema              `json:"request"`
	Response   *schema              `json:"response"`

	form  *regexp.Regexp // of the escaped path
	names []string       // of the parts of the path
}

type parameter struct {
	schema
	Location string `json:"location"`
	Required bool   `json:"required"`
	Pattern  string `json:"pattern"`
	Repeated bool   `json:"repeated"`
}

type schema struct {
	Ref                  string            `json:"$ref"`
	Type                 string            `json:"type"`
	Format               string            `json:"format"`
	Enum                 []string          `json:"enum"`
	ReadOnly             bool              `json:"readOnly"`
	Items                *schema           `json:"items"`
	Properties           map[string]schema `json:"properties"`
	AdditionalProperties *schema           `json:"additionalProperties"`
	Annotations          struct {
		Required []string `json:"required"`
	} `json:"annotations"`
}

// documents are those of the services that the driver talks to, by the first label of
// their host. They come with the module whose clients the driver uses.
var documents = sync.OnceValues(func() (map[string]*document, error) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "google.golang.org/api").Output()
	if err != nil {
		return nil, fmt.Errorf("find the module google.golang.org/api: %w", err)
	}
	out := map[string]*document{}
	for service, version := range map[string]string{"storage": "v1", "container": "v1", "secretmanager": "v1", "cloudresourcemanager": "v3"} {
		data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), service, version, service+"-api.json"))
		if err != nil {
			return nil, err
		}
		d := &document{}
		if err := json.Unmarshal(data, d); err != nil {
			return nil, fmt.Errorf("discovery document of %s: %w", service, err)
		}
		d.gather(d.Resources)
		// What ends in a verb is no name, although names may have a colon.
		slices.SortFunc(d.methods, func(a, b method) int {
			return cmp.Or(len(b.Path)-len(a.Path), strings.Compare(a.ID, b.ID))
		})
		out[service] = d
	}
	return out, nil
})

func (d *document) gather(resources map[string]resource) {
	for _, r := range resources {
		for _, m := range r.Methods {
			m.compile(d.ServicePath)
			d.methods = append(d.methods, m)
		}
		d.gather(r.Resources)
	}
}

var part = regexp.MustCompile(`\{\+?(\w+)\}`)

// compile makes the form of a method's path.
func (m *method) compile(servicePath string) {
	text := "^/" + regexp.QuoteMeta(servicePath)
	rest := m.Path
	for {
		at := part.FindStringSubmatchIndex(rest)
		if at == nil {
			break
		}
		name := rest[at[2]:at[3]]
		form := "[^/]+"
		if pattern := m.Parameters[name].Pattern; pattern != "" {
			form = strings.TrimSuffix(strings.TrimPrefix(pattern, "^"), "$")
		}
		text += regexp.QuoteMeta(rest[:at[0]]) + "(" + form + ")"
		m.names, rest = append(m.names, name), rest[at[1]:]
	}
	m.form = regexp.MustCompile(text + regexp.QuoteMeta(rest) + "$")
}

// call is a request that was understood.
type call struct {
	id     string            // such as storage.buckets.get
	path   map[string]string // the parts of the path
	body   map[string]any
	raw    []byte
	req    *http.Request
	method method
}

func (c call) query(name string) string { return c.req.URL.Query().Get(name) }
