package spec

import (
	"strconv"
	"strings"
	"time"
)

// CronGap is the longest time between two firings of a cron expression that
// CheckCron accepts; zero when it fires at most once in four years. Shifts of
// daylight saving are left out.
func CronGap(expr string) time.Duration {
	fields := strings.Fields(expr)
	if CheckCron(expr) != nil {
		return 0
	}
	var sets [5]map[int]bool
	for i, text := range fields {
		sets[i] = cronFields[i].set(text)
	}
	sets[4][0] = sets[4][0] || sets[4][7]
	times := minutesOfDay(sets[0], sets[1])
	var gap, last time.Duration = 0, -1
	// Any four years that hold a leap day show every distance.
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for day := start; day.Year() < 2029; day = day.AddDate(0, 0, 1) {
		if !sets[3][int(day.Month())] || !dayMatches(fields, sets, day) {
			continue
		}
		for _, minute := range times {
			at := day.Sub(start) + time.Duration(minute)*time.Minute
			if last >= 0 {
				gap = max(gap, at-last)
			}
			last = at
		}
	}
	return gap
}

// dayMatches follows cron: when both days are bounded, one of them is enough.
func dayMatches(fields []string, sets [5]map[int]bool, day time.Time) bool {
	ofMonth, ofWeek := sets[2][day.Day()], sets[4][int(day.Weekday())]
	if star(fields[2]) || star(fields[4]) {
		return ofMonth && ofWeek
	}
	return ofMonth || ofWeek
}

func minutesOfDay(minutes, hours map[int]bool) []int {
	var times []int
	for minute := range 24 * 60 {
		if hours[minute/60] && minutes[minute%60] {
			times = append(times, minute)
		}
	}
	return times
}

// set lists the numbers that a field of a checked expression names.
func (f cronField) set(text string) map[int]bool {
	set := map[int]bool{}
	for part := range strings.SplitSeq(text, ",") {
		span, stepText, stepped := strings.Cut(part, "/")
		step := 1
		if stepped {
			step, _ = strconv.Atoi(stepText)
		}
		low, high := f.min, f.max
		if span != "*" {
			first, last, ranged := strings.Cut(span, "-")
			low, _ = f.number(first)
			high = low
			if ranged {
				high, _ = f.number(last)
			}
		}
		for n := low; n <= high; n += step {
			set[n] = true
		}
	}
	return set
}
