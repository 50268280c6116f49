package vertex

import (
	"maps"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/kfpir"
)

func jobOf(p *spec.Project, pl *spec.Pipeline, bucket string) job {
	return job{
		Name: pl.Name, Labels: labels(p, pl), Account: account(p, pl),
		Config: runtimeConfig{Directory: "gs://" + bucket + "/runs/" + pl.Name, Policy: "PIPELINE_FAILURE_POLICY_FAIL_FAST", Parameters: defaults(pl)},
	}
}

// defaults are written out, so that the job says what it runs with.
func defaults(pl *spec.Pipeline) encode.Map {
	out := encode.Map{}
	for _, name := range slices.Sorted(maps.Keys(pl.Parameters)) {
		if value := kfpir.Value(pl.Parameters[name]); value != nil {
			out = append(out, encode.Pair{Key: name, Value: value})
		}
	}
	return out
}

// account is the service account of a run: as it is called, without its project unless
// the identity says so; "" is that of the project.
func account(p *spec.Project, pl *spec.Pipeline) string {
	i := p.Identity(pl.Identity)
	switch {
	case i == nil:
		return ""
	case i.Existing != "":
		return i.Existing
	}
	return i.Name
}

// labels are on every run; the console and the bill are filtered by them.
func labels(p *spec.Project, pl *spec.Pipeline) map[string]string {
	out := map[string]string{}
	for key, value := range p.Tags {
		out[label("tag-"+key)] = label(value)
	}
	out["managed-by"], out["owner"] = "terraform-provider-mlops", label(p.Platform.Owner)
	out["mlops-pipeline"], out["mlops-platform"] = label(pl.Name), label(p.Platform.Name)
	return out
}

// label writes text as Google Cloud allows it in labels: small letters, digits, - and _,
// 63 of them.
func label(text string) string {
	made := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, strings.ToLower(text))
	return made[:min(len(made), 63)]
}

func scheduleOf(p *spec.Project, pl *spec.Pipeline, bucket string) schedule {
	most := map[string]string{"forbid": "1", "allow": "10"}
	s := pl.Triggers.Schedule
	return schedule{
		Name: pl.Name, Cron: "TZ=" + s.Timezone + " " + strings.Join(strings.Fields(spec.SundayAsZero(s.Cron)), " "),
		Most: most[pl.Concurrency], Request: request{jobOf(p, pl, bucket)},
	}
}

// The part of google.cloud.aiplatform.v1 that is written, in its form as JSON. What only
// Google Cloud knows, the project, and what changes with every commit, the pipeline and
// where the programs lie, is filled in by mlops/vertex_pipelines.py.
type (
	job struct {
		Name    string            `json:"displayName"`
		Labels  map[string]string `json:"labels"`
		Config  runtimeConfig     `json:"runtimeConfig"`
		Account string            `json:"serviceAccount,omitempty"`
	}
	runtimeConfig struct {
		Directory  string     `json:"gcsOutputDirectory"`
		Policy     string     `json:"failurePolicy"`
		Parameters encode.Map `json:"parameterValues"`
	}
	schedule struct {
		Name     string  `json:"displayName"`
		Cron     string  `json:"cron"`
		Most     string  `json:"maxConcurrentRunCount"`
		Queueing bool    `json:"allowQueueing"`
		Request  request `json:"createPipelineJobRequest"`
	}
	request struct {
		Job job `json:"pipelineJob"`
	}
)
