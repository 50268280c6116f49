package sagemaker

import (
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/machines"
)

// instances are in the order in which they are taken: smaller ones first. Names are
// those of ProcessingInstanceType (botocore); sizes are AWS' own pages on EC2 instances.
var instances = []machines.Machine{
	machines.New("ml.m5.large", 2, 8, "", 0), machines.New("ml.m5.xlarge", 4, 16, "", 0), machines.New("ml.r5.xlarge", 4, 32, "", 0), machines.New("ml.m5.2xlarge", 8, 32, "", 0), machines.New("ml.r5.2xlarge", 8, 64, "", 0),
	machines.New("ml.m5.4xlarge", 16, 64, "", 0), machines.New("ml.r5.4xlarge", 16, 128, "", 0), machines.New("ml.r5.8xlarge", 32, 256, "", 0), machines.New("ml.m5.12xlarge", 48, 192, "", 0), machines.New("ml.m5.24xlarge", 96, 384, "", 0), machines.New("ml.r5.24xlarge", 96, 768, "", 0),
	machines.New("ml.g4dn.xlarge", 4, 16, "nvidia-t4", 1), machines.New("ml.g4dn.2xlarge", 8, 32, "nvidia-t4", 1), machines.New("ml.g4dn.4xlarge", 16, 64, "nvidia-t4", 1), machines.New("ml.g4dn.8xlarge", 32, 128, "nvidia-t4", 1), machines.New("ml.g4dn.16xlarge", 64, 256, "nvidia-t4", 1), machines.New("ml.g4dn.12xlarge", 48, 192, "nvidia-t4", 4),
	machines.New("ml.p3.2xlarge", 8, 61, "nvidia-v100", 1), machines.New("ml.p3.8xlarge", 32, 244, "nvidia-v100", 4), machines.New("ml.p3.16xlarge", 64, 488, "nvidia-v100", 8),
	machines.New("ml.g5.xlarge", 4, 16, "nvidia-a10g", 1), machines.New("ml.g5.2xlarge", 8, 32, "nvidia-a10g", 1), machines.New("ml.g5.4xlarge", 16, 64, "nvidia-a10g", 1), machines.New("ml.g5.8xlarge", 32, 128, "nvidia-a10g", 1), machines.New("ml.g5.16xlarge", 64, 256, "nvidia-a10g", 1), machines.New("ml.g5.12xlarge", 48, 192, "nvidia-a10g", 4), machines.New("ml.g5.24xlarge", 96, 384, "nvidia-a10g", 4), machines.New("ml.g5.48xlarge", 192, 768, "nvidia-a10g", 8),
	machines.New("ml.g6.xlarge", 4, 16, "nvidia-l4", 1), machines.New("ml.g6.2xlarge", 8, 32, "nvidia-l4", 1), machines.New("ml.g6.4xlarge", 16, 64, "nvidia-l4", 1), machines.New("ml.g6.8xlarge", 32, 128, "nvidia-l4", 1), machines.New("ml.g6.16xlarge", 64, 256, "nvidia-l4", 1), machines.New("ml.g6.12xlarge", 48, 192, "nvidia-l4", 4), machines.New("ml.g6.24xlarge", 96, 384, "nvidia-l4", 4), machines.New("ml.g6.48xlarge", 192, 768, "nvidia-l4", 8),
	machines.New("ml.g6e.xlarge", 4, 32, "nvidia-l40s", 1), machines.New("ml.g6e.2xlarge", 8, 64, "nvidia-l40s", 1), machines.New("ml.g6e.4xlarge", 16, 128, "nvidia-l40s", 1), machines.New("ml.g6e.8xlarge", 32, 256, "nvidia-l40s", 1), machines.New("ml.g6e.16xlarge", 64, 512, "nvidia-l40s", 1), machines.New("ml.g6e.12xlarge", 48, 384, "nvidia-l40s", 4), machines.New("ml.g6e.24xlarge", 96, 768, "nvidia-l40s", 4), machines.New("ml.g6e.48xlarge", 192, 1536, "nvidia-l40s", 8),
	machines.New("ml.p5.4xlarge", 16, 256, "nvidia-h100", 1),
}

// instanceFor is the machine of a task.
func instanceFor(r *spec.Resources) (machines.Machine, string) {
	return machines.Pick(instances, "instance type for processing jobs of SageMaker", r)
}
