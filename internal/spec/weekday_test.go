package spec_test

import (
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func TestSundayAsZero(t *testing.T) {
	t.Parallel()
	for cron, want := range map[string]string{
		"0 3 * * *":     "0 3 * * *",
		"0 3 * * 7":     "0 3 * * 0",
		"0 3 7 7 7":     "0 3 7 7 0",
		"0 3 * * 5-7":   "0 3 * * 0,5,6",
		"0 3 * * 1-7/2": "0 3 * * 0,1,3,5",
		"0 3 * * 1,7":   "0 3 * * 1,0",
		"0 3 * * sun-7": "0 3 * * 0,1,2,3,4,5,6",
		"0 3 * * 1-5":   "0 3 * * 1-5",
		"0 3 * * mon":   "0 3 * * mon",
	} {
		if got := spec.SundayAsZero(cron); got != want {
			t.Errorf("%s became %s, want %s", cron, got, want)
		}
	}
}
