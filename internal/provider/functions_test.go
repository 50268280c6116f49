package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
)

const gates = `[
  { metric = "auc_roc", op = ">=", threshold = 0.92 },
  { metric = "latency", op = "<=", threshold = 50, required = false },
  { metric = "auc_roc", op = ">=", baseline = "champion", tolerance = 0.005 },
]`

// TestGate: verdicts of the function; every rule of them is compared with the emitted
// gate in package spec.
func TestGate(t *testing.T) {
	t.Parallel()
	const first = `[{ metric = "auc_roc", op = ">=", threshold = 0.92 }]`
	for name, tt := range map[string]struct {
		call     string
		accepted bool
		sentence string // of the last finding
	}{
		"good":                  {`gate(` + gates + `, { auc_roc = 0.95, latency = 20 }, { auc_roc = 0.955 })`, true, "auc_roc is 0.95, must be >= 0.950 (the champion has 0.955, tolerance 0.005)"},
		"a hair too little":     {`gate(` + gates + `, { auc_roc = 0.9499999 }, { auc_roc = 0.955 })`, false, "auc_roc is 0.9499999, must be >= 0.950 (the champion has 0.955, tolerance 0.005)"},
		"no champion yet":       {`gate(` + gates + `, { auc_roc = 0.92 }, {})`, true, "auc_roc is 0.92, and there is no champion yet to compare with (the first promotion still needs approval)"},
		"null for a champion":   {`gate(` + gates + `, { auc_roc = 0.92 }, null)`, true, "auc_roc is 0.92, and there is no champion yet to compare with (the first promotion still needs approval)"},
		"champion left out":     {`gate(` + gates + `, { auc_roc = 0.95 })`, false, "auc_roc is 0.95, must be >= that of the champion, which is not known here"},
		"exactly":               {`gate(` + first + `, { auc_roc = 0.92 })`, true, "auc_roc is 0.92, must be >= 0.92"},
		"no metrics":            {`gate(` + first + `, null)`, false, "auc_roc is missing, must be >= 0.92: there are no metrics"},
		"a text":                {`gate(` + first + `, "{\"auc_roc\": 0.93}")`, true, "auc_roc is 0.93, must be >= 0.92"},
		"a key twice":           {`gate(` + first + `, "{\"auc_roc\": 0.1, \"auc_roc\": 0.93}")`, false, "auc_roc is missing, must be >= 0.92: the text is not valid JSON: key 'auc_roc' is written twice"},
		"a number as a text":    {`gate(` + first + `, { auc_roc = "0.95" })`, false, `auc_roc is "0.95", which is not a number, must be >= 0.92`},
		"null, though optional": {`gate([{ metric = "auc_roc", op = ">=", threshold = 0.92, required = false }], { auc_roc = null })`, false, `auc_roc is null, which is not a number, must be >= 0.92`},
		"a map of numbers":      {`gate(` + first + `, tomap({ auc_roc = 0.95 }))`, true, "auc_roc is 0.95, must be >= 0.92"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: factories(),
				Steps: []resource.TestStep{{
					Config: fmt.Sprintf("locals {\n  v = provider::mlops::%s\n}\noutput \"accepted\" { value = local.v.accepted }\noutput \"sentence\" { value = reverse(local.v.findings)[0].sentence }", tt.call),
					ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
						plancheck.ExpectKnownOutputValue("accepted", knownvalue.Bool(tt.accepted)),
						plancheck.ExpectKnownOutputValue("sentence", knownvalue.StringExact(tt.sentence)),
					}},
				}},
			})
		})
	}
	for call, want := range map[string]string{
		`gate([{ metric = "auc", op = "=>", threshold = 1 }], {})`:           `"=>" is not one of`,
		`gate([{ metric = "auc", op = ">=" }], {})`:                          `needs either threshold or baseline`,
		`gate([{ metric = "auc", op = ">=", threshold = 1 }], [1])`:          `must be an object of numbers, or the text of a metrics file`,
		`gate([{ metric = "auc", op = ">=", threshold = 1 }], {}, {}, {})`:   `there is one champion`,
		`gate([{ metric = "auc", op = ">=", threshold = 1 }], {}, "{1: 2}")`: `metrics of the champion: the text is not valid JSON`,
	} {
		each(t, fmt.Sprintf("output \"v\" { value = provider::mlops::%s }", call), want)
	}
}

func TestTextFunctions(t *testing.T) {
	t.Parallel()
	for call, want := range map[string]string{
		`model_uri("fraud-detector", "champion")`: "models:/fraud-detector@champion",
		`k8s_name("Fraud Detector_v2 ")`:          "fraud-detector-v2",
		`k8s_name("fraud")`:                       "fraud",
	} {
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: factories(),
			Steps: []resource.TestStep{{
				Config:           fmt.Sprintf("output \"v\" { value = provider::mlops::%s }", call),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectKnownOutputValue("v", knownvalue.StringExact(want))}},
			}},
		})
	}
	for call, want := range map[string]string{
		`model_uri("a/b", "champion")`: `must be the name of a registered model`,
		`model_uri("a", "cham/pion")`:  `must be an alias`,
		`model_uri("a", "")`:           `must be an alias`,
		`model_uri("a", "latest")`:     `is no alias`,
		`model_uri("a", "V7")`:         `is no alias`,
	} {
		each(t, fmt.Sprintf("output \"v\" { value = provider::mlops::%s }", call), want)
	}
}
