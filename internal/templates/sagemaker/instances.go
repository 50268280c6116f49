package sagemaker

import (
	"fmt"
	"math/big"
	"slices"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// instance is a type of machine for processing jobs.
type instance struct {
	name        string
	cpu         int64
	memory      int64 // GiB
	accelerator string
	count       int64
}

// instances are in the order in which they are taken: smaller ones first. Names are
// those of ProcessingInstanceType (botocore); sizes are AWS' own pages on EC2 instances.
var instances = []instance{
	{"ml.m5.large", 2, 8, "", 0}, {"ml.m5.xlarge", 4, 16, "", 0}, {"ml.r5.xlarge", 4, 32, "", 0}, {"ml.m5.2xlarge", 8, 32, "", 0}, {"ml.r5.2xlarge", 8, 64, "", 0},
	{"ml.m5.4xlarge", 16, 64, "", 0}, {"ml.r5.4xlarge", 16, 128, "", 0}, {"ml.r5.8xlarge", 32, 256, "", 0}, {"ml.m5.12xlarge", 48, 192, "", 0}, {"ml.m5.24xlarge", 96, 384, "", 0}, {"ml.r5.24xlarge", 96, 768, "", 0},
	{"ml.g4dn.xlarge", 4, 16, "nvidia-t4", 1}, {"ml.g4dn.2xlarge", 8, 32, "nvidia-t4", 1}, {"ml.g4dn.4xlarge", 16, 64, "nvidia-t4", 1}, {"ml.g4dn.8xlarge", 32, 128, "nvidia-t4", 1}, {"ml.g4dn.16xlarge", 64, 256, "nvidia-t4", 1}, {"ml.g4dn.12xlarge", 48, 192, "nvidia-t4", 4},
	{"ml.p3.2xlarge", 8, 61, "nvidia-v100", 1}, {"ml.p3.8xlarge", 32, 244, "nvidia-v100", 4}, {"ml.p3.16xlarge", 64, 488, "nvidia-v100", 8},
	{"ml.g5.xlarge", 4, 16, "nvidia-a10g", 1}, {"ml.g5.2xlarge", 8, 32, "nvidia-a10g", 1}, {"ml.g5.4xlarge", 16, 64, "nvidia-a10g", 1}, {"ml.g5.8xlarge", 32, 128, "nvidia-a10g", 1}, {"ml.g5.16xlarge", 64, 256, "nvidia-a10g", 1}, {"ml.g5.12xlarge", 48, 192, "nvidia-a10g", 4}, {"ml.g5.24xlarge", 96, 384, "nvidia-a10g", 4}, {"ml.g5.48xlarge", 192, 768, "nvidia-a10g", 8},
	{"ml.g6.xlarge", 4, 16, "nvidia-l4", 1}, {"ml.g6.2xlarge", 8, 32, "nvidia-l4", 1}, {"ml.g6.4xlarge", 16, 64, "nvidia-l4", 1}, {"ml.g6.8xlarge", 32, 128, "nvidia-l4", 1}, {"ml.g6.16xlarge", 64, 256, "nvidia-l4", 1}, {"ml.g6.12xlarge", 48, 192, "nvidia-l4", 4}, {"ml.g6.24xlarge", 96, 384, "nvidia-l4", 4}, {"ml.g6.48xlarge", 192, 768, "nvidia-l4", 8},
	{"ml.g6e.xlarge", 4, 32, "nvidia-l40s", 1}, {"ml.g6e.2xlarge", 8, 64, "nvidia-l40s", 1}, {"ml.g6e.4xlarge", 16, 128, "nvidia-l40s", 1}, {"ml.g6e.8xlarge", 32, 256, "nvidia-l40s", 1}, {"ml.g6e.16xlarge", 64, 512, "nvidia-l40s", 1}, {"ml.g6e.12xlarge", 48, 384, "nvidia-l40s", 4}, {"ml.g6e.24xlarge", 96, 768, "nvidia-l40s", 4}, {"ml.g6e.48xlarge", 192, 1536, "nvidia-l40s", 8},
	{"ml.p5.4xlarge", 16, 256, "nvidia-h100", 1},
}

// instanceFor is the first type that has what a task asks for; a task that asks for
// nothing gets the second smallest, since a step of training needs more than the smallest.
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
		return instance{}, fmt.Sprintf("no instance type for processing jobs of SageMaker has %s cpu and %s memory", r.CPU, r.Memory)
	}
	var have []string
	for _, i := range instances {
		if i.accelerator != "" {
			have = append(have, i.accelerator)
		}
	}
	slices.Sort(have)
	return instance{}, fmt.Sprintf("no instance type for processing jobs of SageMaker has %d %s with the cpu and memory asked for; there are: %v", count, kind, slices.Compact(have))
}

// holds compares a quantity with a whole number of units.
func holds(asked spec.Quantity, have, unit int64) bool {
	if asked == "" {
		return true
	}
	a, ok := asked.Rat()
	return ok && a.Cmp(new(big.Rat).SetInt64(have*unit)) <= 0
}
