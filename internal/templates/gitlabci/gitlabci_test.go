package gitlabci

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

func TestMain(m *testing.M) { realtools.Main(m) }

func TestTarget(t *testing.T) { templatestest.Run(t, Target{}, templatestest.Options{}) }

// object is what users write, as a case holds it.
type object = map[string]any

// render is .gitlab-ci.yml of the README's example after a change.
func render(t *testing.T, change func(c *templatestest.Case, pl object)) (string, error) {
	t.Helper()
	c := templatestest.Quickstart(t)
	c.Specs[0]["ci"] = "gitlab_ci"
	for _, s := range c.Specs {
		if s["kind"] == "pipeline" && change != nil {
			change(c, s)
		}
	}
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	files, err := Target{}.Render(p)
	if err != nil {
		return "", err
	}
	if len(files) != 1 || files[0].Path != ".gitlab-ci.yml" {
		t.Fatalf("files are %v", files)
	}
	return string(files[0].Data), nil
}

// repository is a Git repository with an origin, as gitlab-ci-local wants it.
func repository(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := realtools.WriteFiles(t, files)
	for _, args := range [][]string{
		{"init", "-q", "-b", "main"}, {"add", "."}, {"-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", "x"},
		{"remote", "add", "origin", "https://gitlab.example.com/acme/fraud.git"}, {"update-ref", "refs/remotes/origin/main", "HEAD"}, {"symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"},
	} {
		if out, err := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	return dir
}

// makefile says which targets were made, in the way of the emitted one.
const makefile = "setup:\n\t@mkdir -p .venv/bin && printf '#!/bin/sh\\necho \"python $$*\"\\n' >.venv/bin/python && chmod +x .venv/bin/python\n%:\n\t@echo made $@\n"

// TestTools lets GitLab's schema and gitlab-ci-local read the file, and runs its jobs.
func TestTools(t *testing.T) {
	text, err := render(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := repository(t, map[string]string{".gitlab-ci.yml": text, "Makefile": makefile, "requirements.txt": "x"})
	realtools.CheckJSONSchema(t, dir, "vendor.gitlab-ci", ".gitlab-ci.yml").Accept(t, "GitLab's schema")
	run := func(args ...string) realtools.Result { return realtools.GitLabCILocal(t, dir, nil, args...) }
	res := run("--list-csv", "--variable", "CI_PIPELINE_SOURCE=web", "--variable", "TRAIN=train", "--variable", "PROMOTE=fraud-detector")
	res.Accept(t, "the list")
	for _, job := range []string{"validate;", "scan;", "train-train;", "promote-fraud-detector;"} {
		if !strings.Contains(res.Stdout, job) {
			t.Errorf("job %s is not in the list:\n%s", job, res.Out)
		}
	}
	said := func(want string, args ...string) {
		t.Helper()
		res := run(args...)
		res.Accept(t, strings.Join(args, " "))
		if !strings.Contains(res.Out, want) {
			t.Errorf("%v did not say %q:\n%s", args, want, res.Out)
		}
	}
	said("made test", "validate")
	web := []string{"--variable", "CI_PIPELINE_SOURCE=web", "--variable", "TRAIN=train"}
	said("made train-train", append(web, "train-train")...)
	said("python -m mlops.params --pipeline pipelines/train/pipeline.json --file pipelines/train/params.yaml --param learning_rate=0.05", append(web, "train-train")...)
	said("python -m mlops.start_argo_workflows --pipeline pipelines/train/pipeline.json --wait --param learning_rate=$(id) `id`",
		append(web, "--variable", "ARGO_WORKFLOWS_URL=https://argo.example.com", "--variable", "PARAM_train_learning_rate=$(id) `id`", "train-train")...)
	said(`python -m mlops.promote --model models/fraud-detector/model.json --environment production --version 7 --open-pull-request --base main`,
		"--variable", "CI_PIPELINE_SOURCE=web", "--variable", "PROMOTE=fraud-detector", "--variable", "ENVIRONMENT=production", "--variable", "VERSION=7", "promote-fraud-detector")
}

// TestTools_refuse shows that the readers would see a mistake.
func TestTools_refuse(t *testing.T) {
	text, err := render(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := repository(t, map[string]string{".gitlab-ci.yml": strings.Replace(text, "resource_group", "resource_grp", 1)})
	realtools.CheckJSONSchema(t, dir, "vendor.gitlab-ci", ".gitlab-ci.yml").Refuse(t, "a misspelt keyword", "resource_grp")
	realtools.GitLabCILocal(t, dir, nil, "--list").Refuse(t, "a misspelt keyword", "resource_grp")
}

func TestTriggers(t *testing.T) {
	text, err := render(t, func(_ *templatestest.Case, pl object) {
		pl["triggers"] = object{"manual": false, "push": object{"branches": []any{"release/*", "!release/old", "team/**"}, "paths": []any{"src/**", "data/*.csv"}}}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`if: $CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == "release/old"`,
		`if: $CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH =~ /^release\/[^\/]*$/`,
		`if: $CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH =~ /^team\/.*$/`,
		"- src/**/*\n", "- data/*.csv\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if strings.Contains(text, `$TRAIN ==`) || strings.Index(text, "release/old") > strings.Index(text, `release\/[`) {
		t.Errorf("a person may start it, or what is taken away comes too late:\n%s", text)
	}
}

func TestTarget_refusals(t *testing.T) {
	trigger := func(branches, paths []any) func(*templatestest.Case, object) {
		return func(_ *templatestest.Case, pl object) {
			pl["triggers"] = object{"push": object{"branches": branches, "paths": paths}}
		}
	}
	for want, change := range map[string]func(*templatestest.Case, object){
		`concurrency: GitLab CI cannot stop a run`:                        func(_ *templatestest.Case, pl object) { pl["concurrency"] = "replace" },
		`triggers.push.branches[0]: "a$b" is no pattern`:                  trigger([]any{"a$b"}, nil),
		`triggers.push.branches[0]: "v[12]" is no pattern`:                trigger([]any{"v[12]"}, nil),
		`triggers.push.paths[1]: "!docs/**" is no pattern of GitLab CI's`: trigger([]any{"main"}, []any{"src/**", "!docs/**"}),
		`promotion.mode: "direct" with 2 approvals`: func(c *templatestest.Case, _ object) {
			for _, s := range c.Specs {
				if s["kind"] == "registered_model" {
					s["promotion"] = object{"mode": "direct"}
				}
			}
			c.Specs[0]["environments"].(object)["production"].(object)["approvals"] = "2"
		},
	} {
		_, err := render(t, change)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q in it", err, want)
		}
	}
}

func TestVariableFaults(t *testing.T) {
	given := map[string]spec.Parameter{"b-c": {}, "c": {}}
	p := &spec.Project{Pipelines: []*spec.Pipeline{{Name: "a", Parameters: given}, {Name: "a-b", Parameters: given}}}
	err := variableFaults(p).Err()
	if want := `pipeline "a-b": parameters["c"]: GitLab CI asks for parameters as variables, and this one and parameter b-c of pipeline a both become PARAM_a_b_c`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error is %v", err)
	}
}

// TestHostile: values of parameters that GitLab would expand or a shell would run.
func TestHostile(t *testing.T) {
	for _, value := range templatestest.HostileTexts {
		text, err := render(t, func(_ *templatestest.Case, pl object) {
			pl["parameters"].(object)["text"] = object{"type": "string", "default": value}
		})
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Variables map[string]struct {
				Value  string
				Expand *bool
			}
		}
		if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
			t.Fatal(err)
		}
		got := doc.Variables["PARAM_train_text"]
		if got.Value != value || got.Expand == nil || *got.Expand {
			t.Errorf("%q came back as %+v", value, got)
		}
	}
}

func TestImages(t *testing.T) {
	w := writer{p: &spec.Project{Pipelines: []*spec.Pipeline{{Image: "b:1", Steps: map[string]spec.Step{"x": {Image: "a:1"}, "y": {}}}}, Endpoints: []*spec.Endpoint{{}}}}
	if got := w.images(); !slices.Equal(got, []string{"a:1", "b:1"}) || filepath.Base(got[0]) != "a:1" {
		t.Errorf("images are %v", got)
	}
}
