package spec_test

import (
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func TestCronGap(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for expr, want := range map[string]time.Duration{
		"0 * * * *":           time.Hour,
		"*/15 * * * *":        15 * time.Minute,
		"0,50 * * * *":        50 * time.Minute,
		"0 3 * * *":           day,
		"0 9-17 * * mon-fri":  3*day - 8*time.Hour,
		"0 0 * * 7":           7 * day,
		"0 0 1 * *":           31 * day,
		"0 0 1,15 * mon":      7 * day,
		"0 0 29 2 *":          1461 * day,
		"0 0 29 2 tue":        343 * day,
		"0 0 1 1 *":           366 * day,
		"0 0 * 2 *":           338 * day,
		"0 0 31 2 *":          0,
		"* * * * *":           time.Minute,
		"0,59 0,23 * * *":     22*time.Hour + time.Minute,
		"not a cron":          0,
		"0 22-23 * * sat,sun": 6*day - time.Hour,
	} {
		if got := spec.CronGap(expr); got != want {
			t.Errorf("%s: %v, want %v", expr, got, want)
		}
	}
}
