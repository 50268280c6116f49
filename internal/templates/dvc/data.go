package dvc

import (
	"bytes"
	_ "embed"
	"path"
	"slices"
	"strings"
	"sync"
	"text/template"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
)

// stagePrefix is that of the stages which fetch datasets.
const stagePrefix = "mlops-data-"

func dataStage(d *spec.Dataset) string { return stagePrefix + d.Name }

// fetched lists the datasets that are not in the repository itself.
func (w writer) fetched() []*spec.Dataset {
	return slices.DeleteFunc(w.p.Reads(w.pl), func(d *spec.Dataset) bool { return d.Local != nil })
}

func (w writer) data(d *spec.Dataset) string {
	if d.Local != nil {
		return d.Local.Path
	}
	return w.path("mlops-data", d.Name)
}

func (w writer) versions(d *spec.Dataset) string { return w.data(d) + ".version.json" }

// fetch is the stage of a dataset. One that is pinned is fetched when its pin changes;
// what lies in a bucket can change at any time, so it is looked at in every run.
func (w writer) fetch(d *spec.Dataset) stage {
	config := "pipelines/" + w.pl.Name + "/pipeline.json"
	out := stage{
		Cmd:  []string{"python -m mlops.data --pipeline " + config + " --output " + d.Name + "=" + w.data(d) + " --versions " + w.versions(d)},
		Wdir: "../..", Params: []any{encode.Map{{Key: config, Value: []string{"datasets." + d.Name}}}},
		Outs: []string{w.data(d), w.versions(d)}, AlwaysChanged: !d.Pinned(),
	}
	if d.Pinned() {
		out.Deps = []string{"data/" + d.Name + ".pin.json"}
	}
	return out
}

// taken reports steps that have the name of a stage of ours.
func taken(p *spec.Project, pl *spec.Pipeline) spec.Faults {
	var out spec.Faults
	for _, d := range (writer{p: p, pl: pl}).fetched() {
		if _, there := pl.Steps[dataStage(d)]; there {
			out = append(out, spec.Refuse(pl, spec.At("steps").Key(dataStage(d)), "DVC, which runs the steps locally, has a stage of this name, which fetches dataset %q: rename the step", d.Name))
		}
	}
	return out
}

// remote is a bucket with data of DVC.
type remote struct{ Name, URL, Account string }

// remotes lists the buckets, by name. A relative URL starts at .dvc/.
func remotes(p *spec.Project) []remote {
	var out []remote
	for _, d := range p.Read() {
		if d.DVC == nil {
			continue
		}
		out = append(out, remoteOf(d, p.Address(d)))
	}
	slices.SortFunc(out, func(a, b remote) int { return strings.Compare(a.Name, b.Name) })
	return slices.Compact(out)
}

// remoteOf writes an address in DVC's form: containers of Azure with the account beside.
func remoteOf(d *spec.Dataset, address string) remote {
	if address == "" {
		address = "../.mlops/buckets/" + d.DVC.Bucket + "/" + d.Place()
	}
	out := remote{Name: d.DVC.Bucket, URL: address}
	if rest, azure := strings.CutPrefix(address, "abfss://"); azure {
		container, host, _ := strings.Cut(rest, "@")
		host, path, _ := strings.Cut(host, "/")
		out.Account, _, _ = strings.Cut(host, ".")
		out.URL = "azure://" + container + "/" + path
	}
	return out
}

// config is .dvc/config: buckets without credentials, which DVC takes from the
// environment or from .dvc/config.local.
func config(p *spec.Project) string {
	all := remotes(p)
	out := encode.Header + `
[core]
    analytics = false
    autostage = false
    check_update = false
`
	if len(all) == 1 {
		out += "    remote = " + all[0].Name + "\n"
	}
	for _, r := range all {
		out += "['remote \"" + r.Name + "\"']\n    url = " + r.URL + "\n"
		if r.Account != "" {
			out += "    account_name = " + r.Account + "\n"
		}
	}
	return out
}

//go:embed dvc.md.tmpl
var guideText string

var guideTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Option("missingkey=error").Funcs(template.FuncMap{"code": encode.MarkdownCode}).Parse(guideText))
})

// guide is docs/dvc.md.
func guide(p *spec.Project) []byte {
	type row struct{ Name, Path, Folder, Bucket, Revision string }
	var rows []row
	for _, d := range p.Read() {
		if d.DVC != nil {
			rows = append(rows, row{d.Name, "data/" + d.DVC.Path, path.Dir("data/" + d.DVC.Path), d.DVC.Bucket, d.DVC.Revision})
		}
	}
	var out bytes.Buffer
	err := guideTemplate().Execute(&out, map[string]any{"Rows": rows, "First": rows[0], "Several": len(remotes(p)) > 1, "Local": strings.HasPrefix(remotes(p)[0].URL, "../")})
	if err != nil {
		panic("the template and its values are ours: " + err.Error())
	}
	return out.Bytes()
}
