package spec_test

import (
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func TestCheckCron(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		"* * * * *", "0 3 * * *", "*/15 * * * *", "0 9-17 * * mon-fri", "0 0 1 JAN,Jul *", "5,10,15 0 1-7/2 * SUN", "0 0 * * 7", "0 0 * * 0-7", "59 23 31 12 6", "  0  3 * * * ", "05 03 * * *", "0-59/59 * * * *",
	} {
		if err := spec.CheckCron(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for bad, text := range map[string]string{
		"":                "0 fields; a cron has 5",
		"@daily":          "1 fields",
		"0 3 * *":         "4 fields",
		"0 0 3 * * *":     "6 fields; a cron has 5: minute hour day-of-month month day-of-week",
		"0\t3 * * *":      "spaces only",
		"0 3 * * *\n":     "spaces only",
		"0\u00a03 * * *":  "spaces only",
		"60 * * * *":      `minute "60": "60" must be a number from 0 to 59`,
		"-1 * * * *":      "minute",
		"+1 * * * *":      "minute",
		"1-+5 * * * *":    "minute",
		"* 24 * * *":      `hour "24"`,
		"* * 0 * *":       "day of month",
		"* * 32 * *":      "from 1 to 31",
		"* * * 13 *":      `month "13"`,
		"* * * 0 *":       "month",
		"* * * mon *":     "month",
		"* * * * 8":       `day of week "8"`,
		"* * * * monday":  "day of week",
		"*/0 * * * *":     `the step "0" must be a number from 1 to 59`,
		"*/60 * * * *":    "the step",
		"*/+5 * * * *":    "the step",
		"*/x * * * *":     "the step",
		"*/ * * * *":      "the step",
		"*/5/5 * * * *":   "the step",
		"5/10 * * * *":    `a step needs a range or *: "5/10"`,
		"5-1 * * * *":     "the range 5-1 goes backwards",
		"* * * * fri-sun": "the range fri-sun goes backwards",
		"1-2-3 * * * *":   "2-3",
		"1,,2 * * * *":    `"" must be`,
		"1- * * * *":      "minute",
		"*-5 * * * *":     "minute",
		"? * * * *":       "minute",
		"* * L * *":       "day of month",
		"0 0 * * 5#3":     "day of week",
		"H * * * *":       "minute",
		"0.5 * * * *":     "minute",
	} {
		if err := spec.CheckCron(bad); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestTimezones(t *testing.T) {
	t.Parallel()
	rules := map[string]rule{}
	for _, good := range []string{"UTC", "Europe/Paris", "America/Argentina/Buenos_Aires", "Etc/GMT+1", "GMT", "America/Port-au-Prince"} {
		rules[good] = rule{spec.KindPipeline, `{"triggers": {"schedule": {"cron": "0 3 * * *", "timezone": "` + good + `"}}}`, nil}
	}
	for _, bad := range []string{"Paris", "europe/paris", "Local", "CEST+2", "../UTC", "/UTC", "posixrules", "W. Europe Standard Time", "+02:00"} {
		rules[bad] = rule{spec.KindPipeline, `{"triggers": {"schedule": {"cron": "0 3 * * *", "timezone": "` + bad + `"}}}`, one("triggers.schedule.timezone", "is not an IANA time zone")}
	}
	try(t, rules)
}
