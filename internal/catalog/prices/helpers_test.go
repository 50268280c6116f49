package prices_test

import (
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog/prices"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func embedded(t *testing.T) *prices.Catalog {
	t.Helper()
	c, err := prices.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func types(machines []prices.Machine) []string {
	out := []string{}
	for _, m := range machines {
		out = append(out, m.InstanceType)
	}
	return out
}

// only is the row of a type in the embedded list.
func only(t *testing.T, cloud, instanceType string) prices.Machine {
	t.Helper()
	var found []prices.Machine
	for _, m := range embedded(t).List(cloud, "", "") {
		if m.InstanceType == instanceType {
			found = append(found, m)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d rows of %s", len(found), instanceType)
	}
	return found[0]
}

func number(text string) spec.Number { return spec.Number(text) }
