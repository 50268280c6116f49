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
	// EveryDay and EveryWeekday say that a field starts with *: then both must hold;
	// otherwise one of the two is enough.
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
	return CronTimes{sets[0], sets[1], sets[2], sets[3], sets[4], strings.HasPrefix(fields[2], "*"), strings.HasPrefix(fields[4], "*")}
}

// Everything reports whether a field names all of its numbers.
func Everything(numbers []int, least, greatest int) bool {
	return len(numbers) == greatest-least+1
}
