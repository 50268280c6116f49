package spec

import (
	"maps"
	"slices"
	"strings"
)

// CronTimes are the numbers that a cron expression names, each field sorted. Weekdays
// count from Sunday, which is 0.
type CronTimes struct {
	Minutes, Hours, Days, Months, Weekdays []int
	// EveryDay and EveryWeekday say that a field is *: when neither is, one of the two
	// is enough (robfig/cron v3, for which */2 is a choice like any other).
	EveryDay, EveryWeekday bool
}

// TimesOf reads an expression that CheckCron accepts.
func TimesOf(expr string) CronTimes {
	fields := strings.Fields(expr)
	if CheckCron(expr) != nil {
		return CronTimes{}
	}
	var sets [5][]int
	for i, text := range fields {
		set := cronFields[i].set(text)
		if i == 4 && set[7] {
			delete(set, 7)
			set[0] = true
		}
		sets[i] = slices.Sorted(maps.Keys(set))
	}
	return CronTimes{sets[0], sets[1], sets[2], sets[3], sets[4], star(fields[2]), star(fields[4])}
}

// Everything reports whether a field names all of its numbers.
func Everything(numbers []int, least, greatest int) bool {
	return len(numbers) == greatest-least+1
}

// star reports whether a field chooses nothing.
func star(field string) bool { return field == "*" || field == "*/1" }
