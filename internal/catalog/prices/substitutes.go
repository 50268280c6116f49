package prices

// substitute is an accelerator that is taken where a cloud has none of another.
type substitute struct{ accelerator, reason string }

// substitutes are tried together, and the cheapest machine is taken. They are of the
// same maker and have the same memory or, where the reason says so, less.
var substitutes = map[string][]substitute{
	"nvidia-l4": {
		{"nvidia-a10", "it has as much memory"},
		{"nvidia-t4", "it has 15 GiB of usable memory instead of 22: see that the model fits"},
	},
	"nvidia-a10g": {
		{"nvidia-a10", "it is its sibling with as much memory"},
		{"nvidia-l4", "it has as much memory"},
	},
	"nvidia-a10": {
		{"nvidia-a10g", "it is its sibling with as much memory"},
		{"nvidia-l4", "it has as much memory"},
	},
}

// reasonFor says why one accelerator may stand for another.
func reasonFor(asked, taken string) string {
	for _, s := range substitutes[asked] {
		if s.accelerator == taken {
			return s.reason
		}
	}
	return ""
}
