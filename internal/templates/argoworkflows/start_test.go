package argoworkflows

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

// server is a stand-in for Argo's server: it takes a submission, and tells the phase of
// the workflow.
type server struct {
	mu     sync.Mutex
	phase  string
	status int
	asked  []string
	body   map[string]any
	token  string
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.Method+" "+r.URL.Path)
	s.token = r.Header.Get("Authorization")
	if s.status != 0 {
		w.WriteHeader(s.status)
		_, _ = io.WriteString(w, `{"code": 7, "message": "workflows.argoproj.io is forbidden"}`)
		return
	}
	if r.Method == http.MethodPost {
		_ = json.NewDecoder(r.Body).Decode(&s.body)
		_, _ = io.WriteString(w, `{"metadata": {"name": "train-x7k2p", "namespace": "fraud-training"}, "status": {}}`)
		return
	}
	fmt.Fprintf(w, `{"status": {"phase": %q, "message": "a step failed"}}`, s.phase)
}

// TestStart starts runs with the emitted program: parameters, the end, refusals.
func TestStart(t *testing.T) {
	files, err := changed(t, func(object, *templatestest.Case) {})
	if err != nil {
		t.Fatal(err)
	}
	dir := realtools.WriteFiles(t, map[string]string{
		"mlops/start_argo_workflows.py": file(t, files, "mlops/start_argo_workflows.py"),
		"pipelines/train/argo.json":     file(t, files, "pipelines/train/argo.json"),
		"pipelines/train/pipeline.json": `{"version": 1, "pipeline": "train", "spec": "x", "concurrency": "forbid", "parameters": {"rate": {"type": "number", "default": "1e-3"}, "tag": {"type": "string", "default": "yes"}}}`,
	})
	for _, name := range []string{"__init__", "config", "errors", "files", "lineage", "params", "repository", "start", "web"} {
		text := readFile(t, filepath.Join(programsFolder(t), "mlops", name+".py"))
		if err := os.WriteFile(filepath.Join(dir, "mlops", name+".py"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := &server{phase: "Succeeded"}
	web := httptest.NewServer(s)
	defer web.Close()
	start := func(args ...string) realtools.Result {
		env := []string{"ARGO_WORKFLOWS_URL=" + web.URL + "/", "ARGO_TOKEN=Bearer s3cret", "PYTHONDONTWRITEBYTECODE=1"}
		return realtools.Run(t, "python", dir, env, realtools.Python(t, "lint"), append([]string{"-m", "mlops.start_argo_workflows", "--pipeline", "pipelines/train/pipeline.json"}, args...)...)
	}
	res := start("--param", "tag=a=b {{x}}", "--wait")
	res.Accept(t, "a run")
	if want := "run: train-x7k2p\nurl: " + web.URL + "/workflows/fraud-training/train-x7k2p\n"; res.Stdout != want {
		t.Errorf("it says %q, want %q", res.Stdout, want)
	}
	if want := []string{"POST /api/v1/workflows/fraud-training/submit", "GET /api/v1/workflows/fraud-training/train-x7k2p"}; !slices.Equal(s.asked, want) || s.token != "Bearer s3cret" {
		t.Errorf("asked was %v with %q", s.asked, s.token)
	}
	body, err := json.Marshal(s.body)
	if want := `{"namespace":"fraud-training","resourceKind":"WorkflowTemplate","resourceName":"train","submitOptions":{"generateName":"train-","parameters":["rate=1e-3","tag=a=b {{x}}"]}}`; err != nil || string(body) != want {
		t.Errorf("the submission is %s", body)
	}
	start("--param", "rate=x").Refuse(t, "a parameter of another type", "rate: 'x' is not of type number")
	s.phase = "Failed"
	start("--wait").Refuse(t, "a run that fails", "run train-x7k2p of train ended as Failed: a step failed")
	start().Accept(t, "a run that nobody waits for")
	s.status = http.StatusForbidden
	if res := start(); res.Err == nil || strings.Contains(res.Out, "s3cret") || !strings.Contains(res.Out, "403") {
		t.Errorf("without rights: %v, %s", res.Err, res.Out)
	}
	settings := readFile(t, "../repository/pyproject.toml")
	if err := os.WriteFile(filepath.Join(dir, "pyproject.toml"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	realtools.Ruff(t, dir).Accept(t, "ruff")
	realtools.Mypy(t, dir, "lint", "mlops").Accept(t, "mypy")
}
