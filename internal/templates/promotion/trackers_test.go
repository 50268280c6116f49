package promotion

import (
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

// trackers are the scripts below testdata/trackers, each with the environment whose
// client it drives: offline the client writes files, which are read back; a stand-in
// takes the place of a server that cannot be had. Each of the latter breaks while a
// model is registered, with 500 from some request on, and is then gone altogether.
var trackerScripts = []struct{ env, script, said string }{
	{"clearml", "clearml_http", "models:"}, // the longest first
	{"wandb", "wandb_online", "versions:"},
	{"google", "vertex_rest", "versions:"},
	{"neptune", "neptune_backend", "versions:"},
	{"wandb", "wandb_offline", "read back:"},
	{"clearml", "clearml_offline", "read back:"},
	{"neptune", "neptune_offline", "read back:"},
	{"azure", "azureml_sdk", "versions:"},
	{"sagemaker", "sagemaker_moto", "model packages:"},
}

// atOnce is how many scripts run at a time: most of their time is waiting, for a
// client's threads and for its next attempt, and hardly any is computing.
const atOnce = 4

func TestTrackers(t *testing.T) {
	folder, err := filepath.Abs("testdata/trackers")
	if err != nil {
		t.Fatal(err)
	}
	server := moto(t)
	free := make(chan struct{}, atOnce)
	results := make([]chan realtools.Result, len(trackerScripts))
	for i, s := range trackerScripts {
		results[i] = make(chan realtools.Result, 1)
		python, dir := realtools.Python(t, s.env), t.TempDir()
		go func() {
			free <- struct{}{}
			defer func() { <-free }()
			env := []string{"PYTHONDONTWRITEBYTECODE=1"}
			if strings.HasSuffix(s.script, "_moto") {
				env = append(env, "AWS_ENDPOINT_URL="+server)
			}
			results[i] <- realtools.Run(t, s.script, dir, env, python, filepath.Join(folder, s.script+".py"))
		}()
	}
	for i, s := range trackerScripts {
		t.Run(s.script, func(t *testing.T) {
			res := <-results[i]
			res.Accept(t, "registry of "+s.env)
			if !strings.Contains(res.Out, s.said) {
				t.Errorf("it did not come to its end:\n%s", res.Out)
			}
		})
	}
}

// moto starts a server that keeps model packages and objects in memory.
func moto(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	_ = listener.Close()
	cmd := exec.Command(realtools.Script(t, "moto", "moto_server"), "-H", "127.0.0.1", "-p", port)
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	address := "http://127.0.0.1:" + port
	for range 240 {
		if res, err := http.Get(address + "/moto-api/"); err == nil { //nolint:noctx // the server is on this machine
			_ = res.Body.Close()
			return address
		}
		time.Sleep(250 * time.Millisecond)
	}
	t.Fatal("moto does not answer")
	return ""
}
