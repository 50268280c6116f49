package awsfake

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// modules are the SDK's, by the names under which requests are signed.
var modules = map[string]string{"s3": "s3", "iam": "iam", "sts": "sts", "eks": "eks", "secretsmanager": "secretsmanager"}

// Operation is one request that the SDK's own snapshots show: what a request of that
// name may consist of.
type Operation struct {
	Service, Name string
	Request       *http.Request // as in the snapshot
	Body          []byte

	headers  map[string]bool
	query    map[string]string
	elements map[string]string
}

// Operations are all operations of a service, by name. They come with the SDK's modules.
func Operations(service string) (map[string]*Operation, error) {
	all, err := operations()
	if err != nil {
		return nil, err
	}
	if all[service] == nil {
		return nil, fmt.Errorf("no snapshots of service %q", service)
	}
	return all[service], nil
}

var operations = sync.OnceValues(func() (map[string]map[string]*Operation, error) {
	out := map[string]map[string]*Operation{}
	for service, module := range modules {
		dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/"+module).Output()
		if err != nil {
			return nil, fmt.Errorf("the module of %s: %w", service, err)
		}
		files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "request_snapshot", "*.request.snap"))
		if err != nil || len(files) == 0 {
			return nil, fmt.Errorf("module of %s: %d snapshots: %w", service, len(files), err)
		}
		out[service] = map[string]*Operation{}
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".request.snap")
			if out[service][name], err = operationIn(service, name, file); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return out, nil
})

func operationIn(service, name, file string) (*Operation, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	line, rest, _ := strings.Cut(string(text), "\n\n")
	headers, body, _ := strings.Cut(rest, "\n\n")
	method, target, _ := strings.Cut(strings.TrimSpace(line), " ")
	req, err := http.NewRequest(method, "https://"+service+".invalid"+target, strings.NewReader(body)) //nolint:noctx // it is not sent
	if err != nil {
		return nil, err
	}
	out := &Operation{Service: service, Name: name, Request: req, Body: []byte(body), headers: map[string]bool{}, query: map[string]string{}, elements: elements([]byte(body))}
	for line := range strings.Lines(headers) {
		if key, value, two := strings.Cut(strings.TrimSpace(line), ": "); two {
			out.headers[http.CanonicalHeaderKey(key)] = true
			req.Header.Set(key, value)
		}
	}
	for key, values := range req.URL.Query() {
		out.query[key] = values[0]
	}
	return out, nil
}

// ServiceOf is the service that a request is signed for.
func ServiceOf(req *http.Request) string {
	_, scope, _ := strings.Cut(req.Header.Get("Authorization"), "Credential=")
	if parts := strings.Split(scope, "/"); len(parts) > 3 {
		return parts[3]
	}
	return ""
}

// OperationOf finds the operation of a request: by Action where the protocol names it,
// else by method, path and query.
func OperationOf(req *http.Request, body []byte) (*Operation, error) {
	service := ServiceOf(req)
	all, err := Operations(service)
	if err != nil {
		return nil, err
	}
	if form, err := url.ParseQuery(string(body)); err == nil && form.Get("Action") != "" {
		if op := all[form.Get("Action")]; op != nil {
			return op, nil
		}
		return nil, fmt.Errorf("no snapshot of action %q", form.Get("Action"))
	}
	var best *Operation
	most := -1
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if n, fits := all[name].fit(req); fits && n > most {
			best, most = all[name], n
		}
	}
	if best == nil {
		return nil, fmt.Errorf("no snapshot of %s fits", service)
	}
	return best, nil
}

// pathOf is the path of a request without the bucket, which S3 has in the host as well.
func pathOf(req *http.Request) string {
	path := req.URL.EscapedPath()
	if ServiceOf(req) != "s3" || strings.Contains(req.URL.Host, ".s3.") {
		return path
	}
	_, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return "/" + rest
}

// fit counts what a request has in common with the operation, if it can be one.
func (o *Operation) fit(req *http.Request) (int, bool) {
	if req.Method != o.Request.Method || !samePath(o.Request.URL.EscapedPath(), pathOf(req), o.Service == "s3") {
		return 0, false
	}
	asked, common := req.URL.Query(), 0
	for key, value := range o.query {
		if strings.HasPrefix(value, "__") {
			continue // it may be left out
		}
		if fixed := value == "" || key == "x-id" || key == "list-type"; fixed {
			if !asked.Has(key) || asked.Get(key) != value {
				return 0, false
			}
			common++
		}
	}
	for key := range asked {
		if _, known := o.query[key]; !known {
			return 0, false
		}
	}
	return common, true
}

func samePath(pattern, path string, keys bool) bool {
	want, have := strings.Split(strings.Trim(pattern, "/"), "/"), strings.Split(strings.Trim(path, "/"), "/")
	if keys && len(want) == 1 && strings.HasPrefix(want[0], "__") {
		return have[0] != "" // names of objects have slashes
	}
	if len(want) != len(have) {
		return false
	}
	for i := range want {
		if want[i] != have[i] && (!strings.HasPrefix(want[i], "__") || have[i] == "") {
			return false
		}
	}
	return true
}
