package realtools

import (
	"bytes"
	"crypto/rand"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Serve starts a server on a free port of the loopback address and returns its address once ready, a path of it, answers. PORT in args
// and in values of env stands for the port. The server and all that it started end with the test.
func Serve(t testing.TB, label, dir string, env []string, ready, name string, args ...string) string {
	t.Helper()
	return serve(t, label, dir, env, http.DefaultClient, "http://", ready, name, args...)
}

func serve(t testing.TB, label, dir string, env []string, client *http.Client, scheme, ready, name string, args ...string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	count[label]++
	mu.Unlock()
	cmd := exec.CommandContext(t.Context(), name, withPort(args, port)...)
	cmd.Dir, cmd.Env = dir, os.Environ()
	for _, pair := range env {
		variable, value, _ := strings.Cut(pair, "=")
		cmd.Env = append(cmd.Env, variable+"="+strings.ReplaceAll(value, "PORT", port))
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what the server starts must end with it
	cmd.WaitDelay = 5 * time.Second
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	base := scheme + "127.0.0.1:" + port
	for range 900 {
		if reply, err := client.Get(base + ready); err == nil { //nolint:noctx // it ends with the loop
			_ = reply.Body.Close()
			if reply.StatusCode < 500 {
				return base
			}
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Fatalf("%s does not answer:\n%s", label, tail(said.String()))
	return ""
}

func withPort(texts []string, port string) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = strings.ReplaceAll(text, "PORT", port)
	}
	return out
}

// MLflow starts a real tracking server with an empty store, and returns its address.
func MLflow(t testing.TB) string {
	t.Helper()
	return mlflow(t, nil)
}

// MLflowAuth starts a real tracking server that asks for a user and a password (MLflow's own application basic-auth), and returns its
// address and its administrator.
func MLflowAuth(t testing.TB) (address, user, password string) {
	t.Helper()
	user, password = "admin", "Test-"+rand.Text()
	config := filepath.Join(t.TempDir(), "basic_auth.ini")
	// Without the cache every request costs a tenth of a second for the hash of its password.
	text := "[mlflow]\ndefault_permission = READ\ndatabase_uri = sqlite:///" + config + ".db\nadmin_username = " + user +
		"\nauthorization_function = mlflow.server.auth:authenticate_request_basic_auth\nauth_cache_ttl_seconds = 60\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"MLFLOW_AUTH_CONFIG_PATH=" + config, "MLFLOW_AUTH_ADMIN_PASSWORD=" + password, "MLFLOW_FLASK_SERVER_SECRET_KEY=" + rand.Text()}
	return mlflow(t, env, "--app-name", "basic-auth"), user, password
}

func mlflow(t testing.TB, env []string, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	env = append(env, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false")
	args = append([]string{
		"server", "--host", "127.0.0.1", "--port", "PORT", "--workers", "1",
		"--backend-store-uri", "sqlite:///" + filepath.Join(dir, "ml.db"), "--artifacts-destination", filepath.Join(dir, "art"),
	}, args...)
	return Serve(t, "mlflow", dir, env, "/health", Script(t, "mlflow", "mlflow"), args...)
}

// Moto starts a server that answers for AWS, and returns its address.
func Moto(t testing.TB) string {
	t.Helper()
	return Serve(t, "moto", t.TempDir(), nil, "/moto-api/data.json", Script(t, "moto", "moto_server"), "-H", "127.0.0.1", "-p", "PORT")
}

// Vault starts a real Vault that holds nothing but an empty key-value engine of version 2 at secret/, and returns its address and its root
// token. It knows the logins approle, userpass, jwt and kubernetes; a test enables what it needs.
func Vault(t testing.TB) (address, token string) {
	t.Helper()
	token = "root-" + rand.Text()
	env := []string{"VAULTSERVER_ROOT_TOKEN=" + token}
	return Serve(t, "vault", t.TempDir(), env, "/v1/sys/health", Bin(t, "vaultserver"), "-listen", "127.0.0.1:PORT"), token
}
