package machines_test

import (
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/machines"
)

func TestPick(t *testing.T) {
	t.Parallel()
	table := []machines.Machine{
		machines.New("small", 2, 8, "", 0), machines.New("large", 4, 16, "", 0),
		machines.New("gpu", 4, 16, "nvidia-t4", 1), machines.New("gpus", 8, 64, "nvidia-t4", 4),
	}
	t4 := func(n int64) *spec.Accelerator { return &spec.Accelerator{Type: "nvidia-t4", Count: n} }
	for name, c := range map[string]struct {
		asked *spec.Resources
		want  string // a machine, or the start of a refusal
	}{
		"nothing asked":             {nil, "large"},
		"an empty block":            {&spec.Resources{}, "small"},
		"all of a machine":          {&spec.Resources{CPU: "2", Memory: "8Gi"}, "small"},
		"a little more cpu":         {&spec.Resources{CPU: "2001m"}, "large"},
		"a little more memory":      {&spec.Resources{Memory: "8589934593"}, "large"},
		"memory in powers of ten":   {&spec.Resources{Memory: "8.5G"}, "small"},
		"a part of a core":          {&spec.Resources{CPU: "0.5"}, "small"},
		"more than any has":         {&spec.Resources{CPU: "5"}, "no machine has 5 cpu"},
		"more than a number holds":  {&spec.Resources{Memory: "999999999999999999999P"}, "no machine has  cpu and 999999999999999999999P memory"},
		"no quantity":               {&spec.Resources{CPU: "many"}, "no machine has many cpu"},
		"an accelerator":            {&spec.Resources{CPU: "4", Accelerator: t4(1)}, "gpu"},
		"accelerators":              {&spec.Resources{Accelerator: t4(2)}, "gpus"},
		"too many accelerators":     {&spec.Resources{Accelerator: t4(5)}, "no machine has 5 nvidia-t4"},
		"an accelerator with cores": {&spec.Resources{CPU: "8", Accelerator: t4(1)}, "gpus"},
	} {
		got, why := machines.Pick(table, "machine", c.asked)
		if got.Name != c.want && (why == "" || !strings.HasPrefix(why, c.want)) {
			t.Errorf("%s: %q %s, want %s", name, got.Name, why, c.want)
		}
	}
}
