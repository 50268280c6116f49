package provider_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestLocal_opensNoSocket: the quick start is planned, applied, planned again and destroyed
// while every connection of terraform, the provider and what they start is traced, and
// where there is no network at all.
func TestLocal_opensNoSocket(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../examples/quickstart/main.tf")
	if err != nil {
		t.Fatal(err)
	}
	life := func(t *testing.T, before ...string) {
		t.Helper()
		f := newFolder(t, "TF_VAR_repository_url="+newRemote(t).url())
		write(t, filepath.Join(f.dir, "main.tf"), string(text))
		for _, step := range []string{"plan -out=next.tfplan", "apply next.tfplan", "plan -detailed-exitcode", "destroy -auto-approve"} {
			args := append(append([]string{}, before...), os.Getenv("TF_ACC_TERRAFORM_PATH"))
			args = append(append(args, strings.Fields(step)...), "-no-color")
			cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
			cmd.Dir, cmd.Env = f.dir, append(os.Environ(), f.env...)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("terraform %s: %v\n%s", step, err, end(string(out)))
			}
		}
	}
	t.Run("traced", func(t *testing.T) {
		t.Parallel()
		log := filepath.Join(t.TempDir(), "trace")
		if err := exec.Command("strace", "-f", "-o", log, "true").Run(); err != nil {
			t.Skipf("nothing can be traced here: %v", err)
		}
		life(t, "strace", "-f", "-A", "-e", "trace=connect", "-o", log)
		trace, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(trace), "AF_UNIX"); n < 4 {
			t.Fatalf("the trace has only %d connections of terraform to its provider", n)
		}
		for _, line := range regexp.MustCompile(`(?m)^.*AF_INET.*$`).FindAllString(string(trace), -1) {
			t.Errorf("a connection: %s", line)
		}
	})
	t.Run("without a network", func(t *testing.T) {
		t.Parallel()
		if err := exec.Command("unshare", "--map-root-user", "--net", "true").Run(); err != nil {
			t.Skipf("no namespace can be made here: %v", err)
		}
		life(t, "unshare", "--map-root-user", "--net")
	})
}

// TestLocal_ofTheReleaseBefore: what the release before left in a state is taken over where
// there is no cloud with an API: nothing is replaced, and the next plan is empty.
func TestLocal_ofTheReleaseBefore(t *testing.T) {
	t.Parallel()
	for _, cloud := range []string{"local", "kubernetes"} {
		t.Run(cloud, func(t *testing.T) {
			t.Parallel()
			f := newFolder(t)
			config := func(prefix, label string) string {
				return fmt.Sprintf(`
provider "mlops" {
  local = { root = %q }
}
resource "mlops_platform" "p" {
  name         = "fraud"
  owner        = "risk"
  cloud        = %q
  environments = { staging = {} }
}
resource "mlops_bucket" %[4]q {
  platform = mlops_platform.p.spec
  name     = "artifacts"
}
resource "mlops_gpu_pool" %[4]q {
  platform    = mlops_platform.p.spec
  name        = "train"
  accelerator = { type = "nvidia-t4" }
}
resource "mlops_secret" %[4]q {
  platform = mlops_platform.p.spec
  name     = "tracker"
  existing = "tracker-credentials"
}
resource "mlops_identity" %[4]q {
  platform = mlops_platform.p.spec
  name     = "trainer"
  subject  = { kubernetes = { namespace = "fraud-training", service_account = "trainer" } }
  grants   = [{ access = "write", bucket = mlops_bucket.%[4]s.spec, prefix = %[3]q }]
}
`, filepath.Join(f.dir, "root"), cloud, prefix, label)
			}
			f.write(config("runs/", "one"))
			f.apply()
			f.unchanged()
			gone := map[string][]string{
				"mlops_bucket": {"settings", "timeouts", "access_logs", "soft_delete_days"}, "mlops_identity": {"settings", "timeouts"},
				"mlops_gpu_pool": {"settings", "timeouts", "candidates", "choice", "id", "zones", "disk", "driver", "node_repair", "reservation", "aws", "google", "azure"},
				"mlops_secret":   {"settings", "timeouts", "version", "reference", "id", "kms_key", "recovery_days", "vault"},
			}
			for kind, names := range gone {
				f.edit(kind, func(attributes map[string]any) {
					for _, name := range names {
						delete(attributes, name)
					}
				})
			}
			f.onlyInPlace()
			f.applied()
			for kind, want := range map[string]string{"mlops_bucket": "fraud/artifacts", "mlops_gpu_pool": "fraud/train", "mlops_secret": "tracker-credentials", "mlops_identity": "fraud/trainer"} {
				if id := f.attribute(kind, "id"); id != want {
					t.Errorf("the id of %s is %v", kind, id)
				}
			}

			text := config("other/", "two")
			for kind := range gone {
				text += fmt.Sprintf("moved {\n  from = %[1]s.one\n  to   = %[1]s.two\n}\n", kind)
			}
			f.write(text)
			f.onlyInPlace()
			f.applied()

			text = config("other/", "two")
			for kind, id := range map[string]string{"mlops_bucket": "fraud/artifacts", "mlops_gpu_pool": "fraud/train", "mlops_identity": "fraud/trainer"} {
				f.exits(0, nil, "state", "rm", kind+".two")
				text += fmt.Sprintf("import {\n  to = %s.two\n  id = %q\n}\n", kind, strings.TrimPrefix(cloud+":", "local:")+id)
			}
			f.write(text)
			f.onlyInPlace()
			f.applied()
			f.exits(0, nil, "destroy", "-auto-approve")
			if files := left(t, filepath.Join(f.dir, "root")); len(files) > 0 {
				t.Errorf("%v are left", files)
			}
		})
	}
}

// onlyInPlace plans, and nothing may be made, deleted or replaced.
func (f *folder) onlyInPlace() {
	f.t.Helper()
	f.exits(0, nil, "plan", "-out=next.tfplan")
	for _, c := range f.all() {
		if c.action() != "no-op" && c.action() != "update" {
			f.t.Errorf("the plan is to %s %s for %v", c.action(), c.Address, c.ChangeOf.Replaced)
		}
	}
}

// left are the files below a folder.
func left(t *testing.T, dir string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil
		}
		if err == nil && !d.IsDir() {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
