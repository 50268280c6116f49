package spec

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
)

// Pipeline is a graph of steps that may train a model.
type Pipeline struct {
	Name         string               `json:"name"`
	Image        string               `json:"image,omitempty"`
	Parameters   map[string]Parameter `json:"parameters,omitempty"`
	Steps        map[string]Step      `json:"steps"`
	Trains       *Trains              `json:"trains,omitempty"`
	Identity     string               `json:"identity,omitempty" ref:"identity"`
	Artifacts    string               `json:"artifacts,omitempty" ref:"bucket"`
	Tracking     string               `json:"tracking,omitempty" ref:"model_registry"`
	Triggers     *Triggers            `json:"triggers,omitempty"`
	Concurrency  string               `json:"concurrency"`
	Timeout      Duration             `json:"timeout,omitempty"`
	Orchestrator string               `json:"orchestrator,omitempty"`
}

// Parameter is an input of a whole run. Default is written as its own type.
type Parameter struct {
	Type    string  `json:"type"`
	Default *string `json:"default,omitempty"`
}

// Step is one command in one image. Args may hold tokens; see Tokens.
type Step struct {
	Image     string               `json:"image,omitempty"`
	Command   []string             `json:"command"`
	Args      []string             `json:"args,omitempty"`
	Inputs    map[string]string    `json:"inputs,omitempty"`
	Outputs   []string             `json:"outputs,omitempty"`
	Resources *Resources           `json:"resources,omitempty"`
	Pool      string               `json:"pool,omitempty" ref:"gpu_pool"`
	Retries   int64                `json:"retries,omitempty"`
	Timeout   Duration             `json:"timeout,omitempty"`
	Cache     *bool                `json:"cache"`
	Env       map[string]string    `json:"env,omitempty"`
	SecretEnv map[string]SecretKey `json:"secret_env,omitempty"`
	Needs     []string             `json:"needs,omitempty"`
}

// SecretKey refers to one key of a secret.
type SecretKey struct {
	Secret string `json:"secret" ref:"secret"`
	Key    string `json:"key"`
}

// Trains says which model a pipeline trains: the output that is the model
// ("train.model") and the step that writes the metrics.
type Trains struct {
	Model    string `json:"model" ref:"registered_model"`
	Artifact string `json:"artifact"`
	Metrics  string `json:"metrics,omitempty"`
}

// Triggers say when a pipeline runs.
type Triggers struct {
	Schedule *Schedule     `json:"schedule,omitempty"`
	Push     *Push         `json:"push,omitempty"`
	Data     *DataTrigger  `json:"data,omitempty"`
	Drift    *DriftTrigger `json:"drift,omitempty"`
	Manual   *bool         `json:"manual"`
}

// Schedule is a five-field cron in an IANA time zone (default UTC).
type Schedule struct {
	Cron     string `json:"cron"`
	Timezone string `json:"timezone"`
}

// Push starts a run when a branch moves.
type Push struct {
	Branches []string `json:"branches"`
	Paths    []string `json:"paths,omitempty"`
}

// DataTrigger starts a run when a dataset changes.
type DataTrigger struct {
	Dataset string `json:"dataset" ref:"dataset"`
}

// DriftTrigger starts a run when an endpoint's drift monitor fires.
type DriftTrigger struct {
	Endpoint string `json:"endpoint" ref:"endpoint"`
}

// Kind is KindPipeline.
func (*Pipeline) Kind() Kind { return KindPipeline }

// ID is the pipeline's name.
func (p *Pipeline) ID() string { return p.Name }

// StepNames lists the steps so that each stands after those it needs, otherwise by name.
func (p *Pipeline) StepNames() []string {
	names, before := sorted(p.Steps), map[string][]string{}
	for _, name := range names {
		before[name] = p.Before(name)
	}
	done, order := map[string]bool{}, []string{}
	for len(order) < len(names) {
		ended := len(order)
		for _, name := range names {
			ready := !slices.ContainsFunc(before[name], func(b string) bool { return !done[b] })
			if !done[name] && ready {
				done[name] = true
				order = append(order, name)
			}
		}
		if len(order) == ended {
			return names // a cycle: validation has reported it
		}
	}
	return order
}

// Before lists the steps that must have ended before a step starts, by name.
func (p *Pipeline) Before(step string) []string {
	s := p.Steps[step]
	names := slices.Clone(s.Needs)
	for _, from := range s.Inputs {
		if source, _, _ := strings.Cut(from, "."); source != "dataset" {
			names = append(names, source)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// ImageOf is the image a step runs in.
func (p *Pipeline) ImageOf(step string) string {
	if image := p.Steps[step].Image; image != "" {
		return image
	}
	return p.Image
}

// WritesMetrics reports whether a step's command line or environment names the
// metrics file.
func (s Step) WritesMetrics() bool {
	return slices.ContainsFunc(slices.Concat(s.Command, s.Args, slices.Collect(maps.Values(s.Env))), func(arg string) bool {
		tokens, _ := Tokens(arg)
		return slices.ContainsFunc(tokens, func(t Token) bool { return t.Kind == MetricToken })
	})
}

var moduleForm = pattern.New(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$`)

// installed are packages of Python and of the locked requirements that steps may
// run: they are not the team's code.
var installed = []string{
	"asyncio", "concurrent", "ctypes", "dvc", "email", "encodings", "html", "http", "importlib", "json", "logging", "mlflow", "multiprocessing", "numpy",
	"os", "pandas", "pip", "pytest", "scipy", "skops", "sklearn", "sqlite3", "unittest", "urllib", "venv", "wsgiref", "xml", "yaml", "zoneinfo",
}

// Reads lists the parameters that the step's command line and variables name, by name.
func (s Step) Reads() []string {
	var names []string
	for _, text := range slices.Concat(s.Command, s.Args, slices.Collect(maps.Values(s.Env))) {
		tokens, _ := Tokens(text)
		for _, t := range tokens {
			if t.Kind == ParamToken {
				names = append(names, t.Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Module is the team's module that a step runs as `python -m PACKAGE.MODULE`, or "".
// It is sound when each part of it is an identifier.
func (s Step) Module() (module string, sound bool) {
	line := slices.Concat(s.Command, s.Args)
	if len(line) < 3 || line[1] != "-m" || (line[0] != "python" && line[0] != "python3") {
		return "", false
	}
	top, _, dotted := strings.Cut(line[2], ".")
	sound = moduleForm.MatchString(line[2])
	if slices.Contains(installed, top) || (sound && !dotted) {
		return "", false
	}
	return line[2], sound
}

func (p *Pipeline) complete() {
	or(&p.Concurrency, "forbid")
	for name, s := range p.Steps {
		if s.Cache == nil {
			s.Cache = ptr(true)
		}
		p.Steps[name] = s
	}
	if p.Triggers == nil {
		p.Triggers = &Triggers{}
	}
	if p.Triggers.Manual == nil {
		p.Triggers.Manual = ptr(true)
	}
	if p.Triggers.Schedule != nil {
		or(&p.Triggers.Schedule.Timezone, "UTC")
	}
}

func (p *Pipeline) checkValues(c *checker) {
	c.label(At("name"), p.Name, 52)
	c.image(At("image"), p.Image)
	c.choice(At("concurrency"), "concurrency", p.Concurrency)
	c.choice(At("orchestrator"), "orchestrator", p.Orchestrator)
	c.span(At("timeout"), p.Timeout)
	for _, name := range sorted(p.Parameters) {
		p.Parameters[name].check(c, At("parameters").Key(name), name)
	}
	for _, name := range sorted(p.Steps) {
		p.Steps[name].check(c, At("steps").Key(name), name)
	}
	p.Triggers.check(c, At("triggers"))
}

var integerForm = pattern.New(`^-?(0|[1-9][0-9]*)$`)

func (p Parameter) check(c *checker, at Path, name string) {
	c.ident(at, name)
	if c.required(at.Attr("type"), p.Type) {
		c.choice(at.Attr("type"), "parameter", p.Type)
	}
	if p.Default == nil {
		return
	}
	text := *p.Default
	if why := notOf(p.Type, text); why != "" {
		c.fault(at.Attr("default"), "%q is not %s", text, why)
	}
	if why := secretIn(name, text); why != "" && p.Type == "string" {
		c.fault(at.Attr("default"), "plain-text secret: the value %s; %s", why, useSecretEnv)
	}
}

func (s Step) check(c *checker, at Path, name string) {
	c.ident(at, name)
	c.image(at.Attr("image"), s.Image)
	c.resources(at.Attr("resources"), s.Resources)
	c.span(at.Attr("timeout"), s.Timeout)
	if s.Retries < 0 || s.Retries > 10 {
		c.fault(at.Attr("retries"), "%d must be from 0 to 10", s.Retries)
	}
	for i, out := range s.Outputs {
		c.ident(at.Attr("outputs").Index(i), out)
		if K8sName(out) == "metrics" {
			c.fault(at.Attr("outputs").Index(i), "the output name %q is taken by $(metrics)", out)
		}
	}
	for _, in := range sorted(s.Inputs) {
		c.ident(at.Attr("inputs").Key(in), in)
	}
	c.secretArgs(at.Attr("command"), s.Command)
	c.secretArgs(at.Attr("args"), s.Args)
	for _, env := range sorted(s.Env) {
		c.env(at.Attr("env").Key(env), env)
		if why := secretIn(env, s.Env[env]); why != "" {
			c.fault(at.Attr("env").Key(env), "plain-text secret: the value %s; %s", why, useSecretEnv)
		}
	}
	for _, env := range sorted(s.SecretEnv) {
		c.env(at.Attr("secret_env").Key(env), env)
		c.required(at.Attr("secret_env").Key(env).Attr("secret"), s.SecretEnv[env].Secret)
		c.required(at.Attr("secret_env").Key(env).Attr("key"), s.SecretEnv[env].Key)
	}
}

func (c *checker) env(at Path, name string) {
	if !envForm.MatchString(name) {
		c.misplaced(at, "%q is not the name of an environment variable", name)
	}
	if strings.HasPrefix(name, "MLOPS_") {
		c.misplaced(at, "variables that start with MLOPS_ are set by the emitted repository itself: choose another name")
	}
}

func (t *Triggers) check(c *checker, at Path) {
	if t.Schedule != nil {
		c.cron(at.Attr("schedule").Attr("cron"), t.Schedule.Cron)
		c.zone(at.Attr("schedule").Attr("timezone"), t.Schedule.Timezone)
	}
	if t.Push != nil {
		if len(t.Push.Branches) == 0 {
			c.fault(at.Attr("push").Attr("branches"), "must name at least one branch")
		}
		for i, b := range t.Push.Branches {
			if b == "" || strings.ContainsAny(b, " \t\n~^:\\") {
				c.fault(at.Attr("push").Attr("branches").Index(i), "%q is not a branch name or pattern", b)
			}
		}
	}
	if t.Data != nil {
		c.required(at.Attr("data").Attr("dataset"), t.Data.Dataset)
	}
	if t.Drift != nil {
		c.required(at.Attr("drift").Attr("endpoint"), t.Drift.Endpoint)
	}
}

func (p *Pipeline) checkWhole(c *checker) {
	if len(p.Steps) == 0 {
		c.fault(At("steps"), "must have at least one step")
	}
	names, parameters := sorted(p.Steps), sorted(p.Parameters)
	c.distinct(names, func(i int) Path { return At("steps").Key(names[i]) })
	c.distinct(parameters, func(i int) Path { return At("parameters").Key(parameters[i]) })
	for _, name := range names {
		p.checkStep(c, name)
	}
	p.checkCycles(c)
	if p.Trains != nil {
		p.checkTrains(c)
	}
}

func (p *Pipeline) checkStep(c *checker, name string) {
	at, s := At("steps").Key(name), p.Steps[name]
	if p.ImageOf(name) == "" && c.knows(At("image")) {
		c.fault(at.Attr("image"), "must be set, here or as image of the pipeline")
	}
	if len(s.Command) == 0 {
		c.fault(at.Attr("command"), "must be set: the program and its first arguments")
	}
	if made := K8sName(name); made == "dataset" || made == "gate" || made == "register" || made == "mlops-data" {
		c.misplaced(at, "the step name %q is taken: datasets are inputs called dataset.NAME, mlops-data fetches them, gate and register are added to every pipeline that trains", name)
	}
	if pts := p.Timeout.Seconds(); pts > 0 && s.Timeout.Seconds() > pts {
		c.fault(at.Attr("timeout"), "%s is longer than the whole pipeline's timeout %s", s.Timeout, p.Timeout)
	}
	inputs := sorted(s.Inputs)
	c.distinct(s.Outputs, func(i int) Path { return at.Attr("outputs").Index(i) })
	c.distinct(inputs, func(i int) Path { return at.Attr("inputs").Key(inputs[i]) })
	for _, in := range inputs {
		p.checkInput(c, at.Attr("inputs").Key(in), name, s.Inputs[in])
	}
	for i, need := range s.Needs {
		if _, there := p.Steps[need]; !there {
			p.noStep(c, at.Attr("needs").Index(i), need)
		}
	}
	for _, env := range sorted(s.SecretEnv) {
		if _, twice := s.Env[env]; twice {
			c.misplaced(at.Attr("secret_env").Key(env), "is set in env too")
		}
	}
	for i, arg := range s.Command {
		p.checkTokens(c, at, at.Attr("command").Index(i), arg)
	}
	for i, arg := range s.Args {
		p.checkTokens(c, at, at.Attr("args").Index(i), arg)
	}
	for _, env := range sorted(s.Env) {
		p.checkTokens(c, at, at.Attr("env").Key(env), s.Env[env])
	}
}

func (p *Pipeline) checkInput(c *checker, at Path, step, from string) {
	source, output, dotted := strings.Cut(from, ".")
	upstream, there := p.Steps[source]
	switch {
	case !dotted || output == "":
		c.fault(at, "%q must be \"STEP.OUTPUT\" or \"dataset.NAME\"", from)
	case source == "dataset":
	case !there:
		p.noStep(c, at, source)
	case source == step:
		c.fault(at, "a step cannot read its own output")
	case !slices.Contains(upstream.Outputs, output) && c.knows(At("steps").Key(source).Attr("outputs")):
		c.fault(at, "step %q has no output %q; it has: %s", source, output, orNone(upstream.Outputs))
	}
}

func (p *Pipeline) noStep(c *checker, at Path, name string) {
	if c.knowsKeys(At("steps")) {
		c.fault(at, "there is no step %q; there are: %s", name, orNone(sorted(p.Steps)))
	}
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// checkTokens checks the tokens of one text of the step at a path.
func (p *Pipeline) checkTokens(c *checker, step, at Path, text string) {
	s := p.Steps[step[len(step)-1].Key]
	tokens, err := Tokens(text)
	if err != nil {
		c.fault(at, "%v", err)
	}
	for _, t := range tokens {
		switch {
		case t.Kind == ParamToken && !has(p.Parameters, t.Name) && c.knowsKeys(At("parameters")):
			c.fault(at, "there is no parameter %q; there are: %s", t.Name, orNone(sorted(p.Parameters)))
		case t.Kind == InputToken && !has(s.Inputs, t.Name) && c.knowsKeys(step.Attr("inputs")):
			c.fault(at, "the step has no input %q; it has: %s", t.Name, orNone(sorted(s.Inputs)))
		case t.Kind == OutputToken && !slices.Contains(s.Outputs, t.Name) && c.knows(step.Attr("outputs")):
			c.fault(at, "the step has no output %q; it has: %s", t.Name, orNone(s.Outputs))
		}
	}
}

func has[V any](m map[string]V, key string) bool {
	_, there := m[key]
	return there
}

// checkCycles reports each step that waits for itself, on the reference that starts
// the shortest way back to it.
func (p *Pipeline) checkCycles(c *checker) {
	before := map[string][]string{}
	for name := range p.Steps {
		before[name] = p.Before(name)
	}
	for _, start := range sorted(p.Steps) {
		if way := wayBack(before, start); way != nil {
			c.fault(p.edge(start, way[0]), "the step waits for itself: needs and inputs form a cycle: %s", strings.Join(append([]string{start}, way...), " needs "))
		}
	}
}

// wayBack is the shortest way from a step along before to itself, or nil.
func wayBack(before map[string][]string, start string) []string {
	seen, queue := map[string]bool{}, [][]string{{start}}
	for len(queue) > 0 {
		way := queue[0]
		queue = queue[1:]
		for _, next := range before[way[len(way)-1]] {
			longer := append(slices.Clip(way), next)
			if next == start {
				return longer[1:]
			}
			if !seen[next] {
				seen[next] = true
				queue = append(queue, longer)
			}
		}
	}
	return nil
}

// edge is the path of the reference by which a step waits for another.
func (p *Pipeline) edge(step, other string) Path {
	at, s := At("steps").Key(step), p.Steps[step]
	if i := slices.Index(s.Needs, other); i >= 0 {
		return at.Attr("needs").Index(i)
	}
	for _, in := range sorted(s.Inputs) {
		if source, _, _ := strings.Cut(s.Inputs[in], "."); source == other {
			return at.Attr("inputs").Key(in)
		}
	}
	return at
}

func (p *Pipeline) checkTrains(c *checker) {
	at := At("trains")
	c.required(at.Attr("model"), p.Trains.Model)
	if c.required(at.Attr("artifact"), p.Trains.Artifact) {
		p.checkInput(c, at.Attr("artifact"), "", p.Trains.Artifact)
		if strings.HasPrefix(p.Trains.Artifact, "dataset.") {
			c.fault(at.Attr("artifact"), "%q is a dataset: name the output of a step", p.Trains.Artifact)
		}
	}
	if p.Trains.Metrics == "" {
		return // linking asks for it when the model has gates
	}
	step, there := p.Steps[p.Trains.Metrics]
	writers := At("steps").Key(p.Trains.Metrics)
	switch {
	case !there:
		p.noStep(c, at.Attr("metrics"), p.Trains.Metrics)
	case !step.WritesMetrics() && c.knows(writers.Attr("command"), writers.Attr("args"), writers.Attr("env")):
		c.fault(at.Attr("metrics"), "step %q writes no metrics: hand it the file with $(metrics) in args", p.Trains.Metrics)
	}
}

// Value is the typed default of a parameter for formats that have types:
// a string, a bool, or the digits of a number.
func (p Parameter) Value() any {
	if p.Default == nil {
		return nil
	}
	switch p.Type {
	case "number", "integer":
		return Number(*p.Default)
	case "boolean":
		b, _ := strconv.ParseBool(*p.Default)
		return b
	}
	return *p.Default
}
