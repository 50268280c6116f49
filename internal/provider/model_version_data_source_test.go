package provider_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
)

// trained registers a version with its run, as another client would.
func trained(t *testing.T, api, model, status string, metrics map[string]any) {
	t.Helper()
	post := func(path string, body any) (answer struct {
		Run struct {
			Info struct {
				ID string `json:"run_id"`
			} `json:"info"`
		} `json:"run"`
		Version struct {
			Version json.Number `json:"version"`
		} `json:"model_version"`
	}) {
		t.Helper()
		data, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		got := ask(t, "POST", api+path, string(data))
		if err := json.Unmarshal([]byte(got), &answer); err != nil || strings.Contains(got, "error_code") {
			t.Fatalf("%s: %s", path, got)
		}
		return answer
	}
	run := post("runs/create", map[string]any{"experiment_id": "0", "run_name": "r"}).Run.Info.ID
	for name, value := range metrics {
		post("runs/log-metric", map[string]any{"run_id": run, "key": name, "value": value, "timestamp": 1})
	}
	version := post("model-versions/create", map[string]any{"name": model, "source": "s3://models/" + run, "run_id": run, "tags": []map[string]string{{"key": "validation_status", "value": status}}}).Version.Version
	if version == "" {
		t.Fatal("no version")
	}
}

// TestModelVersion reads a real MLflow server: by alias, by number, by best metric.
func TestModelVersion(t *testing.T) {
	t.Parallel()
	uri := realtools.MLflow(t)
	api := uri + "/api/2.0/mlflow/"
	ask(t, "POST", api+"registered-models/create", `{"name":"fraud-detector"}`)
	ask(t, "POST", api+"registered-models/create", `{"name":"it's new"}`)
	trained(t, api, "fraud-detector", "passed", map[string]any{"auc_roc": 0.95, "latency": 40})
	trained(t, api, "fraud-detector", "passed", map[string]any{"auc_roc": 0.97, "latency": 60})
	trained(t, api, "fraud-detector", "passed", map[string]any{"auc_roc": 0.97, "latency": 70, "odd": "NaN"})
	trained(t, api, "fraud-detector", "failed", map[string]any{"auc_roc": 0.99, "latency": 1})
	for alias, version := range map[string]string{"champion": "2", "previous": "2", "challenger": "3"} {
		ask(t, "POST", api+"registered-models/alias", fmt.Sprintf(`{"name":"fraud-detector","alias":%q,"version":%q}`, alias, version))
	}
	config := func(model, by string) string {
		return fmt.Sprintf(`
data "mlops_model_version" "v" {
  registry = provider::mlops::model_registry({ name = "main", mlflow = { tracking_uri = %q, managed = false } })
  model    = %q
  %s
}`, uri, model, by)
	}
	for by, number := range map[string]string{
		`alias = "champion"`:                           "2",
		`alias = "challenger"`:                         "3",
		`version = "1"`:                                "1",
		`best = { metric = "auc_roc" }`:                "3", // of two equal ones the newest; the best of all failed
		`best = { metric = "latency", order = "min" }`: "1",
		`best = { metric = "latency", order = "max" }`: "3",
	} {
		at := func(name string) tfjsonpath.Path { return tfjsonpath.New(name) }
		checks := []statecheck.StateCheck{
			statecheck.ExpectKnownValue("data.mlops_model_version.v", at("version"), knownvalue.StringExact(number)),
			statecheck.ExpectKnownValue("data.mlops_model_version.v", at("uri"), knownvalue.StringExact("models:/fraud-detector/"+number)),
			statecheck.ExpectKnownValue("data.mlops_model_version.v", at("tags").AtMapKey("validation_status"), knownvalue.StringExact("passed")),
		}
		if number == "2" {
			checks = append(checks,
				statecheck.ExpectKnownValue("data.mlops_model_version.v", at("aliases"), knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact("champion"), knownvalue.StringExact("previous")})),
				statecheck.ExpectKnownValue("data.mlops_model_version.v", at("metrics").AtMapKey("auc_roc"), knownvalue.Float64Exact(0.97)))
		}
		if number == "3" {
			checks = append(checks, statecheck.ExpectKnownValue("data.mlops_model_version.v", at("metrics"), knownvalue.MapSizeExact(2)))
		}
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: factories(),
			Steps:                    []resource.TestStep{{Config: config("fraud-detector", by), ConfigStateChecks: checks}},
		})
	}
	example, err := os.ReadFile("../../examples/data-sources/mlops_model_version/data-source.tf")
	if err != nil {
		t.Fatal(err)
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(),
		Steps: []resource.TestStep{{
			Config: strings.ReplaceAll(string(example), "https://mlflow.example.com", uri),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownOutputValue("champion", knownvalue.StringExact("version 2, auc_roc 0.97")),
				statecheck.ExpectKnownOutputValue("best", knownvalue.StringExact("models:/fraud-detector/3")),
			},
		}},
	})
	for _, tt := range []struct{ model, by, want string }{
		{"fraud-detector", `alias = "shadow"`, `model "fraud-detector" has no alias "shadow": not found; its aliases are: challenger, champion, previous`},
		{"fraud-detector", `version = "9"`, `version 9 of model "fraud-detector": MLflow at ` + uri + `: not found`},
		{"fraud-detector", `best = { metric = "f1" }`, `none of its 4 versions is ready and has metric "f1"`},
		{"it's new", `best = { metric = "f1" }`, `none of its 0 versions is ready`},
		{"absent", `alias = "champion"`, `model "absent": MLflow at ` + uri + `: not found`},
		{"fraud-detector", "", `Needs exactly one of alias, version and best; 0 are set`},
		{"fraud-detector", "alias = \"a\"\n  version = \"1\"", `Needs exactly one of alias, version and best; 2 are set`},
		{"fraud-detector", `best = { metric = "f1", order = "best" }`, `"best" is not one of max, min`},
	} {
		each(t, config(tt.model, tt.by), tt.want)
	}
	each(t, `
data "mlops_model_version" "v" {
  registry = provider::mlops::model_registry({ name = "main", type = "clearml", clearml = { api_host = "https://clearml.example.com", web_host = "https://clearml.example.com", files_host = "https://clearml.example.com" } })
  model    = "m"
  alias    = "champion"
}`, `reads versions from MLflow only, and "main" is of type "clearml"`)
}
