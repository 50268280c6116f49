// Package prices is the list of the clouds' machines with accelerators, what they cost,
// and the choice of one. It knows no network, no clock and no bill: a price is what a
// list said on a date, and the price of spot capacity is an estimate.
package prices

import (
	"slices"
	"strings"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

//go:generate go run ./refresh -in data/prices.csv

// MaxAge is how old a price may be before it should be looked up anew.
const MaxAge = 180 * 24 * time.Hour

// Machine is a type of machine in a region and what an hour of it costs in USD.
type Machine struct {
	Cloud        string
	Region       string // of the price; "" is every region
	InstanceType string
	Accelerator  string // portable type; "" is one that has no portable type
	Count        int64  // of whole accelerators; 0 is a fraction of one, or unknown
	GPUMemoryGiB int64  // of one accelerator, rounded down; 0 is unknown
	VCPU         int64  // 0 is unknown
	MemoryGiB    int64  // 0 is unknown
	OnDemand     spec.Number
	Spot         spec.Number // "" is unknown, as for OnDemand
	AsOf         string      // ISO date of the price; "" is unknown
	Source       string
	Note         string
}

// Notes that decide when a machine may be chosen.
const (
	spotOnly   = "Spot or Flex-start only"
	blocksOnly = "capacity blocks only"
	fraction   = "a fraction of one"
)

func (m Machine) noted(what string) bool { return strings.Contains(m.Note, what) }

// Age is how long before a time the price was read; zero when that is unknown.
func (m Machine) Age(on time.Time) time.Duration {
	read, err := time.Parse(time.DateOnly, m.AsOf)
	if err != nil {
		return 0
	}
	return max(0, on.Sub(read))
}

// Catalog is a list of machines. It is never changed: With makes another one.
type Catalog struct{ rows []Machine }

// List is the machines of a cloud, a region and an accelerator in the order of the
// list; "" stands for all. A price for every region is one of any region.
func (c *Catalog) List(cloud, region, accelerator string) []Machine {
	var out []Machine
	for _, m := range c.rows {
		if (cloud == "" || m.Cloud == cloud) && (region == "" || m.Region == "" || m.Region == region) && (accelerator == "" || m.Accelerator == accelerator) {
			out = append(out, m)
		}
	}
	return out
}

// clouds are those of the list.
func (c *Catalog) clouds() []string {
	return names(c.rows, func(m Machine) string { return m.Cloud })
}

// names are the different values of a field, sorted, without "".
func names(rows []Machine, field func(Machine) string) []string {
	var out []string
	for _, m := range rows {
		if field(m) != "" {
			out = append(out, field(m))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// attached reports whether accelerators are attached to a type of machine one by one,
// so that its name does not tell which and how many it has.
func attached(cloud, instanceType string) bool {
	return cloud == "google" && strings.HasPrefix(instanceType, "n1-")
}

// key is what makes two rows of a region the same machine.
type key struct {
	cloud, instanceType, accelerator string
	count                            int64
}

func keyOf(m Machine) key {
	if attached(m.Cloud, m.InstanceType) {
		return key{m.Cloud, m.InstanceType, m.Accelerator, m.Count}
	}
	return key{cloud: m.Cloud, instanceType: m.InstanceType}
}
