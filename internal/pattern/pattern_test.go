package pattern_test

import (
	"reflect"
	"regexp"
	"sync"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
)

// A pattern does what package regexp does, with and without a match.
func TestPattern(t *testing.T) {
	t.Parallel()
	const text = `([a-z]+)=([0-9]*)`
	p, r := pattern.New(text), regexp.MustCompile(text)
	for _, in := range []string{"", "none", "a=1", "a=1, bc=, d=23"} {
		got := []any{p.MatchString(in), p.FindStringSubmatch(in), p.FindStringSubmatchIndex(in), p.FindAllStringSubmatch(in, -1), p.FindAllStringSubmatch(in, 1), p.ReplaceAllString(in, "$2=$1")}
		want := []any{r.MatchString(in), r.FindStringSubmatch(in), r.FindStringSubmatchIndex(in), r.FindAllStringSubmatch(in, -1), r.FindAllStringSubmatch(in, 1), r.ReplaceAllString(in, "$2=$1")}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %v, want %v", in, got, want)
		}
	}
}

// Terraform asks for several resources at a time, and any of them may be the first.
func TestPattern_atOnce(t *testing.T) {
	t.Parallel()
	p := pattern.New(`^x+$`)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if !p.MatchString("xx") || p.MatchString("y") {
				t.Error("a pattern used at once by several does not match")
			}
		})
	}
	wg.Wait()
}

func TestNew_waits(t *testing.T) {
	t.Parallel()
	broken := pattern.New(`(`) // nothing is compiled yet
	defer func() {
		if recover() == nil {
			t.Error("a pattern that does not compile matches")
		}
	}()
	broken.MatchString("")
}
