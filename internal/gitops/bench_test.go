package gitops

import "testing"

// BenchmarkChange10 is one commit that changes 10 of 10,000 files.
func BenchmarkChange10(b *testing.B) {
	r := newRepo(b)
	wants := []Desired{fleet(b, 1000, 10, 10), fleet(b, 1000, 10, 0)}
	mustCommit(b, r.open(), wants[1])
	i := 0
	for b.Loop() {
		if res := mustCommit(b, r.open(), wants[i%2]); len(res.Update) != 10 {
			b.Fatal(res.Update)
		}
		i++
	}
}
