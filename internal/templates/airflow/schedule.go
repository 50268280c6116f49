package airflow

import (
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// expression writes a cron for croniter, which Airflow asks. Both let one of two bounded
// days be enough, and disagree on what is bounded: in cron a field that is not *, as 1-31;
// in croniter one that leaves numbers out.
func expression(cron string) string {
	fields := strings.Fields(spec.SundayAsZero(cron))
	if len(fields) != 5 || fields[2] == "*" || fields[4] == "*" {
		return strings.Join(fields, " ")
	}
	times := spec.TimesOf(cron)
	days, weekdays := spec.Everything(times.Days, 1, 31), spec.Everything(times.Weekdays, 0, 6)
	one := !times.EveryDay && !times.EveryWeekday // is enough
	if days || weekdays && one {
		fields[2] = "*"
	}
	if weekdays || days && one {
		fields[4] = "*"
	}
	return strings.Join(fields, " ")
}
