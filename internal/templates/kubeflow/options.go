package kubeflow

import (
	"strconv"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/kfpir"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
)

// brace is a variable that holds one "{". A task's command line passes through Argo
// Workflows, which reads {{ and has no escape for it, and then the kubelet, which
// expands $(…). The launcher reads its placeholders last.
const brace = "MLOPS_BRACE"

// runVariable is set from a label of the pod: as a parameter of the task it would make
// every run's tasks differ, so that no cached output would ever be taken.
const runVariable = "MLOPS_RUN_ID"

func options(p *spec.Project, pl *spec.Pipeline) kfpir.Options {
	return kfpir.Options{
		Literal:   literal,
		Config:    "/opt/mlops/pipelines/" + pl.Name + "/pipeline.json",
		Fixed:     []kfpir.Variable{{Name: brace, Value: "{"}},
		Variables: func(t *taskgraph.Task) map[string]taskgraph.Text { return variables(p, pl, t) },
		Leave:     func(_ *taskgraph.Task, name string) bool { return name == runVariable },
		Resources: resources,
	}
}

// variables are what tasks get beside their own: the pods' user has no home in a team's
// image, and programs find modules and data on volumes.
func variables(p *spec.Project, pl *spec.Pipeline, t *taskgraph.Task) map[string]taskgraph.Text {
	text := func(s string) taskgraph.Text { return taskgraph.Text{{Kind: taskgraph.Literal, Text: s}} }
	out := map[string]taskgraph.Text{"HOME": text("/tmp")}
	if !t.Program() {
		return out
	}
	out["PYTHONDONTWRITEBYTECODE"], out["PYTHONPATH"] = text("1"), text("/opt/mlops")
	if b := p.Store(pl.Artifacts); b != nil {
		_, mount := p.Claim(b.Name)
		out["MLOPS_DATA_ROOT"] = text(mount)
		if t.Role == taskgraph.Register {
			out["MLOPS_MODEL_STORE"] = text(mount + "/models")
		}
	}
	return out
}

// literal writes text so that neither Argo Workflows nor the kubelet finds anything in
// it. last says that no placeholder follows.
func literal(text string, last bool) string {
	if !strings.ContainsAny(text, "${") {
		return text
	}
	text = strings.ReplaceAll(text, "$", "$$")
	var b strings.Builder
	for i := range len(text) {
		opens := text[i] == '{' && (i+1 < len(text) && text[i+1] == '{' || i+1 == len(text) && !last)
		if opens {
			b.WriteString("$(" + brace + ")")
		} else {
			b.WriteByte(text[i])
		}
	}
	return b.String()
}

// ours is what each task of ours asks for.
func ours() kfpir.Resources { return requests(&spec.Resources{CPU: "100m", Memory: "2Gi"}) }

func resources(t *taskgraph.Task) *kfpir.Resources {
	if t.Program() {
		out := ours()
		return &out
	}
	if t.Resources == nil {
		return nil
	}
	out := requests(t.Resources)
	if a := t.Resources.Accelerator; a != nil {
		out.Accelerator = kfpir.Accelerate(a.Resource(), a.Count)
		out.Accelerator.ResourceType, out.Accelerator.ResourceCount = a.Resource(), strconv.FormatInt(a.Count, 10)
	}
	return &out
}

// requests asks for cores without a limit on them, and for memory with one.
func requests(r *spec.Resources) kfpir.Resources {
	memory := kfpir.GB(r.Memory)
	return kfpir.Resources{
		CPURequest: kfpir.Cores(r.CPU), CPURequestQ: string(r.CPU),
		MemoryRequest: memory, MemoryRequestQ: string(r.Memory), MemoryLimit: memory, MemoryLimitQ: string(r.Memory),
	}
}
