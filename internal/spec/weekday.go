package spec

import (
	"slices"
	"strconv"
	"strings"
)

// SundayAsZero writes a cron for the parsers of Kubernetes, Argo Workflows and
// Argo CD (robfig/cron v3), which know Sunday as 0 only; the language allows 7 too.
func SundayAsZero(cron string) string {
	fields := strings.Fields(cron)
	if len(fields) != len(cronFields) {
		return cron
	}
	var days []string
	for part := range strings.SplitSeq(fields[4], ",") {
		days = append(days, weekdays(part)...)
	}
	fields[4] = strings.Join(days, ",")
	return strings.Join(fields, " ")
}

// weekdays lists the days of a part that ends in 7; any other part stays as it is.
func weekdays(part string) []string {
	span, step, stepped := strings.Cut(part, "/")
	first, last, ranged := strings.Cut(span, "-")
	switch {
	case part == "7":
		return []string{"0"}
	case !ranged || last != "7":
		return []string{part}
	}
	by := 1
	if stepped {
		by, _ = strconv.Atoi(step)
	}
	from, err := cronFields[4].number(first)
	if err != nil {
		return []string{part}
	}
	var days []string
	for day := from; day <= 7; day += max(1, by) {
		days = append(days, strconv.Itoa(day%7))
	}
	slices.Sort(days)
	return slices.Compact(days)
}
