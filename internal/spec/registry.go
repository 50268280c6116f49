package spec

import "slices"

// ManagedMLflow is where the MLflow server that the emitted repository deploys answers.
const ManagedMLflow = "http://mlflow.mlflow:5000"

// Registry is an experiment tracker and model registry.
type Registry struct {
	Name             string            `json:"name"`
	Type             string            `json:"type"`
	MLflow           *MLflow           `json:"mlflow,omitempty"`
	WeightsAndBiases *WeightsAndBiases `json:"weights_and_biases,omitempty"`
	Neptune          *Neptune          `json:"neptune,omitempty"`
	ClearML          *ClearML          `json:"clearml,omitempty"`
	SageMaker        *SageMaker        `json:"sagemaker,omitempty"`
	AzureML          *AzureML          `json:"azureml,omitempty"`
	Vertex           *Vertex           `json:"vertex,omitempty"`
	Credentials      *Credentials      `json:"credentials,omitempty"`
}

// MLflow is a tracking server. Managed: the emitted repository deploys it.
type MLflow struct {
	TrackingURI string `json:"tracking_uri,omitempty"`
	Managed     *bool  `json:"managed"`
}

// Credentials maps environment variables of a client to keys of a secret.
type Credentials struct {
	Secret string            `json:"secret" ref:"secret"`
	Keys   map[string]string `json:"keys"`
}

// Kind is KindRegistry.
func (*Registry) Kind() Kind { return KindRegistry }

// ID is the registry's name.
func (r *Registry) ID() string { return r.Name }

func (r *Registry) complete() {
	or(&r.Type, "mlflow")
	if r.Type != "mlflow" {
		return
	}
	if r.MLflow == nil {
		r.MLflow = &MLflow{}
	}
	if r.MLflow.Managed == nil {
		r.MLflow.Managed = ptr(r.MLflow.TrackingURI == "")
	}
	if *r.MLflow.Managed {
		or(&r.MLflow.TrackingURI, ManagedMLflow)
	}
}

// Managed reports whether the emitted repository deploys the registry.
func (r *Registry) Managed() bool {
	return r.MLflow != nil && r.MLflow.Managed != nil && *r.MLflow.Managed
}

func (r *Registry) checkValues(c *checker) {
	c.label(At("name"), r.Name, 40)
	c.choice(At("type"), "registry", r.Type)
	if r.MLflow != nil {
		c.address(At("mlflow", "tracking_uri"), r.MLflow.TrackingURI)
	}
	r.checkAddresses(c)
	if r.Credentials != nil {
		r.Credentials.check(c, At("credentials"))
	}
}

func (r *Registry) checkWhole(c *checker) {
	set := r.settings()
	for _, system := range sorted(set) {
		if set[system] && system != r.Type && c.knows(At("type")) {
			c.misplaced(At(system), "settings of %s, but type is %q: remove them or change type", system, r.Type)
		}
	}
	if r.Type == "mlflow" && r.MLflow.TrackingURI == "" && c.knows(At("type")) && c.knows(At("mlflow", "managed")) {
		c.fault(At("mlflow", "tracking_uri"), "must be set when managed = false: it says where the existing server is")
	}
	if c.knows(At("type")) {
		r.checkTracker(c)
	}
}

// Model is a registered model with its gates and its way to production.
type Model struct {
	Name        string            `json:"name"`
	Registry    Ref               `json:"registry" ref:"model_registry"`
	Description string            `json:"description,omitempty"`
	Gates       []Gate            `json:"gates"`
	Promotion   *Promotion        `json:"promotion"`
	Lineage     *Lineage          `json:"lineage"`
	Tags        map[string]string `json:"tags,omitempty"`
	// ForceDestroy lets a model that has versions be deleted from its registry.
	ForceDestroy bool `json:"force_destroy,omitempty"`
}

// Gate is a condition on a metric: against a threshold, between two, or against
// the champion. A required metric (the default) that is missing rejects.
type Gate struct {
	Metric    string `json:"metric"`
	Op        string `json:"op"`
	Threshold Number `json:"threshold,omitempty"`
	Min       Number `json:"min,omitempty"`
	Max       Number `json:"max,omitempty"`
	Baseline  string `json:"baseline,omitempty"`
	Tolerance Number `json:"tolerance,omitempty"`
	Required  *bool  `json:"required"`
}

// Promotion says where a version may go and how.
type Promotion struct {
	To   []string `json:"to,omitempty"`
	Mode string   `json:"mode"`
	Soak Duration `json:"soak,omitempty"`
}

// Lineage says what must be known of a version before it is promoted.
type Lineage struct {
	Require []string `json:"require"`
}

// Kind is KindModel.
func (*Model) Kind() Kind { return KindModel }

// ID is the model's name.
func (m *Model) ID() string { return m.Name }

func (m *Model) complete() {
	for i := range m.Gates {
		if m.Gates[i].Required == nil {
			m.Gates[i].Required = ptr(true)
		}
	}
	if m.Promotion == nil {
		m.Promotion = &Promotion{}
	}
	or(&m.Promotion.Mode, "pull_request")
	if m.Lineage == nil || m.Lineage.Require == nil {
		m.Lineage = &Lineage{Require: []string{"code", "data", "environment", "parameters"}}
	}
}

var metricForm = identForm

func (m *Model) checkValues(c *checker) {
	c.host(At("name"), m.Name, 50)
	for i, g := range m.Gates {
		g.check(c, At("gates").Index(i))
	}
	c.choice(At("promotion", "mode"), "promotion", m.Promotion.Mode)
	c.duration(At("promotion", "soak"), m.Promotion.Soak)
	for i, r := range m.Lineage.Require {
		if c.required(At("lineage", "require").Index(i), r) {
			c.choice(At("lineage", "require").Index(i), "lineage", r)
		}
	}
	for _, key := range sorted(m.Tags) {
		if !tagForm.MatchString(key) || len(key) > 250 {
			c.misplaced(At("tags").Key(key), "the key must be letters, digits, dashes, dots and underscores")
		}
		if len(m.Tags[key]) > 5000 {
			c.fault(At("tags").Key(key), "the value has %d characters, at most 5000 are possible", len(m.Tags[key]))
		}
	}
}

func (g Gate) check(c *checker, at Path) {
	c.metric(at.Attr("metric"), g.Metric)
	if c.required(at.Attr("op"), g.Op) {
		c.choice(at.Attr("op"), "op", g.Op)
	}
	if why := g.bounds(); why != "" && c.knows(at.Attr("op"), at.Attr("threshold"), at.Attr("baseline"), at.Attr("min"), at.Attr("max")) {
		c.misplaced(at, "%s", why)
	}
	if g.Min != "" && g.Max != "" && g.Min.Cmp(g.Max) > 0 {
		c.fault(at.Attr("min"), "%s is above max %s", g.Min, g.Max)
	}
	if g.Baseline != "" && g.Baseline != "champion" {
		c.fault(at.Attr("baseline"), "%q is not a baseline; there is \"champion\"", g.Baseline)
	}
	if g.Tolerance != "" && (g.Baseline == "" || g.Tolerance.Rat().Sign() < 0) && c.knows(at.Attr("baseline")) {
		c.fault(at.Attr("tolerance"), "must be zero or above, and needs baseline")
	}
}

// bounds says what is wrong with the combination of a gate's bounds, or "".
func (g Gate) bounds() string {
	switch {
	case g.Op == "between" && (g.Min == "" || g.Max == "" || g.Threshold != "" || g.Baseline != ""):
		return "\"between\" needs min and max, and nothing else"
	case g.Op == "between":
		return ""
	case g.Min != "" || g.Max != "":
		return "min and max belong to op = \"between\""
	case (g.Threshold == "") == (g.Baseline == ""):
		return "needs either threshold or baseline"
	}
	return ""
}

func (c *checker) metric(at Path, name string) {
	if c.required(at, name) && !metricForm.MatchString(name) {
		c.fault(at, "%q must be letters, digits, dashes and underscores", name)
	}
}

func (m *Model) checkWhole(c *checker) {
	c.required(At("registry"), string(m.Registry))
	if m.Gates == nil {
		c.fault(At("gates"), "a model without a gate would be promoted unseen: name at least one gate, or write gates = [] to accept every version")
	}
	seen := map[string]bool{}
	for i, to := range m.Promotion.To {
		if seen[to] {
			c.fault(At("promotion", "to").Index(i), "%q is named twice", to)
		}
		seen[to] = true
	}
	for i, r := range m.Lineage.Require {
		if slices.Index(m.Lineage.Require, r) < i {
			c.fault(At("lineage", "require").Index(i), "%q is named twice", r)
		}
	}
}
