package spec_test

import (
	"reflect"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func TestTimesOf(t *testing.T) {
	t.Parallel()
	got := spec.TimesOf("*/20 1,3 1-5/2 JAN,MAR 5-7")
	want := spec.CronTimes{Minutes: []int{0, 20, 40}, Hours: []int{1, 3}, Days: []int{1, 3, 5}, Months: []int{1, 3}, Weekdays: []int{0, 5, 6}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if got := spec.TimesOf("0 0 */2 * *"); got.EveryDay || !got.EveryWeekday || spec.Everything(got.Days, 1, 31) || !spec.Everything(got.Weekdays, 0, 6) {
		t.Errorf("%+v", got)
	}
	if got := spec.TimesOf("x"); got.Minutes != nil {
		t.Errorf("%+v", got)
	}
}
