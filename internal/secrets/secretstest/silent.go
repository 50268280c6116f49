package secretstest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/document"
)

// lie is what a server, or something before it, may answer with values in it.
type lie struct {
	name   string
	answer func(req *http.Request, sent, got []byte) *http.Response
}

// worded is an error in the forms of all stores, whose message is text. What Google Cloud
// has as a number, Azure has as a text: either reads no message beside the other's.
func worded(req *http.Request, status int, text string) *http.Response {
	code := any("BadParameter")
	if strings.HasPrefix(req.URL.Path, "/v1/projects/") {
		code = status
	}
	body, _ := json.Marshal(map[string]any{
		"errors": []string{"invalid request: " + text}, "__type": "ValidationException", "message": text, "Message": text,
		"error": map[string]any{"code": code, "status": "INVALID_ARGUMENT", "message": text},
	})
	return cloudtest.Reply(req, status, "application/json", string(body))
}

// Of what was sent a lie repeats the body alone, or the headers alone: where one of both is
// found, the whole message is left out, and whether the other would be is not seen.
var denial = lie{"a denial that repeats the request", func(req *http.Request, sent, _ []byte) *http.Response { return worded(req, 403, string(sent)) }}

// lies are told from one request on, to the end of the operation.
var lies = []lie{
	{"a refusal that repeats the request", func(req *http.Request, sent, _ []byte) *http.Response { return worded(req, 400, string(sent)) }},
	denial,
	{"a refusal that repeats the headers", func(req *http.Request, _, _ []byte) *http.Response { return worded(req, 400, headers(req)) }},
	{"a denial that repeats the headers", func(req *http.Request, _, _ []byte) *http.Response { return worded(req, 403, headers(req)) }},
	{"a failure that repeats request and answer", func(req *http.Request, sent, got []byte) *http.Response {
		return worded(req, 500, string(sent)+string(got))
	}},
	{"a text instead of an error", func(req *http.Request, sent, got []byte) *http.Response {
		return cloudtest.Reply(req, 502, "text/html", "<p>"+string(sent)+string(got)+headers(req))
	}},
	{"a text instead of an answer", func(req *http.Request, sent, got []byte) *http.Response {
		return cloudtest.Reply(req, 200, "text/plain", string(sent)+string(got)+headers(req))
	}},
	{"a text in JSON instead of an answer", func(req *http.Request, sent, got []byte) *http.Response {
		quoted, _ := json.Marshal(string(sent) + string(got) + headers(req))
		return cloudtest.Reply(req, 200, "application/json", string(quoted))
	}},
	{"half an answer", func(req *http.Request, _, got []byte) *http.Response {
		return cloudtest.Reply(req, 200, "application/json", string(got[:len(got)/2]))
	}},
	{"an answer with other types", func(req *http.Request, _, got []byte) *http.Response {
		return cloudtest.Reply(req, 200, "application/json", string(twisted(got)))
	}},
}

// headers are the values of all headers: the token is one of them.
func headers(req *http.Request) (out string) {
	for _, values := range req.Header {
		out += " " + strings.Join(values, " ")
	}
	return out
}

// twisted makes a text of every object that holds only texts.
func twisted(answer []byte) []byte {
	var tree any
	if json.Unmarshal(answer, &tree) != nil {
		return answer
	}
	out, _ := json.Marshal(twist(tree))
	return out
}

func twist(node any) any {
	object, ok := node.(map[string]any)
	if !ok {
		return node
	}
	texts := len(object) > 0
	for key, value := range object {
		_, text := value.(string)
		texts = texts && text
		object[key] = twist(value)
	}
	if texts {
		return []string{fmt.Sprint(object)}
	}
	return object
}

// liar answers from request number at on, counted from arming.
type liar struct {
	next http.RoundTripper

	mu    sync.Mutex
	armed bool
	n, at int
	tells lie
}

func (l *liar) arm(tells lie, at int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.armed, l.n, l.at, l.tells = true, 0, at, tells
}

// RoundTrip passes a request on, and puts a lie in the place of the answer.
func (l *liar) RoundTrip(req *http.Request) (*http.Response, error) {
	l.mu.Lock()
	lying := l.armed && l.n >= l.at && l.tells.answer != nil
	l.n++
	tells := l.tells
	l.mu.Unlock()
	if !lying {
		return l.next.RoundTrip(req)
	}
	var sent []byte
	if req.Body != nil {
		sent, _ = io.ReadAll(req.Body)
		req.Body = io.NopCloser(bytes.NewReader(sent))
	}
	resp, err := l.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	return tells.answer(req, sent, got), nil
}

// unknown is a secret whose values the caller does not know, as those of a state.
func (k kept) unknown() secrets.Secret {
	s := k.s
	s.Values = secrets.Values{}
	return s
}

// operations are all that a store does, on a secret that was created before all but the first.
var operations = map[string]func(ctx context.Context, k kept, c Case) error{
	"create": func(ctx context.Context, k kept, c Case) error {
		_, err := k.Store.Store.Create(ctx, c.Before)
		return err
	},
	"read": func(ctx context.Context, k kept, _ Case) error {
		_, err := k.Store.Store.Read(ctx, k.id, k.unknown())
		return err
	},
	"update": func(ctx context.Context, k kept, c Case) error {
		return k.Store.Store.Update(ctx, k.id, with(c.After, k.id))
	},
	"update on an old version": func(ctx context.Context, k kept, _ Case) error {
		seen, err := k.Store.Version(ctx, k.id, k.s)
		if err != nil {
			return err
		}
		if err := k.update(ctx, others, seen); err != nil {
			return err
		}
		return k.update(ctx, second, seen)
	},
	"delete": func(ctx context.Context, k kept, _ Case) error { return k.Store.Store.Delete(ctx, k.id, k.unknown()) },
	"version": func(ctx context.Context, k kept, _ Case) error {
		_, err := k.Store.Version(ctx, k.id, k.unknown())
		return err
	},
	"values": func(ctx context.Context, k kept, _ Case) error {
		_, err := k.Store.Values(ctx, k.id, k.unknown(), "")
		return err
	},
}

// silent lets every operation fail in every way, and searches the errors.
func silent(t *testing.T, open Open, c Case) {
	var mu sync.Mutex
	failed := map[string]int{}
	t.Run("all", func(t *testing.T) {
		for name, do := range operations {
			n := length(t, open, c, name, do)
			for at := range n {
				for _, tells := range lies {
					t.Run(fmt.Sprintf("%s/%s from request %d", name, tells.name, at+1), func(t *testing.T) {
						t.Parallel()
						k, l := prepare(t, open, c, name)
						l.arm(tells, at)
						if err := do(t.Context(), k, c); err != nil {
							search(t, err, c.Hidden)
							mu.Lock()
							failed[name]++
							mu.Unlock()
						}
					})
				}
			}
		}
	})
	for name := range operations {
		if failed[name] == 0 {
			t.Errorf("%s never failed: nothing was searched", name)
		}
	}
}

func prepare(t *testing.T, open Open, c Case, operation string) (kept, *liar) {
	t.Helper()
	l := &liar{}
	r := open(t, func(next http.RoundTripper) http.RoundTripper { l.next = next; return l })
	k := kept{Rig: r, s: c.Before}
	if operation != "create" {
		id, err := r.Store.Store.Create(t.Context(), c.Before)
		if err != nil {
			t.Fatal(err)
		}
		k = kept{r, id, with(c.Before, id)}
	}
	return k, l
}

// length is how many requests an operation takes.
func length(t *testing.T, open Open, c Case, name string, do func(context.Context, kept, Case) error) int {
	t.Helper()
	k, l := prepare(t, open, c, name)
	l.arm(lie{}, 0)
	if err := do(t.Context(), k, c); err != nil {
		search(t, err, c.Hidden)
		if !errors.Is(err, cloud.ErrConflict) {
			t.Fatalf("%s: %v", name, err)
		}
	}
	if l.n == 0 {
		t.Fatalf("%s sends nothing", name)
	}
	return l.n
}

// search looks for every value in everything that an error may be printed as.
func search(t *testing.T, err error, hidden []string) {
	t.Helper()
	text := fmt.Sprintf("%v\n%+v\n%#v\n%q", err, err, err, err)
	for _, values := range []map[string]string{first, second, others} {
		whole, err := document.Encode(secrets.ValuesOf(values), 1<<16)
		if err != nil {
			t.Fatal(err)
		}
		hidden = append(slices.Clone(hidden), append(slices.Collect(maps.Values(values)), whole)...)
	}
	for _, secret := range hidden {
		quoted, _ := json.Marshal(secret)
		for _, form := range []string{secret, strings.Trim(string(quoted), `"`), url.QueryEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret))} {
			if form != "" && strings.Contains(text, form) {
				t.Errorf("an error of %d bytes shows a secret", len(text)) // and is not printed here for that reason
				return
			}
		}
	}
	if strings.Contains(text, "canary") {
		t.Errorf("an error of %d bytes shows a part of a secret", len(text))
	}
}
