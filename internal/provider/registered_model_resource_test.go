package provider_test

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
)

// ask sends a request to the server as another client would.
func ask(t *testing.T, method, url, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, _ := io.ReadAll(resp.Body)
	return string(data)
}

// TestRegisteredModel_life: a real MLflow server; create, drift of description and
// tags, tags of others, refusal to delete versions, destroy.
func TestRegisteredModel_life(t *testing.T) {
	t.Parallel()
	uri := realtools.MLflow(t)
	api := uri + "/api/2.0/mlflow/"
	config := func(extra string) string {
		return fmt.Sprintf(`
resource "mlops_model_registry" "main" {
  name   = "main"
  mlflow = { tracking_uri = %q, managed = false }
}
resource "mlops_registered_model" "m" {
  name        = "fraud-detector"
  registry    = mlops_model_registry.main.spec
  gates       = [{ metric = "auc_roc", op = ">=", threshold = 0.92 }]
  description = "Scores payments."
  tags        = { domain = "payments" }
  %s
}`, uri, extra)
	}
	holds := func(want ...string) resource.TestCheckFunc {
		return func(*terraform.State) error {
			got := ask(t, "GET", api+"registered-models/get?name=fraud-detector", "")
			for _, text := range want {
				if !strings.Contains(got, text) {
					return fmt.Errorf("the server holds %s, want %q in it", got, text)
				}
			}
			return nil
		}
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(),
		Steps: []resource.TestStep{
			{Config: config(""), Check: holds("Scores payments.", "payments")},
			{
				PreConfig: func() {
					ask(t, "PATCH", api+"registered-models/update", `{"name":"fraud-detector","description":"changed by hand"}`)
					ask(t, "POST", api+"registered-models/set-tag", `{"name":"fraud-detector","key":"domain","value":"other"}`)
					ask(t, "POST", api+"registered-models/set-tag", `{"name":"fraud-detector","key":"theirs","value":"stays"}`)
				},
				Config: config(""),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction("mlops_registered_model.m", plancheck.ResourceActionUpdate),
				}},
				Check: holds("Scores payments.", `"payments"`, "stays"),
			},
			{
				PreConfig: func() {
					if got := ask(t, "POST", api+"model-versions/create", `{"name":"fraud-detector","source":"s3://models/fraud-detector/1"}`); !strings.Contains(got, `"version"`) {
						t.Fatal(got)
					}
				},
				Config:      config(""),
				Destroy:     true,
				ExpectError: regexp.MustCompile(`(?s)has\s+versions.*force_destroy`),
			},
			{Config: config("force_destroy = true")},
		},
		CheckDestroy: func(*terraform.State) error {
			if got := ask(t, "GET", api+"registered-models/get?name=fraud-detector", ""); !strings.Contains(got, "RESOURCE_DOES_NOT_EXIST") {
				return fmt.Errorf("the model is still there: %s", got)
			}
			return nil
		},
	})
}
