package gitops

import (
	"fmt"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

const user, password = "bot", "s3cr3t-token"

// server is the real git http-backend behind basic authentication.
type server struct {
	*httptest.Server
	up, down atomic.Int64 // bytes on the connections
	asked    atomic.Int64 // requests
	mu       sync.Mutex
	fault    func(w http.ResponseWriter, r *http.Request) bool // true when it answered itself
}

func (s *server) setFault(f func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// countingListener counts what goes over the wire, headers included.
type countingListener struct {
	net.Listener
	s *server
}

func (l countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return countingConn{c, l.s}, nil
}

type countingConn struct {
	net.Conn
	s *server
}

func (c countingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.s.up.Add(int64(n))
	return n, err
}

func (c countingConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.s.down.Add(int64(n))
	return n, err
}

func newServer(t testing.TB, r *repo) *server {
	t.Helper()
	r.git("config", "http.receivepack", "true")
	r.git("config", "uploadpack.allowFilter", "true")
	path := strings.TrimSpace(runGit(t, "", "--exec-path"))
	backend := &cgi.Handler{
		Path: filepath.Join(path, "git-http-backend"),
		Env: []string{"GIT_PROJECT_ROOT=" + filepath.Dir(r.dir), "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1",
			"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"},
	}
	s := &server{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		s.asked.Add(1)
		s.mu.Lock()
		fault := s.fault
		s.mu.Unlock()
		if fault != nil && fault(w, req) {
			return
		}
		if u, p, _ := req.BasicAuth(); u != user || p != password {
			w.Header().Set("WWW-Authenticate", "Basic")
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		// CGI programs get the header in this variable.
		b := *backend
		b.Env = append(b.Env[:len(b.Env):len(b.Env)], "GIT_PROTOCOL="+req.Header.Get("Git-Protocol"), "REMOTE_USER="+user)
		b.ServeHTTP(w, req)
	}))
	s.Listener = countingListener{s.Listener, s}
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func (s *server) remote() Remote {
	return Remote{URL: s.URL + "/repo.git", Branch: "main", Auth: Auth{Username: user, Password: password}}
}

func (s *server) traffic() string {
	return fmt.Sprintf("%d requests, %.1f KB down, %.1f KB up", s.asked.Swap(0), float64(s.down.Swap(0))/1000, float64(s.up.Swap(0))/1000)
}
