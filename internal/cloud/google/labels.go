package google

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
)

var (
	labelKey   = pattern.New(`^[a-z][-_a-z0-9]{0,62}$`)
	labelValue = pattern.New(`^[-_a-z0-9]{0,63}$`)
)

// labels are the marks and tags of an object. Google Cloud takes fewer characters than
// other clouds.
func labels(on cloud.On, name string) (map[string]string, error) {
	out := on.Marked(name)
	for _, key := range slices.Sorted(maps.Keys(out)) {
		if !labelKey.MatchString(key) {
			return nil, fmt.Errorf("the tag %q cannot be a label of Google Cloud: a key starts with a lower-case letter and has lower-case letters, digits, dashes and underscores, at most 63", key)
		}
		if !labelValue.MatchString(out[key]) {
			return nil, fmt.Errorf("the value %q of tag %q cannot be a label of Google Cloud: it has lower-case letters, digits, dashes and underscores, at most 63", out[key], key)
		}
	}
	if len(out) > 64 {
		return nil, fmt.Errorf("%d tags and marks are more than the 64 labels that an object of Google Cloud can have", len(out))
	}
	return out, nil
}
