package spec

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Link joins specs into a project: every name is resolved, and every mistake
// between resources is reported at once, each fault with its resource. The order
// of specs does not matter. tags are the provider's; the platform's win.
func Link(repository Repository, tags map[string]string, specs []Spec) (*Project, Faults) {
	l := linker{named: map[[2]string]Spec{}, p: &Project{Repository: repository, index: map[Kind]map[string]Spec{}, trainers: map[string]*Pipeline{}}}
	specs = slices.Clone(specs)
	slices.SortStableFunc(specs, bySpec)
	for _, s := range specs {
		l.add(s)
	}
	if l.p.Platform == nil {
		l.faults = append(l.faults, Fault{Message: "no platform: add the spec of one mlops_platform"})
		return nil, l.faults
	}
	l.p.Tags = maps.Clone(tags)
	if l.p.Tags == nil {
		l.p.Tags = map[string]string{}
	}
	for _, key := range sorted(tags) {
		if !tagForm.MatchString(key) || len(key) > 50 {
			l.faults = append(l.faults, newFault(At("tags").Key(key), "the key of a tag of the provider must be letters, digits, dashes, dots and underscores, at most 50 characters"))
		}
	}
	maps.Copy(l.p.Tags, l.p.Platform.Tags)
	l.check()
	return l.p, l.faults
}

// bySpec orders by kind and name. Two of one name are a mistake, which must not look
// different in another order.
func bySpec(a, b Spec) int {
	if order := cmp.Or(cmp.Compare(a.Kind(), b.Kind()), cmp.Compare(a.ID(), b.ID())); order != 0 {
		return order
	}
	one, _ := Encode(a)
	two, _ := Encode(b)
	return cmp.Compare(one, two)
}

type linker struct {
	p      *Project
	faults Faults
	named  map[[2]string]Spec // by what it is and how the cloud calls it
}

func (l *linker) fault(s Spec, at Path, format string, args ...any) {
	l.faults = append(l.faults, Refuse(s, at, format, args...))
}

// reporter is fault for one resource.
func (l *linker) reporter(s Spec) func(at Path, format string, args ...any) {
	return func(at Path, format string, args ...any) { l.fault(s, at, format, args...) }
}

// sole reports what another resource has already under the name that the cloud knows it
// by: the two would be one object.
func (l *linker) sole(s Spec, at Path, what, name string) {
	key := [2]string{what, name}
	other, taken := l.named[key]
	switch {
	case !taken:
		l.named[key] = s
	case other != s:
		l.fault(s, at, "%s %q is that of %s %q already, and two resources cannot share one: rename one of them", what, name, other.Kind(), other.ID())
	}
}

func (l *linker) add(s Spec) {
	byName := l.p.index[s.Kind()]
	if byName == nil {
		byName = map[string]Spec{}
		l.p.index[s.Kind()] = byName
	}
	if _, twice := byName[s.ID()]; twice {
		l.fault(s, At("name"), "is contained twice: two resources of a kind cannot have one name")
		return
	}
	byName[s.ID()] = s
	switch s := s.(type) {
	case *Platform:
		if l.p.Platform != nil {
			l.fault(s, At("name"), "a repository has one platform, and %q is contained too", l.p.Platform.Name)
			return
		}
		l.p.Platform = s
	case *Bucket:
		l.p.Buckets = append(l.p.Buckets, s)
	case *Dataset:
		l.p.Datasets = append(l.p.Datasets, s)
	case *Registry:
		l.p.Registries = append(l.p.Registries, s)
	case *Model:
		l.p.Models = append(l.p.Models, s)
	case *Pipeline:
		l.p.Pipelines = append(l.p.Pipelines, s)
		if s.Trains != nil && l.p.trainers[s.Trains.Model] == nil {
			l.p.trainers[s.Trains.Model] = s
		}
	case *Endpoint:
		l.p.Endpoints = append(l.p.Endpoints, s)
	case *GPUPool:
		l.p.GPUPools = append(l.p.GPUPools, s)
	case *Identity:
		l.p.Identities = append(l.p.Identities, s)
	case *Secret:
		l.p.Secrets = append(l.p.Secrets, s)
	}
}

// refer reports a name that leads nowhere.
func (l *linker) refer(s Spec, at Path, kind Kind, name string) bool {
	if name == "" || l.p.index[kind][name] != nil {
		return name != ""
	}
	l.fault(s, at, "there is no %s %q in this repository; %s", kind, name, l.hint(kind))
	return false
}

func (l *linker) hint(kind Kind) string {
	if names := sorted(l.p.index[kind]); len(names) > 0 {
		return "contained are: " + strings.Join(names[:min(10, len(names))], ", ")
	}
	return "add its spec to contains"
}

func (l *linker) check() {
	l.orchestrators()
	l.budgets()
	for _, g := range l.p.GPUPools {
		l.pool(g)
	}
	for _, i := range l.p.Identities {
		l.identity(i)
	}
	for _, s := range l.p.Secrets {
		l.secret(s)
	}
	for _, b := range l.p.Buckets {
		l.bucket(b)
	}
	for _, d := range l.p.Datasets {
		l.dataset(d)
	}
	for _, r := range l.p.Registries {
		l.registry(r)
	}
	for _, m := range l.p.Models {
		l.model(m)
	}
	for _, pl := range l.p.Pipelines {
		l.pipeline(pl)
	}
	for _, e := range l.p.Endpoints {
		l.endpoint(e)
	}
}

func (l *linker) model(m *Model) {
	l.refer(m, At("registry"), KindRegistry, string(m.Registry))
	for i, to := range m.Promotion.To {
		at := At("promotion", "to").Index(i)
		from := l.p.Platform.Environments[to].PromoteFrom
		if l.environment(m, at, to) && from != "" && !slices.Contains(m.Promotion.To, from) {
			l.fault(m, at, "%q is promoted from %q, which is not in promotion.to: no version would ever get there", to, from)
		}
	}
}

// environment reports a name that is none of the platform's environments.
func (l *linker) environment(s Spec, at Path, name string) bool {
	_, there := l.p.Platform.Environments[name]
	if !there {
		l.fault(s, at, "platform %q has no environment %q; it has: %s", l.p.Platform.Name, name, strings.Join(l.p.Platform.EnvironmentNames(), ", "))
	}
	return there
}

func (l *linker) bucket(b *Bucket) {
	l.ofPlatform(b, b.Platform)
	if b.KMSKey != "" && l.p.Platform.Cloud == "local" {
		l.fault(b, At("kms_key"), "cloud \"local\" keeps buckets in folders and has no key service; clouds that can: aws, google, azure")
	}
	b.checkOn(l.p.Platform, l.reporter(b))
}

func (l *linker) pipeline(pl *Pipeline) {
	if pl.Trains != nil {
		l.trains(pl)
	}
	l.takes(pl)
	l.refer(pl, At("artifacts"), KindBucket, pl.Artifacts)
	l.refer(pl, At("tracking"), KindRegistry, pl.Tracking)
	if pl.Artifacts == "" && len(l.p.Buckets) == 0 && l.passesFiles(pl) {
		l.fault(pl, At("artifacts"), "must name a bucket: its steps hand files to each other")
	}
	if pl.Artifacts == "" && len(l.p.Buckets) > 1 && l.passesFiles(pl) {
		l.fault(pl, At("artifacts"), "must name one of the buckets %s: its steps hand files to each other", strings.Join(sorted(l.p.index[KindBucket]), ", "))
	}
	if t := pl.Triggers; t.Data != nil {
		l.refer(pl, At("triggers", "data", "dataset"), KindDataset, t.Data.Dataset)
	}
	if t := pl.Triggers; t.Drift != nil {
		l.drift(pl, t.Drift.Endpoint)
	}
	for _, name := range pl.StepNames() {
		l.step(pl, name)
	}
}

// drift checks that something can find the drift that starts a pipeline.
func (l *linker) drift(pl *Pipeline, endpoint string) {
	at := At("triggers", "drift", "endpoint")
	if !l.refer(pl, at, KindEndpoint, endpoint) {
		return
	}
	for _, e := range l.p.Endpoints {
		if e.Name == endpoint && (e.Monitors == nil || e.Monitors.Drift == nil) {
			l.fault(pl, at, "endpoint %q has no monitors.drift, so no drift is ever found: add it there", endpoint)
		}
	}
}

func (l *linker) passesFiles(pl *Pipeline) bool {
	for _, s := range pl.Steps {
		if len(s.Outputs) > 0 || len(s.Inputs) > 0 || s.WritesMetrics() {
			return true
		}
	}
	return false
}

func (l *linker) trains(pl *Pipeline) {
	if !l.refer(pl, At("trains", "model"), KindModel, pl.Trains.Model) {
		return
	}
	if first := l.p.Trainer(pl.Trains.Model); first != pl {
		l.fault(pl, At("trains", "model"), "model %q is trained by pipeline %q already: a model has one pipeline", pl.Trains.Model, first.Name)
	}
	if m := l.p.Model(pl.Trains.Model); len(m.Gates) > 0 && pl.Trains.Metrics == "" {
		l.fault(pl, At("trains", "metrics"), "must name the step that writes $(metrics): model %q has gates on %s", m.Name, m.Gates[0].Metric)
	}
}

func (l *linker) step(pl *Pipeline, name string) {
	at, s := At("steps").Key(name), pl.Steps[name]
	for _, in := range sorted(s.Inputs) {
		if source, dataset, _ := strings.Cut(s.Inputs[in], "."); source == "dataset" {
			if l.refer(pl, at.Attr("inputs").Key(in), KindDataset, dataset) {
				l.reads(pl, at.Attr("inputs").Key(in), dataset)
			}
		}
	}
	for _, env := range sorted(s.SecretEnv) {
		l.reaches(pl, at.Attr("secret_env").Key(env).Attr("secret"), s.SecretEnv[env].Secret)
	}
	l.fits(pl, at.Attr("pool"), s.Resources, s.Pool)
	image := at.Attr("image")
	if s.Image == "" {
		image = At("image")
	}
	l.allowed(pl, image, pl.ImageOf(name))
	names := l.p.Platform.EnvironmentNames()
	if len(names) > 0 {
		l.quota(pl, at.Attr("resources"), s.Resources, names[0])
	}
}

// allowed checks an image against the platform's registries.
func (l *linker) allowed(s Spec, at Path, image string) {
	registries := l.p.Platform.Security.AllowedRegistries
	within := func(r string) bool { return strings.HasPrefix(image, strings.TrimSuffix(r, "/")+"/") }
	if image == "" || len(registries) == 0 || slices.ContainsFunc(registries, within) {
		return
	}
	l.fault(s, at, "%q is from none of the registries that the platform allows: %s", image, strings.Join(registries, ", "))
}

// quota compares what one pod asks for with an environment's quota. Pipelines
// run under the quota of the first environment.
func (l *linker) quota(s Spec, at Path, r *Resources, environment string) {
	q := l.p.Platform.Environments[environment].Quota
	if q == nil || r == nil {
		return
	}
	exceeds := func(ask, have Quantity) bool {
		a, _ := ask.Rat()
		h, _ := have.Rat()
		return ask != "" && have != "" && a.Cmp(h) > 0
	}
	if exceeds(r.CPU, q.CPU) {
		l.fault(s, at.Attr("cpu"), "asks for %s cpu, but the quota of environment %q is %s: it would never start", r.CPU, environment, q.CPU)
	}
	if exceeds(r.Memory, q.Memory) {
		l.fault(s, at.Attr("memory"), "asks for %s memory, but the quota of environment %q is %s: it would never start", r.Memory, environment, q.Memory)
	}
	if a := r.Accelerator; a != nil && len(q.Accelerators) > 0 && a.Count > q.Accelerators[a.Type] {
		l.fault(s, at.Attr("accelerator"), "asks for %d %s, but the quota of environment %q has %d: it would never start", a.Count, a.Type, environment, q.Accelerators[a.Type])
	}
}

func (l *linker) endpoint(e *Endpoint) {
	if e.Custom != nil {
		l.allowed(e, At("custom", "image"), e.Custom.Image)
	}
	l.fits(e, At("pool"), e.Resources, e.Pool)
	if m := e.Monitors; m != nil {
		if m.Drift != nil {
			l.refer(e, At("monitors", "drift", "dataset"), KindDataset, m.Drift.Dataset)
			l.refer(e, At("monitors", "drift", "retrain"), KindPipeline, m.Drift.Retrain)
		}
		if m.Performance != nil {
			l.refer(e, At("monitors", "performance", "labels"), KindDataset, m.Performance.Labels)
		}
		l.monitored(e)
	}
	served := l.refer(e, At("model"), KindModel, e.Model)
	var runs []string
	if served {
		runs = l.p.EnvironmentsOf(e)
	}
	for _, name := range sorted(e.Environments) {
		at := At("environments").Key(name)
		if l.environment(e, at, name) && served && !slices.Contains(runs, name) {
			l.fault(e, at, "has no effect: promotion.to of model %q leaves %q out", e.Model, name)
		}
	}
	for _, name := range runs {
		at := At("resources")
		if e.Environments[name].Resources != nil {
			at = At("environments").Key(name).Attr("resources")
			if l.p.Pool(e.Pool) != nil {
				l.fits(e, at.Attr("accelerator"), e.Environments[name].Resources, e.Pool)
			}
		}
		l.quota(e, at, e.In(name).Resources, name)
	}
}

// monitored checks that there is a place for what the monitors record.
func (l *linker) monitored(e *Endpoint) {
	if len(l.p.Buckets) == 0 {
		l.fault(e, At("monitors"), "monitors need a bucket for the requests they record: add an mlops_bucket to contains")
	}
	if len(l.p.Platform.Observability.Drift) == 0 {
		l.fault(e, At("monitors"), "platform %q has no system for drift: set observability.drift", l.p.Platform.Name)
	}
}

// Store is the bucket that a pipeline, or an endpoint's monitor, keeps its files in:
// the named one, or the first.
func (p *Project) Store(name string) *Bucket {
	if b := p.Bucket(name); b != nil || len(p.Buckets) == 0 {
		return b
	}
	return p.Buckets[0]
}

// ModelStore is the bucket that holds the registered versions of a model: the one
// of the pipeline that trains it, or the first. It is nil when there is none.
func (p *Project) ModelStore(model string) *Bucket {
	if pl := p.Trainer(model); pl != nil {
		return p.Store(pl.Artifacts)
	}
	return p.Store("")
}

// ModelURI is where a version of a model lies for a model server in the cluster.
// On cloud "local" that is the bucket's volume.
func (p *Project) ModelURI(model, version string) string {
	if b := p.ModelStore(model); b != nil {
		return fmt.Sprintf("pvc://%s/models/%s/%s", b.Name, model, version)
	}
	return fmt.Sprintf("models:/%s/%s", model, version)
}
