package cloudtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// Fault is what goes wrong at one request.
type Fault string

// The faults. A fake's Answer is asked for those that a cloud words itself.
const (
	Throttled      Fault = "throttled"
	ThrottledUntil Fault = "throttled with Retry-After"
	Internal       Fault = "500"
	Unavailable    Fault = "503"
	ResetBefore    Fault = "connection reset before the request was taken"
	ResetAfter     Fault = "connection reset after the request was taken"
	Slow           Fault = "no answer in time"
	Expired        Fault = "expired credentials"
	Denied         Fault = "access denied"
	Busy           Fault = "conflict with another change"
	Absent         Fault = "not there yet, twice"
	Killed         Fault = "killed after the request was taken"
)

// passing are faults after which the same operation must succeed by itself.
var passing = []Fault{Throttled, ThrottledUntil, Internal, Unavailable, ResetBefore, ResetAfter, Slow, Busy, Absent}

var lasting = []Fault{Expired, Denied, Killed}

// faulty breaks the request number at, counted from arming.
type faulty struct {
	next   http.RoundTripper
	answer func(Fault, *http.Request) *http.Response

	mu     sync.Mutex
	fault  Fault
	at     int
	n      int
	broken int

	seen []string
	dead bool

	unbounded bool // a try was waited for without a bound
}

func (f *faulty) arm(fault Fault, at int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault, f.at, f.n, f.broken, f.seen, f.dead = fault, at, 0, 0, nil, false
}

// take counts a request and says whether it is the one to break.
func (f *faulty) take(req *http.Request) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dead {
		return Killed, true
	}
	n := f.n
	f.n++
	f.seen = append(f.seen, req.Method+" "+req.URL.Path)
	again := f.fault == Absent && f.broken == 1 && n == f.at+1 // not there yet, twice
	if f.fault == "" || (n != f.at && !again) {
		return "", false
	}
	f.broken++
	return f.fault, true
}

var errReset = fmt.Errorf("write: %w", syscall.ECONNRESET)

// RoundTrip passes requests on, all but one.
func (f *faulty) RoundTrip(req *http.Request) (*http.Response, error) {
	fault, breaks := f.take(req)
	if !breaks {
		return f.next.RoundTrip(req)
	}
	switch fault { //nolint:exhaustive // the others are what the cloud answers
	case ResetBefore:
		return nil, errReset
	case ResetAfter:
		return nil, f.pass(req, errReset)
	case Killed:
		f.mu.Lock()
		already := f.dead
		f.dead = true
		f.mu.Unlock()
		if already {
			return nil, context.Canceled
		}
		return nil, f.pass(req, context.Canceled)
	case Slow:
		select {
		case <-req.Context().Done():
			return nil, req.Context().Err()
		case <-time.After(5 * time.Second):
			f.mu.Lock()
			f.unbounded = true
			f.mu.Unlock()
			return nil, errReset
		}
	}
	if resp := f.answer(fault, req); resp != nil {
		return resp, nil
	}
	f.mu.Lock()
	f.broken--
	f.mu.Unlock()
	return f.next.RoundTrip(req)
}

// pass lets the fake take a request whose answer is lost.
func (f *faulty) pass(req *http.Request, err error) error {
	resp, failed := f.next.RoundTrip(req)
	if failed == nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	return err
}

// Reply is an answer for Rig.Answer.
func Reply(req *http.Request, status int, contentType, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(bytes.NewBufferString(body)), ContentLength: int64(len(body)), Request: req,
	}
}

// operation is one operation on an object that is prepared without faults.
type operation[S any] struct {
	name    string
	prepare bool // the object exists before
	do      func(ctx context.Context, o tried[S], id string) (string, error)
	after   func(c Case[S]) S
}

func operations[S any]() []operation[S] {
	before, after := func(c Case[S]) S { return c.Before }, func(c Case[S]) S { return c.After }
	return []operation[S]{
		{"create", false, func(ctx context.Context, o tried[S], _ string) (string, error) {
			return o.kind.Store.Create(ctx, o.Before)
		}, before},
		{"read", true, func(ctx context.Context, o tried[S], id string) (string, error) {
			_, err := o.kind.Store.Read(ctx, id, o.With(o.Before, id))
			return id, err
		}, before},
		{"update", true, func(ctx context.Context, o tried[S], id string) (string, error) {
			return id, o.kind.Store.Update(ctx, id, o.With(o.After, id))
		}, after},
		{"delete", true, func(ctx context.Context, o tried[S], id string) (string, error) {
			return id, o.kind.Store.Delete(ctx, id, o.With(o.Before, id))
		}, before},
	}
}

// faults breaks each request of each operation in every way. Whatever happens, nothing
// is made twice, nothing is lost, and the next run ends where it should.
func faults[S any](t *testing.T, open Open, c Case[S]) {
	var tried atomic.Int64
	t.Cleanup(func() { fmt.Printf("faults tried: %d\n", tried.Load()) }) // where reports look for it, passing tests included
	for _, op := range operations[S]() {
		n := requests(t, open, c, op)
		for at := range n {
			for _, fault := range append(append([]Fault{}, passing...), lasting...) {
				if fault == Absent && (op.name != "create" || at == 0) {
					continue // only what was just made may be not there yet
				}
				t.Run(fmt.Sprintf("%s/%s at request %d", op.name, fault, at+1), func(t *testing.T) {
					t.Parallel()
					if broken(t, open, c, op, fault, at) {
						tried.Add(1)
					}
				})
			}
		}
	}
}

// requests is how many requests an operation takes.
func requests[S any](t *testing.T, open Open, c Case[S], op operation[S]) int {
	t.Helper()
	o, f, id := prepared(t, open, c, op)
	f.arm("", 0)
	if _, err := op.do(t.Context(), o, id); err != nil {
		t.Fatalf("%s without faults: %v", op.name, err)
	}
	if f.n == 0 {
		t.Fatalf("%s sends nothing", op.name)
	}
	return f.n
}

func prepared[S any](t *testing.T, open Open, c Case[S], op operation[S]) (tried[S], *faulty, string) {
	t.Helper()
	f := &faulty{}
	o := start(t, open, c, func(next http.RoundTripper) http.RoundTripper { f.next = next; return f })
	f.answer = o.Answer
	id := ""
	if op.prepare {
		id = o.create(t, c.Before)
	}
	return o, f, id
}

// broken tries one fault. It is false when the cloud has no such answer for the request.
func broken[S any](t *testing.T, open Open, c Case[S], op operation[S], fault Fault, at int) bool {
	t.Helper()
	o, f, id := prepared(t, open, c, op)
	f.arm(fault, at)
	got, err := op.do(t.Context(), o, id)
	if f.broken == 0 {
		return false
	}
	if f.unbounded {
		t.Error("a request without an answer is waited for longer than 5 s: bound each try")
	}
	where := "no request"
	if at < len(f.seen) {
		where = f.seen[at]
	}
	f.arm("", 0)
	switch fault {
	case Expired, Denied:
		told(t, fault, where, err)
	case Killed:
	default:
		if err != nil && (op.name != "delete" || !errors.Is(err, cloud.ErrNotFound)) {
			t.Errorf("%s at %s: %v; it must try again", fault, where, err)
		}
	}
	if fault == Killed && op.name == "create" {
		got = "" // nobody was left to write it down
	}
	converge(t, o, op, got, err)
	return true
}

// told checks that an error that nobody can wait out says what to do.
func told(t *testing.T, fault Fault, where string, err error) {
	t.Helper()
	switch {
	case err == nil:
		return // what was asked is not needed: reading a tag of what is kept elsewhere
	case !errors.Is(err, cloud.ErrDenied):
		t.Errorf("%s at %s: %v; want ErrDenied", fault, where, err)
	case fault == Expired && !strings.Contains(err.Error(), "credentials"):
		t.Errorf("%s at %s: %v; it must speak of the credentials", fault, where, err)
	case fault == Denied && !strings.Contains(err.Error(), "permission"):
		t.Errorf("%s at %s: %v; it must name the permission that is missing", fault, where, err)
	}
}

// converge does what the next apply does, as Terraform would: an object with an id and
// an error is made anew, one without an id is created again.
func converge[S any](t *testing.T, o tried[S], op operation[S], id string, failed error) {
	t.Helper()
	ctx, want := t.Context(), op.after(o.Case)
	switch {
	case op.name == "delete":
		if err := o.kind.Store.Delete(ctx, id, o.With(want, id)); err != nil && !errors.Is(err, cloud.ErrNotFound) {
			t.Errorf("the next delete: %v", err)
		}
		gone(t, o)
		return
	case op.name == "create" && failed != nil && id != "":
		if err := o.kind.Store.Delete(ctx, id, o.With(want, id)); err != nil && !errors.Is(err, cloud.ErrNotFound) {
			t.Fatalf("delete of what came up broken: %v", err)
		}
		id = o.create(t, want)
	case op.name == "create" && failed != nil:
		id = o.create(t, want)
	case op.name == "update" && failed != nil:
		if err := o.kind.Store.Update(ctx, id, o.With(want, id)); err != nil {
			t.Fatalf("the next update: %v", err)
		}
	}
	o.holds(t, id, want)
	if err := o.kind.Store.Delete(ctx, id, o.With(want, id)); err != nil {
		t.Errorf("delete at the end: %v", err)
	}
	gone(t, o)
}

func gone[S any](t *testing.T, o tried[S]) {
	t.Helper()
	if n := o.Count(); n != 0 {
		t.Errorf("%d objects are left over", n)
	}
}
