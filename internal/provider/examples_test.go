package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
)

var providerBlocks = regexp.MustCompile(`(?s)terraform \{.*?\n\}\n`)

// TestExamples applies every example as it stands, and plans it again: no changes.
func TestExamples(t *testing.T) {
	t.Parallel()
	var folders []string
	for _, pattern := range []string{"resources/*", "functions/*", "data-sources/mlops_accelerators", "data-sources/mlops_cost_estimate", "quickstart", "fleet", "provider"} {
		found, err := filepath.Glob(filepath.Join("..", "..", "examples", pattern))
		if err != nil {
			t.Fatal(err)
		}
		folders = append(folders, found...)
	}
	if len(folders) < 15 {
		t.Fatalf("only %d examples found", len(folders))
	}
	for _, folder := range folders {
		t.Run(filepath.Base(filepath.Dir(folder))+"/"+filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			example(t, folder)
		})
	}
}

func example(t *testing.T, folder string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.tf"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%s: want one file: %v %v", folder, files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	text := providerBlocks.ReplaceAllString(string(data), "") // the test brings its own provider
	if !regexp.MustCompile(`(?m)^provider "mlops"`).MatchString(text) {
		text = fmt.Sprintf("provider \"mlops\" {\n  local = { root = %q }\n}\n", t.TempDir()) + text
	}
	variables := config.Variables{}
	if regexp.MustCompile(`variable "repository_url"`).MatchString(text) {
		variables["repository_url"] = config.StringVariable(newRemote(t).url())
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(),
		Steps: []resource.TestStep{
			{Config: text, ConfigVariables: variables},
			{Config: text, ConfigVariables: variables, ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}},
		},
	})
}
