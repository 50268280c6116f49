package spec

import (
	"math/bits"
	"strconv"
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
		if i == 4 {
			set = (set | set>>7) & 0x7f // Sunday is 0 and 7
		}
		sets[i] = set.list()
	}
	return CronTimes{sets[0], sets[1], sets[2], sets[3], sets[4], star(fields[2]), star(fields[4])}
}

// Everything reports whether a field names all of its numbers.
func Everything(numbers []int, least, greatest int) bool {
	return len(numbers) == greatest-least+1
}

// star reports whether a field chooses nothing.
func star(field string) bool { return field == "*" || field == "*/1" }

// numbers are those that a field names: bit n stands for n.
type numbers uint64

func (s numbers) has(n int) bool { return s>>n&1 == 1 }

func (s numbers) list() []int {
	out := make([]int, 0, bits.OnesCount64(uint64(s)))
	for n := range 64 {
		if s.has(n) {
			out = append(out, n)
		}
	}
	return out
}

// set reads a field of a checked expression.
func (f cronField) set(text string) numbers {
	var set numbers
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
			set |= 1 << n
		}
	}
	return set
}
