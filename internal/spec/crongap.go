package spec

import (
	"iter"
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
	var sets [5]numbers
	for i, text := range fields {
		sets[i] = cronFields[i].set(text)
	}
	sets[4] |= sets[4] >> 7 // Sunday is 0 and 7
	either := !star(fields[2]) && !star(fields[4])
	first, last, within := timesOfDay(sets[0], sets[1])
	gap, before, day := 0, -1, 0
	for month := range leapYears() {
		for date := 1; date <= month.days; date++ {
			if sets[3].has(month.number) && fires(sets[2].has(date), sets[4].has((day+monday)%7), either) {
				if before >= 0 {
					gap = max(gap, day*24*60+first-before)
				}
				before = day*24*60 + last
			}
			day++
		}
	}
	if before >= 0 {
		gap = max(gap, within)
	}
	return time.Duration(gap) * time.Minute
}

// fires follows cron: when both days are bounded, one of them is enough.
func fires(ofMonth, ofWeek, either bool) bool {
	if either {
		return ofMonth || ofWeek
	}
	return ofMonth && ofWeek
}

// monday is the first of January 2024, where leapYears starts.
const monday = 1

type month struct{ number, days int }

// leapYears are the months of five years between which every distance of two days shows
// that four years with a leap day have.
func leapYears() iter.Seq[month] {
	return func(yield func(month) bool) {
		for year := 2024; year < 2029; year++ {
			for number := 1; number <= 12; number++ {
				if !yield(month{number, time.Date(year, time.Month(number+1), 0, 0, 0, 0, 0, time.UTC).Day()}) {
					return
				}
			}
		}
	}
}

// timesOfDay are the first and the last minute of a day, and the longest gap between two.
func timesOfDay(minutes, hours numbers) (first, last, gap int) {
	first, last = -1, -1
	for minute := range 24 * 60 {
		if !hours.has(minute/60) || !minutes.has(minute%60) {
			continue
		}
		if first < 0 {
			first = minute
		} else {
			gap = max(gap, minute-last)
		}
		last = minute
	}
	return first, last, gap
}
