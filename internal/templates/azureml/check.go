package azureml

import (
	_ "embed"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
)

// check lists what Azure ML cannot express.
func (b builder) check() spec.Faults {
	var out spec.Faults
	refuse := func(at spec.Path, format string, args ...any) {
		out = append(out, spec.Refuse(b.pl, at, format, args...))
	}
	t := b.pl.Triggers
	if !*t.Manual {
		refuse(spec.At("triggers", "manual"), "Azure ML leaves it to the workspace's roles who may start a job: leave it true")
	}
	if t.Data != nil {
		refuse(spec.At("triggers", "data"), "Azure ML starts no job here when a dataset changes: use triggers.schedule or push, or orchestrator argo_workflows")
	}
	if t.Drift != nil {
		refuse(spec.At("triggers", "drift"), "Azure ML starts no job here when drift is found: use triggers.schedule, or orchestrator argo_workflows")
	}
	if b.pl.Concurrency == "replace" {
		refuse(spec.At("concurrency"), "Azure ML does not stop a job for a newer one: use \"forbid\" or \"allow\"")
	}
	if b.pl.Timeout != "" {
		refuse(spec.At("timeout"), "a pipeline job of Azure ML has no timeout: set timeout of the steps")
	}
	out = append(out, b.checkParameters()...)
	if t.Schedule != nil {
		if _, why := triggerOf(t.Schedule); why != "" {
			refuse(spec.At("triggers", "schedule"), "%s", why)
		}
	}
	if r := b.p.TrackerOf(b.pl); r != nil && r.Credentials != nil {
		out = append(out, spec.Refuse(r, spec.At("credentials"), "the environment of a job in Azure ML is plain text: let the identity of the job reach the tracker, or use an orchestrator in the cluster"))
	}
	for _, name := range b.graph.Reads {
		if d := b.p.Dataset(name); d.Bucket != nil && d.Bucket.Name != b.storeName() {
			out = append(out, spec.Refuse(d, spec.At("bucket", "name"), "a job of Azure ML reads from the bucket of its pipeline, %q: keep the data there", b.storeName()))
		}
	}
	for _, task := range b.graph.Tasks {
		out = append(out, b.checkTask(task)...)
	}
	return out
}

// checkParameters lists the parameters that a command line could not hold.
func (b builder) checkParameters() spec.Faults {
	var out spec.Faults
	refuse := func(at spec.Path, format string, args ...any) {
		out = append(out, spec.Refuse(b.pl, at, format, args...))
	}
	for _, name := range slices.Sorted(maps.Keys(b.pl.Parameters)) {
		at, def := spec.At("parameters").Key(name).Attr("default"), b.pl.Parameters[name].Default
		switch {
		case ident(name) == root:
			refuse(spec.At("parameters").Key(name), "the name is taken by the input with the data: choose another one")
		case def == nil:
			refuse(at, "must be set: every input of a pipeline job of Azure ML has a value")
		case strings.ContainsAny(*def, "'\n") || strings.Contains(*def, "${{"):
			refuse(at, "Azure ML writes parameters into a shell's single quotes: leave ', ${{ and line ends out")
		}
	}
	return out
}

func (b builder) storeName() string {
	if store := b.p.Store(b.pl.Artifacts); store != nil {
		return store.Name
	}
	return ""
}

func (b builder) checkTask(t taskgraph.Task) spec.Faults {
	var out spec.Faults
	at, s := spec.At("steps").Key(t.Name), b.pl.Steps[t.Name]
	refuse := func(at spec.Path, format string, args ...any) {
		out = append(out, spec.Refuse(b.pl, at, format, args...))
	}
	if t.Pool != "" {
		refuse(at.Attr("pool"), "serverless compute of Azure ML has no pools of nodes: it starts an instance for each step, chosen by resources")
	}
	for _, variable := range slices.Sorted(maps.Keys(s.SecretEnv)) {
		refuse(at.Attr("secret_env").Key(variable), "the environment of a job in Azure ML is plain text: let the step read its secret with the identity of the job, or use an orchestrator in the cluster")
	}
	if _, why := instanceFor(t.Resources); why != "" {
		refuse(at.Attr("resources"), "%s", why)
	}
	if t.Role != taskgraph.Step {
		return out
	}
	const why = "Azure ML would read ${{ as a reference of its own, and has no way to write it: leave ${{ out"
	for i, arg := range t.Command {
		where := at.Attr("command").Index(i)
		if n := len(s.Command); i >= n {
			where = at.Attr("args").Index(i - n)
		}
		if braces(arg) {
			refuse(where, why)
		}
	}
	for _, variable := range slices.Sorted(maps.Keys(s.Env)) {
		if braces(t.Env[variable]) {
			refuse(at.Attr("env").Key(variable), why)
		}
	}
	return out
}

func braces(x taskgraph.Text) bool {
	return slices.ContainsFunc(x, func(p taskgraph.Part) bool { return p.Kind == taskgraph.Literal && strings.Contains(p.Text, "${{") })
}

//go:embed zones.txt
var zoneTable string

// zones maps IANA's time zones to those of Windows, which Azure ML takes. Source: the
// Unicode CLDR's windowsZones; names as azure-ai-ml spells them.
var zones = sync.OnceValue(func() map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(zoneTable) {
		windows, names, _ := strings.Cut(strings.TrimSpace(line), "\t")
		for _, name := range strings.Fields(names) {
			out[name] = windows
		}
	}
	return out
})

// triggerOf writes a schedule. Azure ML ignores the day and the month of a cron, so days
// become a recurrence and chosen months are refused.
func triggerOf(s *spec.Schedule) (trigger any, why string) {
	zone := zones()[s.Timezone]
	if zone == "" {
		return nil, "Azure ML takes time zones of Windows, and none of them is " + s.Timezone + ": use UTC, or a zone of a larger city"
	}
	t := spec.TimesOf(s.Cron)
	everyDay, everyWeekday := spec.Everything(t.Days, 1, 31), spec.Everything(t.Weekdays, 0, 6)
	switch {
	case !spec.Everything(t.Months, 1, 12):
		return nil, "Azure ML's schedules cannot choose months: leave the month *, or use an orchestrator in the cluster"
	case !everyDay && !everyWeekday:
		return nil, "Azure ML's schedules take days of the month or days of the week, not both: leave one of them *"
	case !everyDay:
		return recurrenceTrigger{Type: "recurrence", Frequency: "month", Interval: 1, Pattern: pattern{t.Hours, t.Minutes, t.Days}, TimeZone: zone}, ""
	}
	field := func(numbers []int, least, greatest int) string {
		if spec.Everything(numbers, least, greatest) {
			return "*"
		}
		var out []string
		for _, n := range numbers {
			out = append(out, strconv.Itoa(n))
		}
		return strings.Join(out, ",")
	}
	return cronTrigger{Type: "cron", Expression: strings.Join([]string{field(t.Minutes, 0, 59), field(t.Hours, 0, 23), "*", "*", field(t.Weekdays, 0, 6)}, " "), TimeZone: zone}, ""
}
