package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

const repository = "mlops_gitops_repository.this"

// TestRepository_life is the life of a repository in the order a user meets it.
func TestRepository_life(t *testing.T) {
	t.Parallel()
	r := newRemote(t)
	config := quickstart(t, r)
	smaller := without(t, config, "mlops_endpoint", "score")
	pruned := strings.Replace(smaller, `branch  = "main"`, `branch = "main"`+"\n  on_destroy = \"prune\"", 1)
	const rule = "endpoints/fraud-score/base/inferenceservice.yaml"
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(),
		Steps: []resource.TestStep{
			{
				Config: config,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectKnownValue(repository, tfjsonpath.New("files").AtMapKey(rule), knownvalue.StringRegexp(regexp.MustCompile(`^[0-9a-f]{64}$`))),
					plancheck.ExpectKnownValue(repository, tfjsonpath.New("changes"), knownvalue.StringRegexp(regexp.MustCompile(`(?m)^create README\.md$`))),
				}},
				Check: commits(r, 1),
			},
			{
				Config:           config,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
				Check:            commits(r, 1),
			},
			{
				PreConfig: func() {
					r.edit(func(dir string) {
						write(t, filepath.Join(dir, rule), "edited: by hand\n")
						write(t, filepath.Join(dir, "notes/foreign.md"), "not yours\n")
					})
				},
				Config: config,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectKnownValue(repository, tfjsonpath.New("changes"), knownvalue.StringExact("update "+rule+"\n")),
				}},
				Check: resource.ComposeTestCheckFunc(commits(r, 3), holds(r, rule, "InferenceService"), holds(r, "notes/foreign.md", "not yours")),
			},
			{
				Config: smaller,
				Check: func(s *terraform.State) error {
					for path := range r.files() {
						if strings.Contains(path, "fraud-score") {
							return fmt.Errorf("%s is still there", path)
						}
					}
					return commits(r, 4)(s)
				},
			},
			{Config: pruned},
			{
				ResourceName: repository, ImportState: true, ImportStateId: r.url() + "#main", ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "url",
				ImportStateVerifyIgnore: []string{"contains", "starter", "changes", "cost", "on_destroy", "commit"},
			},
		},
		CheckDestroy: func(*terraform.State) error {
			if files := r.files(); len(files) != 1 || !files["notes/foreign.md"] {
				return fmt.Errorf("after destroy there are %v, want only notes/foreign.md", files)
			}
			return nil
		},
	})
}

func commits(r *remote, want int) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if got := r.commits(); got != want {
			return fmt.Errorf("%d commits, want %d", got, want)
		}
		return nil
	}
}

func holds(r *remote, path, text string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if got := r.show(path); !strings.Contains(got, text) {
			return fmt.Errorf("%s holds %q, want %q in it", path, got, text)
		}
		return nil
	}
}

// TestRepository_lateValue: a value known only after apply leaves a hole of its own
// size in the list of files.
func TestRepository_lateValue(t *testing.T) {
	t.Parallel()
	r := newRemote(t)
	config := strings.Replace(quickstart(t, r), `mlflow = { managed = true }`, `mlflow = { managed = false, tracking_uri = "https://${terraform_data.server.output}" }`, 1) +
		"\nresource \"terraform_data\" \"server\" { input = \"mlflow.example.com\" }\n"
	config = without(t, config, "mlops_registered_model", "detector")
	config = strings.ReplaceAll(config, "mlops_registered_model.detector.name", `"fraud-detector"`)
	config = strings.Replace(config, "    mlops_pipeline.train.spec,", "    provider::mlops::registered_model({ name = \"fraud-detector\", registry = \"main\", gates = [{ metric = \"auc_roc\", op = \">=\", threshold = 0.92 }] }),\n    mlops_pipeline.train.spec,", 1)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(),
		Steps: []resource.TestStep{{
			Config: config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectUnknownValue("mlops_model_registry.main", tfjsonpath.New("spec")),
				plancheck.ExpectUnknownValue(repository, tfjsonpath.New("files").AtMapKey("models/fraud-detector/model.json")),
				plancheck.ExpectKnownValue(repository, tfjsonpath.New("files").AtMapKey("endpoints/fraud-score/base/inferenceservice.yaml"), knownvalue.NotNull()),
				plancheck.ExpectKnownValue(repository, tfjsonpath.New("changes"), knownvalue.StringRegexp(regexp.MustCompile(`(?m)^create models/fraud-detector/model\.json$`))),
			}},
			Check: resource.ComposeTestCheckFunc(commits(r, 1), holds(r, "models/fraud-detector/model.json", "https://mlflow.example.com")),
		}, {
			Config:           config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		}},
	})
}

// TestRepository_orderDoesNotMatter: two orders of contains give equal bytes.
func TestRepository_orderDoesNotMatter(t *testing.T) {
	t.Parallel()
	r := newRemote(t)
	config := quickstart(t, r)
	start := strings.Index(config, "  contains = [\n")
	end := start + strings.Index(config[start:], "  ]\n")
	lines := strings.Split(strings.TrimSpace(config[start+len("  contains = [\n"):end]), "\n")
	for i, j := 0, len(lines)-1; i < j; i, j = i+1, j-1 {
		lines[i], lines[j] = lines[j], lines[i]
	}
	turned := config[:start] + "  contains = [\n" + strings.Join(lines, "\n") + "\n" + config[end:]
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(),
		Steps:                    []resource.TestStep{{Config: config}, {Config: turned, Check: commits(r, 1)}},
	})
}

// TestRepository_drift: fail and keep do what they say.
func TestRepository_drift(t *testing.T) {
	t.Parallel()
	r := newRemote(t)
	config := quickstart(t, r)
	set := func(drift string) string {
		return strings.Replace(config, `branch  = "main"`, `branch = "main"`+"\n  on_drift = \""+drift+"\"", 1)
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(),
		Steps: []resource.TestStep{
			{Config: config},
			{
				PreConfig: func() {
					r.edit(func(dir string) { write(t, filepath.Join(dir, "renovate.json"), "{}\n") })
				},
				Config:      set("fail"),
				ExpectError: regexp.MustCompile(`(?s)edited by hand.*renovate\.json`),
			},
			{Config: set("keep"), Check: resource.ComposeTestCheckFunc(commits(r, 2), holds(r, "renovate.json", "{}\n"))},
			{Config: set("revert"), Check: resource.ComposeTestCheckFunc(commits(r, 3), holds(r, "renovate.json", "schema"))},
		},
	})
}

// TestRepository_foreignFiles: a file that is not ours stops the plan, by name,
// until it is adopted.
func TestRepository_foreignFiles(t *testing.T) {
	t.Parallel()
	r := newRemote(t)
	seed := filepath.Join(t.TempDir(), "seed")
	r.run(".", "init", "-q", "-b", "main", seed)
	write(t, filepath.Join(seed, "README.md"), "ours since 2019\n")
	r.run(seed, "add", "-A")
	r.run(seed, "commit", "-q", "-m", "first")
	r.run(seed, "push", "-q", r.url(), "main")
	config := quickstart(t, r)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(),
		Steps: []resource.TestStep{
			{Config: config, ExpectError: regexp.MustCompile(`(?s)README\.md.*adopt`)},
			{
				Config: strings.Replace(config, `branch  = "main"`, `branch = "main"`+"\n  adopt = [\"README.md\"]", 1),
				Check:  resource.ComposeTestCheckFunc(commits(r, 2), holds(r, "README.md", "fraud")),
			},
		},
	})
}

// TestRepository_seededFilesBelongToTheTeam: edits stay, a deleted file stays deleted.
func TestRepository_seededFilesBelongToTheTeam(t *testing.T) {
	t.Parallel()
	r := newRemote(t)
	config := quickstart(t, r)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(),
		Steps: []resource.TestStep{
			{Config: config},
			{
				PreConfig: func() {
					r.edit(func(dir string) {
						write(t, filepath.Join(dir, "src/fraud/train.py"), "# rewritten by the team\n")
						if err := os.Remove(filepath.Join(dir, "src/fraud/prepare.py")); err != nil {
							t.Fatal(err)
						}
					})
				},
				Config:           config,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			},
			{
				Config: strings.Replace(config, "threshold = 0.92", "threshold = 0.93", 1),
				Check: func(s *terraform.State) error {
					if r.files()["src/fraud/prepare.py"] {
						return fmt.Errorf("a deleted seeded file came back")
					}
					return holds(r, "src/fraud/train.py", "rewritten by the team")(s)
				},
			},
		},
	})
}

// TestRepository_monorepo: a sub-folder holds everything, next to others' files.
func TestRepository_monorepo(t *testing.T) {
	t.Parallel()
	r := newRemote(t)
	config := strings.Replace(quickstart(t, r), `branch  = "main"`, `branch = "main"`+"\n  path = \"teams/fraud\"", 1)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(),
		Steps: []resource.TestStep{{
			Config: config,
			Check: func(*terraform.State) error {
				for path := range r.files() {
					if !strings.HasPrefix(path, "teams/fraud/") {
						return fmt.Errorf("%s lies outside of teams/fraud", path)
					}
				}
				return nil
			},
		}},
	})
}

// TestRepository_lateValueHidesNoFault: a mistake elsewhere is still reported at
// plan time, whatever words it has in common with the stand-ins.
func TestRepository_lateValueHidesNoFault(t *testing.T) {
	t.Parallel()
	r := newRemote(t)
	config := fmt.Sprintf(`
resource "terraform_data" "server" { input = "mlflow.example.com" }
resource "mlops_platform" "p" {
  name         = "p"
  owner        = "x"
  environments = { staging = {} }
}
resource "mlops_model_registry" "main" {
  name   = "main"
  mlflow = { managed = false, tracking_uri = "https://${terraform_data.server.output}" }
}
resource "mlops_gitops_repository" "this" {
  url      = %q
  contains = [mlops_platform.p.spec, mlops_model_registry.main.spec, provider::mlops::endpoint({ name = "e", model = "template" })]
}`, r.url())
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(),
		Steps:                    []resource.TestStep{{Config: config, PlanOnly: true, ExpectError: all(`there is no registered_model "template"`)}},
	})
}
