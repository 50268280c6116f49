package spec

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
)

var (
	labelForm = pattern.New(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
	hostForm  = pattern.New(`^[a-z]([-a-z0-9]*[a-z0-9])?$`)
	identForm = pattern.New(`^[A-Za-z_][A-Za-z0-9_-]*$`)
	envForm   = pattern.New(`^[A-Za-z_][A-Za-z0-9_]*$`)
	tagForm   = pattern.New(`^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$`)
)

// label checks the name of a resource: an RFC 1123 label of at most size characters.
func (c *checker) label(at Path, name string, size int) (good bool) {
	switch {
	case !c.required(at, name):
	case !labelForm.MatchString(name):
		c.misplaced(at, "%q must be lower-case letters, digits and dashes, and start and end with a letter or digit%s", name, proposal(name))
	case len(name) > size:
		c.misplaced(at, "%q has %d characters, at most %d are possible", name, len(name), size)
	default:
		return true
	}
	return false
}

// proposal is the end of a message on a name, with one that would do; "" where nothing of
// the name is left to make one of.
func proposal(name string) string {
	if !strings.ContainsFunc(strings.ToLower(name), func(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' }) {
		return ""
	}
	return fmt.Sprintf("; %q would do", K8sName(name))
}

// host checks a name that becomes a host name: a label that starts with a letter.
func (c *checker) host(at Path, name string, size int) {
	if c.label(at, name, size) && !hostForm.MatchString(name) {
		c.misplaced(at, "%q must start with a letter", name)
	}
}

// ident checks the user's own name of a step, parameter, input or output.
func (c *checker) ident(at Path, name string) {
	switch {
	case !identForm.MatchString(name):
		c.misplaced(at, "the name %q must be letters, digits, dashes and underscores, and start with a letter or underscore", name)
	case len(name) > 63:
		c.misplaced(at, "the name %q has %d characters, at most 63 are possible", name, len(name))
	}
}

// distinct reports names that become one name under K8sName, which targets use.
func (c *checker) distinct(names []string, at func(i int) Path) {
	first := map[string]string{}
	for i, name := range names {
		made := K8sName(name)
		other, taken := first[made]
		switch {
		case !taken:
			first[made] = name
		case other == name:
			c.misplaced(at(i), "%q is named twice", name)
		default:
			c.misplaced(at(i), "%q and %q both become %q in systems that allow only lower-case letters, digits and dashes: rename one", other, name, made)
		}
	}
}

// K8sName turns any text into an RFC 1123 label of at most 63 characters. A text
// that is one already stays as it is; a text that had to be cut carries a hash of
// the whole.
func K8sName(text string) string {
	if len(text) <= 63 && isLabel(text) {
		return text
	}
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		if (r >= 'a' && r <= 'z') || (r >= '0' && r <= '9') {
			b.WriteRune(r)
		} else if b.Len() > 0 && !strings.HasSuffix(b.String(), "-") {
			b.WriteByte('-')
		}
	}
	name := strings.TrimRight(b.String(), "-")
	if name == "" {
		name = "x" + Hash(text)[:7]
	}
	if len(name) > 63 {
		name = strings.TrimRight(name[:54], "-") + "-" + Hash(text)[:8]
	}
	return name
}

// isLabel reports whether K8sName would spell text as it is.
func isLabel(text string) bool {
	dash := true // none may stand in front, behind, or beside another
	for i := range len(text) {
		c := text[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && (c != '-' || dash) {
			return false
		}
		dash = c == '-'
	}
	return !dash
}

// Hash is the lower-case hexadecimal SHA-256 of text.
func Hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// sorted returns the keys of m in order.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
