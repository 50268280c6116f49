//go:build unix

package gitopsbench

import (
	"fmt"
	"testing"
)

// BenchmarkCommit10000 reports our time, and its ratios to the others.
func BenchmarkCommit10000(b *testing.B) {
	for b.Loop() {
		r, err := Run(b.Context(), b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		fmt.Print(r)
		wall, cpu := r.Ratio(First, Ours, Floor)
		b.ReportMetric(wall, "first-wall/fast-import")
		b.ReportMetric(cpu, "first-cpu/fast-import")
		wall, cpu = r.Ratio(Change, Ours, Scratch)
		b.ReportMetric(wall, "change-wall/git-clone")
		b.ReportMetric(cpu, "change-cpu/git-clone")
	}
}
