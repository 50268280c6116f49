package awsfake

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// everywhere are headers that the SDK and HTTP add to every request.
var everywhere = []string{
	"Authorization", "User-Agent", "Accept-Encoding", "Content-Length", "Content-Type", "Amz-Sdk-Invocation-Id", "Amz-Sdk-Request", "X-Amz-Date", "X-Amz-Content-Sha256",
	"X-Amz-Security-Token", "X-Amz-Checksum-Crc32", "X-Amz-Sdk-Checksum-Algorithm", "X-Amz-Checksum-Mode", "X-Amz-User-Agent", "Expect",
}

// Checked passes on requests that are as the SDK's snapshots show them, and fails the
// test on others. next may be an account of this package or a server.
func Checked(t testing.TB, next http.RoundTripper) http.RoundTripper {
	return &checked{t: t, next: next}
}

type checked struct {
	t    testing.TB
	next http.RoundTripper
}

func (c *checked) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := bodyOf(req)
	if err != nil {
		return nil, err
	}
	if op, err := OperationOf(req, body); err != nil {
		c.t.Errorf("%s %s: %v", req.Method, req.URL, err)
	} else {
		for _, wrong := range op.Deviations(req, body) {
			c.t.Errorf("%s:%s: %s", op.Service, op.Name, wrong)
		}
	}
	return c.next.RoundTrip(req)
}

// bodyOf reads a request's body and leaves it as it was.
func bodyOf(req *http.Request) ([]byte, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return nil, nil
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	return body, nil
}

// Deviations says what a request has that the snapshot of its operation has not.
func (o *Operation) Deviations(req *http.Request, body []byte) (out []string) {
	for _, name := range slices.Sorted(maps.Keys(req.Header)) {
		if !o.headers[name] && !slices.Contains(everywhere, name) {
			out = append(out, "header "+name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(req.URL.Query())) {
		if _, known := o.query[name]; !known {
			out = append(out, "query "+name)
		}
	}
	if len(o.elements) == 0 && len(o.Body) > 0 {
		return out // text or bytes
	}
	return append(out, o.odd(body)...)
}

// odd says which elements of a body the snapshot has not, or has with another sort of value.
func (o *Operation) odd(body []byte) (out []string) {
	has := elements(body)
	for _, name := range slices.Sorted(maps.Keys(has)) {
		sample, known := o.elements[name]
		free := o.inMap(name)
		switch {
		case !known && !free:
			out = append(out, "element "+name)
		case known && notLike(sample, has[name]) != "":
			out = append(out, fmt.Sprintf("element %s is %q, which is not %s", name, has[name], notLike(sample, has[name])))
		}
	}
	if o.Service == "eks" && out == nil && len(body) > 0 {
		if err := typed(body, o.Body); err != nil {
			out = append(out, err.Error())
		}
	}
	return out
}

// inMap reports whether a name is the user's key of a map, which may have slashes.
func (o *Operation) inMap(name string) bool {
	for at := strings.LastIndex(name, "/"); at >= 0; at = strings.LastIndex(name[:at], "/") {
		if _, is := o.elements[name[:at]+"/*"]; is {
			return true
		}
	}
	return false
}
