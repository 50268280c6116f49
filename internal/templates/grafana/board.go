package grafana

import (
	"strconv"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// board places panels from left to right, 24 columns wide.
type board struct {
	panels []panel
	x, y   int
}

const (
	columns = 24
	height  = 7
)

// row starts a new line under a title.
func (b *board) row(title string) {
	if b.x > 0 {
		b.x, b.y = 0, b.y+height
	}
	b.panels = append(b.panels, panel{ID: len(b.panels) + 1, Type: "row", Title: title, Grid: grid{H: 1, W: columns, X: 0, Y: b.y}})
	b.y++
}

// add places a panel of a width.
func (b *board) add(width int, p panel) {
	if b.x+width > columns {
		b.x, b.y = 0, b.y+height
	}
	p.ID, p.Source, p.Grid = len(b.panels)+1, &source, grid{H: height, W: width, X: b.x, Y: b.y}
	b.panels = append(b.panels, p)
	b.x += width
}

// line is a panel of lines over time.
func line(title, unit string, queries ...query) panel {
	return panel{
		Type: "timeseries", Title: title, Targets: numbered(queries),
		Config:  &config{Defaults: defaults{Unit: unit, Min: number("0"), Custom: &custom{FillOpacity: 10, ShowPoints: "never"}}},
		Options: &panelOptions{Legend: &legend{DisplayMode: "list", Placement: "bottom", Show: true}, Tooltip: &tooltip{Mode: "multi"}},
	}
}

// stat is a panel of single numbers.
func stat(title, unit string, queries ...query) panel {
	return panel{
		Type: "stat", Title: title, Targets: numbered(queries), Config: &config{Defaults: defaults{Unit: unit}},
		Options: &panelOptions{Reduce: &reduce{Calcs: []string{"lastNotNull"}}, ColorMode: "value", GraphMode: "area"},
	}
}

// bound draws where a value becomes bad: above it or, for below, under it.
func (p panel) bound(at spec.Number, below bool) panel {
	good, bad := step{Color: "green"}, step{Color: "red", Value: number(string(at))}
	if below {
		good, bad = step{Color: "red"}, step{Color: "green", Value: number(string(at))}
	}
	p.Config.Defaults.Thresholds = &thresholds{Mode: "absolute", Steps: []step{good, bad}}
	if p.Config.Defaults.Custom != nil {
		p.Config.Defaults.Custom.Thresholds = &thresholdsStyle{Mode: "dashed"}
	} else {
		p.Config.Defaults.Color = &color{Mode: "thresholds"}
	}
	return p
}

// signed lets values go below zero.
func (p panel) signed() panel {
	p.Config.Defaults.Min = nil
	return p
}

// says explains a panel behind its information mark.
func (p panel) says(text string) panel {
	p.Description = text
	return p
}

func number(text string) *spec.Number {
	n := spec.Number(text)
	return &n
}

// query is an expression with the name of its lines.
type query struct{ legend, expr string }

func numbered(queries []query) []target {
	var out []target
	for i, q := range queries {
		out = append(out, target{Source: source, Expr: q.expr, Legend: q.legend, Ref: "Q" + strconv.Itoa(i+1)})
	}
	return out
}

// source is the data source that the reader chooses.
var source = sourceRef{Type: "prometheus", UID: "${datasource}"}

func newDashboard(p *spec.Project, name, title string, b board, variables ...variable) dashboard {
	chosen := variable{Name: "datasource", Label: "Data source", Type: "datasource", Query: "prometheus"}
	return dashboard{
		UID: uid(p, name), Title: title, Tags: []string{"mlops", p.Platform.Name}, Schema: 42, Refresh: "1m", Timezone: "browser",
		Time: span{From: "now-24h", To: "now"}, Tooltip: 1, Templating: templating{append([]variable{chosen}, variables...)}, Panels: b.panels,
	}
}

// environmentVariable lets the reader choose a namespace by its environment; the
// last one, which matters most, is chosen at first.
func environmentVariable(p *spec.Project, environments []string) variable {
	v := variable{Name: "environment", Label: "Environment", Type: "custom"}
	for i, name := range environments {
		if i > 0 {
			v.Query += ","
		}
		v.Query += name + " : " + p.Namespace(name)
		o := option{Text: name, Value: p.Namespace(name), Selected: i == len(environments)-1}
		v.Options = append(v.Options, o)
		if o.Selected {
			v.Current = &o
		}
	}
	return v
}

// The part of Grafana's classic JSON this package writes, in output order.
type (
	dashboard struct {
		UID        string     `json:"uid"`
		Title      string     `json:"title"`
		Tags       []string   `json:"tags"`
		Schema     int        `json:"schemaVersion"`
		Editable   bool       `json:"editable"`
		Refresh    string     `json:"refresh"`
		Timezone   string     `json:"timezone"`
		Time       span       `json:"time"`
		Tooltip    int        `json:"graphTooltip"`
		Templating templating `json:"templating"`
		Panels     []panel    `json:"panels"`
	}
	span struct {
		From string `json:"from"`
		To   string `json:"to"`
	}
	templating struct {
		List []variable `json:"list"`
	}
	variable struct {
		Name    string   `json:"name"`
		Label   string   `json:"label"`
		Type    string   `json:"type"`
		Query   string   `json:"query"`
		Current *option  `json:"current,omitempty"`
		Options []option `json:"options,omitempty"`
	}
	option struct {
		Text     string `json:"text"`
		Value    string `json:"value"`
		Selected bool   `json:"selected"`
	}
	panel struct {
		ID          int           `json:"id"`
		Type        string        `json:"type"`
		Title       string        `json:"title"`
		Description string        `json:"description,omitempty"`
		Source      *sourceRef    `json:"datasource,omitempty"`
		Grid        grid          `json:"gridPos"`
		Config      *config       `json:"fieldConfig,omitempty"`
		Options     *panelOptions `json:"options,omitempty"`
		Targets     []target      `json:"targets,omitempty"`
	}
	sourceRef struct {
		Type string `json:"type"`
		UID  string `json:"uid"`
	}
	grid struct {
		H int `json:"h"`
		W int `json:"w"`
		X int `json:"x"`
		Y int `json:"y"`
	}
	config struct {
		Defaults defaults `json:"defaults"`
	}
	defaults struct {
		Unit       string       `json:"unit"`
		Min        *spec.Number `json:"min,omitempty"`
		Max        *spec.Number `json:"max,omitempty"`
		Color      *color       `json:"color,omitempty"`
		Thresholds *thresholds  `json:"thresholds,omitempty"`
		Custom     *custom      `json:"custom,omitempty"`
	}
	color struct {
		Mode string `json:"mode"`
	}
	thresholds struct {
		Mode  string `json:"mode"`
		Steps []step `json:"steps"`
	}
	step struct {
		Color string       `json:"color"`
		Value *spec.Number `json:"value"`
	}
	custom struct {
		FillOpacity int              `json:"fillOpacity"`
		ShowPoints  string           `json:"showPoints"`
		Thresholds  *thresholdsStyle `json:"thresholdsStyle,omitempty"`
	}
	thresholdsStyle struct {
		Mode string `json:"mode"`
	}
	panelOptions struct {
		Legend    *legend  `json:"legend,omitempty"`
		Tooltip   *tooltip `json:"tooltip,omitempty"`
		Reduce    *reduce  `json:"reduceOptions,omitempty"`
		ColorMode string   `json:"colorMode,omitempty"`
		GraphMode string   `json:"graphMode,omitempty"`
		Header    bool     `json:"showHeader,omitempty"`
	}
	legend struct {
		DisplayMode string `json:"displayMode"`
		Placement   string `json:"placement"`
		Show        bool   `json:"showLegend"`
	}
	tooltip struct {
		Mode string `json:"mode"`
	}
	reduce struct {
		Calcs []string `json:"calcs"`
	}
	target struct {
		Source  sourceRef `json:"datasource"`
		Expr    string    `json:"expr"`
		Legend  string    `json:"legendFormat"`
		Ref     string    `json:"refId"`
		Instant bool      `json:"instant,omitempty"`
		Format  string    `json:"format,omitempty"`
	}
)
