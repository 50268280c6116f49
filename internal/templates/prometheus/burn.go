package prometheus

import (
	"math/big"
	"strconv"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/signals"
)

// burn is one row of the multi-window, multi-burn-rate table of Google's SRE
// workbook, for a window of 30 days: how many times faster than allowed the
// budget burns, over a long window and, to end soon after the cause, a short one.
type burn struct {
	factor      string
	long, short int64 // seconds
	page        bool
}

var burns = []burn{
	{"14.4", 3600, 300, true},
	{"6", 6 * 3600, 1800, true},
	{"3", 24 * 3600, 2 * 3600, false},
	{"1", 3 * 24 * 3600, 6 * 3600, false},
}

// burnsOf scales the table to the window of an SLO. No window is shorter than
// five minutes, which holds ten scrapes. A row whose bound would be reached only
// by more failures than requests is left out.
func burnsOf(slo *spec.SLO) []burn {
	const month, least = 30 * 24 * 3600, 300
	scale := func(seconds int64) int64 { return max(least, seconds*slo.Window.Seconds()/month/60*60) }
	var out []burn
	for _, b := range burns {
		if b.bound(slo).Cmp(big.NewRat(1, 1)) < 0 {
			out = append(out, burn{b.factor, scale(b.long), scale(b.short), b.page})
		}
	}
	return out
}

// bound is the error ratio at which the budget burns b.factor times too fast.
func (b burn) bound(slo *spec.SLO) *big.Rat {
	factor, _ := new(big.Rat).SetString(b.factor)
	return factor.Mul(factor, signals.ErrorBudget(slo.Availability))
}

// duration writes seconds as PromQL does, in the largest unit that divides them.
func duration(seconds int64) string {
	for _, unit := range []struct {
		seconds int64
		name    string
	}{{24 * 3600, "d"}, {3600, "h"}, {60, "m"}} {
		if seconds%unit.seconds == 0 {
			return strconv.FormatInt(seconds/unit.seconds, 10) + unit.name
		}
	}
	return strconv.FormatInt(seconds, 10) + "s"
}
