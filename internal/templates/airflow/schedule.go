package airflow

import (
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// expression writes a cron for croniter, which Airflow asks. Both disagree where both
// days are bounded. Cron lets one be enough unless a field starts with *, as */2 does;
// croniter lets one be enough unless a field names every number, as 1-31 does. It is
// not sound when croniter cannot say it.
func expression(cron string) (text string, sound bool) {
	fields := strings.Fields(spec.SundayAsZero(cron))
	if len(fields) != 5 || fields[2] == "*" || fields[4] == "*" {
		return strings.Join(fields, " "), true
	}
	times := spec.TimesOf(cron)
	days, weekdays := spec.Everything(times.Days, 1, 31), spec.Everything(times.Weekdays, 0, 6)
	both := times.EveryDay || times.EveryWeekday
	if both && !days && !weekdays {
		return "", false
	}
	if days || weekdays && !both {
		fields[2] = "*"
	}
	if weekdays || days && !both {
		fields[4] = "*"
	}
	return strings.Join(fields, " "), true
}
