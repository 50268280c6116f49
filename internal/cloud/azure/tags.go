package azure

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// checkTags says which tags Azure cannot take. Source: Azure's limits of tags, of which
// those of storage accounts are the narrowest.
func checkTags(tags map[string]string) error {
	if len(tags) > 50 {
		return fmt.Errorf("%d tags: Azure takes 50 on one resource", len(tags))
	}
	seen := map[string]string{}
	for _, key := range sorted(tags) {
		lower := strings.ToLower(key)
		switch other, taken := seen[lower]; {
		case taken:
			return fmt.Errorf("tags %q and %q are one tag on Azure, which has no upper and lower case in their names: drop one", other, key)
		case key == "" || utf8.RuneCountInString(key) > 128 || strings.ContainsAny(key, `<>%&\?/`):
			return fmt.Errorf("tag %q: on Azure the name of a tag has 1 to 128 characters and none of <>%%&\\?/", key)
		case strings.HasPrefix(lower, "microsoft") || strings.HasPrefix(lower, "azure") || strings.HasPrefix(lower, "windows"):
			return fmt.Errorf("tag %q: Azure keeps names that start with microsoft, azure and windows for itself", key)
		case utf8.RuneCountInString(tags[key]) > 256:
			return fmt.Errorf("tag %q: its value has %d characters, Azure takes 256", key, utf8.RuneCountInString(tags[key]))
		}
		seen[lower] = key
	}
	return nil
}

// metadata maps tags to the metadata of a container, whose names are C# identifiers.
func metadata(tags map[string]string) (map[string]string, error) {
	out, from := map[string]string{}, map[string]string{}
	for _, key := range sorted(tags) {
		name := identifier(key)
		if other, taken := from[name]; taken {
			return nil, fmt.Errorf("tags %q and %q both become %q in the metadata of a container: rename one", other, key, name)
		}
		for _, r := range tags[key] {
			if r < ' ' || r > '~' {
				return nil, fmt.Errorf("tag %q: the metadata of a container takes ASCII only, its value has %q", key, r)
			}
		}
		from[name], out[name] = key, strings.TrimSpace(tags[key])
	}
	return out, nil
}

// identifier is a text with what no C# identifier has replaced. Metadata travels as
// headers, so it has no upper case.
func identifier(text string) string {
	name := strings.Map(func(r rune) rune {
		if (r >= 'a' && r <= 'z') || (r >= '0' && r <= '9') || r == '_' {
			return r
		}
		return '_'
	}, strings.ToLower(text))
	if name != "" && name[0] >= '0' && name[0] <= '9' {
		name = "_" + name
	}
	return name
}

// values are the texts behind the pointers of the SDK.
func values(m map[string]*string) map[string]string {
	out := make(map[string]string, len(m))
	for key, value := range m {
		out[key] = deref(value)
	}
	return out
}

func pointers(m map[string]string) map[string]*string {
	out := make(map[string]*string, len(m))
	for key, value := range m {
		out[key] = to.Ptr(value)
	}
	return out
}

// merged are the tags there are with ours over them: those of others stay.
func merged(there map[string]*string, ours map[string]string) map[string]*string {
	out := maps.Clone(there)
	if out == nil {
		out = map[string]*string{}
	}
	maps.Copy(out, pointers(ours))
	return out
}

// oursIn reports whether the metadata of a container carries the marks of name.
func oursIn(on cloud.On, have map[string]string, name string) bool {
	back := map[string]string{}
	for _, mark := range []string{cloud.MarkManager, cloud.MarkPlatform, cloud.MarkName} {
		back[mark] = have[identifier(mark)]
	}
	return on.Ours(back, name)
}

// canonical is a value as JSON: keys sorted, nothing escaped for HTML.
func canonical(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err.Error()
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func deref[T any](p *T) (zero T) {
	if p == nil {
		return zero
	}
	return *p
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
