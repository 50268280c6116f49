package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/all"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// The aims of a target: what one pipeline costs among ten times as many, and what a
// render costs beside the canonical JSON of the same specs.
const (
	growthAim = 1.2
	jsonAim   = 20
)

var sizes = []int{10, 100, 1000}

// stack is what a platform chooses for its pipelines.
type stack struct{ orchestrator, cloud, region, ci string }

func (s stack) String() string { return s.orchestrator + ", " + s.cloud + ", " + s.ci }

// stacks are every orchestrator where it is at home, and then every other CI.
func stacks() []stack {
	home := map[string][2]string{"sagemaker_pipelines": {"aws", "eu-west-1"}, "azureml_pipelines": {"azure", "westeurope"}, "vertex_pipelines": {"google", "europe-west1"}}
	cis := spec.Supported("ci")
	var out []stack
	for _, orchestrator := range spec.Supported("orchestrator") {
		s := stack{orchestrator: orchestrator, cloud: "local", ci: cis[0]}
		if at, elsewhere := home[orchestrator]; elsewhere {
			s.cloud, s.region = at[0], at[1]
		}
		out = append(out, s)
	}
	for _, ci := range cis[1:] {
		out = append(out, stack{orchestrator: out[0].orchestrator, cloud: "local", ci: ci})
	}
	return out
}

// pipelines measures what each target that writes something for pipelines costs. A
// target is measured on the first stack that it writes for.
func pipelines(_ context.Context, _ string, b *strings.Builder) error {
	fmt.Fprintf(b, "\n## Pipelines\n\nPipelines of four steps, each with a dataset, a model and a gate, through each target that writes something for pipelines: CPU time, on one core. Each pipeline relative to one of ten times fewer (aim: at most %.2f), and the render relative to the canonical JSON of the same specs (aim, of 1,000: at most %d).\n\n| target | measured with | 100, relative to 10 | 1,000, relative to 100 | of 10, relative to JSON | of 100 | of 1,000 |\n| --- | --- | --- | --- | --- | --- | --- |\n", growthAim, jsonAim)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // CPU time without what cores cost each other
	seen := map[string]bool{}
	for _, s := range stacks() {
		if err := onStack(s, seen, b); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// workload is n pipelines on a stack.
type workload struct {
	n       int
	specs   []spec.Spec
	project *spec.Project
}

func onStack(s stack, seen map[string]bool, b *strings.Builder) error {
	var work []workload
	for _, n := range sizes {
		specs, err := trainings(s, n)
		if err != nil {
			return err
		}
		project, faults := spec.Link(spec.Repository{URL: "https://git.example.com/x.git", Branch: "main"}, nil, specs)
		if err := faults.Err(); err != nil {
			return err
		}
		work = append(work, workload{n, specs, project})
	}
	for _, target := range all.Targets() {
		if seen[target.Name()] {
			continue
		}
		grows, err := writesForPipelines(target, work)
		if err != nil {
			return fmt.Errorf("%s: %w", target.Name(), err)
		}
		if !grows {
			continue
		}
		seen[target.Name()] = true
		if err := row(target, s, work, b); err != nil {
			return err
		}
	}
	return nil
}

// writesForPipelines reports whether more pipelines make a target write more.
func writesForPipelines(target templates.Target, work []workload) (bool, error) {
	few, err := target.Render(work[0].project)
	if err != nil {
		return false, err
	}
	many, err := target.Render(work[1].project)
	return size(many) > size(few), err
}

func size(files []tree.File) int {
	total := 0
	for _, f := range files {
		total += len(f.Data)
	}
	return total
}

// row measures a target. Its rounds take turns with the encoder's, so that a machine
// that is busy for a while is busy for both.
func row(target templates.Target, s stack, work []workload, b *strings.Builder) error {
	render, encode := make([]float64, len(work)), make([]float64, len(work))
	for range rounds {
		for i, w := range work {
			if err := least(&render[i], w.n, func() error { _, err := target.Render(w.project); return err }); err != nil {
				return err
			}
			if err := least(&encode[i], w.n, func() error { return encodeAll(w.specs) }); err != nil {
				return err
			}
		}
	}
	line := fmt.Sprintf("| %s | %s | %s | %s |", target.Name(), s, aimed(render[1]/render[0], growthAim, 2), aimed(render[2]/render[1], growthAim, 2))
	for i := range work {
		aim := 0.0
		if i == len(work)-1 {
			aim = jsonAim // fixed texts are written once, however few pipelines there are
		}
		line += fmt.Sprintf(" %s |", aimed(render[i]/encode[i], aim, 1))
	}
	fmt.Fprintln(os.Stderr, line) // the whole takes minutes: say how far it is
	b.WriteString(line + "\n")
	return nil
}

// aimed writes a figure, and marks one beyond its aim; 0 is no aim.
func aimed(got, aim float64, digits int) string {
	text := fmt.Sprintf("%.*f", digits, got)
	if aim > 0 && got > aim {
		return "**" + text + "**"
	}
	return text
}
