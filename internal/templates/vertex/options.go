package vertex

import (
	"strconv"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/kfpir"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
)

// files is the parameter that says where the programs of a run lie: a folder of the
// bucket, named after their content, as containers see it. The start program gives it.
const files = "mlops_files"

func options(pl *spec.Pipeline, bucket string) kfpir.Options {
	return kfpir.Options{
		Config:     kfpir.Input(files) + "/pipelines/" + pl.Name + "/pipeline.json",
		Parameters: map[string]kfpir.Parameter{files: {Type: "STRING"}},
		Variables:  func(t *taskgraph.Task) map[string]taskgraph.Text { return variables(t, bucket) },
		// As an input of a task the run's id would make every run's tasks differ, so that no
		// cached output would ever be taken.
		Leave:       func(t *taskgraph.Task, name string) bool { return name == "MLOPS_RUN_ID" && t.Cache },
		Resources:   resources,
		MakeFolders: true, // gcsfuse makes none for a file that is written
	}
}

// variables are what programs get beside their own: modules and data are below /gcs,
// where Vertex AI mounts all buckets.
func variables(t *taskgraph.Task, bucket string) map[string]taskgraph.Text {
	if !t.Program() {
		return nil
	}
	text := func(s string) taskgraph.Text { return taskgraph.Text{{Kind: taskgraph.Literal, Text: s}} }
	out := map[string]taskgraph.Text{
		"MLOPS_DATA_ROOT": text("/gcs/" + bucket), "PYTHONDONTWRITEBYTECODE": text("1"),
		"PYTHONPATH": {{Kind: taskgraph.Param, Text: files}},
	}
	if t.Role == taskgraph.Register {
		out["MLOPS_MODEL_STORE"] = text("/gcs/" + bucket + "/models")
	}
	return out
}

// accelerators are the names of AcceleratorType (aiplatform v1). Amazon's, AMD's and
// those NVIDIA ones that Google Cloud does not rent out are not among them.
var accelerators = map[string]string{
	"nvidia-t4": "NVIDIA_TESLA_T4", "nvidia-v100": "NVIDIA_TESLA_V100", "nvidia-p100": "NVIDIA_TESLA_P100", "nvidia-l4": "NVIDIA_L4", "nvidia-a100": "NVIDIA_TESLA_A100",
	"nvidia-a100-80gb": "NVIDIA_A100_80GB", "nvidia-h100": "NVIDIA_H100_80GB", "nvidia-h200": "NVIDIA_H200_141GB", "nvidia-b200": "NVIDIA_B200",
}

// resources are limits: Vertex AI chooses the machine by them.
func resources(t *taskgraph.Task) *kfpir.Resources {
	r := t.Resources
	if r == nil || t.Program() {
		return nil
	}
	out := &kfpir.Resources{CPULimit: kfpir.Cores(r.CPU), CPULimitQ: string(r.CPU), MemoryLimit: kfpir.GB(r.Memory), MemoryLimitQ: string(r.Memory)}
	if a := r.Accelerator; a != nil {
		kind := accelerators[a.Type]
		out.Accelerator = kfpir.Accelerate(kind, a.Count)
		out.Accelerator.ResourceType, out.Accelerator.ResourceCount = kind, strconv.FormatInt(a.Count, 10)
	}
	return out
}
