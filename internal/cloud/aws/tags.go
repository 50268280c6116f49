package aws

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
)

// tagText is what AWS takes in tags of every service.
var tagText = pattern.New(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

const mostTags = 50 // of one object

// checkTags refuses tags that AWS would refuse.
func checkTags(tags map[string]string) error {
	seen := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		value, folded := tags[key], strings.ToLower(key)
		switch {
		case key == "" || len([]rune(key)) > 128 || len([]rune(value)) > 256:
			return fmt.Errorf("tag %q = %q: AWS takes keys of 1 to 128 and values of up to 256 characters", key, value)
		case strings.HasPrefix(folded, "aws:"):
			return fmt.Errorf("tag %q: AWS keeps keys that start with aws: for itself", key)
		case !tagText.MatchString(key) || !tagText.MatchString(value):
			return fmt.Errorf("tag %q = %q: AWS takes letters, digits, spaces and _ . : / = + - @", key, value)
		case seen[folded] != "":
			return fmt.Errorf("tags %q and %q: IAM takes no two keys that differ in case only", seen[folded], key)
		}
		seen[folded] = key
	}
	if len(tags) > mostTags {
		return fmt.Errorf("%d tags: AWS takes %d, of which the provider needs 3", len(tags), mostTags)
	}
	return nil
}

// marked are the tags that an object is to have; of an imported one nothing is known.
func marked(on cloud.On, name string) map[string]string {
	if on.Platform == nil {
		return on.Tags
	}
	return on.Marked(name)
}

func ours(on cloud.On, tags map[string]string, name string) bool {
	return on.Platform != nil && on.Ours(tags, name)
}
