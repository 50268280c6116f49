package evidently

import (
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/signals"
)

// retentionDays is how long requests are kept; they may hold personal data.
const retentionDays = 30

const (
	numeric     = "numeric"
	categorical = "categorical"
)

// methods are the kinds of columns that each test takes, as in drift.py.
var methods = map[string][]string{
	"psi": {numeric, categorical}, "jensenshannon": {numeric, categorical},
	"ks": {numeric}, "wasserstein": {numeric}, "chisquare": {categorical},
}

// metrics are those of performance.py.
var metrics = []string{"accuracy", "auc_roc", "f1", "mae", "precision", "recall", "rmse"}

// kindOf is how a declared column is compared.
func kindOf(c spec.Column) string {
	if c.Type == "number" || (c.Type == "integer" && len(c.Values) == 0) {
		return numeric
	}
	return categorical
}

// kinds are the declared columns of a dataset that are served: a label is not.
func kinds(d *spec.Dataset) map[string]string {
	out := map[string]string{}
	for name, column := range d.Columns {
		if name != "id" && name != "label" {
			out[name] = kindOf(column)
		}
	}
	return out
}

// config is what the programs read.
func (m monitor) config() config {
	gap := spec.CronGap(signals.Schedule(m.e))
	c := config{
		Version: 1, Endpoint: m.e.Name, Environment: m.environment,
		Folder:      m.path("inference/" + m.e.Name + "/" + m.environment),
		WindowHours: hours(max(gap, 24*time.Hour)), RetentionDays: max(retentionDays, int64(gap/(24*time.Hour))+1),
		Columns: map[string]string{},
	}
	if d := m.e.Monitors.Drift; d != nil {
		dataset := m.p.Dataset(d.Dataset)
		c.Columns = kinds(dataset)
		c.Drift = &drift{Reference: m.path(dataset.Local.Path), Method: d.Method, Threshold: d.Threshold}
	}
	if f := m.e.Monitors.Performance; f != nil {
		c.Performance = &performance{Metric: f.Metric, Labels: m.path(m.p.Dataset(f.Labels).Local.Path)}
	}
	return c
}

func (m monitor) path(inside string) string {
	_, mount := m.p.Claim(m.bucket)
	return mount + "/" + inside
}

func hours(d time.Duration) encode.Decimal {
	return encode.Decimal(signals.Decimal(big.NewRat(int64(d/time.Minute), 60)))
}

// refuse reports what the programs cannot watch.
func refuse(p *spec.Project) spec.Faults {
	var faults spec.Faults
	for _, e := range p.Endpoints {
		if e.Monitors == nil {
			continue
		}
		if !signals.Monitored(e) {
			faults = append(faults, spec.Refuse(e, spec.At("monitors"), "names nothing to watch: set drift, quality or performance, or leave it out"))
		}
		if e.Runtime == "vllm" {
			faults = append(faults, spec.Refuse(e, spec.At("monitors"), "Evidently is asked to compare columns, and runtime \"vllm\" serves prompts: leave it out"))
		}
		if other := e.Name + "-monitor"; slices.ContainsFunc(p.Endpoints, func(o *spec.Endpoint) bool { return o.Name == other }) {
			faults = append(faults, spec.Refuse(e, spec.At("monitors"), "its collector would have the name of endpoint %q: rename one", other))
		}
		if d := e.Monitors.Drift; d != nil {
			faults = append(faults, refuseDrift(p, e, d)...)
		}
		if f := e.Monitors.Performance; f != nil {
			faults = append(faults, refusePerformance(p, e, f)...)
		}
	}
	return faults
}

func refuseDrift(p *spec.Project, e *spec.Endpoint, d *spec.DriftMonitor) spec.Faults {
	dataset := p.Dataset(d.Dataset)
	faults := refuseFile(e, spec.At("monitors", "drift", "dataset"), dataset)
	columns := kinds(dataset)
	if len(dataset.Columns) == 0 {
		return faults
	}
	for _, kind := range columns {
		if slices.Contains(methods[d.Method], kind) {
			return faults
		}
	}
	return append(faults, spec.Refuse(e, spec.At("monitors", "drift", "method"),
		"Evidently's %s compares %s columns, and dataset %q declares none: use psi or jensenshannon, which compare all", d.Method, strings.Join(methods[d.Method], " and "), d.Dataset))
}

func refusePerformance(p *spec.Project, e *spec.Endpoint, f *spec.PerformanceMonitor) spec.Faults {
	at := spec.At("monitors", "performance")
	dataset := p.Dataset(f.Labels)
	faults := refuseFile(e, at.Attr("labels"), dataset)
	if !slices.Contains(metrics, f.Metric) {
		faults = append(faults, spec.Refuse(e, at.Attr("metric"), "%q is not computed from served answers; there are: %s", f.Metric, strings.Join(metrics, ", ")))
	}
	for _, column := range []string{"id", "label"} {
		if _, declared := dataset.Columns[column]; len(dataset.Columns) > 0 && !declared {
			faults = append(faults, spec.Refuse(e, at.Attr("labels"), "answers and labels are joined by the columns id and label, and dataset %q declares no column %s", f.Labels, column))
		}
	}
	return faults
}

// refuseFile checks that the programs can read a dataset.
func refuseFile(e *spec.Endpoint, at spec.Path, d *spec.Dataset) spec.Faults {
	if d.Local == nil || !strings.HasSuffix(d.Local.Path, ".csv") {
		return spec.Faults{spec.Refuse(e, at, "dataset %q must be a local CSV file (local = { path = \"….csv\" }) to be compared with what is served", d.Name)}
	}
	return nil
}

// config.json, in output order.
type (
	config struct {
		Version       int               `json:"version"`
		Endpoint      string            `json:"endpoint"`
		Environment   string            `json:"environment"`
		Folder        string            `json:"folder"`
		WindowHours   encode.Decimal    `json:"window_hours"`
		RetentionDays int64             `json:"retention_days"`
		Columns       map[string]string `json:"columns"`
		Drift         *drift            `json:"drift,omitempty"`
		Performance   *performance      `json:"performance,omitempty"`
	}
	drift struct {
		Reference string      `json:"reference"`
		Method    string      `json:"method"`
		Threshold spec.Number `json:"threshold"`
	}
	performance struct {
		Metric string `json:"metric"`
		Labels string `json:"labels"`
	}
)
