package kubeflow

import (
	"maps"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/kfpir"
)

func runOf(p *spec.Project, pl *spec.Pipeline) run {
	return run{Name: pl.Name, Config: runtimeConfig{defaults(pl)}, Account: p.ServiceAccount(pl)}
}

// defaults are written out: a recurring run that leaves a parameter out fails on
// backends that do not look at the pipeline's own defaults.
func defaults(pl *spec.Pipeline) encode.Map {
	out := encode.Map{}
	for _, name := range slices.Sorted(maps.Keys(pl.Parameters)) {
		if value := kfpir.Value(pl.Parameters[name]); value != nil {
			out = append(out, encode.Pair{Key: name, Value: value})
		}
	}
	return out
}

func recurringOf(p *spec.Project, pl *spec.Pipeline) recurringRun {
	most := map[string]string{"forbid": "1", "allow": "10"} // the API takes 1 to 10
	return recurringRun{
		Name: pl.Name, Config: runtimeConfig{defaults(pl)}, Account: p.ServiceAccount(pl),
		Most: most[pl.Concurrency], Trigger: trigger{cron{seconds(pl.Triggers.Schedule.Cron)}}, Mode: "ENABLE", NoCatchup: true,
	}
}

// seconds writes a cron with its seconds in front, as robfig/cron v1 reads it: Sunday is
// 0 only.
func seconds(text string) string {
	return "0 " + strings.Join(strings.Fields(spec.SundayAsZero(text)), " ")
}

// The part of the API v2beta1 that is written. What only the server knows, the ids of
// the pipeline's version and the experiment, is filled in by mlops/kubeflow_pipelines.py.
type (
	run struct {
		Name    string        `json:"display_name"`
		Config  runtimeConfig `json:"runtime_config"`
		Account string        `json:"service_account"`
	}
	runtimeConfig struct {
		Parameters encode.Map `json:"parameters"`
	}
	recurringRun struct {
		Name      string        `json:"display_name"`
		Config    runtimeConfig `json:"runtime_config"`
		Account   string        `json:"service_account"`
		Most      string        `json:"max_concurrency"`
		Trigger   trigger       `json:"trigger"`
		Mode      string        `json:"mode"`
		NoCatchup bool          `json:"no_catchup"`
	}
	trigger struct {
		Cron cron `json:"cron_schedule"`
	}
	cron struct {
		Cron string `json:"cron"`
	}
)
