package templatestest

import (
	"testing"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// Schedule is a cron of the language in its time zone.
type Schedule struct{ Cron, Zone string }

// Schedules are those in which forms of schedules differ: both day fields, numbers and
// names of days, ranges with steps, lists, zones with and without summer time.
var Schedules = []Schedule{
	{"0 3 * * *", "Europe/Paris"},
	{"0 3 * * *", "UTC"},
	{"*/15 * * * *", "UTC"},
	{"30 4 * * *", "America/New_York"},
	{"15 5 1,15 * *", "Asia/Tokyo"},
	{"0 6 * * 1-5", "Europe/Berlin"},
	{"0 6 * * MON-FRI", "Europe/Berlin"},
	{"0 6 * * 0", "UTC"},
	{"0 6 * * 7", "UTC"},
	{"0 6 * * SUN", "Australia/Sydney"},
	{"0 6 * * 5-7", "UTC"},
	{"0 6 * * 1-6/2", "UTC"},
	{"0 6 13 * 5", "UTC"}, // on the 13th, and on Fridays
	{"0 12 1-7 * MON", "America/Sao_Paulo"},
	{"0 0 29 2 *", "UTC"},
	{"0 0 31 * *", "UTC"},
	{"5-55/10 8-18/2 * JAN,JUL 2", "Asia/Kolkata"},
	{"45 23 * 12 *", "Pacific/Auckland"},
	{"0 9 * 1-12/3 *", "UTC"},
	{"0 10 */5 * *", "UTC"},
}

// ScheduleStarts are the moments from which firings are computed: before both changes
// of the clock of a year.
var ScheduleStarts = []time.Time{
	time.Date(2026, 3, 20, 0, 0, 30, 0, time.UTC),
	time.Date(2026, 10, 20, 0, 0, 30, 0, time.UTC),
}

// Firings computes the next n times of a schedule after a moment, in seconds of the
// epoch, with the parser that Kubernetes and Argo Workflows use.
func Firings(t testing.TB, s Schedule, after time.Time, n int) []int64 {
	t.Helper()
	zone, err := time.LoadLocation(s.Zone)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := cron.ParseStandard(spec.SundayAsZero(s.Cron))
	if err != nil {
		t.Fatalf("%s: %v", s.Cron, err)
	}
	var out []int64
	for at := after.In(zone); len(out) < n; out = append(out, at.Unix()) {
		if at = parsed.Next(at); at.IsZero() {
			t.Fatalf("%s: fires %d times only", s.Cron, len(out))
		}
	}
	return out
}
