package taskgraph

// Level says how far a target expresses a setting.
type Level string

// The levels.
const (
	Native   Level = "native"   // the system does it
	Emulated Level = "emulated" // what is emitted does it
	Refused  Level = "refused"  // a fault names the setting
)

// Support is what a target says of one setting. How is a clause for the reader of the
// documentation: which field of the system it becomes, what emulates it, or why not.
type Support struct {
	Level Level
	How   string
	// Elsewhere: another target writes it, such as CI, so that this one's files stay the same.
	Elsewhere bool
}

// AsNative is a setting that the system does itself.
func AsNative(how string) Support { return Support{Level: Native, How: how} }

// AsEmulated is a setting that what is emitted does.
func AsEmulated(how string) Support { return Support{Level: Emulated, How: how} }

// AsRefused is a setting that a fault names.
func AsRefused(how string) Support { return Support{Level: Refused, How: how} }

// Settings are the settings of a pipeline that every orchestrator's target declares.
var Settings = []string{
	"image", "parameters",
	"steps.*.inputs", "steps.*.outputs", "steps.*.metrics", "steps.*.needs",
	"steps.*.resources.cpu", "steps.*.resources.memory", "steps.*.resources.accelerator", "steps.*.pool",
	"steps.*.retries", "steps.*.timeout", "steps.*.cache", "steps.*.env", "steps.*.secret_env",
	"trains", "identity", "artifacts", "tracking",
	"triggers.schedule", "triggers.push", "triggers.data", "triggers.drift", "triggers.manual",
	"concurrency.allow", "concurrency.forbid", "concurrency.replace", "timeout",
}
