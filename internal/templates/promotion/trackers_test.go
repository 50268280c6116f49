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
// takes the place of a server that cannot be had.
var trackerScripts = []struct{ env, script, said string }{
	{"wandb", "wandb_offline", "read back:"},
	{"clearml", "clearml_offline", "read back:"},
	{"neptune", "neptune_offline", "read back:"},
	{"wandb", "wandb_api", "versions:"},
	{"azure", "azureml_sdk", "versions:"},
	{"google", "vertex_rest", "versions:"},
	{"sagemaker", "sagemaker_moto", "model packages:"},
}

func TestTrackers(t *testing.T) {
	folder, err := filepath.Abs("testdata/trackers")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range trackerScripts {
		t.Run(s.script, func(t *testing.T) {
			env := []string{"PYTHONDONTWRITEBYTECODE=1"}
			if strings.HasSuffix(s.script, "_moto") {
				env = append(env, "AWS_ENDPOINT_URL="+moto(t))
			}
			res := realtools.Run(t, s.script, t.TempDir(), env, realtools.Python(t, s.env), filepath.Join(folder, s.script+".py"))
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
