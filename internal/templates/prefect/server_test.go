package prefect_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
)

// server is a real Prefect server, with one worker that runs flows as processes. Both
// reach the emitted repository as they would in a cluster: by a clone.
type server struct {
	api, home, data, checkout, work, registry string
	env                                       []string
}

// auth is what the server asks for: user and password.
const auth = "somebody:a:word"

// serve starts both.
func serve(t *testing.T, repository string) *server {
	t.Helper()
	dir := t.TempDir()
	s := &server{home: filepath.Join(dir, "home"), data: filepath.Join(dir, "data"), checkout: filepath.Join(dir, "checkout"), work: filepath.Join(dir, "work"), registry: filepath.Join(dir, "mlflow.db")}
	for _, folder := range []string{s.home, s.data, s.checkout, s.work} {
		if err := os.MkdirAll(folder, 0o750); err != nil {
			t.Fatal(err)
		}
	}
	port := freePort(t)
	s.api = "http://127.0.0.1:" + port + "/api"
	trainer := filepath.Dir(realtools.Python(t, "train"))
	s.env = []string{
		"PREFECT_HOME=" + s.home, "PREFECT_API_URL=" + s.api, "PREFECT_SERVER_ANALYTICS_ENABLED=false", "DO_NOT_TRACK=1", "PREFECT_SERVER_UI_ENABLED=false",
		"PREFECT_SERVER_API_AUTH_STRING=" + auth, "PREFECT_API_AUTH_STRING=" + auth,
		"PREFECT_WORKER_QUERY_SECONDS=1", "PREFECT_CLI_COLORS=false", "PYTHONDONTWRITEBYTECODE=1", "MLOPS_EXECUTION=local", "MLOPS_DATA_ROOT=" + s.data,
		"MLFLOW_TRACKING_URI=sqlite:///" + s.registry, "PATH=" + trainer + string(os.PathListSeparator) + os.Getenv("PATH"),
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=url.file://" + s.checkout + ".insteadOf", "GIT_CONFIG_VALUE_0=" + repository,
	}
	s.background(t, "server", "start", "--host", "127.0.0.1", "--port", port)
	await(t, "the server", func() bool { return s.ask(t, http.MethodGet, "health", nil, nil) == http.StatusOK })
	return s
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}

// worker makes the work pool and starts its worker.
func (s *server) worker(t *testing.T, pool string) {
	t.Helper()
	res := s.prefect(t, "work-pool", "get-default-base-job-template", "--type", "process")
	res.Accept(t, "the template of processes")
	var template map[string]any
	if err := json.Unmarshal([]byte(res.Stdout), &template); err != nil {
		t.Fatal(err)
	}
	at(template, "variables", "properties", "working_dir")["default"] = s.work
	if code := s.ask(t, http.MethodPost, "work_pools/", object{"name": pool, "type": "process", "base_job_template": template}, nil); code != http.StatusCreated {
		t.Fatalf("the work pool: status %d", code)
	}
	s.background(t, "worker", "start", "--pool", pool)
}

func at(o object, keys ...string) object {
	for _, key := range keys {
		o, _ = o[key].(object)
	}
	return o
}

// background starts a command of Prefect, and ends it with the test.
func (s *server) background(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), realtools.Script(t, "prefect", "prefect"), args...)
	cmd.Dir, cmd.Env = s.home, append(os.Environ(), s.env...)
	log, err := os.Create(filepath.Join(s.home, args[0]+".log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		late := time.AfterFunc(15*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		late.Stop()
		_ = log.Close()
		if t.Failed() {
			said, _ := os.ReadFile(log.Name())
			t.Logf("%s said:\n%s", args[0], said[max(0, len(said)-6000):])
		}
	})
}

func (s *server) prefect(t *testing.T, args ...string) realtools.Result {
	t.Helper()
	return realtools.Run(t, "prefect", s.checkout, s.env, realtools.Script(t, "prefect", "prefect"), args...)
}

// python runs a program in the repository, with Prefect at hand.
func (s *server) python(t *testing.T, args ...string) realtools.Result {
	t.Helper()
	return realtools.Run(t, "prefect", s.checkout, s.env, realtools.Python(t, "prefect"), args...)
}

// commit makes the files the repository's only ones.
func (s *server) commit(t *testing.T, files map[string]string) {
	t.Helper()
	git := func(args ...string) {
		t.Helper()
		args = append([]string{"-C", s.checkout, "-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)
		if out, err := exec.CommandContext(t.Context(), "git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	if _, err := os.Stat(filepath.Join(s.checkout, ".git")); err != nil {
		git("init", "--quiet", "--initial-branch=main")
	} else {
		git("rm", "-r", "--quiet", ".")
	}
	for path, text := range files {
		to := filepath.Join(s.checkout, path)
		if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	git("add", "--all", "--force")
	git("commit", "--quiet", "--message=x")
}

// ask sends a request to the API, reads the answer, and gives its status; 0 is none.
func (s *server) ask(t *testing.T, method, path string, body, into any) int {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, s.api+"/"+path, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	user, password, _ := strings.Cut(auth, ":")
	request.SetBasicAuth(user, password)
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	defer func() { _ = reply.Body.Close() }()
	if reply.StatusCode == http.StatusServiceUnavailable { // its database is busy
		time.Sleep(time.Second)
		return s.ask(t, method, path, body, into)
	}
	text, err := io.ReadAll(reply.Body)
	if err == nil && into != nil && reply.StatusCode < 300 {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatalf("%s %s: %v: %s", method, path, err, text)
	}
	return reply.StatusCode
}

// read is what the API says of a path.
func (s *server) read(t *testing.T, path string) object {
	t.Helper()
	var out object
	if code := s.ask(t, http.MethodGet, path, nil, &out); code != http.StatusOK {
		t.Fatalf("GET %s: status %d", path, code)
	}
	return out
}

// ended waits for a run, and gives its state.
func (s *server) ended(t *testing.T, run string) object {
	t.Helper()
	var state object
	await(t, "run "+run, func() bool {
		state = at(s.read(t, "flow_runs/"+run), "state")
		return strings.Contains("COMPLETED FAILED CRASHED CANCELLED", state["type"].(string))
	})
	return state
}

// log is what a run's tasks said.
func (s *server) log(t *testing.T, run string) string {
	t.Helper()
	var lines []object
	s.ask(t, http.MethodPost, "logs/filter", object{"logs": object{"flow_run_id": object{"any_": []any{run}}}}, &lines)
	var b strings.Builder
	for _, line := range lines {
		fmt.Fprintln(&b, line["message"])
	}
	return b.String()
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(4 * time.Minute); time.Now().Before(end); time.Sleep(300 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("%s: not there after four minutes", what)
}
