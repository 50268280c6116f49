package provider_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// fault is how a registry fails; every request meets the present one.
type fault string

const (
	none     fault = "works"
	broken   fault = "answers 500"
	silent   fault = "never answers"
	cut      fault = "hangs up"
	absent   fault = "is not there"
	made500  fault = "answers 500 to what it did"     // creations only
	madeCut  fault = "hangs up on what it did"        // creations only
	madeDies fault = "dies after it did it"           // at the first creation
	diesOnly fault = "dies before it does it"         // at the first creation
	refuses  fault = "answers 500 to what it must do" // creations only, and does not do it
)

// unreliable stands before a real server and makes it fail.
type unreliable struct {
	url   string
	ends  chan struct{}
	mu    sync.Mutex
	fault fault
	seen  int
}

func newUnreliable(t *testing.T, server authenticated) *unreliable {
	t.Helper()
	target, err := url.Parse(server.address)
	if err != nil {
		t.Fatal(err)
	}
	u := &unreliable{fault: none, ends: make(chan struct{})}
	pass := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.answer(w, r, pass)
	}))
	t.Cleanup(func() { close(u.ends); front.Close() })
	u.url = front.URL
	return u
}

// now is the fault that a request meets; a death is for good.
func (u *unreliable) now(r *http.Request) fault {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.seen++
	creates := strings.HasSuffix(r.URL.Path, "/registered-models/create")
	was := u.fault
	if slices.Contains([]fault{made500, madeCut, madeDies, diesOnly, refuses}, was) && !creates {
		return none
	}
	if was == madeDies || was == diesOnly {
		u.fault = cut
	}
	return was
}

func (u *unreliable) answer(w http.ResponseWriter, r *http.Request, pass http.Handler) {
	switch now := u.now(r); now {
	case broken, refuses:
		http.Error(w, "<h1>Internal Server Error</h1>", http.StatusInternalServerError)
	case silent:
		<-u.ends
	case cut, diesOnly:
		panic(http.ErrAbortHandler)
	case made500, madeCut, madeDies:
		pass.ServeHTTP(httptest.NewRecorder(), r)
		if now != made500 {
			panic(http.ErrAbortHandler)
		}
		http.Error(w, "bad gateway", http.StatusBadGateway)
	default:
		pass.ServeHTTP(w, r)
	}
}

// becomes sets the fault and gives how many requests came since the last one was set.
func (u *unreliable) becomes(f fault) int {
	u.mu.Lock()
	defer u.mu.Unlock()
	seen := u.seen
	u.fault, u.seen = f, 0
	return seen
}

// address is where a registry with a fault is.
func (u *unreliable) address(f fault) string {
	if f == absent {
		return "http://127.0.0.1:1"
	}
	return u.url
}

// impatient is a folder whose provider asks twice, and meets a fault of the registry.
func impatient(t *testing.T, server authenticated, u *unreliable, f fault) *folder {
	t.Helper()
	w := newFolder(t, "TF_VAR_password="+server.password, "MLFLOW_HTTP_REQUEST_MAX_RETRIES=1")
	w.meet(u, f)
	return w
}

// meet makes the registry fail. Where it never answers the provider waits a second for
// it; otherwise as long as a busy machine may need.
func (f *folder) meet(u *unreliable, now fault) {
	seconds := "60"
	if now == silent {
		seconds = "1"
	}
	u.becomes(now)
	f.env = append(f.env, "MLFLOW_TRACKING_URI="+u.address(now), "MLFLOW_HTTP_REQUEST_TIMEOUT="+seconds)
}

func outOfOrder(t *testing.T, server authenticated) {
	for _, f := range []fault{broken, silent, cut, absent} {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()
			unneeded(t, server, f)
			inState(t, server, f)
		})
	}
	for _, f := range []fault{made500, madeCut} {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()
			settled(t, server, f)
		})
	}
	for _, f := range []fault{madeDies, diesOnly} {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()
			inDoubt(t, server, f)
		})
	}
	t.Run(string(refuses), func(t *testing.T) {
		t.Parallel()
		notMade(t, server)
	})
}

// model is a configuration whose model has a name of the test's own.
func model(t *testing.T, address string) (config, name string) {
	t.Helper()
	name = strings.ToLower(strings.NewReplacer("/", "-", "_", "-").Replace(t.Name()))
	name = "m" + name[strings.LastIndex(name, "order")+len("order"):]
	return strings.Replace(signedIn(address, payments), "fraud-detector", name, 1), name
}

// unneeded: a plan asks the registry nothing unless a model of it is in state, nor does
// an apply where the emitted repository deploys the registry.
func unneeded(t *testing.T, server authenticated, f fault) {
	t.Helper()
	u := newUnreliable(t, server)
	config, _ := model(t, u.address(f))
	w := impatient(t, server, u, f)
	w.write(strings.Replace(config, fmt.Sprintf("tracking_uri = %q, managed = false", u.address(f)), "managed = true", 1))
	w.plan(2)
	w.apply()
	w.unchanged()
	w.exits(0, nil, "destroy", "-auto-approve")
	w.write(config)
	w.plan(2)
	if seen := u.becomes(f); seen != 0 {
		t.Errorf("the registry was asked %d times by what does not need it", seen)
	}
	w.refused("Unable to Create Registered Model", "Nothing was made")
	if w.has("mlops_registered_model.m") {
		t.Error("a model that was never made is in state")
	}
	w.plan(2)
}

// inState: a refresh that fails says so, and changes nothing.
func inState(t *testing.T, server authenticated, f fault) {
	t.Helper()
	u := newUnreliable(t, server)
	config, name := model(t, u.url)
	w := impatient(t, server, u, none)
	w.write(config)
	w.apply()
	w.meet(u, f)
	w.exits(1, []string{"Unable to Read Registered Model", fmt.Sprintf("Model %q cannot be refreshed", name), "-refresh=false", "MLflow at " + u.address(f)}, "plan")
	w.unchanged("-refresh=false")
	w.write(strings.Replace(config, "Scores payments.", "Scores cards.", 1))
	w.plan(2, "-refresh=false")
	w.exits(1, []string{"Unable to Update Registered Model"}, "apply", "-auto-approve", "-refresh=false")
	if !w.has("mlops_registered_model.m") {
		t.Error("the model left the state")
	}
	w.meet(u, none)
	w.apply()
	server.holds(t, name, "Scores cards.")
	w.unchanged()
	w.meet(u, f)
	w.exits(1, []string{"Unable to Delete Registered Model"}, "destroy", "-auto-approve", "-refresh=false")
	if !w.has("mlops_registered_model.m") {
		t.Error("a model that was not deleted left the state")
	}
	w.meet(u, none)
	w.exits(0, nil, "destroy", "-auto-approve")
	server.holds(t, name, "RESOURCE_DOES_NOT_EXIST")
}

// settled: the answer to a creation is lost, and the same apply finds that it was done.
func settled(t *testing.T, server authenticated, f fault) {
	t.Helper()
	u := newUnreliable(t, server)
	config, name := model(t, u.url)
	w := impatient(t, server, u, f)
	w.write(config)
	w.apply()
	server.holds(t, name, "Scores payments.", "tier")
	w.unchanged()
	w.exits(0, nil, "destroy", "-auto-approve")
}

// inDoubt: nobody can say whether the model was made. State keeps it, and the next apply
// settles it.
func inDoubt(t *testing.T, server authenticated, f fault) {
	t.Helper()
	u := newUnreliable(t, server)
	config, name := model(t, u.url)
	w := impatient(t, server, u, f)
	w.write(config)
	w.refused("it is not known whether this was done", "The next apply")
	if !w.has("mlops_registered_model.m") {
		t.Error("a model that may have been made is not in state")
	}
	w.meet(u, none)
	if f == madeDies {
		server.holds(t, name, "Scores payments.", "tier")
	} else {
		server.holds(t, name, "RESOURCE_DOES_NOT_EXIST")
	}
	w.apply()
	server.holds(t, name, "Scores payments.", "tier")
	w.unchanged()
	w.exits(0, nil, "destroy", "-auto-approve")
}

// notMade: the registry fails, and says when asked that nothing is there.
func notMade(t *testing.T, server authenticated) {
	t.Helper()
	u := newUnreliable(t, server)
	config, name := model(t, u.url)
	w := impatient(t, server, u, refuses)
	w.write(config)
	w.refused("Unable to Create Registered Model", "HTTP 500")
	if w.has("mlops_registered_model.m") {
		t.Error("a model that is not there is in state")
	}
	w.meet(u, none)
	w.apply()
	server.holds(t, name, "Scores payments.")
	w.exits(0, nil, "destroy", "-auto-approve")
}
