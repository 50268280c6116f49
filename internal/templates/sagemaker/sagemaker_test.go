package sagemaker

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

func TestMain(m *testing.M) { realtools.Main(m) }

// object is what users write, as a case holds it.
type object = map[string]any

// project is the README's example on AWS, after a change of its pipeline.
func project(t *testing.T, change func(pl object)) *spec.Project {
	t.Helper()
	c := templatestest.Quickstart(t)
	c.Specs = slices.DeleteFunc(c.Specs, func(s object) bool { return s["kind"] == "endpoint" })
	c.Specs[0]["cloud"], c.Specs[0]["region"], c.Specs[0]["orchestrator"] = "aws", "eu-west-1", Orchestrator
	for _, s := range c.Specs {
		if s["kind"] == "pipeline" && change != nil {
			change(s)
		}
	}
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return p
}

// checkout writes what is emitted for SageMaker, and the programs it imports.
func checkout(t *testing.T, p *spec.Project) string {
	t.Helper()
	files, err := Target{}.Render(p)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{"pipelines/train/pipeline.json": `{"version": 1, "pipeline": "train", "spec": "x", "concurrency": "forbid", "parameters": {"learning_rate": {"type": "number", "default": "0.05"}}}`}
	for _, f := range files {
		texts[f.Path] = string(f.Data)
	}
	modules, err := filepath.Glob("../promotion/programs/mlops/*.py")
	if err != nil || len(modules) == 0 {
		t.Fatal("no programs", err)
	}
	for _, path := range modules {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts["mlops/"+filepath.Base(path)] = string(data)
	}
	return realtools.WriteFiles(t, texts)
}

const image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/acme/fraud@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

// diamond has two outputs of one step, a fan-in of three, parameters of every type whose
// defaults look like others, and texts that template engines would read.
func diamond(pl object) {
	python := func(script string, args ...any) object {
		return object{"command": append([]any{"python3", "-c", script}, args...)}
	}
	const copies = "import sys; out = open(sys.argv[1], 'w'); [out.write(open(p).read() + '|') for p in sys.argv[2:]]"
	with := func(o object, key string, v any, more ...any) object {
		o[key] = v
		for i := 0; i < len(more); i += 2 {
			o[fmt.Sprint(more[i])] = more[i+1]
		}
		return o
	}
	pl["trains"], pl["image"] = nil, image
	pl["parameters"] = object{
		"text": object{"type": "string", "default": "0.10"}, "yes": object{"type": "string", "default": "yes"},
		"rate": object{"type": "number", "default": json.Number("1e-3")}, "rounds": object{"type": "integer", "default": json.Number("200")}, "fast": object{"type": "boolean", "default": false},
	}
	pl["steps"] = object{
		"prepare": with(python("import sys; [open(p, 'w').write(' '.join(sys.argv[3:])) for p in sys.argv[1:3]]",
			"$(outputs.one)", "$(outputs.two)", "$(params.text)", "$(params.yes)", "$(params.rate)", "$(params.rounds)", "$(params.fast)"), "outputs", []any{"one", "two"}),
		"a":     with(python(copies, "$(outputs.o)", "$(inputs.i)"), "inputs", object{"i": "prepare.one"}, "outputs", []any{"o"}, "timeout", "1h"),
		"b-2":   with(python("import os, sys; open(sys.argv[1], 'w').write(os.environ['TEXT'])", "$(outputs.o)"), "inputs", object{"i": "prepare.two"}, "outputs", []any{"o"}, "env", object{"TEXT": "{{ x }} ${{ y }} ${z} $$(params.text) %{if}"}, "cache", false),
		"merge": with(python(copies, "$(outputs.all)", "$(inputs.a)", "$(inputs.b)", "$(inputs.c)"), "inputs", object{"a": "a.o", "b": "b-2.o", "c": "prepare.two"}, "outputs", []any{"all"}, "retries", json.Number("2")),
		"last": with(python("import json, sys; json.dump({'n': 1}, open(sys.argv[1], 'w'))", "$(metrics)"), "needs", []any{"merge"},
			"resources", object{"cpu": "4", "memory": "16Gi", "accelerator": object{"type": "nvidia-l4", "count": json.Number("1")}}),
	}
}

func TestTarget(t *testing.T) { templatestest.Run(t, Target{}, templatestest.Options{}) }

// validate checks every job with botocore's own validator, after the references are
// filled in, and the steps with what the SDK knows of definitions.
const validate = `
import json, sys
import botocore.session
from botocore.validate import ParamValidator
from sagemaker.mlops.workflow.steps import StepTypeEnum
from sagemaker.core.workflow.parameters import ParameterTypeEnum

definition = json.load(open(sys.argv[1]))
models = botocore.session.get_session()
sagemaker = models.get_service_model("sagemaker")
shape = sagemaker.operation_model("CreateProcessingJob").input_shape
steps = {s["Name"]: s for s in definition["Steps"]}
parameters = {p["Name"]: p for p in definition["Parameters"]}
faults = []

def fill(v):
    if isinstance(v, dict) and set(v) == {"Get"}:
        head, _, rest = v["Get"].partition(".")
        if head == "Parameters":
            p = parameters[rest]
            return str(p.get("DefaultValue", "arn:aws:iam::123456789012:role/x"))
        if head == "Steps":
            step, _, path = rest.partition(".")
            name = path.split("'")[1]
            outputs = steps[step]["Arguments"]["ProcessingOutputConfig"]["Outputs"]
            [one] = [o for o in outputs if o["OutputName"] == name]
            if path != f"ProcessingOutputConfig.Outputs['{name}'].S3Output.S3Uri":
                faults.append(f"unknown property {v}")
            return fill(one["S3Output"]["S3Uri"])
        if v["Get"] not in ("Execution.PipelineExecutionId", "Execution.PipelineExecutionArn"):
            faults.append(f"unknown reference {v}")
        return "x"
    if isinstance(v, dict) and set(v) == {"Std:Join"}:
        return v["Std:Join"]["On"].join(fill(x) for x in v["Std:Join"]["Values"])
    if isinstance(v, dict):
        return {k: fill(x) for k, x in v.items()}
    return [fill(x) for x in v] if isinstance(v, list) else v

for p in definition["Parameters"]:
    ParameterTypeEnum(p["Type"])
for s in definition["Steps"]:
    StepTypeEnum(s["Type"])
    arguments = fill(s["Arguments"])
    report = ParamValidator().validate({**arguments, "ProcessingJobName": "x"}, shape)
    if report.has_errors():
        faults.append(f"{s['Name']}: {report.generate_report()}")
    instance = arguments["ProcessingResources"]["ClusterConfig"]["InstanceType"]
    if instance not in sagemaker.shape_for("ProcessingInstanceType").enum:
        faults.append(f"{instance} is no instance type for processing")
    faults += [f"{s['Name']} depends on {d}, which is no step" for d in s.get("DependsOn", []) if d not in steps]
print("\n".join(faults))
sys.exit(bool(faults))
`

func TestDefinition(t *testing.T) {
	for name, change := range map[string]func(object){"quickstart": nil, "diamond": diamond} {
		dir := checkout(t, project(t, change))
		realtools.Run(t, "botocore", dir, []string{"AWS_DEFAULT_REGION=eu-west-1"}, realtools.Python(t, "sagemaker"), "-c", validate, "pipelines/train/definition.json").Accept(t, name)
	}
	dir := checkout(t, project(t, nil))
	path := filepath.Join(dir, "pipelines/train/definition.json")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(data), "InstanceCount", "InstanceCounts", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	realtools.Run(t, "botocore", dir, []string{"AWS_DEFAULT_REGION=eu-west-1"}, realtools.Python(t, "sagemaker"), "-c", validate, "pipelines/train/definition.json").Refuse(t, "a misspelt field", "InstanceCounts")
}

// TestInstances: every type in the table is one of SageMaker's for processing.
func TestInstances(t *testing.T) {
	var names []string
	for _, i := range instances {
		names = append(names, i.Name)
	}
	in, err := json.Marshal(names)
	if err != nil {
		t.Fatal(err)
	}
	const program = `import json, sys, botocore.session as b; e = b.get_session().get_service_model("sagemaker").shape_for("ProcessingInstanceType").enum; sys.exit(str([n for n in json.loads(sys.argv[1]) if n not in e] or "") or 0)`
	realtools.Run(t, "botocore", t.TempDir(), nil, realtools.Python(t, "sagemaker"), "-c", program, string(in)).Accept(t, "instance types")
	l4 := func(n int64) *spec.Resources {
		return &spec.Resources{Accelerator: &spec.Accelerator{Type: "nvidia-l4", Count: n}}
	}
	for want, r := range map[string]*spec.Resources{
		"ml.m5.xlarge": nil, "ml.m5.large": {CPU: "1"}, "ml.r5.xlarge": {CPU: "4", Memory: "32Gi"}, "ml.g6.xlarge": l4(1), "ml.g6.12xlarge": l4(2), "ml.g6.48xlarge": l4(8),
		"no instance type for processing jobs of SageMaker has 9 nvidia-l4": l4(9), "no instance type for processing jobs of SageMaker has 1000 cpu": {CPU: "1000"},
	} {
		got, why := instanceFor(r)
		if got.Name != want && !strings.HasPrefix(why, want) {
			t.Errorf("%+v: %s %s, want %s", r, got.Name, why, want)
		}
	}
}

// TestRun takes the command lines from the artefact, and runs them in order.
func TestRun(t *testing.T) {
	dir := checkout(t, project(t, diamond))
	work := t.TempDir()
	const launcher = `
import json, os, shutil, subprocess, sys
definition, work = json.load(open(sys.argv[1])), sys.argv[2]
given = {p["Name"]: p.get("DefaultValue") for p in definition["Parameters"]}
ROOT = "/opt/ml/processing"

def fill(v):
    if isinstance(v, dict) and set(v) == {"Get"}:
        head, _, rest = v["Get"].partition(".")
        if head == "Parameters":
            return str(given[rest])
        if head == "Steps":
            step, _, path = rest.partition(".")
            [one] = [o for s in definition["Steps"] if s["Name"] == step for o in s["Arguments"]["ProcessingOutputConfig"]["Outputs"] if o["OutputName"] == path.split("'")[1]]
            return fill(one["S3Output"]["S3Uri"])
        return "run-1"
    if isinstance(v, dict) and set(v) == {"Std:Join"}:
        return v["Std:Join"]["On"].join(fill(x) for x in v["Std:Join"]["Values"])
    return v

def store(uri):
    return os.path.join(work, "s3", uri.removeprefix("s3://"))

for step in definition["Steps"]:
    here = os.path.join(work, step["Name"])
    local = lambda text: text.replace(ROOT, here)
    arguments = step["Arguments"]
    for i in arguments.get("ProcessingInputs", []):
        shutil.copytree(store(fill(i["S3Input"]["S3Uri"])), local(i["S3Input"]["LocalPath"]))
    outputs = arguments.get("ProcessingOutputConfig", {"Outputs": []})["Outputs"]
    for o in outputs:
        os.makedirs(local(o["S3Output"]["LocalPath"]))
    app = arguments["AppSpecification"]
    command = [local(fill(x)) for x in app["ContainerEntrypoint"] + app.get("ContainerArguments", [])]
    env = {k: local(fill(v)) for k, v in arguments.get("Environment", {}).items()}
    subprocess.run(command, check=True, env={**os.environ, **env})
    for o in outputs:
        shutil.copytree(local(o["S3Output"]["LocalPath"]), store(fill(o["S3Output"]["S3Uri"])))
`
	realtools.Run(t, "sagemaker launcher", dir, nil, realtools.Python(t, "sagemaker"), "-c", launcher, "pipelines/train/definition.json", work).Accept(t, "the tasks")
	got, err := os.ReadFile(filepath.Join(work, "s3/fraud-artifacts/runs/train/run-1/merge/all/all"))
	const want = "0.10 yes 0.001 200 false||{{ x }} ${{ y }} ${z} $(params.text) %{if}|0.10 yes 0.001 200 false|"
	if err != nil || string(got) != want {
		t.Errorf("merge read %q, %v; want %q", got, err, want)
	}
}

func TestExpression(t *testing.T) {
	for cron, want := range map[string]string{
		"0 3 * * *": "cron(0 3 * * ? *)", "*/15 * * * *": "cron(0,15,30,45 * * * ? *)", "0 6 * * 1-5": "cron(0 6 ? * MON,TUE,WED,THU,FRI *)", "0 6 * * 7": "cron(0 6 ? * SUN *)",
		"5 4 1,15 JAN *": "cron(5 4 1,15 1 ? *)", "0 0 * * 0-6": "cron(0 0 * * ? *)", "0 6 13 * 5": "", "0 6 */5 * 5": "",
	} {
		got, why := expression(cron)
		if got != want || (want == "") != (why != "") {
			t.Errorf("%s: %s %s, want %s", cron, got, why, want)
		}
	}
}

// TestSchedules computes the next times of each expression with a reader of EventBridge's
// six fields, and compares them with the original's.
func TestSchedules(t *testing.T) {
	written := 0
	for _, s := range templatestest.Schedules {
		text, why := expression(s.Cron)
		if why != "" {
			continue
		}
		written++
		for _, start := range templatestest.ScheduleStarts {
			if got, want := eventBridge(t, text, s.Zone, start, 10), templatestest.Firings(t, s, start, 10); !slices.Equal(got, want) {
				t.Errorf("%v as %s fires at %v, want %v", s, text, got, want)
			}
		}
	}
	if written < 15 {
		t.Errorf("only %d schedules were written", written)
	}
}

// eventBridge walks minute by minute, as AWS documents the fields: lists of numbers, days
// of the week by name, and ? for the day that is not asked for.
func eventBridge(t *testing.T, text, zoneName string, after time.Time, n int) (out []int64) {
	t.Helper()
	zone, err := time.LoadLocation(zoneName)
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(strings.TrimSuffix(strings.TrimPrefix(text, "cron("), ")"))
	if len(fields) != 6 || (fields[2] == "?") == (fields[4] == "?") || fields[5] != "*" {
		t.Fatalf("%s is not an expression of EventBridge", text)
	}
	allows := func(field, value string) bool {
		return field == "*" || field == "?" || slices.Contains(strings.Split(field, ","), value)
	}
	for at := after.Truncate(time.Minute).Add(time.Minute); len(out) < n && at.Year() < 2100; {
		l := at.In(zone)
		if !allows(fields[2], fmt.Sprint(l.Day())) || !allows(fields[3], fmt.Sprint(int(l.Month()))) || !allows(fields[4], strings.ToUpper(l.Weekday().String()[:3])) {
			at = time.Date(l.Year(), l.Month(), l.Day()+1, 0, 0, 0, 0, zone)
			continue
		}
		if allows(fields[0], fmt.Sprint(l.Minute())) && allows(fields[1], fmt.Sprint(l.Hour())) {
			out = append(out, at.Unix())
		}
		at = at.Add(time.Minute)
	}
	return out
}

func TestTarget_refusals(t *testing.T) {
	step := func(change func(s object)) func(pl object) {
		return func(pl object) { change(pl["steps"].(object)["train"].(object)) }
	}
	for want, change := range map[string]func(pl object){
		`triggers.manual: SageMaker leaves it to IAM`:                    func(pl object) { pl["triggers"] = object{"manual": false} },
		`concurrency: SageMaker does not stop`:                           func(pl object) { pl["concurrency"] = "replace" },
		`timeout: SageMaker has no timeout`:                              func(pl object) { pl["timeout"] = "6h" },
		`triggers.schedule.cron: SageMaker's schedules take a day`:       func(pl object) { pl["triggers"] = object{"schedule": object{"cron": "0 6 13 * 5"}} },
		`parameters["ExecutionRoleArn"]: the name is taken`:              func(pl object) { pl["parameters"].(object)[role] = object{"type": "string", "default": "x"} },
		`parameters["x"].default: must be set`:                           func(pl object) { pl["parameters"].(object)["x"] = object{"type": "string"} },
		`steps["train"].args[9]: an argument of a job of SageMaker is`:   step(func(s object) { s["args"] = append(s["args"].([]any)[:8:8], "x", "a\nb") }),
		`steps["train"].args[8]: has 300 characters`:                     step(func(s object) { s["args"] = append(s["args"].([]any)[:8:8], strings.Repeat("x", 300)) }),
		`steps["train"].env["A"]: has 300 characters`:                    step(func(s object) { s["env"] = object{"A": strings.Repeat("x", 300)} }),
		`steps["train"].resources: no instance type for processing jobs`: step(func(s object) { s["resources"] = object{"accelerator": object{"type": "amd-mi300x"}} }),
	} {
		_, err := Target{}.Render(project(t, change))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q in it", err, want)
		}
	}
}

// TestDeploy lets moto take the pipeline and its schedule, twice, and an execution.
func TestDeploy(t *testing.T) {
	dir := checkout(t, project(t, func(pl object) {
		pl["image"] = image
		pl["trains"] = nil
	}))
	base := realtools.Moto(t)
	env := []string{
		"AWS_ENDPOINT_URL=" + base, "AWS_ACCESS_KEY_ID=x", "AWS_SECRET_ACCESS_KEY=x", "AWS_EC2_METADATA_DISABLED=true", "PYTHONDONTWRITEBYTECODE=1",
		"SAGEMAKER_ROLE_ARN=arn:aws:iam::123456789012:role/fraud-trainer", "MLOPS_ECR_CACHE=ghcr.io=ghcr", "AWS_DEFAULT_REGION=eu-west-1",
	}
	python := func(args ...string) realtools.Result {
		return realtools.Run(t, "moto", dir, env, realtools.Python(t, "sagemaker"), args...)
	}
	python("-c", `import boto3; boto3.client("s3").create_bucket(Bucket="fraud-artifacts", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})`).Accept(t, "the bucket")
	deploy := func(want string) {
		t.Helper()
		res := python("-m", "mlops.deploy_sagemaker_pipelines", "--pipeline", "pipelines/train/pipeline.json")
		res.Accept(t, "deploy")
		if !strings.HasPrefix(res.Stdout, want+": arn:aws:sagemaker:eu-west-1:123456789012:pipeline/fraud-train") {
			t.Errorf("deployment says %s, want %s", res.Out, want)
		}
	}
	deploy("created")
	deploy("unchanged")
	python("-m", "mlops.start_sagemaker_pipelines", "--pipeline", "pipelines/train/pipeline.json", "--param", "learning_rate=0.1").Accept(t, "start")
	python("-m", "mlops.start_sagemaker_pipelines", "--pipeline", "pipelines/train/pipeline.json", "--param", "learning_rate=fast").Refuse(t, "a parameter of another type", "is not of type number")
	res := python("-c", `
import boto3, json
d = json.loads(boto3.client("sagemaker").describe_pipeline(PipelineName="fraud-train")["PipelineDefinition"])
s = boto3.client("scheduler").get_schedule(Name="fraud-train")
keys = [o["Key"] for o in boto3.client("s3").list_objects_v2(Bucket="fraud-artifacts")["Contents"]]
assert d["Steps"][0]["Arguments"]["AppSpecification"]["ImageUri"].startswith("123456789012.dkr.ecr.eu-west-1.amazonaws.com/ghcr/mlflow/mlflow"), d["Steps"][0]
assert d["Parameters"][0] == {"Name": "ExecutionRoleArn", "Type": "String", "DefaultValue": "arn:aws:iam::123456789012:role/fraud-trainer"}
assert (s["ScheduleExpression"], s["ScheduleExpressionTimezone"]) == ("cron(0 3 * * ? *)", "Europe/Paris"), s
assert s["Target"]["SageMakerPipelineParameters"]["PipelineParameterList"][0]["Name"] == "ExecutionRoleArn"
assert any(k.endswith("/mlops/gate.py") for k in keys) and any(k.endswith("/pipelines/train/pipeline.json") for k in keys), keys
`)
	res.Accept(t, "what AWS has")
}

// TestHostile reads arguments and variables back from the definition.
func TestHostile(t *testing.T) {
	var args, want []any
	env := object{}
	for i, text := range templatestest.HostileTexts {
		if len(text) <= longestArgument && !strings.Contains(text, "\n") {
			literal := strings.ReplaceAll(text, "$(", "$$(")
			args, want = append(args, literal), append(want, text)
			env[fmt.Sprintf("V%d", i)] = literal
		}
	}
	p := project(t, func(pl object) {
		pl["trains"], pl["parameters"] = nil, nil
		pl["steps"] = object{"a": object{"command": []any{"x"}, "args": args, "env": env}}
	})
	files, err := Target{}.Render(p)
	if err != nil {
		t.Fatal(err)
	}
	var got definition
	for _, f := range files {
		if strings.HasSuffix(f.Path, "definition.json") {
			err = json.Unmarshal(f.Data, &got)
		}
	}
	if err != nil || len(got.Steps) != 1 {
		t.Fatal(err, got)
	}
	if !slices.Equal(got.Steps[0].Arguments.App.Arguments, want) {
		t.Errorf("arguments came back as %q", got.Steps[0].Arguments.App.Arguments)
	}
	for name, text := range env {
		if back := got.Steps[0].Arguments.Env[name]; back != strings.ReplaceAll(text.(string), "$$(", "$(") {
			t.Errorf("%s came back as %q", name, back)
		}
	}
}
