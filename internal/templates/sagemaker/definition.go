package sagemaker

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
)

// Paths in a container. What is handed on is a folder for SageMaker, so a step's path
// is a name in it.
const (
	inputs  = "/opt/ml/processing/input/"
	outputs = "/opt/ml/processing/output/"
	code    = inputs + "mlops-code"
	data    = inputs + "mlops-data-root"
	role    = "ExecutionRoleArn"
)

// builder writes one pipeline.
type builder struct {
	p      *spec.Project
	pl     *spec.Pipeline
	graph  *taskgraph.Graph
	key    string // where deployment puts the programs
	bucket string // the address of the pipeline's bucket, or ""
	tags   []tag
	cron   string // the schedule for EventBridge, or ""
	why    string // EventBridge cannot express the schedule, or ""
}

func newBuilder(p *spec.Project, pl *spec.Pipeline) builder {
	b := builder{p: p, pl: pl, graph: taskgraph.Of(p, pl), key: codeKey(pl), tags: tags(p, pl)}
	if store := p.Store(pl.Artifacts); store != nil {
		b.bucket = strings.TrimSuffix(address(store), "/")
	}
	if s := pl.Triggers.Schedule; s != nil {
		b.cron, b.why = expression(s.Cron)
	}
	return b
}

// name is the pipeline's in the account: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}.
func (b builder) name() string { return b.p.Platform.Name + "-" + b.pl.Name }

func address(b *spec.Bucket) string {
	if b.Existing == "" {
		return "s3://" + b.Name
	}
	if strings.Contains(b.Existing, "://") {
		return b.Existing
	}
	return "s3://" + b.Existing
}

// codeKey is where deployment puts the programs and pipeline.json. It changes with the
// pipeline, so that an execution under way keeps its own.
func codeKey(pl *spec.Pipeline) string {
	text, err := spec.Encode(pl)
	if err != nil {
		panic(fmt.Sprintf("a linked pipeline is encodable: %v", err))
	}
	return "mlops/" + pl.Name + "/" + spec.Hash(text)[:12]
}

func (b builder) definition() definition {
	out := definition{Version: "2020-12-01", Metadata: map[string]string{}, Parameters: []parameter{{Name: role, Type: "String"}}, Steps: []step{}}
	for _, name := range slices.Sorted(maps.Keys(b.pl.Parameters)) {
		out.Parameters = append(out.Parameters, parameterOf(name, b.pl.Parameters[name]))
	}
	for _, t := range b.graph.Tasks {
		out.Steps = append(out.Steps, b.step(t))
	}
	return out
}

func parameterOf(name string, from spec.Parameter) parameter {
	out := parameter{Name: name, Type: map[string]string{"string": "String", "number": "Float", "integer": "Integer", "boolean": "String"}[from.Type]}
	if from.Default != nil {
		out.Default = from.Value()
	}
	if from.Type == "boolean" {
		// SageMaker would write a Boolean in its own spelling into a command line.
		out.Enum = []string{"true", "false"}
		if from.Default != nil {
			out.Default = *from.Default
		}
	}
	return out
}

func (b builder) step(t taskgraph.Task) step {
	s := step{Name: t.Name, Type: "Processing", Depends: t.Needs, Arguments: b.job(t)}
	if t.Cache {
		s.Cache = &cacheConfig{Enabled: true, ExpireAfter: "P30D"}
	}
	if t.Retries > 0 {
		s.Retries = []retry{{
			Exceptions:  []string{"Step.SERVICE_FAULT", "Step.THROTTLING", "SageMaker.JOB_INTERNAL_ERROR", "SageMaker.CAPACITY_ERROR"},
			BackoffRate: 2, Interval: 30, MaxAttempts: t.Retries,
		}}
	}
	return s
}

func (b builder) job(t taskgraph.Task) job {
	instance, _ := instanceFor(t.Resources)
	out := job{
		Resources: resources{cluster{Count: 1, Type: instance.Name, Volume: 30}},
		App:       app{Image: t.Image},
		Role:      get("Parameters." + role),
		Env:       b.environment(t),
		Tags:      b.tags,
	}
	for i, arg := range t.Command {
		if i == 0 {
			out.App.Entrypoint = []any{b.value(t, arg)}
			continue
		}
		out.App.Arguments = append(out.App.Arguments, b.value(t, arg))
	}
	if seconds := t.Timeout.Seconds(); seconds > 0 {
		out.Stop = &stop{seconds}
	}
	out.Inputs = b.inputs(t)
	for _, o := range t.Outputs {
		out.Outputs = append(out.Outputs, output{
			Name: o.Name, Managed: false,
			S3: s3Output{URI: b.destination(t.Name, o.Name), Local: outputs + o.Name, Mode: "EndOfJob"},
		})
	}
	if len(out.Outputs) > 0 {
		out.OutputConfig = &outputConfig{out.Outputs}
	}
	return out
}

// destination is where an output goes in the bucket, a folder for each execution.
func (b builder) destination(task, output string) any {
	return join("/", b.bucket+"/runs/"+b.pl.Name, get("Execution.PipelineExecutionId"), task, output)
}

func (b builder) inputs(t taskgraph.Task) []input {
	var out []input
	for _, in := range t.Inputs {
		// The other step's own address: when its outputs are from the cache, they lie elsewhere.
		from := get("Steps." + in.Task + ".ProcessingOutputConfig.Outputs['" + in.Output + "'].S3Output.S3Uri")
		out = append(out, inputOf(in.Name, from, inputs+in.Name))
	}
	if t.Program() {
		out = append(out, inputOf("mlops-code", b.bucket+"/"+b.key, code))
	}
	if t.Role == taskgraph.Data {
		for _, name := range b.graph.Reads {
			if from, local := b.source(b.p.Dataset(name)); from != "" {
				out = append(out, inputOf("mlops-data-"+name, from, local))
			}
		}
	}
	return out
}

// source is where a dataset lies in the bucket, and where the data task looks for it;
// "" for one that the task fetches itself.
func (b builder) source(d *spec.Dataset) (from, local string) {
	switch {
	case d.Local != nil:
		// A single object keeps its own name below the folder.
		folder := path.Dir(d.Local.Path)
		if path.Ext(d.Local.Path) == "" {
			folder = d.Local.Path
		}
		return b.bucket + "/" + d.Local.Path, path.Join(data, folder)
	case d.Bucket != nil:
		if store := b.p.Bucket(d.Bucket.Name); store != nil {
			prefix := strings.Trim(d.Bucket.Prefix, "/")
			return address(store) + "/" + prefix, path.Join(data, prefix)
		}
	}
	return "", ""
}

func inputOf(name string, from any, local string) input {
	return input{Name: name, S3: s3Input{URI: from, Local: local, Type: "S3Prefix", Mode: "File"}}
}

func (b builder) environment(t taskgraph.Task) map[string]any {
	out := map[string]any{}
	for name, text := range t.Env {
		out[name] = b.value(t, text)
	}
	if t.Program() {
		out["MLOPS_DATA_ROOT"], out["PYTHONPATH"], out["PYTHONDONTWRITEBYTECODE"] = data, code, "1"
	}
	return out
}

// value is a text, or a join of its parts when a run fills in some.
func (b builder) value(t taskgraph.Task, x taskgraph.Text) any {
	var parts []any
	fixed := true
	for _, part := range x {
		made := b.part(t, part)
		text, plain := made.(string)
		last, joined := "", false
		if len(parts) > 0 {
			last, joined = parts[len(parts)-1].(string)
		}
		switch {
		case plain && joined:
			parts[len(parts)-1] = last + text
		default:
			parts = append(parts, made)
		}
		fixed = fixed && plain
	}
	if fixed {
		if len(parts) == 0 {
			return ""
		}
		return parts[0]
	}
	return join("", parts...)
}

func (b builder) part(t taskgraph.Task, part taskgraph.Part) any {
	switch part.Kind {
	case taskgraph.Param:
		return get("Parameters." + part.Text)
	case taskgraph.InputPath:
		return inputs + part.Text + "/" + taskgraph.FileName(t.Input(part.Text).Output)
	case taskgraph.OutputPath:
		return outputs + part.Text + "/" + taskgraph.FileName(part.Text)
	case taskgraph.ConfigPath:
		return code + "/pipelines/" + b.pl.Name + "/pipeline.json"
	case taskgraph.RunID:
		return get("Execution.PipelineExecutionId")
	case taskgraph.RunURL:
		return get("Execution.PipelineExecutionArn")
	default:
		return part.Text
	}
}
