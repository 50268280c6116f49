package azureml

import (
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/machines"
)

// instances are in the order in which they are taken: smaller ones first. Sizes are
// those of Azure's own pages on virtual machines.
var instances = []machines.Machine{
	machines.New("Standard_D2s_v3", 2, 8, "", 0), machines.New("Standard_D4s_v3", 4, 16, "", 0), machines.New("Standard_E4s_v3", 4, 32, "", 0), machines.New("Standard_D8s_v3", 8, 32, "", 0), machines.New("Standard_E8s_v3", 8, 64, "", 0),
	machines.New("Standard_D16s_v3", 16, 64, "", 0), machines.New("Standard_E16s_v3", 16, 128, "", 0), machines.New("Standard_D32s_v3", 32, 128, "", 0), machines.New("Standard_E32s_v3", 32, 256, "", 0), machines.New("Standard_D64s_v3", 64, 256, "", 0), machines.New("Standard_E64s_v3", 64, 432, "", 0),
	machines.New("Standard_NC4as_T4_v3", 4, 28, "nvidia-t4", 1), machines.New("Standard_NC8as_T4_v3", 8, 56, "nvidia-t4", 1), machines.New("Standard_NC16as_T4_v3", 16, 110, "nvidia-t4", 1), machines.New("Standard_NC64as_T4_v3", 64, 440, "nvidia-t4", 4),
	machines.New("Standard_NV36ads_A10_v5", 36, 440, "nvidia-a10", 1), machines.New("Standard_NV72ads_A10_v5", 72, 880, "nvidia-a10", 2),
	machines.New("Standard_ND96asr_v4", 96, 900, "nvidia-a100", 8),
	machines.New("Standard_NC24ads_A100_v4", 24, 220, "nvidia-a100-80gb", 1), machines.New("Standard_NC48ads_A100_v4", 48, 440, "nvidia-a100-80gb", 2), machines.New("Standard_NC96ads_A100_v4", 96, 880, "nvidia-a100-80gb", 4), machines.New("Standard_ND96amsr_A100_v4", 96, 1900, "nvidia-a100-80gb", 8),
	machines.New("Standard_NC40ads_H100_v5", 40, 320, "nvidia-h100", 1), machines.New("Standard_NC80adis_H100_v5", 80, 640, "nvidia-h100", 2), machines.New("Standard_ND96isr_H100_v5", 96, 1900, "nvidia-h100", 8),
	machines.New("Standard_ND96isr_H200_v5", 96, 1850, "nvidia-h200", 8), machines.New("Standard_ND96isr_MI300X_v5", 96, 1850, "amd-mi300x", 8),
}

// instanceFor is the machine of a task.
func instanceFor(r *spec.Resources) (machines.Machine, string) {
	return machines.Pick(instances, "virtual machine of Azure ML's serverless compute", r)
}
