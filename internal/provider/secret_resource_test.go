package provider_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
)

const secretConfig = `
variable "value" {
  type      = string
  ephemeral = true
  sensitive = true
  default   = null
}
resource "mlops_platform" "p" {
  name         = "p"
  owner        = "x"
  %s
  environments = { staging = {} }
}
resource "mlops_secret" "s" {
  platform         = mlops_platform.p.spec
  name             = "tracker"
  path             = "p/tracker"
  value_wo         = { api_key = var.value }
  value_wo_version = %d
  generate         = { session_key = { length = 24 } }
  %s
}
output "version" { value = mlops_secret.s.version }
`

// store is a secret store that secrets are tried on.
type store struct {
	name     string   // of the store
	platform string   // its lines in a platform
	env      []string // how the provider finds it
	// values are those that the store holds of p/tracker, and put another version of them.
	values func(t *testing.T) map[string]string
	put    func(t *testing.T, values map[string]string)
	// wrong breaks the credentials, and deny has the store refuse them.
	wrong []string
	deny  func(bool)
	// provider is the provider's own configuration.
	provider string
}

// canary is a value that must be found nowhere.
func canary() string { return "canary-" + rand.Text() }

// leaks lists the files below a folder that hold a text; archives are looked into.
func leaks(t *testing.T, dir, text string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if bytes.Contains(data, []byte(text)) || bytes.Contains(unpacked(t, data), []byte(text)) {
			out = append(out, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// unpacked is what an archive holds; nothing when it is none.
func unpacked(t *testing.T, data []byte) (out []byte) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		part, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, part...)
	}
	return out
}

// TestSecret_life: on each store that can run here a secret is created, rotated, changed
// by hand, repaired and destroyed, and no value of it is in any state, plan, trace,
// output or error on the way.
func TestSecret_life(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T) store{"vault": onVault, "aws_secrets_manager": onAWS} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			secretLife(t, open(t))
		})
	}
}

func secretLife(t *testing.T, s store) {
	first, second := canary(), canary()
	trace := filepath.Join(t.TempDir(), "trace.log")
	f := newFolder(t, append(s.env, "TF_LOG=TRACE", "TF_LOG_PATH="+trace)...)
	said := strings.Builder{}
	run := func(value string, code int, args ...string) {
		t.Helper()
		f.env = append(f.env, "TF_VAR_value="+value)
		out, got := f.run(args...)
		said.WriteString(out)
		if got != code {
			t.Fatalf("terraform %v ended with %d, want %d: %s", args, got, code, end(out))
		}
	}
	write := func(version int, more string) {
		f.write(s.provider + fmt.Sprintf(secretConfig, s.platform, version, more))
	}

	write(1, "")
	run(first, 2, "plan", "-detailed-exitcode", "-out=one.tfplan")
	run(first, 0, "apply", "one.tfplan")
	run(first, 0, "plan", "-detailed-exitcode")
	made := s.values(t)
	if made["api_key"] != first || len(made["session_key"]) != 24 {
		t.Fatalf("the store holds keys %d and %d characters", len(made["api_key"]), len(made["session_key"]))
	}
	run(second, 0, "plan", "-detailed-exitcode") // a value alone is no change: the version says so

	write(2, "")
	run(second, 2, "plan", "-detailed-exitcode", "-out=two.tfplan")
	run(second, 0, "apply", "two.tfplan")
	rotated := s.values(t)
	if rotated["api_key"] != second || rotated["session_key"] == made["session_key"] {
		t.Error("raising value_wo_version must write both anew")
	}

	s.put(t, map[string]string{"api_key": "by hand"})
	run(second, 2, "plan", "-detailed-exitcode")
	run(second, 0, "apply", "-auto-approve")
	if got := s.values(t); got["api_key"] != second || got["session_key"] != rotated["session_key"] {
		t.Errorf("a change by hand must be written over, generated values as they were: %d keys", len(got))
	}
	run(second, 0, "plan", "-detailed-exitcode")

	generated := s.values(t)["session_key"]
	id := f.attribute("mlops_secret", "id")
	run(second, 0, "state", "rm", "mlops_secret.s")
	f.write(s.provider + fmt.Sprintf(secretConfig, s.platform, 2, "") + fmt.Sprintf("import {\n  to = mlops_secret.s\n  id = \"%s:%v\"\n}\n", s.name, id))
	run(second, 2, "plan", "-detailed-exitcode")
	run(second, 0, "apply", "-auto-approve")
	if got := s.values(t); got["api_key"] != second || got["session_key"] != generated {
		t.Errorf("an import must write the values, generated ones as they were: %d keys", len(got))
	}
	run(second, 0, "plan", "-detailed-exitcode")

	deny := func(bool) {}
	if s.deny != nil {
		deny = s.deny
	}
	deny(true)
	f.env = append(f.env, s.wrong...)
	write(3, "")
	run(second, 1, "apply", "-auto-approve")
	f.env = append(f.env, s.env...)
	deny(false)
	run(second, 0, "destroy", "-auto-approve")
	if got := s.values(t); got != nil {
		t.Errorf("the secret is still there: %d keys", len(got))
	}
	for what, value := range map[string]string{"first": first, "second": second, "generated": made["session_key"], "generated anew": generated} {
		if value == "" {
			t.Fatalf("the %s value is empty", what)
		}
		if found := append(leaks(t, f.dir, value), leaks(t, filepath.Dir(trace), value)...); len(found) > 0 {
			t.Errorf("the %s value is in %v", what, found)
		}
		if strings.Contains(said.String(), value) {
			t.Errorf("the %s value was printed", what)
		}
	}
	if info, err := os.Stat(trace); err != nil || info.Size() < 100000 {
		t.Errorf("there is no trace to look into: %v", err)
	}
}

// onVault is a real Vault.
func onVault(t *testing.T) store {
	t.Helper()
	address, token := realtools.Vault(t)
	call := func(method, path string, body any) (map[string]any, int) {
		t.Helper()
		return sent(t, method, address+"/v1/secret/"+path, map[string]string{"X-Vault-Token": token}, body)
	}
	return store{
		name:     "vault",
		platform: `secret_store = "vault"`,
		env:      []string{"VAULT_ADDR=" + address, "VAULT_TOKEN=" + token},
		wrong:    []string{"VAULT_TOKEN=hvs.wrong"},
		values: func(t *testing.T) map[string]string {
			t.Helper()
			got, status := call(http.MethodGet, "data/p/tracker", nil)
			if status == http.StatusNotFound {
				return nil
			}
			data, _ := got["data"].(map[string]any)
			return texts(data["data"])
		},
		put: func(t *testing.T, values map[string]string) {
			t.Helper()
			meta, _ := call(http.MethodGet, "metadata/p/tracker", nil)
			data, _ := meta["data"].(map[string]any)
			if _, status := call(http.MethodPost, "data/p/tracker", map[string]any{"data": values, "options": map[string]any{"cas": data["current_version"]}}); status != http.StatusOK {
				t.Fatalf("put: %d", status)
			}
		},
	}
}

// onAWS is Secrets Manager as moto has it.
func onAWS(t *testing.T) store {
	t.Helper()
	address := realtools.Moto(t)
	call := func(action string, body map[string]any) (map[string]any, int) {
		t.Helper()
		return sent(t, http.MethodPost, address, map[string]string{
			"X-Amz-Target": "secretsmanager." + action, "Content-Type": "application/x-amz-json-1.1",
			"Authorization": "AWS4-HMAC-SHA256 Credential=x/20260101/eu-west-1/secretsmanager/aws4_request, SignedHeaders=host, Signature=x",
		}, body)
	}
	return store{
		name:     "aws_secrets_manager",
		platform: `secret_store = "aws_secrets_manager"`,
		env:      []string{"AWS_ENDPOINT_URL=" + address, "AWS_ACCESS_KEY_ID=x", "AWS_SECRET_ACCESS_KEY=x", "AWS_REGION=eu-west-1", "AWS_EC2_METADATA_DISABLED=true"},
		wrong:    []string{"AWS_ENDPOINT_URL=" + denying(t)},
		values: func(t *testing.T) map[string]string {
			t.Helper()
			got, status := call("GetSecretValue", map[string]any{"SecretId": "p/tracker"})
			text, _ := got["SecretString"].(string)
			var values map[string]any
			if status != http.StatusOK || json.Unmarshal([]byte(text), &values) != nil {
				return nil
			}
			return texts(values)
		},
		put: func(t *testing.T, values map[string]string) {
			t.Helper()
			data, err := json.Marshal(values)
			if err != nil {
				t.Fatal(err)
			}
			if got, status := call("PutSecretValue", map[string]any{"SecretId": "p/tracker", "SecretString": string(data), "ClientRequestToken": rand.Text() + rand.Text()}); status != http.StatusOK {
				t.Fatalf("put: %d %v", status, got)
			}
		},
	}
}

// denying is an address at which everything is refused.
func denying(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type": "AccessDeniedException", "message": "not allowed"}`)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func texts(v any) map[string]string {
	of, _ := v.(map[string]any)
	out := map[string]string{}
	for key, value := range of {
		out[key], _ = value.(string)
	}
	return out
}

// sent sends JSON and gives what came back, with its status.
func sent(t *testing.T, method, address string, headers map[string]string, body any) (map[string]any, int) {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, address, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	out := map[string]any{}
	_ = json.NewDecoder(resp.Body).Decode(&out)
	return out, resp.StatusCode
}
