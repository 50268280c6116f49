package argoworkflows

import (
	_ "embed"
	"maps"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

//go:embed workspace.py
var workspaceProgram string

// own is a template of ours with what its task hands over. The late ones follow the
// steps, the others come before them.
type own struct {
	template  template
	arguments []parameter
	late      bool
}

// ours lists the templates around a pipeline's steps, in the order they run.
func ours(p *spec.Project, pl *spec.Pipeline) []own {
	var out []own
	if root(p, pl) == "" {
		return out
	}
	out = append(out, prepare(p, pl))
	checked := func(name string) bool { return p.Dataset(name).Local != nil && len(p.Dataset(name).Columns) > 0 }
	if slices.ContainsFunc(datasets(p, pl), checked) {
		out = append(out, own{template: program(p, pl, dataCheck, []string{"-m", "mlops.data", "--pipeline", config(pl)}, nil)})
	}
	if pl.Trains != nil {
		out = append(out, judge(p, pl), enter(p, pl))
	}
	return out
}

// prepare makes the folders of a run, fetches what is not in the bucket's own place
// for it, and reads the versions of its datasets.
func prepare(p *spec.Project, pl *spec.Pipeline) own {
	args := []string{"-c", workspaceProgram, "--run", run(p, pl)}
	for _, s := range steps(p, pl) {
		args = append(args, "--folder", s.name)
	}
	if pl.Trains != nil {
		args = append(args, "--folder", gate)
	}
	var versions parameters
	if slices.ContainsFunc(p.Reads(pl), func(d *spec.Dataset) bool { return d.Local == nil }) {
		args = append(args, "--pipeline", config(pl))
	}
	for _, name := range datasets(p, pl) {
		option := "--dataset"
		if p.Dataset(name).Local == nil {
			option = "--fetch"
		}
		args = append(args, option, name+"="+dataset(p, pl, name))
		versions.Parameters = append(versions.Parameters, parameter{Name: name, ValueFrom: &valueFrom{Path: "/tmp/" + name}})
	}
	t := program(p, pl, workspace, args, nil)
	t.Container.Env = append(t.Container.Env, signIn(p, pl)...)
	if len(versions.Parameters) > 0 {
		t.Outputs = &versions
	}
	return own{template: t}
}

// datasets lists the datasets that a pipeline reads, by name.
func datasets(p *spec.Project, pl *spec.Pipeline) []string {
	var names []string
	for _, s := range steps(p, pl) {
		names = append(names, s.datasets()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func judge(p *spec.Project, pl *spec.Pipeline) own {
	args := []string{"-m", "mlops.gate", "--pipeline", config(pl)}
	hands := measured(pl)
	if len(hands) > 0 {
		args = append(args, "--metrics", "{{inputs.parameters.metrics}}")
	}
	args = append(args, "--verdict", verdict(p, pl))
	return own{template: program(p, pl, gate, args, hands), arguments: hands, late: true}
}

func enter(p *spec.Project, pl *spec.Pipeline) own {
	from, output, _ := strings.Cut(pl.Trains.Artifact, ".")
	hands := append([]parameter{given("artifact", dirOf(from)+"/"+output)}, measured(pl)...)
	args := []string{"-m", "mlops.register", "--pipeline", config(pl), "--artifact", "{{inputs.parameters.artifact}}"}
	if pl.Trains.Metrics != "" {
		args = append(args, "--metrics", "{{inputs.parameters.metrics}}")
	}
	args = append(args, "--verdict", verdict(p, pl), "--pipeline-run-id", "{{workflow.name}}")
	for _, name := range slices.Sorted(maps.Keys(pl.Parameters)) {
		args = append(args, "--param", name+"="+value(pl, name))
	}
	for _, name := range datasets(p, pl) {
		hands = append(hands, given(fromData(name), versionOf(name)))
		args = append(args, "--data", name+"={{inputs.parameters."+fromData(name)+"}}")
	}
	t := program(p, pl, register, args, hands)
	t.Container.Env = append(t.Container.Env,
		envVar{Name: "MLOPS_IMAGE", Value: pl.ImageOf(from)},
		envVar{Name: "MLOPS_MODEL_STORE", Value: root(p, pl) + "/models"},
	)
	t.defineBrace()
	return own{template: t, arguments: hands, late: true}
}

func measured(pl *spec.Pipeline) []parameter {
	if pl.Trains.Metrics == "" {
		return nil
	}
	return []parameter{given("metrics", dirOf(pl.Trains.Metrics)+"/"+metrics)}
}

func config(pl *spec.Pipeline) string { return "/opt/mlops/pipelines/" + pl.Name + "/pipeline.json" }

func verdict(p *spec.Project, pl *spec.Pipeline) string {
	return run(p, pl) + "/" + gate + "/verdict.json"
}

// program is a template that runs Python in the image of the programs.
func program(p *spec.Project, pl *spec.Pipeline, name string, args []string, hands []parameter) template {
	vars := plain(identity(pl))
	if name == gate || name == register {
		vars = plain(tracking(p, pl))
	}
	vars["HOME"] = envVar{Name: "HOME", Value: "/tmp"}
	vars["MLOPS_DATA_ROOT"] = envVar{Name: "MLOPS_DATA_ROOT", Value: root(p, pl)}
	vars["PYTHONDONTWRITEBYTECODE"] = envVar{Name: "PYTHONDONTWRITEBYTECODE", Value: "1"}
	vars["PYTHONPATH"] = envVar{Name: "PYTHONPATH", Value: "/opt/mlops"}
	return template{
		Name: name, Inputs: inputsFor(hands),
		Container: container{
			Image: catalog.ProgramsImage, Command: []string{"python"}, Args: args, Env: append(credentials(p, pl, vars), sorted(vars)...),
			Resources:       &resources{Requests: map[string]string{"cpu": "100m", "memory": "512Mi"}, Limits: map[string]string{"memory": "2Gi"}},
			SecurityContext: restricted(true),
			VolumeMounts: []volumeMount{
				{Name: bucketVolume, MountPath: root(p, pl)},
				{Name: programsVolume, MountPath: "/opt/mlops/mlops", ReadOnly: true},
				{Name: pipelineVolume, MountPath: "/opt/mlops/pipelines/" + pl.Name, ReadOnly: true},
				{Name: tmpVolume, MountPath: "/tmp"},
			},
		},
	}
}

// identity are the variables that say which run it is.
func identity(pl *spec.Pipeline) map[string]string {
	return map[string]string{"MLOPS_PIPELINE": pl.Name, "MLOPS_RUN_ID": "{{workflow.name}}"}
}

// tracking are the variables of all that talks to the registry.
func tracking(p *spec.Project, pl *spec.Pipeline) map[string]string {
	vars := identity(pl)
	if r := p.TrackerOf(pl); r != nil && r.MLflow != nil {
		vars["MLFLOW_TRACKING_URI"] = literal(r.MLflow.TrackingURI, true)
		vars["MLFLOW_EXPERIMENT_NAME"] = pl.Name
		if pl.Trains != nil {
			vars["MLFLOW_EXPERIMENT_NAME"] = pl.Trains.Model
		}
	}
	return vars
}

// credentials are the variables of the registry's client that vars does not set.
func credentials(p *spec.Project, pl *spec.Pipeline, vars map[string]envVar) []envVar {
	r := p.TrackerOf(pl)
	if r == nil || r.Credentials == nil {
		return nil
	}
	var out []envVar
	for _, name := range slices.Sorted(maps.Keys(r.Credentials.Keys)) {
		if _, set := vars[name]; !set {
			out = append(out, secretVar(p, name, spec.SecretKey{Secret: r.Credentials.Secret, Key: r.Credentials.Keys[name]}))
		}
	}
	return out
}

// signIn are the variables of the servers that datasets come from.
func signIn(p *spec.Project, pl *spec.Pipeline) []envVar {
	from := map[string]spec.SecretKey{}
	for _, d := range p.Reads(pl) {
		if d.LakeFS != nil && d.LakeFS.Credentials != nil {
			for name, key := range d.LakeFS.Credentials.Keys {
				from[name] = spec.SecretKey{Secret: d.LakeFS.Credentials.Secret, Key: key}
			}
		}
	}
	var out []envVar
	for _, name := range slices.Sorted(maps.Keys(from)) {
		out = append(out, secretVar(p, name, from[name]))
	}
	return out
}

func secretVar(p *spec.Project, name string, from spec.SecretKey) envVar {
	return envVar{Name: name, ValueFrom: &envSource{SecretKeyRef: secretKeyRef{Name: p.SecretObject(from.Secret), Key: from.Key}}}
}

func plain(texts map[string]string) map[string]envVar {
	vars := map[string]envVar{}
	for name, text := range texts {
		vars[name] = envVar{Name: name, Value: text}
	}
	return vars
}

func sorted(vars map[string]envVar) []envVar {
	var out []envVar
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		out = append(out, vars[name])
	}
	return out
}
