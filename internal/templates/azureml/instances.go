package azureml

import (
	"fmt"
	"math/big"
	"slices"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// instance is a size of virtual machine for serverless compute.
type instance struct {
	name        string
	cpu         int64
	memory      int64 // GiB
	accelerator string
	count       int64
}

// instances are in the order in which they are taken: smaller ones first. Sizes are
// those of Azure's own pages on virtual machines.
var instances = []instance{
	{"Standard_D2s_v3", 2, 8, "", 0}, {"Standard_D4s_v3", 4, 16, "", 0}, {"Standard_E4s_v3", 4, 32, "", 0}, {"Standard_D8s_v3", 8, 32, "", 0}, {"Standard_E8s_v3", 8, 64, "", 0},
	{"Standard_D16s_v3", 16, 64, "", 0}, {"Standard_E16s_v3", 16, 128, "", 0}, {"Standard_D32s_v3", 32, 128, "", 0}, {"Standard_E32s_v3", 32, 256, "", 0}, {"Standard_D64s_v3", 64, 256, "", 0}, {"Standard_E64s_v3", 64, 432, "", 0},
	{"Standard_NC4as_T4_v3", 4, 28, "nvidia-t4", 1}, {"Standard_NC8as_T4_v3", 8, 56, "nvidia-t4", 1}, {"Standard_NC16as_T4_v3", 16, 110, "nvidia-t4", 1}, {"Standard_NC64as_T4_v3", 64, 440, "nvidia-t4", 4},
	{"Standard_NV36ads_A10_v5", 36, 440, "nvidia-a10", 1}, {"Standard_NV72ads_A10_v5", 72, 880, "nvidia-a10", 2},
	{"Standard_ND96asr_v4", 96, 900, "nvidia-a100", 8},
	{"Standard_NC24ads_A100_v4", 24, 220, "nvidia-a100-80gb", 1}, {"Standard_NC48ads_A100_v4", 48, 440, "nvidia-a100-80gb", 2}, {"Standard_NC96ads_A100_v4", 96, 880, "nvidia-a100-80gb", 4}, {"Standard_ND96amsr_A100_v4", 96, 1900, "nvidia-a100-80gb", 8},
	{"Standard_NC40ads_H100_v5", 40, 320, "nvidia-h100", 1}, {"Standard_NC80adis_H100_v5", 80, 640, "nvidia-h100", 2}, {"Standard_ND96isr_H100_v5", 96, 1900, "nvidia-h100", 8},
	{"Standard_ND96isr_H200_v5", 96, 1850, "nvidia-h200", 8}, {"Standard_ND96isr_MI300X_v5", 96, 1850, "amd-mi300x", 8},
}

// instanceFor is the first size that has what a task asks for; a task that asks for
// nothing gets the second smallest.
func instanceFor(r *spec.Resources) (instance, string) {
	if r == nil {
		return instances[1], ""
	}
	kind, count := "", int64(0)
	if r.Accelerator != nil {
		kind, count = r.Accelerator.Type, r.Accelerator.Count
	}
	for _, i := range instances {
		if i.accelerator == kind && i.count >= count && holds(r.CPU, i.cpu, 1) && holds(r.Memory, i.memory, 1<<30) {
			return i, ""
		}
	}
	if kind == "" {
		return instance{}, fmt.Sprintf("no virtual machine of Azure ML's serverless compute has %s cpu and %s memory", r.CPU, r.Memory)
	}
	var have []string
	for _, i := range instances {
		if i.accelerator != "" {
			have = append(have, i.accelerator)
		}
	}
	slices.Sort(have)
	return instance{}, fmt.Sprintf("no virtual machine of Azure ML's serverless compute has %d %s with the cpu and memory asked for; there are: %v", count, kind, slices.Compact(have))
}

// holds compares a quantity with a whole number of units.
func holds(asked spec.Quantity, have, unit int64) bool {
	if asked == "" {
		return true
	}
	a, ok := asked.Rat()
	return ok && a.Cmp(new(big.Rat).SetInt64(have*unit)) <= 0
}
