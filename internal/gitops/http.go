package gitops

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
)

// httpWire speaks the second version of Git's protocol, which gives single
// objects by name. A server that only knows the first gets old.
type httpWire struct {
	at     address
	base   string // address after the redirects of the first question
	ref    string
	auth   Auth
	client *http.Client
	asked  bool
	filter bool     // the server leaves out what we do not want
	old    *session // set for a server of the first version
	thick  bool     // the server refused a thin pack
}

func newHTTPWire(at address, ref string, auth Auth) (*httpWire, error) {
	t := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // the library documents it
	t.ResponseHeaderTimeout = askTimeout
	t.DialContext = (&net.Dialer{Timeout: dialTimeout}).DialContext
	if auth.CACertificate != "" {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM([]byte(auth.CACertificate)) {
			return nil, fmt.Errorf("%w: git.ca_certificate holds no PEM certificate", ErrAddress)
		}
		t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	w := &httpWire{at: at, base: (&url.URL{Scheme: at.scheme, Host: at.host, Path: at.path}).String(), ref: ref, auth: auth}
	w.client = &http.Client{Transport: t, CheckRedirect: checkRedirect}
	return w, nil
}

// checkRedirect lets only the first question follow, and never to another host,
// for the credentials were given to this one.
func checkRedirect(req *http.Request, via []*http.Request) error {
	first := via[0].URL
	sameHost := req.URL.Hostname() == first.Hostname() && (req.URL.Scheme == first.Scheme && req.URL.Host == first.Host || req.URL.Scheme == "https")
	if req.Method != http.MethodGet || !sameHost || len(via) > 5 {
		return fmt.Errorf("%w: the server sends us to %s; set url to where the repository is now", ErrAddress, req.URL.Redacted())
	}
	return nil
}

// connect asks once what the server can do.
func (w *httpWire) connect(ctx context.Context) error {
	if w.asked {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	res, err := w.send(ctx, http.MethodGet, "/info/refs?service=git-upload-pack", nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	r := bufio.NewReader(res.Body)
	l, err := readLine(r)
	if err == nil && strings.HasPrefix(l.text(), "# service=") {
		if _, err = readLine(r); err == nil { // a flush
			l, err = readLine(r)
		}
	}
	if err != nil {
		return w.broken(err)
	}
	if moved := res.Request.URL; moved != nil {
		moved.RawQuery, moved.Path = "", strings.TrimSuffix(moved.Path, "/info/refs")
		w.base = moved.String()
	}
	w.asked = true
	if l.text() != "version 2" {
		w.old = w.firstVersion()
		return nil
	}
	return w.capabilities(r)
}

func (w *httpWire) capabilities(r *bufio.Reader) error {
	for {
		l, err := readLine(r)
		if err != nil {
			return w.broken(err)
		}
		if l.mark != "" {
			return nil
		}
		name, value, _ := strings.Cut(l.text(), "=")
		switch {
		case name == "fetch":
			w.filter = strings.Contains(" "+value+" ", " filter ")
		case name == "object-format" && value != "sha1":
			return fmt.Errorf("%w: objects are named by %s", errFormat, value)
		}
	}
}

func (w *httpWire) firstVersion() *session {
	u, _ := url.Parse(w.base) // it was a URL before
	to := transport.Endpoint{Protocol: u.Scheme, Host: strings.TrimSuffix(u.Host, ":"+u.Port()), Path: u.Path}
	to.Port, _ = strconv.Atoi(u.Port()) // zero is the scheme's own
	var auth transport.AuthMethod
	if w.auth.Password != "" || w.auth.Username != "" {
		auth = &githttp.BasicAuth{Username: orDefault(w.auth.Username, "git"), Password: w.auth.Password}
	}
	return newSession(githttp.NewClient(w.client), to, auth, w.ref, classify)
}

// send makes one request and turns a refusal into an error.
func (w *httpWire) send(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, w.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%w: not a valid URL", ErrAddress)
	}
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Git-Protocol", "version=2")
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-"+strings.TrimPrefix(path, "/")+"-request")
		req.Header.Set("Accept", "application/x-"+strings.TrimPrefix(path, "/")+"-result")
	}
	if w.auth.Password != "" || w.auth.Username != "" {
		req.SetBasicAuth(orDefault(w.auth.Username, "git"), w.auth.Password)
	}
	res, err := w.client.Do(req)
	if err != nil {
		return nil, w.broken(err)
	}
	if res.StatusCode == http.StatusOK {
		return res, nil
	}
	defer res.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(res.Body, 500)) // only for the message
	return nil, refusedRequest(ctx, res, oneLine(string(said)))
}

func refusedRequest(ctx context.Context, res *http.Response, said string) error {
	switch code := res.StatusCode; {
	case code == http.StatusUnauthorized:
		return fmt.Errorf("%w: check git.username and git.password", ErrAuth)
	case code == http.StatusForbidden:
		return fmt.Errorf("%w: they may not do this: %s", ErrAuth, said)
	case code == http.StatusNotFound:
		return fmt.Errorf("%w: or the credentials may not see it", ErrNotFound)
	case code == http.StatusTooManyRequests || code >= 500:
		if s := res.Header.Get("Retry-After"); s != "" {
			wait, _ := time.ParseDuration(s + "s") // a date is not waited for
			waitFor(ctx, min(wait, longestWish))
		}
		return &transientError{fmt.Errorf("%w: it answered %s: %s", ErrServer, res.Status, said)}
	default:
		return fmt.Errorf("%w: it answered %s: %s", ErrServer, res.Status, said)
	}
}

// broken is a connection that ended early, or an answer that makes no sense.
func (w *httpWire) broken(err error) error {
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(err, ErrAddress), errors.Is(err, ErrServer):
		return err
	case errors.As(err, &certificate):
		return fmt.Errorf("%w: %w; set git.ca_certificate to the authority that signed it", ErrAddress, err)
	case errors.Is(err, context.Canceled):
		return err
	}
	return &transientError{fmt.Errorf("%w: %w", ErrServer, err)}
}

func (w *httpWire) Close() error {
	w.client.CloseIdleConnections()
	return nil
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
