package prices_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog/prices"
)

var spot = []string{"spot"}

func TestCatalog_Choose(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		q              prices.Query
		want           []string // the candidates
		region, substi string
		why            string
	}{
		"cheapest": {prices.Query{Cloud: "aws", Region: "us-east-1", Accelerator: "nvidia-l4", Count: 1, Capacity: []string{"on_demand"}},
			[]string{"g6.xlarge", "g6.2xlarge", "g6.4xlarge", "gr6.4xlarge", "g6.8xlarge", "gr6.8xlarge", "g6.16xlarge"}, "us-east-1", "",
			"g6.xlarge is the cheapest of 7 machines of aws with 1 nvidia-l4, at 0.8048 USD an hour on demand as of 2026-07-20; the next is g6.2xlarge at 0.9776."},
		"exactly four": {prices.Query{Cloud: "aws", Region: "us-east-1", Accelerator: "nvidia-a10g", Count: 4},
			[]string{"g5.12xlarge", "g5.24xlarge"}, "us-east-1", "", ""},
		"more than asked": {prices.Query{Cloud: "aws", Region: "us-east-1", Accelerator: "nvidia-l4", Count: 3},
			[]string{"g6.12xlarge", "g6.24xlarge", "g6.48xlarge"}, "us-east-1", "",
			"g6.12xlarge is the cheapest of 3 machines of aws with at least 3 nvidia-l4, as none that can be chosen has exactly that many, at 4.6016 USD an hour on demand as of 2026-07-20; the next is g6.24xlarge at 6.6752."},
		"the only one elsewhere": {prices.Query{Cloud: "google", Region: "europe-west4", Accelerator: "nvidia-h100", Count: 8},
			[]string{"a3-highgpu-8g"}, "us-east4", "",
			"a3-highgpu-8g is the only machine of google with 8 nvidia-h100, at 87.83247 USD an hour on demand as of 2025-12-31 (the price of us-east4, an estimate for europe-west4)."},
		"count left out":  {prices.Query{Cloud: "aws", Accelerator: "nvidia-h100"}, []string{"p5.4xlarge"}, "us-east-1", "", "p5.4xlarge is the only machine of aws with 1 nvidia-h100, at 6.88 USD an hour on demand as of 2026-07-20."},
		"spot only":       {prices.Query{Cloud: "google", Accelerator: "nvidia-h100", Capacity: []string{"on_demand", "spot"}}, []string{"a3-highgpu-1g"}, "us-central1", "", "a3-highgpu-1g is the only machine of google with 1 nvidia-h100, at 10.98 USD an hour on demand as of 2025-12-31; note: Spot or Flex-start only."},
		"without spot":    {prices.Query{Cloud: "google", Accelerator: "nvidia-h100", Capacity: []string{"on_demand"}}, []string{"a3-highgpu-8g"}, "us-east4", "", ""},
		"no blocks":       {prices.Query{Cloud: "aws", Accelerator: "nvidia-h200", Capacity: spot}, []string{"p5en.48xlarge"}, "us-east-1", "", ""},
		"retired":         {prices.Query{Cloud: "azure", Accelerator: "nvidia-v100-32gb"}, []string{"Standard_ND40rs_v2"}, "eastus", "", "Standard_ND40rs_v2 is the only machine of azure with at least 1 nvidia-v100-32gb, as none that can be chosen has exactly that many, at 22.032 USD an hour on demand as of 2025-06-30; note: retired 2025-09 (unverified)."},
		"attached":        {prices.Query{Cloud: "google", Accelerator: "nvidia-v100", Count: 1}, []string{"n1-standard-4"}, "us-central1", "", "n1-standard-4 is the only machine of google with 1 nvidia-v100, at 2.67 USD an hour on demand as of 2025-12-31."},
		"l4 of azure":     {prices.Query{Cloud: "azure", Region: "eastus", Accelerator: "nvidia-l4", Count: 1}, []string{"Standard_NC4as_T4_v3", "Standard_NC8as_T4_v3", "Standard_NC16as_T4_v3", "Standard_NV36ads_A10_v5"}, "eastus", "nvidia-t4", "azure has no nvidia-l4, so nvidia-t4 is taken (it has 15 GiB of usable memory instead of 22: see that the model fits): Standard_NC4as_T4_v3 is the cheapest of 4 machines of azure with 1 nvidia-a10 or nvidia-t4, at 0.526 USD an hour on demand as of 2025-06-30; the next is Standard_NC8as_T4_v3 at 0.752."},
		"two l4 of azure": {prices.Query{Cloud: "azure", Accelerator: "nvidia-l4", Count: 2}, []string{"Standard_NV72ads_A10_v5"}, "eastus", "nvidia-a10", ""},
		"a10 of aws":      {prices.Query{Cloud: "aws", Accelerator: "nvidia-a10", Count: 8}, []string{"g6.48xlarge", "g5.48xlarge"}, "us-east-1", "nvidia-l4", ""},
		"a10g of google":  {prices.Query{Cloud: "google", Accelerator: "nvidia-a10g", Count: 2}, []string{"g2-standard-24"}, "us-central1", "nvidia-l4", ""},
		"a10g of azure":   {prices.Query{Cloud: "azure", Accelerator: "nvidia-a10g", Count: 1}, []string{"Standard_NV36ads_A10_v5"}, "eastus", "nvidia-a10", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := embedded(t).Choose(tt.q)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(types(got.Candidates), tt.want) || got.Machine != got.Candidates[0] {
				t.Errorf("%s of %v, want %v", got.InstanceType, types(got.Candidates), tt.want)
			}
			if got.Region != tt.region || got.Machine.Region != tt.region || got.Substitute != tt.substi {
				t.Errorf("region %q, substitute %q", got.Region, got.Substitute)
			}
			if tt.why != "" && got.Why != tt.why {
				t.Errorf("why:\n%s\nwant:\n%s", got.Why, tt.why)
			}
		})
	}
}

func TestCatalog_Choose_pinned(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		q     prices.Query
		price string
		why   string
	}{
		"dearer": {prices.Query{Cloud: "aws", Region: "us-east-1", Accelerator: "nvidia-a10g", Count: 1, InstanceType: "g5.4xlarge"}, "1.624",
			"g5.4xlarge is pinned, at 1.624 USD an hour on demand as of 2026-07-20; the cheapest with 1 nvidia-a10g would be g5.xlarge at 1.006."},
		"cheapest": {prices.Query{Cloud: "aws", Region: "us-west-2", Accelerator: "nvidia-a10g", InstanceType: "g5.xlarge"}, "1.006",
			"g5.xlarge is pinned, at 1.006 USD an hour on demand as of 2026-07-20 (the price of us-east-1, an estimate for us-west-2)."},
		"more": {prices.Query{Cloud: "aws", Accelerator: "nvidia-a10g", InstanceType: "g5.12xlarge"}, "5.672",
			"g5.12xlarge is pinned, at 5.672 USD an hour on demand as of 2026-07-20; the cheapest with 1 nvidia-a10g would be g5.xlarge at 1.006."},
		"blocks": {prices.Query{Cloud: "aws", Accelerator: "nvidia-gb200", Count: 4, InstanceType: "p6e-gb200.36xlarge"}, "",
			"p6e-gb200.36xlarge is pinned; its price is not known; note: capacity blocks only."},
		"spot only": {prices.Query{Cloud: "google", Accelerator: "nvidia-h100", InstanceType: "a3-highgpu-1g"}, "10.98",
			"a3-highgpu-1g is pinned, at 10.98 USD an hour on demand as of 2025-12-31; the cheapest with at least 1 nvidia-h100 would be a3-highgpu-8g at 87.83247; note: Spot or Flex-start only."},
		"unknown": {prices.Query{Cloud: "aws", Accelerator: "nvidia-l4", InstanceType: "g9.xlarge"}, "",
			"g9.xlarge is pinned; it is not in the list, so its accelerators and its price are not known; the cheapest with 1 nvidia-l4 would be g6.xlarge at 0.8048."},
		"of an unknown cloud": {prices.Query{Cloud: "acme", Accelerator: "nvidia-l4", InstanceType: "g9.xlarge"}, "",
			"g9.xlarge is pinned; it is not in the list, so its accelerators and its price are not known."},
		"no accelerator asked": {prices.Query{Cloud: "aws", InstanceType: "g6f.large"}, "0.202",
			"g6f.large is pinned, at 0.202 USD an hour on demand as of 2026-07-20; note: a fraction of one GPU (L4-3Q)."},
		"no portable type": {prices.Query{Cloud: "aws", Accelerator: "nvidia-l40s", InstanceType: "g7.2xlarge"}, "2.52",
			"g7.2xlarge is pinned, at 2.52 USD an hour on demand as of 2026-07-20; the cheapest with 1 nvidia-l40s would be g6e.xlarge at 1.861; note: 1 x RTX PRO 4500: no portable accelerator type stands for it."},
		"count not known": {prices.Query{Cloud: "azure", Accelerator: "nvidia-gb200", Count: 4, InstanceType: "Standard_ND128isr_NDR_GB200_v6"}, "",
			"Standard_ND128isr_NDR_GB200_v6 is pinned; its price is not known; note: no pay-as-you-go price; count not recorded."},
		"attached": {prices.Query{Cloud: "google", Accelerator: "nvidia-t4", InstanceType: "n1-standard-4"}, "0.54",
			"n1-standard-4 is pinned, at 0.54 USD an hour on demand as of 2025-12-31."},
		"two attached": {prices.Query{Cloud: "google", Accelerator: "nvidia-t4", Count: 2, InstanceType: "n1-standard-4"}, "",
			"n1-standard-4 is pinned; the list has no price for it with 2 nvidia-t4."},
		"another attached": {prices.Query{Cloud: "google", Accelerator: "nvidia-p100", Count: 1, InstanceType: "n1-standard-4"}, "",
			"n1-standard-4 is pinned; the list has no price for it with 1 nvidia-p100."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := embedded(t).Choose(tt.q)
			if err != nil {
				t.Fatal(err)
			}
			if got.InstanceType != tt.q.InstanceType || got.Cloud != tt.q.Cloud || string(got.OnDemand) != tt.price || got.Substitute != "" {
				t.Errorf("got %+v", got.Machine)
			}
			if got.Why != tt.why {
				t.Errorf("why:\n%s\nwant:\n%s", got.Why, tt.why)
			}
		})
	}
	got, err := embedded(t).Choose(prices.Query{Cloud: "aws", Region: "eu-west-1", Accelerator: "nvidia-l4", Count: 2, InstanceType: "g9.xlarge"})
	if want := (prices.Machine{Cloud: "aws", Region: "eu-west-1", InstanceType: "g9.xlarge", Accelerator: "nvidia-l4", Count: 2}); err != nil || got.Machine != want || got.Region != "eu-west-1" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestCatalog_Choose_errors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		q    prices.Query
		want string
	}{
		"no such accelerator": {prices.Query{Cloud: "aws", Accelerator: "amd-mi300x", Count: 8}, `the list of cloud "aws" has no amd-mi300x; it has: nvidia-a100, nvidia-a100-80gb, nvidia-a10g, nvidia-b200, nvidia-b300, nvidia-gb200, nvidia-h100, nvidia-h200, nvidia-l4, nvidia-l40s, nvidia-rtx-pro-6000, nvidia-t4, nvidia-v100, nvidia-v100-32gb; pin a machine that the list does not have with instance_type`},
		"no l40s":             {prices.Query{Cloud: "azure", Accelerator: "nvidia-l40s"}, `cloud "azure" has no nvidia-l40s; it has: amd-mi300x, nvidia-a10, `},
		"too many":            {prices.Query{Cloud: "aws", Accelerator: "nvidia-l4", Count: 16}, "no machine of aws has 16 nvidia-l4: the most is 8, of g6.48xlarge"},
		"too many instead":    {prices.Query{Cloud: "azure", Accelerator: "nvidia-l4", Count: 8}, "no machine of azure has 8 nvidia-a10 or nvidia-t4: the most is 4, of Standard_NC64as_T4_v3"},
		"no price":            {prices.Query{Cloud: "google", Accelerator: "nvidia-b200", Count: 8}, "google has 8 nvidia-b200 only on machines that are not chosen by price: a4-highgpu-8g (no plain on-demand price); pin instance_type, or give a price or another capacity"},
		"blocks":              {prices.Query{Cloud: "aws", Accelerator: "nvidia-gb200", Count: 1, Capacity: spot}, "p6e-gb200.36xlarge (capacity blocks only)"},
		"count not known":     {prices.Query{Cloud: "azure", Accelerator: "nvidia-gb200", Count: 4}, "Standard_ND128isr_NDR_GB200_v6 (no pay-as-you-go price; count not recorded)"},
		"a2 of 16":            {prices.Query{Cloud: "google", Accelerator: "nvidia-a100", Count: 16}, "a2-megagpu-16g (price not recorded)"},
		"no cloud":            {prices.Query{Cloud: "acme", Accelerator: "nvidia-l4"}, `there are no prices for cloud "acme"; there are for: aws, azure, google; pin instance_type`},
		"nothing asked":       {prices.Query{Cloud: "aws"}, "no accelerator is asked for: set its type, or pin instance_type"},
		"pin of another":      {prices.Query{Cloud: "aws", Accelerator: "nvidia-l4", InstanceType: "g5.xlarge"}, `instance_type "g5.xlarge" of aws has nvidia-a10g, not nvidia-l4: ask for that accelerator, or leave instance_type out`},
		"pin too small":       {prices.Query{Cloud: "aws", Accelerator: "nvidia-a10g", Count: 4, InstanceType: "g5.xlarge"}, `instance_type "g5.xlarge" of aws has 1 nvidia-a10g, and 4 are asked for: g5.12xlarge has 4`},
		"pin far too small":   {prices.Query{Cloud: "aws", Accelerator: "nvidia-a10g", Count: 64, InstanceType: "g5.xlarge"}, `has 1 nvidia-a10g, and 64 are asked for: leave instance_type out`},
		"pin of a fraction":   {prices.Query{Cloud: "aws", Accelerator: "nvidia-l4", InstanceType: "g6f.large"}, `has a fraction of one nvidia-l4, and 1 are asked for: g6.xlarge has 1`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := embedded(t).Choose(tt.q)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v and %v, want %q", got.InstanceType, err, tt.want)
			}
		})
	}
}

// Rows of a cloud of the test's own, in an order that is not that of candidates.
func TestCatalog_Choose_order(t *testing.T) {
	t.Parallel()
	row := func(name, price string, count, vcpu int64) prices.Machine {
		return prices.Machine{Cloud: "acme", Region: "r", InstanceType: name, Accelerator: "nvidia-l4", Count: count, VCPU: vcpu, OnDemand: number(price)}
	}
	c := embedded(t).With([]prices.Machine{
		row("dear", "10", 2, 1), row("same-b", "9.50", 2, 8), row("same-a", "9.5", 2, 8), row("more-cpu", "9.5", 2, 16), row("more-gpu", "9.5", 4, 4),
		row("cheap", "9.499999999999", 8, 64), {Cloud: "acme", Region: "r", InstanceType: "part", Accelerator: "nvidia-t4", Note: "a fraction of one GPU", OnDemand: "1"},
	})
	tests := map[string]struct {
		count int64
		want  []string
	}{
		"more than asked": {1, []string{"cheap", "same-a", "same-b", "more-cpu", "more-gpu", "dear"}},
		"exactly":         {2, []string{"same-a", "same-b", "more-cpu", "dear"}},
		"most":            {8, []string{"cheap"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := c.Choose(prices.Query{Cloud: "acme", Accelerator: "nvidia-l4", Count: tt.count})
			if err != nil || !slices.Equal(types(got.Candidates), tt.want) {
				t.Errorf("got %v, %v, want %v", types(got.Candidates), err, tt.want)
			}
		})
	}
	if _, err := c.Choose(prices.Query{Cloud: "acme", Accelerator: "nvidia-t4"}); err == nil || err.Error() != "acme has no whole nvidia-t4: pin instance_type to take a fraction of one" {
		t.Errorf("got %v", err)
	}
}
