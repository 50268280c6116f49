package gitops

import (
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestHTTP_wrongPassword(t *testing.T) {
	t.Parallel()
	s := newServer(t, newRepo(t))
	remote := s.remote()
	remote.Auth.Password = "wr0ng-t0ken"
	_, err := openRemote(t, remote).Read(within30s(t))
	wantErr(t, err, ErrAuth, "git.password", "#main")
	if strings.Contains(err.Error(), "wr0ng-t0ken") {
		t.Errorf("the error shows the password: %v", err)
	}
}

func TestHTTP_branches(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	s := newServer(t, r)
	st, err := openRemote(t, s.remote()).Read(t.Context())
	if err != nil || st.Head != "" {
		t.Fatalf("an empty repository: %+v, %v", st, err)
	}
	r.teamOn("release", edit{"100644", "a", "1"})
	_, err = openRemote(t, s.remote()).Read(t.Context())
	wantErr(t, err, ErrNoBranch, "release")
	remote := s.remote()
	remote.URL = s.URL + "/other.git"
	_, err = openRemote(t, remote).Read(t.Context())
	wantErr(t, err, ErrNotFound)
}

func TestHTTP_protectedBranch(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.team(edit{"100644", "README.md", "team"})
	r.hook("pre-receive", "echo 'main is protected' >&2; exit 1")
	s := newServer(t, r)
	_, err := openRemote(t, s.remote()).Commit(within30s(t), desired(t, managed("a", "1\n")...), options)
	wantErr(t, err, ErrDenied, "main is protected")
}

// The same work gets done whatever goes wrong on the way, once it stops going wrong.
func TestHTTP_faultsPass(t *testing.T) {
	t.Parallel()
	receive := func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/git-receive-pack") }
	status := func(code int) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { http.Error(w, "busy", code) }
	}
	cut := func(w http.ResponseWriter) {
		if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = c.Close()
		}
	}
	short := func(w http.ResponseWriter) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "0010unfinished")
		cut(w)
	}
	tests := []struct {
		name  string
		which func(*http.Request) bool // nil is every request
		how   func(http.ResponseWriter)
	}{
		{"429", nil, status(429)}, {"500", nil, status(500)}, {"503", nil, status(503)}, {"cut", nil, cut}, {"half an answer", nil, short},
		{"500 on push", receive, status(500)}, {"cut on push", receive, cut}, {"empty 200 on push", receive, func(w http.ResponseWriter) { w.WriteHeader(200) }},
		{"a yes without a deed", receive, func(w http.ResponseWriter) {
			_, _ = w.Write(append(appendLine(appendLine(nil, "unpack ok\n"), "ok refs/heads/main\n"), markFlush...))
		}},
		{"a page instead of git", receive, func(w http.ResponseWriter) { _, _ = io.WriteString(w, "<html>maintenance</html>") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			r.team(edit{"100644", "README.md", "team"})
			s := newServer(t, r)
			var hits atomic.Int64
			s.setFault(func(w http.ResponseWriter, req *http.Request) bool {
				// The first two of each kind fail.
				if tt.which != nil && !tt.which(req) || hits.Add(1) > 2 {
					return false
				}
				_, _ = io.Copy(io.Discard, req.Body)
				tt.how(w)
				return true
			})
			res, err := openRemote(t, s.remote()).Commit(within30s(t), desired(t, managed("a", "1\n")...), options)
			if err != nil || !res.Changed || res.Commit != r.head("main") || r.commits() != 2 {
				t.Errorf("%+v, %v, %d commits", res, err, r.commits())
			}
			if hits.Load() < 2 {
				t.Error("the fault did not happen")
			}
			r.fsck()
		})
	}
}

// A server that cannot read a thin pack is sent a whole one.
func TestHTTP_noThinPacks(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	s := newServer(t, r)
	mustCommit(t, openRemote(t, s.remote()), fleet(t, 30, 10, 0))
	var refused atomic.Bool
	s.setFault(func(w http.ResponseWriter, req *http.Request) bool {
		if !strings.HasSuffix(req.URL.Path, "/git-receive-pack") || refused.Swap(true) {
			return false
		}
		_, _ = w.Write(append(appendLine(appendLine(nil, "unpack index-pack failed\n"), "ng refs/heads/main unpacker error\n"), markFlush...))
		return true
	})
	res := mustCommit(t, openRemote(t, s.remote()), fleet(t, 30, 10, 5))
	if !refused.Load() || len(res.Update) != 5 || r.commits() != 2 {
		t.Errorf("%+v, %d commits", res.Update, r.commits())
	}
	r.fsck()
}

// A server that fails for good is named, in time.
func TestHTTP_faultsStay(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.team(edit{"100644", "README.md", "team"})
	s := newServer(t, r)
	s.setFault(func(w http.ResponseWriter, req *http.Request) bool {
		if strings.HasSuffix(req.URL.Path, "/git-receive-pack") {
			w.WriteHeader(http.StatusOK)
			return true
		}
		return false
	})
	_, err := openRemote(t, s.remote()).Commit(within30s(t), desired(t, managed("a", "1\n")...), options)
	wantErr(t, err, ErrServer)
	s.setFault(func(w http.ResponseWriter, _ *http.Request) bool {
		http.Error(w, "out of order", http.StatusInternalServerError)
		return true
	})
	_, err = openRemote(t, s.remote()).Commit(within30s(t), desired(t, managed("a", "1\n")...), options)
	wantErr(t, err, ErrServer, "500", "out of order", "5 attempts")
}

// The push arrives, but its answer is lost: the branch is asked, not guessed at.
func TestHTTP_answerLost(t *testing.T) {
	t.Parallel()
	for name, overtaken := range map[string]bool{"alone": false, "another writer goes on": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			r.team(edit{"100644", "README.md", "team"})
			s := newServer(t, r)
			var lost atomic.Bool
			inner := s.Config.Handler
			s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				if !strings.HasSuffix(req.URL.Path, "/git-receive-pack") || lost.Swap(true) {
					inner.ServeHTTP(w, req)
					return
				}
				inner.ServeHTTP(httptest.NewRecorder(), req)
				if overtaken {
					r.team(edit{"100644", "more", "team"})
				}
				http.Error(w, "bad gateway", http.StatusBadGateway)
			})
			res, err := openRemote(t, s.remote()).Commit(within30s(t), desired(t, managed("a", "1\n")...), options)
			want := 2
			if overtaken {
				want = 3
			}
			if err != nil || !res.Changed || len(res.Create) != 1 || res.Commit != r.head("main") || r.commits() != want {
				t.Errorf("%+v, %v, %d commits", res, err, r.commits())
			}
		})
	}
}

func TestHTTP_endsWithContext(t *testing.T) {
	t.Parallel()
	s := newServer(t, newRepo(t))
	s.setFault(func(_ http.ResponseWriter, req *http.Request) bool {
		<-req.Context().Done()
		return true
	})
	ctx, cancel := contextFor(t, 200*time.Millisecond)
	defer cancel()
	begin := time.Now()
	_, err := openRemote(t, s.remote()).Read(ctx)
	if err == nil || time.Since(begin) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(begin))
	}
}

func TestHTTP_certificate(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	plain := newServer(t, r)
	s := httptest.NewUnstartedServer(plain.Config.Handler)
	s.Config.ErrorLog = quiet()
	s.StartTLS()
	t.Cleanup(s.Close)
	remote := plain.remote()
	remote.URL = s.URL + "/repo.git"
	_, err := openRemote(t, remote).Read(within30s(t))
	wantErr(t, err, ErrAddress, "git.ca_certificate")
	remote.Auth.CACertificate = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	mustCommit(t, openRemote(t, remote), desired(t, managed("a", "1\n")...))
	remote.Auth.CACertificate = "no certificate"
	_, err = Open(t.Context(), remote)
	wantErr(t, err, ErrAddress, "PEM")
}

// Credentials are for the host that they were given for.
func TestHTTP_redirects(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	s := newServer(t, r)
	s.setFault(func(w http.ResponseWriter, req *http.Request) bool {
		if !strings.HasPrefix(req.URL.Path, "/old.git") {
			return false
		}
		http.Redirect(w, req, strings.Replace(req.URL.String(), "/old.git", "/repo.git", 1), http.StatusMovedPermanently)
		return true
	})
	remote := s.remote()
	remote.URL = s.URL + "/old.git"
	mustCommit(t, openRemote(t, remote), desired(t, managed("a", "1\n")...))

	var leaked atomic.Bool
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		if _, _, sent := req.BasicAuth(); sent {
			leaked.Store(true)
		}
	}))
	t.Cleanup(thief.Close)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(thief.URL, "http://"))
	s.setFault(func(w http.ResponseWriter, req *http.Request) bool {
		http.Redirect(w, req, "http://localhost:"+port+req.URL.String(), http.StatusFound)
		return true
	})
	_, err := openRemote(t, s.remote()).Read(within30s(t))
	wantErr(t, err, ErrAddress, "localhost:"+port)
	if leaked.Load() {
		t.Error("another host was given the password")
	}
}

// A server that knows only the first version of the protocol.
func TestHTTP_firstVersion(t *testing.T) {
	t.Parallel()
	for name, filter := range map[string]string{"single objects": "true", "only everything": "false"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			s := newServer(t, r)
			r.git("config", "uploadpack.allowFilter", filter)
			r.git("config", "uploadpack.allowReachableSHA1InWant", filter)
			inner := s.Config.Handler
			s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				req.Header.Del("Git-Protocol")
				inner.ServeHTTP(w, req)
			})
			mustCommit(t, openRemote(t, s.remote()), fleet(t, 30, 10, 0))
			res := mustCommit(t, openRemote(t, s.remote()), fleet(t, 30, 10, 5))
			if len(res.Update) != 5 || r.commits() != 2 {
				t.Errorf("%v, %d commits", res.Update, r.commits())
			}
			r.fsck()
			remote := s.remote()
			remote.Auth.Password = "wrong"
			_, err := openRemote(t, remote).Read(t.Context())
			wantErr(t, err, ErrAuth)
			r.hook("pre-receive", "echo 'main is protected' >&2; exit 1")
			_, err = openRemote(t, s.remote()).Commit(within30s(t), desired(t, managed("x", "1\n")...), options)
			wantErr(t, err, ErrDenied, "main is protected")
		})
	}
}
