package google

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// retrier bounds each try of a request, and tries again what was throttled, lost or came
// while the cloud was busy. The request's own context bounds it all.
type retrier struct {
	next     http.RoundTripper
	attempt  time.Duration
	pace     time.Duration
	progress func(string)
}

const (
	tries   = 9 // of a request that keeps failing; a busy cluster is waited for as long as the context allows
	longest = 30 * time.Second
)

// RoundTrip sends a request, several times when it must be.
func (r *retrier) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		_ = req.Body.Close()
	}
	for n := 0; ; n++ {
		resp, answer, err := r.once(req, body)
		again, busy := worth(req, resp, answer, err)
		if !again || (n+1 >= tries && !busy) {
			return resp, err
		}
		if busy && r.progress != nil {
			r.progress("waiting: " + reason(answer).Message)
		}
		if cloud.Pause(req.Context(), max(retryAfter(resp), r.backoff(n))) != nil {
			return resp, err // what the cloud said last tells more than that the time is over
		}
	}
}

// once is one try. The answer is read as a whole, so that the bound holds for it as well.
func (r *retrier) once(req *http.Request, body []byte) (*http.Response, []byte, error) {
	ctx, cancel := context.WithTimeout(req.Context(), r.attempt)
	defer cancel()
	try := req.Clone(ctx)
	if req.Body != nil {
		try.Body = io.NopCloser(bytes.NewReader(body))
	}
	resp, err := r.next.RoundTrip(try)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(answer))
	return resp, answer, nil
}

// backoff doubles, and varies so that many do not come back at once.
func (r *retrier) backoff(n int) time.Duration {
	return varied(min(r.pace<<min(n, 10), longest))
}

// varied is something between half of d and d.
func varied(d time.Duration) time.Duration {
	return d/2 + rand.N(d/2+1) //nolint:gosec // no secret depends on it
}

// underWay is how GKE says that a cluster is changed already.
var underWay = pattern.New(`incompatible operation|try again once it is done|(Cluster|Master) is being (updated|upgraded)`)

// worth says whether a request may be sent again, and whether the cloud is only busy.
func worth(req *http.Request, resp *http.Response, answer []byte, err error) (again, busy bool) {
	if err != nil {
		return req.Context().Err() == nil && passing(err), false
	}
	why := reason(answer)
	switch {
	case resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode == http.StatusRequestTimeout, resp.StatusCode >= 500 && resp.StatusCode != http.StatusNotImplemented:
		return true, false
	case resp.StatusCode == http.StatusForbidden && strings.Contains(strings.ToLower(why.Reason), "ratelimitexceeded"):
		return true, false
	case resp.StatusCode == http.StatusBadRequest && underWay.MatchString(why.Message):
		return true, true
	case resp.StatusCode == http.StatusConflict && req.Method == http.MethodPatch: // of a bucket that somebody else changes
		return true, false
	}
	return false, false
}

// passing reports whether a connection failed in a way that the next may not. The end of a
// try's own time is one of them, and an end by the user is none.
func passing(err error) bool {
	for _, known := range []error{syscall.ECONNRESET, syscall.ECONNREFUSED, syscall.EPIPE, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed} {
		if errors.Is(err, known) {
			return true
		}
	}
	var network net.Error
	return lost.MatchString(err.Error()) || errors.As(err, &network) && network.Timeout()
}

// lost is how net/http says that a connection of HTTP/2 went away: it has no values for it.
var lost = pattern.New(`http2: (client connection lost|server sent GOAWAY)|stream error: stream ID [0-9]+; (REFUSED_STREAM|INTERNAL_ERROR)`)

// explained is what an answer says of itself, in either form that Google has.
type explained struct {
	Message string `json:"message"`
	Status  string `json:"status"`
	Reason  string `json:"-"`
	Errors  []struct {
		Reason string `json:"reason"`
	} `json:"errors"`
}

func reason(answer []byte) explained {
	var body struct {
		Error explained `json:"error"`
	}
	if json.Unmarshal(answer, &body) != nil {
		return explained{}
	}
	for _, e := range body.Error.Errors {
		body.Error.Reason = e.Reason
	}
	return body.Error
}

// retryAfter is what the cloud asks for, in seconds.
func retryAfter(resp *http.Response) time.Duration {
	if resp == nil {
		return 0
	}
	seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}
