package prices_test

import (
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog/prices"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func TestCatalog_ByMachine(t *testing.T) {
	t.Parallel()
	own := read(t, "cloud,region,instance_type,on_demand,accelerator,count\naws,eu-west-1,g99.xlarge,3,nvidia-b300,2\n")
	for name, tt := range map[string]struct {
		cloud, machine string
		want           spec.Accelerator
		why            string
	}{
		"one":             {"aws", "g6.xlarge", spec.Accelerator{Type: "nvidia-l4", Count: 1}, ""},
		"several":         {"aws", "g6.12xlarge", spec.Accelerator{Type: "nvidia-l4", Count: 4}, ""},
		"google":          {"google", "a3-highgpu-8g", spec.Accelerator{Type: "nvidia-h100", Count: 8}, ""},
		"azure":           {"azure", "Standard_NC40ads_H100_v5", spec.Accelerator{Type: "nvidia-h100", Count: 1}, ""},
		"of an own list":  {"aws", "g99.xlarge", spec.Accelerator{Type: "nvidia-b300", Count: 2}, ""},
		"nobody's":        {"aws", "g98.xlarge", spec.Accelerator{}, `the list of prices has no "g98.xlarge" of aws: set accelerator`},
		"another cloud's": {"google", "g6.xlarge", spec.Accelerator{}, `has no "g6.xlarge" of google`},
		"attached":        {"google", "n1-standard-4", spec.Accelerator{}, `"n1-standard-4" one by one, and its name does not tell which and how many: set accelerator, such as to 1 nvidia-t4 or 1 nvidia-v100`},
		"a fraction":      {"aws", "g6f.large", spec.Accelerator{}, "a fraction of one nvidia-l4"},
		"no portable":     {"aws", "g7.2xlarge", spec.Accelerator{}, `which accelerators "g7.2xlarge" of aws has; note: 1 x RTX PRO 4500`},
		"no count":        {"azure", "Standard_ND128isr_NDR_GB200_v6", spec.Accelerator{}, "set accelerator to what one of its nodes has"},
	} {
		got, err := embedded(t).With(own).ByMachine(tt.cloud, tt.machine)
		if got != tt.want || (err == nil) != (tt.why == "") || err != nil && !strings.Contains(err.Error(), tt.why) {
			t.Errorf("%s: %+v, %v; want %+v, %s", name, got, err, tt.want, tt.why)
		}
	}
	if _, err := (&prices.Catalog{}).ByMachine("aws", "g6.xlarge"); err == nil {
		t.Error("an empty list knows a machine")
	}
}

// Every machine of the list is told by its name, or the error says what to do.
func TestCatalog_ByMachine_list(t *testing.T) {
	t.Parallel()
	told := 0
	for _, m := range embedded(t).List("", "", "") {
		got, err := embedded(t).ByMachine(m.Cloud, m.InstanceType)
		switch {
		case err == nil && (got.Type != m.Accelerator || got.Count != m.Count || got.Resource() == ""):
			t.Errorf("%s: %+v, but the list has %d %s", m.InstanceType, got, m.Count, m.Accelerator)
		case err == nil:
			told++
		case !strings.Contains(err.Error(), ": set accelerator") && !strings.Contains(err.Error(), ": pin another"):
			t.Errorf("%s: no way out: %v", m.InstanceType, err)
		}
	}
	if told < 80 {
		t.Errorf("only %d machines are told by their name", told)
	}
}
