package sagemaker

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
)

// Limits of CreateProcessingJob and of a definition (botocore's models; AWS' quotas).
const (
	longestArgument = 256
	mostArguments   = 100
	mostSteps       = 50
)

// check lists what SageMaker cannot express.
func (b builder) check() spec.Faults {
	var out spec.Faults
	refuse := func(at spec.Path, format string, args ...any) {
		out = append(out, spec.Refuse(b.pl, at, format, args...))
	}
	t := b.pl.Triggers
	if !*t.Manual {
		refuse(spec.At("triggers", "manual"), "SageMaker leaves it to IAM who may start an execution: leave it true, and grant sagemaker:StartPipelineExecution to few")
	}
	if t.Data != nil {
		refuse(spec.At("triggers", "data"), "SageMaker starts no execution here when a dataset changes: use triggers.schedule or push, or orchestrator argo_workflows")
	}
	if t.Drift != nil {
		refuse(spec.At("triggers", "drift"), "SageMaker starts no execution here when drift is found: use triggers.schedule, or orchestrator argo_workflows")
	}
	if b.pl.Concurrency == "replace" {
		refuse(spec.At("concurrency"), "SageMaker does not stop an execution for a newer one: use \"forbid\" or \"allow\"")
	}
	if b.pl.Timeout != "" {
		refuse(spec.At("timeout"), "SageMaker has no timeout for a whole execution: set timeout of the steps")
	}
	if len(b.graph.Tasks) > mostSteps {
		refuse(spec.At("steps"), "the pipeline has %d steps with those that check, gate and register; SageMaker allows %d", len(b.graph.Tasks), mostSteps)
	}
	for _, name := range slices.Sorted(maps.Keys(b.pl.Parameters)) {
		switch given := b.pl.Parameters[name]; {
		case name == role:
			refuse(spec.At("parameters").Key(name), "the name is taken by the role of the jobs: choose another one")
		case given.Default == nil && t.Schedule != nil:
			refuse(spec.At("parameters").Key(name).Attr("default"), "must be set: the schedule starts runs, and hands over no parameters")
		}
	}
	if b.why != "" {
		refuse(spec.At("triggers", "schedule", "cron"), "%s", b.why)
	}
	if r := b.p.TrackerOf(b.pl); r != nil && r.Credentials != nil {
		out = append(out, spec.Refuse(r, spec.At("credentials"), "the environment of a job in SageMaker is plain text: let the role of the jobs reach the tracker, or use an orchestrator in the cluster"))
	}
	for _, task := range b.graph.Tasks {
		out = append(out, b.checkTask(task)...)
	}
	return out
}

var names = pattern.New(`^[A-Za-z0-9_-]{1,64}$`)

func (b builder) checkTask(t taskgraph.Task) spec.Faults {
	var out spec.Faults
	at := spec.At("steps").Key(t.Name)
	refuse := func(at spec.Path, format string, args ...any) {
		out = append(out, spec.Refuse(b.pl, at, format, args...))
	}
	if t.Pool != "" {
		refuse(at.Attr("pool"), "SageMaker has no pools of nodes: it starts an instance for each step, chosen by resources")
	}
	for _, variable := range slices.Sorted(maps.Keys(b.pl.Steps[t.Name].SecretEnv)) {
		refuse(at.Attr("secret_env").Key(variable), "the environment of a job in SageMaker is plain text: let the step read its secret with the role of the jobs, or use an orchestrator in the cluster")
	}
	if !names.MatchString(t.Name) {
		refuse(at, "SageMaker takes letters, digits, dashes and underscores, at most 64")
	}
	if _, why := instanceFor(t.Resources); why != "" {
		refuse(at.Attr("resources"), "%s", why)
	}
	if t.Role != taskgraph.Step {
		return out
	}
	if len(t.Command) > mostArguments {
		refuse(at.Attr("args"), "has %d arguments; a job of SageMaker takes %d", len(t.Command), mostArguments)
	}
	for i, arg := range t.Command {
		why := unfit(arg, true)
		if why == "" {
			continue
		}
		if n := len(b.pl.Steps[t.Name].Command); i < n {
			refuse(at.Attr("command").Index(i), "%s", why)
		} else {
			refuse(at.Attr("args").Index(i-n), "%s", why)
		}
	}
	for _, variable := range slices.Sorted(maps.Keys(b.pl.Steps[t.Name].Env)) {
		if why := unfit(t.Env[variable], false); why != "" {
			refuse(at.Attr("env").Key(variable), "%s", why)
		}
	}
	return out
}

// unfit says why a job cannot hold a text.
func unfit(x taskgraph.Text, line bool) string {
	length := 0
	for _, part := range x {
		length += len([]rune(part.Text))
		if line && part.Kind == taskgraph.Literal && strings.ContainsAny(part.Text, "\n\r") {
			return "an argument of a job of SageMaker is one line: put the text into a file of the image"
		}
	}
	if length > longestArgument {
		return fmt.Sprintf("has %d characters; a job of SageMaker takes %d", length, longestArgument)
	}
	return ""
}

var weekdays = []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}

// expression writes a cron for EventBridge: six fields, of which one of the days is ?.
// Numbers are written out, since its steps and days count in other ways.
func expression(cron string) (text, why string) {
	t := spec.TimesOf(cron)
	everyDay, everyWeekday := spec.Everything(t.Days, 1, 31), spec.Everything(t.Weekdays, 0, 6)
	if !everyDay && !everyWeekday {
		return "", "SageMaker's schedules take a day of the month or a day of the week, not both: leave one of them *, or use an orchestrator in the cluster"
	}
	day, weekday := "*", "?"
	switch {
	case !everyWeekday:
		day, weekday = "?", list(t.Weekdays, func(n int) string { return weekdays[n] })
	case !everyDay:
		day = list(t.Days, nil)
	}
	month := "*"
	if !spec.Everything(t.Months, 1, 12) {
		month = list(t.Months, nil)
	}
	hour, minute := "*", "*"
	if !spec.Everything(t.Hours, 0, 23) {
		hour = list(t.Hours, nil)
	}
	if !spec.Everything(t.Minutes, 0, 59) {
		minute = list(t.Minutes, nil)
	}
	return "cron(" + strings.Join([]string{minute, hour, day, month, weekday, "*"}, " ") + ")", ""
}

func list(numbers []int, name func(int) string) string {
	var out []string
	for _, n := range numbers {
		if name == nil {
			out = append(out, fmt.Sprint(n))
		} else {
			out = append(out, name(n))
		}
	}
	return strings.Join(out, ",")
}

func (b builder) deployment() deployment {
	out := deployment{Pipeline: b.name(), Bucket: b.bucket, Code: b.key, Region: b.p.Platform.Region, Tags: b.tags}
	if b.pl.Identity != "" {
		out.Role = b.p.Platform.Name + "-" + b.pl.Identity
	}
	if s := b.pl.Triggers.Schedule; s != nil {
		out.Schedule = &schedule{b.cron, s.Timezone}
	}
	return out
}

func tags(p *spec.Project, pl *spec.Pipeline) []tag {
	all := maps.Clone(p.Tags)
	all["mlops-platform"], all["mlops-pipeline"], all["mlops-owner"] = p.Platform.Name, pl.Name, p.Platform.Owner
	var out []tag
	for _, key := range slices.Sorted(maps.Keys(all)) {
		out = append(out, tag{key, all[key]})
	}
	return out
}
