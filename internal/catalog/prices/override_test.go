package prices_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog/prices"
)

func read(t *testing.T, text string) []prices.Machine {
	t.Helper()
	rows, err := prices.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestRead(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want []prices.Machine
	}{
		"least": {"cloud,instance_type,on_demand\naws,g6.xlarge,0.5\n", []prices.Machine{
			{Cloud: "aws", InstanceType: "g6.xlarge", Accelerator: "nvidia-l4", Count: 1, GPUMemoryGiB: 22, VCPU: 4, MemoryGiB: 16, OnDemand: "0.5", Spot: "0.48288", Source: "own price"}}},
		"spaces": {" cloud , instance_type , on_demand \n aws , g6.xlarge , 0.5 \n", []prices.Machine{
			{Cloud: "aws", InstanceType: "g6.xlarge", Accelerator: "nvidia-l4", Count: 1, GPUMemoryGiB: 22, VCPU: 4, MemoryGiB: 16, OnDemand: "0.5", Spot: "0.48288", Source: "own price"}}},
		"below the spot price": {"cloud,instance_type,on_demand\naws,g6.xlarge,0.40\n", []prices.Machine{
			{Cloud: "aws", InstanceType: "g6.xlarge", Accelerator: "nvidia-l4", Count: 1, GPUMemoryGiB: 22, VCPU: 4, MemoryGiB: 16, OnDemand: "0.40", Spot: "0.40", Source: "own price"}}},
		"below it in a region": {"cloud,instance_type,on_demand,region\naws,g6.xlarge,0.40,eu-west-1\n", []prices.Machine{
			{Cloud: "aws", Region: "eu-west-1", InstanceType: "g6.xlarge", Accelerator: "nvidia-l4", Count: 1, GPUMemoryGiB: 22, VCPU: 4, MemoryGiB: 16, OnDemand: "0.40", Spot: "0.40", Source: "own price"}}},
		"the list's price": {"cloud,instance_type,on_demand\naws,g6.xlarge,0.80480\n", []prices.Machine{
			{Cloud: "aws", InstanceType: "g6.xlarge", Accelerator: "nvidia-l4", Count: 1, GPUMemoryGiB: 22, VCPU: 4, MemoryGiB: 16, OnDemand: "0.80480", Spot: "0.48288", AsOf: "2026-07-20", Source: "own price"}}},
		"all, in another order, from a spreadsheet": {"\ufeffnote,source,as_of,spot,on_demand,memory_gib,vcpu,gpu_memory_gib,count,accelerator,instance_type,region,cloud\r\n# ours\r\n\"a, b\",contract,2026-01-31,1,2,3,4,5,6, nvidia-h100,x.large,eu-central-1,aws\r\n", []prices.Machine{
			{Cloud: "aws", Region: "eu-central-1", InstanceType: "x.large", Accelerator: "nvidia-h100", Count: 6, GPUMemoryGiB: 5, VCPU: 4, MemoryGiB: 3, OnDemand: "2", Spot: "1", AsOf: "2026-01-31", Source: "contract", Note: "a, b"}}},
		"note kept": {"cloud,instance_type,on_demand\naws,p5e.48xlarge,40\n", []prices.Machine{
			{Cloud: "aws", InstanceType: "p5e.48xlarge", Accelerator: "nvidia-h200", Count: 8, GPUMemoryGiB: 140, VCPU: 192, MemoryGiB: 2048, OnDemand: "40", Source: "own price", Note: "capacity blocks only"}}},
		"no portable type": {"cloud,instance_type,on_demand\naws,g7.2xlarge,2\n", []prices.Machine{
			{Cloud: "aws", InstanceType: "g7.2xlarge", GPUMemoryGiB: 32, VCPU: 8, MemoryGiB: 32, OnDemand: "2", Spot: "1.512", Source: "own price", Note: "1 x RTX PRO 4500: no portable accelerator type stands for it"}}},
		"attached": {"cloud,instance_type,on_demand,accelerator,count\ngoogle,n1-standard-4,0.5,nvidia-t4,\ngoogle,n1-standard-4,0.9,nvidia-t4,2\n", []prices.Machine{
			{Cloud: "google", InstanceType: "n1-standard-4", Accelerator: "nvidia-t4", Count: 1, GPUMemoryGiB: 15, VCPU: 4, MemoryGiB: 15, OnDemand: "0.5", Spot: "0.216", Source: "own price"},
			{Cloud: "google", InstanceType: "n1-standard-4", Accelerator: "nvidia-t4", Count: 2, VCPU: 4, MemoryGiB: 15, OnDemand: "0.9", Source: "own price"}}},
		"nothing": {"cloud,instance_type,on_demand\n", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := read(t, tt.text); !slices.Equal(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestRead_errors(t *testing.T) {
	t.Parallel()
	const header = "cloud,instance_type,on_demand,accelerator,count,spot,as_of\n"
	tests := map[string]struct {
		text string
		want []string
	}{
		"empty":               {"", []string{"line 1: nothing is there: start with a line that names the columns cloud, instance_type, on_demand"}},
		"no such column":      {"cloud;instance_type;on_demand\n", []string{`line 1, column "cloud;instance_type;on_demand": there is no such column; there are, separated by commas: cloud, region, instance_type, accelerator, count, gpu_memory_gib, vcpu, memory_gib, on_demand, spot, as_of, source, note`}},
		"columns missing":     {"# ours\ninstance_type\n", []string{"line 2, column cloud: it is missing", "line 2, column on_demand: it is missing"}},
		"column twice":        {"cloud,instance_type,on_demand,cloud\n", []string{"line 1, column cloud: it is named twice"}},
		"fields":              {header + "aws,g6.xlarge\n", []string{"line 2 has 2 fields, but the first line names 7 columns"}},
		"quote":               {header + "aws,\"g6\n", []string{"not CSV: ", "line 2, column "}},
		"values, all at once": {header + "aws,g6.xlarge,\"0,5\",,,,\n\n# x\naws,,0.5,,,,\naws,g6.2xlarge,$1,,-1,1e3,2026-02-30\n", []string{`line 2, column on_demand: "0,5" is not a price: write USD an hour with a point and no sign, such as 0.526`, "line 5, column instance_type: it must be set", `line 6, column on_demand: "$1"`, `line 6, column count: "-1" is not a whole number`, `line 6, column spot: "1e3"`, `line 6, column as_of: "2026-02-30" is not a date: write it such as 2026-07-20`}},
		"not a number":        {header + "aws,g6.xlarge,NaN,,,,\naws,g6.2xlarge,-1,,,,\naws,g6.4xlarge,.5,,,,\naws,g6.8xlarge,1/3,,,,\n", []string{"line 2, column on_demand", "line 3, column on_demand", "line 4, column on_demand", "line 5, column on_demand"}},
		"cloud":               {header + "gcp,g2-standard-4,0.5,,,,\n", []string{`line 2, column cloud: there is no cloud "gcp"; there are: aws, azure, google`}},
		"new machine":         {header + "aws,x.large,0.5,,,,\n", []string{`line 2, column accelerator: it must be set, since "x.large" is not in the list of aws`}},
		"its count":           {header + "aws,x.large,0.5,nvidia-l4,,,\n", []string{`line 2, column count: it must be set, since "x.large" with nvidia-l4 is not in the list of aws`}},
		"accelerator":         {header + "aws,x.large,0.5,l4,1,,\n", []string{`line 2, column accelerator: "l4" is not an accelerator; there are: amd-mi300x, aws-inferentia2, `}},
		"which":               {header + "google,n1-standard-4,0.5,,,,\n", []string{`line 2, column accelerator: it must be set, since "n1-standard-4" may have nvidia-t4 or nvidia-v100`}},
		"dear spot":           {header + "aws,g6.xlarge,0.5,,,0.51,\n", []string{"line 2, column spot: it is above on_demand: exchange them, or leave it out"}},
		"twice":               {header + "aws,g6.xlarge,0.5,,,,\naws,g6.2xlarge,0.5,,,,\naws,g6.xlarge,0.6,,,,\n", []string{`line 4, column instance_type: "g6.xlarge" of this region stands on line 2 too: leave one of them`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := prices.Read(strings.NewReader(tt.text))
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			}
			if n := strings.Count(err.Error(), "\n") + 1; n != max(len(tt.want), 1) && name != "quote" {
				t.Errorf("%d faults: %v", n, err)
			}
		})
	}
	broken := errors.New("broken")
	if _, err := prices.Read(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestCatalog_With(t *testing.T) {
	t.Parallel()
	const header = "cloud,region,instance_type,on_demand,accelerator,count\n"
	tests := map[string]struct {
		text string
		q    prices.Query
		want string // machine, price and region
		rows int    // more than the embedded list
	}{
		"replaces":                {header + "aws,us-east-1,g6.2xlarge,0.5,,\n", prices.Query{Cloud: "aws", Region: "us-east-1", Accelerator: "nvidia-l4"}, "g6.2xlarge 0.5 us-east-1", 0},
		"another region":          {header + "aws,eu-west-1,g6.xlarge,0.9,,\n", prices.Query{Cloud: "aws", Region: "eu-west-1", Accelerator: "nvidia-l4"}, "g6.xlarge 0.9 eu-west-1", 1},
		"not that region":         {header + "aws,eu-west-1,g6.xlarge,0.9,,\n", prices.Query{Cloud: "aws", Region: "us-east-1", Accelerator: "nvidia-l4"}, "g6.xlarge 0.8048 us-east-1", 1},
		"every region":            {header + "aws,,g6.xlarge,0.7,,\n", prices.Query{Cloud: "aws", Region: "eu-west-1", Accelerator: "nvidia-l4"}, "g6.xlarge 0.7 eu-west-1", 0},
		"no region known":         {header + "aws,,g6.xlarge,0.7,,\n", prices.Query{Cloud: "aws", Accelerator: "nvidia-l4"}, "g6.xlarge 0.7 ", 0},
		"one beside every":        {header + "aws,eu-west-1,g6.xlarge,0.75,,\naws,,g6.xlarge,0.7,,\n", prices.Query{Cloud: "aws", Region: "eu-west-1", Accelerator: "nvidia-l4"}, "g6.xlarge 0.75 eu-west-1", 1},
		"every beside one":        {header + "aws,eu-west-1,g6.xlarge,0.75,,\naws,,g6.xlarge,0.7,,\n", prices.Query{Cloud: "aws", Region: "us-west-2", Accelerator: "nvidia-l4"}, "g6.xlarge 0.7 us-west-2", 1},
		"nearest of others":       {header + "aws,eu-west-2,g6.xlarge,0.7,,\naws,eu-west-1,g6.xlarge,0.75,,\n", prices.Query{Cloud: "aws", Region: "us-west-2", Accelerator: "nvidia-l4"}, "g6.xlarge 0.75 eu-west-1", 2},
		"adds a machine":          {header + "aws,,x.large,0.1,nvidia-l4,1\n", prices.Query{Cloud: "aws", Region: "us-east-1", Accelerator: "nvidia-l4"}, "x.large 0.1 us-east-1", 1},
		"adds an accelerator":     {header + "aws,,x.large,30,amd-mi300x,8\n", prices.Query{Cloud: "aws", Region: "us-east-1", Accelerator: "amd-mi300x", Count: 8}, "x.large 30 us-east-1", 1},
		"opens what had no price": {header + "google,,a2-highgpu-2g,7,,\n", prices.Query{Cloud: "google", Region: "r", Accelerator: "nvidia-a100", Count: 2}, "a2-highgpu-2g 7 r", 0},
		"blocks stay":             {header + "aws,us-east-1,p5e.48xlarge,1,,\n", prices.Query{Cloud: "aws", Region: "us-east-1", Accelerator: "nvidia-h200", Count: 8}, "p5en.48xlarge 63.296 us-east-1", 0},
		"attached":                {header + "google,us-central1,n1-standard-4,0.3,nvidia-t4,\n", prices.Query{Cloud: "google", Region: "us-central1", Accelerator: "nvidia-v100"}, "n1-standard-4 2.67 us-central1", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := embedded(t).With(read(t, tt.text))
			got, err := c.Choose(tt.q)
			if err != nil {
				t.Fatal(err)
			}
			if text := got.InstanceType + " " + string(got.OnDemand) + " " + got.Region; text != tt.want {
				t.Errorf("got %q, want %q", text, tt.want)
			}
			if n := len(c.List("", "", "")) - len(embedded(t).List("", "", "")); n != tt.rows {
				t.Errorf("%d rows more", n)
			}
		})
	}
}

// A caller may hand in rows that Read never saw.
func TestCatalog_With_completes(t *testing.T) {
	t.Parallel()
	c := embedded(t).With([]prices.Machine{{Cloud: "aws", InstanceType: "g6.xlarge", OnDemand: "0.6"}, {Cloud: "aws", InstanceType: "new", OnDemand: "0.01"}})
	got, err := c.Choose(prices.Query{Cloud: "aws", Region: "us-east-1", Accelerator: "nvidia-l4"})
	want := prices.Machine{Cloud: "aws", InstanceType: "g6.xlarge", Accelerator: "nvidia-l4", Count: 1, GPUMemoryGiB: 22, VCPU: 4, MemoryGiB: 16, OnDemand: "0.6", Spot: "0.48288", Source: "own price"}
	if err != nil || got.Machine != want {
		t.Errorf("got %+v, %v", got.Machine, err)
	}
	if why := "g6.xlarge is the cheapest of 7 machines of aws with 1 nvidia-l4, at 0.6 USD an hour on demand; the next is g6.2xlarge at 0.9776."; got.Why != why {
		t.Errorf("why: %s", got.Why)
	}
}

// What a row leaves out is that of its own region before that of another.
func TestCatalog_With_ofItsRegion(t *testing.T) {
	t.Parallel()
	c := embedded(t).With([]prices.Machine{{Cloud: "aws", Region: "eu-west-1", InstanceType: "g6.xlarge", OnDemand: "0.9", Spot: "0.3"}})
	c = c.With([]prices.Machine{{Cloud: "aws", Region: "eu-west-1", InstanceType: "g6.xlarge", OnDemand: "0.8"}, {Cloud: "aws", Region: "eu-west-2", InstanceType: "g6.xlarge", OnDemand: "0.8"}})
	for region, want := range map[string]string{"eu-west-1": "0.3", "eu-west-2": "0.48288"} {
		got, err := c.Choose(prices.Query{Cloud: "aws", Region: region, InstanceType: "g6.xlarge"})
		if err != nil || got.OnDemand != "0.8" || string(got.Spot) != want {
			t.Errorf("%s: got %+v, %v", region, got.Machine, err)
		}
	}
}
