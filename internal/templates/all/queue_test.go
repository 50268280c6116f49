package all_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// TestQueue: the pods of runs wait in the queue, whoever starts them, and nothing else
// does; without a queue none does.
func TestQueue(t *testing.T) {
	t.Parallel()
	const label = "kueue.x-k8s.io/queue-name"
	for _, orchestrator := range spec.Supported("orchestrator") {
		if home[orchestrator] != "" {
			continue // its pods are not of the cluster
		}
		for _, queueing := range []string{"none", "kueue"} {
			c := onto(t, orchestrator)
			c.Specs[0]["queueing"] = queueing
			waiting := 0
			for _, f := range render(t, c).Files() {
				n := strings.Count(string(f.Data), label)
				waiting += n
				if top, _, _ := strings.Cut(f.Path, "/"); n > 0 && slices.Contains([]string{"platform", "endpoints", "monitoring", "models"}, top) {
					t.Errorf("%s: %s waits in the queue", orchestrator, f.Path)
				}
			}
			if (waiting > 0) != (queueing == "kueue") {
				t.Errorf("%s, queueing %s: %d places with the label", orchestrator, queueing, waiting)
			}
		}
	}
}
