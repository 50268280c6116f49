package provider_test

import (
	"archive/zip"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
)

// authenticated is a real MLflow server that asks for a user and a password.
type authenticated struct{ address, user, password string }

// ask sends a request as another client of the server would.
func (a authenticated) ask(t *testing.T, method, path, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, a.address+"/api/2.0/mlflow/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.SetBasicAuth(a.user, a.password)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, _ := io.ReadAll(resp.Body)
	return string(data)
}

// must is ask for requests that succeed.
func (a authenticated) must(t *testing.T, method, path, body string) {
	t.Helper()
	if got := a.ask(t, method, path, body); strings.Contains(got, "error_code") || strings.Contains(got, "denied") {
		t.Fatalf("%s %s: %s", method, path, got)
	}
}

// holds fails the test unless the server's model has every text in it, and none after a "!".
func (a authenticated) holds(t *testing.T, model string, texts ...string) {
	t.Helper()
	got := a.ask(t, "GET", "registered-models/get?name="+model, "")
	for _, text := range texts {
		if wanted, banned := strings.CutPrefix(text, "!"); strings.Contains(got, wanted) == banned {
			t.Fatalf("the server holds %s, want %q", got, text)
		}
	}
}

// signedIn is a configuration of one model, whose password is an ephemeral variable:
// terraform writes other variables into plan files.
func signedIn(address, model string) string {
	return fmt.Sprintf(`
variable "username" { default = "admin" }
variable "password" {
  type      = string
  sensitive = true
  ephemeral = true
}
provider "mlops" {
  mlflow = { username = var.username, password = var.password }
}
resource "mlops_model_registry" "main" {
  name   = "main"
  mlflow = { tracking_uri = %q, managed = false }
}
resource "mlops_registered_model" "m" {
  name     = "fraud-detector"
  registry = mlops_model_registry.main.spec
  gates    = [{ metric = "auc_roc", op = ">=", threshold = 0.92 }]
  %s
}
`, address, model)
}

const (
	payments = `description = "Scores payments."
  tags = { domain = "payments", tier = "one" }`
	cards = `description = "Scores cards."
  tags = { domain = "cards" }`
)

// TestRegisteredModel_authentication: the life of a model on a real server that asks for
// a password, which no file, plan or log of terraform holds; and that server out of order.
func TestRegisteredModel_authentication(t *testing.T) {
	t.Parallel()
	var server authenticated
	server.address, server.user, server.password = realtools.MLflowAuth(t)
	t.Run("life", func(t *testing.T) {
		t.Parallel()
		f := newFolder(t, "TF_VAR_password="+server.password, "TF_LOG=TRACE", "TF_LOG_PATH=trace.log")
		denied(t, server, f)
		created(t, server, f)
		drifted(t, server, f)
		adopted(t, server, f)
		deleted(t, server, f)
		trace, err := os.ReadFile(filepath.Join(f.dir, "trace.log"))
		if err != nil || !strings.Contains(string(trace), "terraform-provider-mlops: Received request") {
			t.Errorf("the log says nothing of the provider: %v", err)
		}
		secretless(t, f.dir, server.password, base64.StdEncoding.EncodeToString([]byte(server.user+":"+server.password)))
	})
	t.Run("out of order", func(t *testing.T) {
		t.Parallel()
		outOfOrder(t, server)
	})
}

// denied: a wrong password, and a user who may only read.
func denied(t *testing.T, server authenticated, f *folder) {
	t.Helper()
	f.write(signedIn(server.address, payments))
	wrong := newFolder(t, "TF_VAR_password=not-the-password")
	wrong.write(signedIn(server.address, payments))
	wrong.plan(2)
	wrong.refused("access denied (HTTP 401)", "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD", "Nothing was made")
	if wrong.has("mlops_registered_model.m") {
		t.Error("a model that was denied is in state")
	}
	secretless(t, wrong.dir, "not-the-password")
	server.holds(t, "fraud-detector", "RESOURCE_DOES_NOT_EXIST")
}

func created(t *testing.T, server authenticated, f *folder) {
	t.Helper()
	f.exits(0, nil, "plan", "-out=first.tfplan")
	f.exits(0, nil, "apply", "first.tfplan")
	server.holds(t, "fraud-detector", "Scores payments.", "payments", "tier")
	f.unchanged()
	server.must(t, "POST", "users/create", `{"username":"reader","password":"reader-password"}`)
	reader := newFolder(t, "TF_VAR_password=reader-password", "TF_VAR_username=reader")
	reader.write(signedIn(server.address, payments))
	reader.exits(0, nil, "import", "mlops_registered_model.m", "fraud-detector")
	reader.write(signedIn(server.address, cards))
	reader.refused("access denied (HTTP 403)", "may not do this")
	server.holds(t, "fraud-detector", "Scores payments.")
}

// drifted: another client's changes of what is ours are undone, all else is left alone.
func drifted(t *testing.T, server authenticated, f *folder) {
	t.Helper()
	server.must(t, "POST", "model-versions/create", `{"name":"fraud-detector","source":"s3://models/fraud-detector/1"}`)
	server.must(t, "POST", "registered-models/alias", `{"name":"fraud-detector","alias":"champion","version":"1"}`)
	server.must(t, "PATCH", "registered-models/update", `{"name":"fraud-detector","description":"by hand"}`)
	server.must(t, "POST", "registered-models/set-tag", `{"name":"fraud-detector","key":"domain","value":"by hand"}`)
	server.must(t, "DELETE", "registered-models/delete-tag", `{"name":"fraud-detector","key":"tier"}`)
	server.must(t, "POST", "registered-models/set-tag", `{"name":"fraud-detector","key":"theirs","value":"stays"}`)
	f.exits(2, []string{"by hand", `+ "tier" = "one"`}, "plan", "-detailed-exitcode")
	f.apply()
	server.holds(t, "fraud-detector", "Scores payments.", "payments", "tier", "stays", `"champion"`, "!by hand")
	f.write(signedIn(server.address, cards))
	f.apply()
	server.holds(t, "fraud-detector", "Scores cards.", `"cards"`, "stays", `"champion"`, "!tier", "!payments")
	f.unchanged()
}

// adopted: a model that is there is imported, never taken over in silence.
func adopted(t *testing.T, server authenticated, f *folder) {
	t.Helper()
	f.exits(0, nil, "state", "rm", "mlops_registered_model.m")
	f.write(signedIn(server.address, payments))
	f.refused("exists already", "terraform import")
	if f.has("mlops_registered_model.m") {
		t.Error("a model of others is in state")
	}
	server.holds(t, "fraud-detector", "Scores cards.")
	f.exits(0, nil, "import", "mlops_registered_model.m", "fraud-detector")
	f.apply()
	server.holds(t, "fraud-detector", "Scores payments.", "payments", "tier", "stays", `"champion"`)
	f.unchanged()
}

// deleted: versions are trained models, and go only when that is asked for.
func deleted(t *testing.T, server authenticated, f *folder) {
	t.Helper()
	f.exits(1, []string{"has versions", "force_destroy = true"}, "destroy", "-auto-approve")
	server.holds(t, "fraud-detector", "Scores payments.", `"champion"`)
	f.write(signedIn(server.address, payments+"\nforce_destroy = true"))
	f.apply()
	f.exits(0, nil, "plan", "-destroy", "-out=last.tfplan")
	f.exits(0, nil, "apply", "last.tfplan")
	server.holds(t, "fraud-detector", "RESOURCE_DOES_NOT_EXIST")
}

// secretless fails the test when a file below dir holds one of the texts; plan files are archives.
func secretless(t *testing.T, dir string, secrets ...string) {
	t.Helper()
	look := func(name string, data []byte) {
		for _, secret := range secrets {
			if strings.Contains(string(data), secret) {
				t.Errorf("%s holds the password", name)
			}
		}
	}
	seen := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		seen++
		data, err := os.ReadFile(path)
		look(path, data)
		if archive, problem := zip.OpenReader(path); problem == nil {
			defer func() { _ = archive.Close() }()
			for _, file := range archive.File {
				member, err := fs.ReadFile(archive, file.Name)
				if err != nil {
					return err
				}
				look(path+": "+file.Name, member)
			}
		}
		return err
	})
	if err != nil || seen < 1 {
		t.Fatalf("%d files looked at: %v", seen, err)
	}
}
