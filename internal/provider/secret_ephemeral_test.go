package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
)

// TestSecretEphemeral: the values of a secret can be handed to another provider, which
// here shows what it was given; a version that is not there is an error without a value.
func TestSecretEphemeral(t *testing.T) {
	t.Parallel()
	address, token := realtools.Vault(t)
	config := func(version string) string {
		return fmt.Sprintf(`
provider "mlops" {
  vault = { address = %q, token = %q }
}
resource "mlops_platform" "p" {
  name         = "p"
  owner        = "x"
  secret_store = "vault"
  environments = { staging = {} }
}
resource "mlops_secret" "s" {
  platform = mlops_platform.p.spec
  name     = "tracker"
  value_wo = { api_key = "shown on purpose" }
  generate = { session_key = { length = 24 } }
}
ephemeral "mlops_secret" "s" {
  platform = mlops_platform.p.spec
  secret   = mlops_secret.s.spec
  id       = mlops_secret.s.id
  %s
}
provider "echo" {
  data = ephemeral.mlops_secret.s
}
resource "echo" "seen" {}
`, address, token, version)
	}
	factories := factories()
	factories["echo"] = echoprovider.NewProviderServer()
	seen := tfjsonpath.New("data").AtMapKey("values")
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: config(""), ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue("echo.seen", seen.AtMapKey("api_key"), knownvalue.StringExact("shown on purpose")),
			statecheck.ExpectKnownValue("echo.seen", seen.AtMapKey("session_key"), knownvalue.StringFunc(func(v string) error {
				if len(v) != 24 || strings.ContainsAny(v, "\"' $") {
					return fmt.Errorf("%d characters", len(v))
				}
				return nil
			})),
			statecheck.ExpectKnownValue("echo.seen", tfjsonpath.New("data").AtMapKey("version"), knownvalue.StringExact("1")),
		}},
		{Config: config(`version = "7"`), ExpectError: all("version 7 was never written")},
		{Config: config("")},
	}})
}
