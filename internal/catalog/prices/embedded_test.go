package prices_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog/prices"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func TestPack_isOfTheList(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("data/prices.csv")
	if err != nil {
		t.Fatal(err)
	}
	packed, err := os.ReadFile("data/prices.csv.gz")
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(text, list) { // the compressed bytes may differ between versions of Go
		t.Error("data/prices.csv.gz is not of data/prices.csv: go generate ./internal/catalog/prices")
	}
	if !z.ModTime.IsZero() || z.Name != "" {
		t.Errorf("the compressed list holds %v and %q", z.ModTime, z.Name)
	}
	first, err := prices.Pack(list)
	if err != nil {
		t.Fatal(err)
	}
	second, err := prices.Pack(list)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Error("two packings of one list differ")
	}
}

func TestPack_refuses(t *testing.T) {
	t.Parallel()
	const header = "cloud,region,instance_type,accelerator,count,on_demand,spot,as_of,source\n"
	tests := map[string]struct{ text, want string }{
		"no column":     {"cloud,region,instance_type,as_of\n", "line 1, column source: it is missing"},
		"no region":     {header + "aws,,g,nvidia-l4,1,1,,2026-07-20,x\n", "line 2, column region: it must be set"},
		"no type":       {header + "aws,r,g,,1,1,,2026-07-20,x\n", "line 2, column accelerator: it must be set"},
		"dear spot":     {header + "aws,r,g,nvidia-l4,1,1,1.01,2026-07-20,x\n", "line 2, column spot: it is above on_demand"},
		"spot alone":    {header + "aws,r,g,nvidia-l4,1,,1,2026-07-20,x\n", "line 2, column spot: it is above on_demand"},
		"n1 twice":      {header + "google,r,n1-x,nvidia-t4,1,1,,2026-07-20,x\ngoogle,r,n1-x,nvidia-t4,1,1,,2026-07-20,x\n", "stands on line 2 too"},
		"no list there": {"", "line 1: nothing is there"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := prices.Pack([]byte(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	if _, err := prices.Pack([]byte(header + "google,r,n1-x,nvidia-t4,1,1,,2026-07-20,x\ngoogle,r,n1-x,nvidia-t4,2,1,,2026-07-20,x\n")); err != nil {
		t.Errorf("one and two accelerators of an n1 machine: %v", err)
	}
}

// added are accelerators of the list that the language may not know yet.
var added = []string{"nvidia-b300", "nvidia-gb200", "nvidia-rtx-pro-6000", "nvidia-h100-mega", "nvidia-v100-32gb"}

// noCandidates are the rows that no query without a pin gets, and why.
var noCandidates = map[string]string{
	"p5e.48xlarge": "capacity blocks only", "p6e-gb200.36xlarge": "capacity blocks only",
	"g6f.large": "fraction", "g6f.xlarge": "fraction", "g6f.2xlarge": "fraction", "g6f.4xlarge": "fraction",
	"g7.2xlarge": "no portable", "g7.4xlarge": "no portable", "g7.8xlarge": "no portable", "g7.12xlarge": "no portable", "g7.24xlarge": "no portable", "g7.48xlarge": "no portable",
	"a2-highgpu-2g": "price not recorded", "a2-highgpu-4g": "price not recorded", "a2-megagpu-16g": "price not recorded",
	"a3-highgpu-2g": "price not recorded", "a3-highgpu-4g": "price not recorded",
	"g4-standard-48": "price not recorded", "g4-standard-96": "price not recorded", "g4-standard-192": "price not recorded", "g4-standard-384": "price not recorded",
	"a4-highgpu-8g": "no plain on-demand price", "a4x-highgpu-4g": "no plain on-demand price",
	"Standard_ND128isr_NDR_GB200_v6": "no pay-as-you-go price",
}

func TestEmbedded_everyRowIsFound(t *testing.T) {
	t.Parallel()
	c := embedded(t)
	rows := c.List("", "", "")
	if len(rows) != 111 {
		t.Errorf("%d rows: has one been lost?", len(rows))
	}
	excepted := 0
	for _, m := range rows {
		if m.Accelerator != "" && !slices.Contains(spec.AcceleratorTypes(), m.Accelerator) && !slices.Contains(added, m.Accelerator) {
			t.Errorf("%s: %q is not an accelerator", m.InstanceType, m.Accelerator)
		}
		got, err := c.Choose(prices.Query{Cloud: m.Cloud, Region: m.Region, Accelerator: m.Accelerator, Count: m.Count, Capacity: []string{"spot", "on_demand"}})
		if reason := noCandidates[m.InstanceType]; reason != "" {
			excepted++
			if slices.Contains(got.Candidates, m) || !strings.Contains(m.Note, reason) {
				t.Errorf("%s is an exception for %q, its note is %q, its candidates %v", m.InstanceType, reason, m.Note, types(got.Candidates))
			}
			continue
		}
		if err != nil || !slices.Contains(got.Candidates, m) {
			t.Errorf("%s is not among %v, %v", m.InstanceType, types(got.Candidates), err)
		}
	}
	if excepted != len(noCandidates) {
		t.Errorf("%d of %d exceptions are in the list", excepted, len(noCandidates))
	}
}

func TestEmbedded_rows(t *testing.T) {
	t.Parallel()
	counts := map[string]int{}
	for _, m := range embedded(t).List("", "", "") {
		counts[m.Cloud]++
		if m.Spot != "" && !strings.Contains(m.Source, "spot is an estimate") {
			t.Errorf("%s: the source of a spot price is %q", m.InstanceType, m.Source)
		}
		if _, err := time.Parse(time.DateOnly, m.AsOf); err != nil || m.Source == "" {
			t.Errorf("%s: date %q, source %q", m.InstanceType, m.AsOf, m.Source)
		}
		if m.OnDemand == "" && m.Note == "" {
			t.Errorf("%s has no price and does not say why", m.InstanceType)
		}
	}
	if counts["aws"] != 62 || counts["google"] != 29 || counts["azure"] != 20 {
		t.Errorf("rows: %v", counts)
	}
}

// shares are the spot prices' share of the on-demand price.
func TestEmbedded_spot(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ cloud, instanceType, share string }{
		"aws":        {"aws", "g6e.2xlarge", "0.6"},
		"google l4":  {"google", "g2-standard-4", "0.36"},
		"google":     {"google", "a2-highgpu-8g", "0.4"},
		"google h":   {"google", "a3-highgpu-8g", "0.23"},
		"google m":   {"google", "a3-megagpu-8g", "0.23"},
		"azure t4":   {"azure", "Standard_NC4as_T4_v3", "0.13"},
		"azure v100": {"azure", "Standard_NC6s_v3", "0.13"},
		"azure a100": {"azure", "Standard_ND96asr_v4", "0.13"},
		"azure a10":  {"azure", "Standard_NV72ads_A10_v5", "0.25"},
		"azure h100": {"azure", "Standard_ND96isr_H100_v5", "0"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := only(t, tt.cloud, tt.instanceType)
			want := m.OnDemand.Rat()
			want.Mul(want, spec.Number(tt.share).Rat())
			if m.Spot.Rat().Cmp(want) != 0 {
				t.Errorf("spot is %s, want %s", m.Spot, want.FloatString(9))
			}
		})
	}
}

func TestEmbedded_sums(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]spec.Number{"a3-highgpu-8g": "87.83247", "a3-megagpu-8g": "92.21406"} {
		if m := only(t, "google", name); m.OnDemand != want || !strings.Contains(m.Source, "sum of") {
			t.Errorf("%s: %s from %q", name, m.OnDemand, m.Source)
		}
	}
}
