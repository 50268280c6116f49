// Package machines chooses the type of machine for a task where a cloud's own service
// starts one for each. It knows no cloud: the tables are the targets'.
package machines

import (
	"fmt"
	"math"
	"math/big"
	"slices"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// Machine is one type of machine of a service.
type Machine struct {
	Name        string
	CPU         int64
	Memory      int64 // GiB
	Accelerator string
	Count       int64 // of accelerators
}

// New is a row of a table.
func New(name string, cpu, memory int64, accelerator string, count int64) Machine {
	return Machine{name, cpu, memory, accelerator, count}
}

// Pick is the first of a table, smaller ones first, that has what a task asks for; why
// says that there is none, and calls the table by its name. A task that asks for nothing
// gets the second, since a step of training needs more than the smallest.
func Pick(table []Machine, name string, r *spec.Resources) (m Machine, why string) {
	if r == nil {
		return table[1], ""
	}
	kind, count := "", int64(0)
	if r.Accelerator != nil {
		kind, count = r.Accelerator.Type, r.Accelerator.Count
	}
	cpu, memory := whole(r.CPU, 1), whole(r.Memory, 1<<30)
	for _, m := range table {
		if m.Accelerator == kind && m.Count >= count && m.CPU >= cpu && m.Memory >= memory {
			return m, ""
		}
	}
	if kind == "" {
		return Machine{}, fmt.Sprintf("no %s has %s cpu and %s memory", name, r.CPU, r.Memory)
	}
	var have []string
	for _, m := range table {
		if m.Accelerator != "" {
			have = append(have, m.Accelerator)
		}
	}
	slices.Sort(have)
	return Machine{}, fmt.Sprintf("no %s has %d %s with the cpu and memory asked for; there are: %v", name, count, kind, slices.Compact(have))
}

// whole is the least whole number of units that hold a quantity; a text that is none is
// more than any machine has.
func whole(asked spec.Quantity, unit int64) int64 {
	if asked == "" {
		return 0
	}
	amount, ok := asked.Rat()
	if !ok {
		return math.MaxInt64
	}
	units := amount.Quo(amount, new(big.Rat).SetInt64(unit))
	least := new(big.Int).Add(units.Num(), new(big.Int).Sub(units.Denom(), big.NewInt(1)))
	if least.Quo(least, units.Denom()); !least.IsInt64() {
		return math.MaxInt64
	}
	return least.Int64()
}
