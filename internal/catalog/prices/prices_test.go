package prices_test

import (
	"slices"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog/prices"
)

func TestMachine_Age(t *testing.T) {
	t.Parallel()
	day := func(text string) time.Time {
		on, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return on
	}
	tests := map[string]struct {
		asOf string
		on   time.Time
		want time.Duration
		old  bool
	}{
		"a day":     {"2026-07-20", day("2026-07-21"), 24 * time.Hour, false},
		"180 days":  {"2026-01-01", day("2026-06-30"), 180 * 24 * time.Hour, false},
		"181 days":  {"2026-01-01", day("2026-07-01"), 181 * 24 * time.Hour, true},
		"to come":   {"2026-07-20", day("2026-07-19"), 0, false},
		"not known": {"", day("2026-07-19"), 0, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := prices.Machine{AsOf: tt.asOf}.Age(tt.on)
			if got != tt.want || (got > prices.MaxAge) != tt.old {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestCatalog_List(t *testing.T) {
	t.Parallel()
	c := embedded(t).With([]prices.Machine{{Cloud: "google", InstanceType: "g2-standard-96", OnDemand: "7"}})
	tests := map[string]struct {
		cloud, region, accelerator string
		want                       []string
	}{
		"an accelerator":     {"azure", "", "nvidia-h100", []string{"Standard_NC40ads_H100_v5", "Standard_NC80adis_H100_v5", "Standard_ND96isr_H100_v5"}},
		"of all clouds":      {"", "", "nvidia-v100-32gb", []string{"p3dn.24xlarge", "Standard_ND40rs_v2"}},
		"a region":           {"", "us-east4", "", []string{"g2-standard-96", "a3-highgpu-8g"}},
		"no machine":         {"aws", "", "amd-mi300x", []string{}},
		"cloud not there":    {"acme", "", "", []string{}},
		"region not listed":  {"aws", "eu-central-1", "", []string{}},
		"of no known region": {"google", "", "nvidia-h200", []string{"a3-ultragpu-8g"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := types(c.List(tt.cloud, tt.region, tt.accelerator)); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// A caller that changes what it got changes nobody else's list.
func TestCatalog_isNotChanged(t *testing.T) {
	t.Parallel()
	c := embedded(t)
	before := c.List("", "", "")
	c.List("", "", "")[0].OnDemand = "0"
	got, err := c.Choose(prices.Query{Cloud: "aws", Accelerator: "nvidia-l4"})
	if err != nil {
		t.Fatal(err)
	}
	got.Candidates[0].OnDemand = "0"
	c.With([]prices.Machine{{Cloud: "aws", InstanceType: "g6.xlarge", OnDemand: "0.1"}, {Cloud: "aws", InstanceType: "new", OnDemand: "1"}})
	if after := c.List("", "", ""); !slices.Equal(before, after) {
		t.Error("the list was changed")
	}
}
