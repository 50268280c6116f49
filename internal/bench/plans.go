package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/all"
)

// rounds is how often each thing is measured; the fastest counts.
const rounds = 3

// rendering compares rendering a fleet with encoding the same specs.
func rendering(_ context.Context, _ string, b *strings.Builder) error {
	fmt.Fprintf(b, "\n\n## Rendering\n\nModels and endpoints through all targets, relative to the canonical JSON of the same specs.\n\n| models and endpoints | files | relative to JSON | each, relative to 10 |\n| --- | --- | --- | --- |\n")
	var ten float64
	for _, n := range []int{10, 100, 1000} {
		specs := fleet(n)
		project, faults := spec.Link(spec.Repository{URL: "https://git.example.com/x.git", Branch: "main"}, nil, specs)
		if err := faults.Err(); err != nil {
			return err
		}
		files := 0
		render, err := fastest(func() error {
			out, err := templates.Render(all.Targets(), project)
			if err == nil {
				files = out.Len()
			}
			return err
		})
		if err != nil {
			return err
		}
		encode, err := fastest(func() error {
			for _, s := range specs {
				if _, err := spec.Encode(s); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		each := render.Seconds() / float64(n)
		if n == 10 {
			ten = each
		}
		fmt.Fprintf(b, "| %d | %d | %.0f | %.2f |\n", n, files, render.Seconds()/encode.Seconds(), each/ten)
	}
	return nil
}

// fleet is a platform, a registry and n models with an endpoint each.
func fleet(n int) []spec.Spec {
	made := func(kind spec.Kind, attrs map[string]any) spec.Spec { return spec.Decode(kind, attrs).Spec }
	specs := []spec.Spec{
		made(spec.KindPlatform, map[string]any{"name": "fleet", "owner": "ml", "environments": map[string]any{"staging": map[string]any{}}}),
		made(spec.KindRegistry, map[string]any{"name": "main"}),
	}
	for i := range n {
		name := fmt.Sprintf("model-%04d", i)
		specs = append(specs,
			made(spec.KindModel, map[string]any{"name": name, "registry": "main", "gates": []any{map[string]any{"metric": "auc_roc", "op": ">=", "threshold": json.Number("0.9")}}}),
			made(spec.KindEndpoint, map[string]any{"name": name, "model": name}))
	}
	return specs
}

func fastest(work func() error) (time.Duration, error) {
	best := time.Duration(0)
	for range rounds {
		start := time.Now()
		if err := work(); err != nil {
			return 0, err
		}
		if took := time.Since(start); best == 0 || took < best {
			best = took
		}
	}
	return best, nil
}

// plans compares the plan of a fleet that has nothing to do with that of quickstart.
func plans(ctx context.Context, dir string, b *strings.Builder) error {
	fmt.Fprintf(b, "\n## Terraform\n\nPlans with nothing to do, of 1,000 models and endpoints made by list functions (`examples/fleet`) and of `examples/quickstart`.\n")
	small, err := noop(ctx, filepath.Join(dir, "quickstart"), "examples/quickstart/main.tf")
	if err != nil {
		return err
	}
	large, err := noop(ctx, filepath.Join(dir, "fleet"), "examples/fleet/main.tf")
	if err != nil {
		return err
	}
	goal(b, "fleet against quickstart, wall", large.Seconds()/small.Seconds(), 15)
	b.WriteString(" (the aim is 8)\n")
	return nil
}

// noop applies a configuration and times the plan after it.
func noop(ctx context.Context, dir, config string) (time.Duration, error) {
	here, err := os.Getwd()
	if err != nil {
		return 0, err
	}
	text, err := os.ReadFile(config)
	if err != nil {
		return 0, err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return 0, err
	}
	rc := fmt.Sprintf("provider_installation {\n  dev_overrides { \"gitops-ml/mlops\" = %q }\n  direct {}\n}\n", filepath.Join(here, "dist"))
	for name, data := range map[string]string{"main.tf": string(text), "terraformrc": rc} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			return 0, err
		}
	}
	remote := filepath.Join(dir, "remote.git")
	call := func(name string, args ...string) error {
		cmd := exec.CommandContext(ctx, name, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+filepath.Join(dir, "terraformrc"), "TF_VAR_repository_url=file://"+remote, "CHECKPOINT_DISABLE=1")
		out, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
		}
		return nil
	}
	if err := call("git", "init", "-q", "--bare", "-b", "main", remote); err != nil {
		return 0, err
	}
	if err := call("terraform", "apply", "-auto-approve", "-input=false"); err != nil {
		return 0, err
	}
	return fastest(func() error { return call("terraform", "plan", "-input=false", "-detailed-exitcode") })
}
