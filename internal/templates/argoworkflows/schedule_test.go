package argoworkflows

import (
	"slices"
	"testing"
	"time"

	robfig "github.com/robfig/cron/v3"
	"go.yaml.in/yaml/v3"

	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

// TestSchedules reads each schedule as it is written with the parser of Argo Workflows
// and the form in which its controller hands it over, and compares the next times.
func TestSchedules(t *testing.T) {
	for _, s := range templatestest.Schedules {
		files, err := changed(t, func(pl object, _ *templatestest.Case) {
			at(pl, "triggers")["schedule"] = object{"cron": s.Cron, "timezone": s.Zone}
		})
		if err != nil {
			t.Fatal(err)
		}
		var made struct {
			Spec struct {
				Schedules []string `yaml:"schedules"`
				Timezone  string   `yaml:"timezone"`
			} `yaml:"spec"`
		}
		if err := yaml.Unmarshal([]byte(file(t, files, "pipelines/train/cronworkflow.yaml")), &made); err != nil {
			t.Fatal(err)
		}
		if len(made.Spec.Schedules) != 1 {
			t.Fatalf("%v has schedules %v", s, made.Spec.Schedules)
		}
		parsed, err := robfig.ParseStandard("CRON_TZ=" + made.Spec.Timezone + " " + made.Spec.Schedules[0])
		if err != nil {
			t.Errorf("%v is written as %v: %v", s, made.Spec, err)
			continue
		}
		for _, start := range templatestest.ScheduleStarts {
			var got []int64
			for at := start; len(got) < 10; got = append(got, at.Unix()) {
				if at = parsed.Next(at); at.Equal(time.Time{}) {
					break
				}
			}
			if want := templatestest.Firings(t, s, start, 10); !slices.Equal(got, want) {
				t.Errorf("%v after %v fires at %v, want %v", s, start, got, want)
			}
		}
	}
}
