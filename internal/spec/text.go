package spec

import (
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

var (
	credentialURI = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^/\s@:]*:[^/\s@]+@`)
	imageForm     = regexp.MustCompile(`^[a-z0-9]([a-z0-9._:/-]*[a-z0-9])?(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$`)
)

// checkText walks every string of a spec for what is wrong anywhere: a URI that
// carries a password, and control characters that no target's format can hold.
func checkText(c *checker, at Path, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		checkString(c, at, v.String())
	case reflect.Pointer:
		if !v.IsNil() {
			checkText(c, at, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if name != "-" {
				checkText(c, at.Attr(name), v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			checkText(c, at.Index(i), v.Index(i))
		}
	case reflect.Map:
		for _, key := range slices.SortedFunc(slices.Values(v.MapKeys()), func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) }) {
			checkString(c, at.Key(key.String()), key.String())
			checkText(c, at.Key(key.String()), v.MapIndex(key))
		}
	default:
	}
}

func checkString(c *checker, at Path, text string) {
	if credentialURI.MatchString(text) {
		c.fault(at, "a URI must not carry user:password@: it would reach state, Git and logs; use a secret reference instead")
	}
	if i := strings.IndexFunc(text, unprintable); i >= 0 {
		c.fault(at, "has the control character %q", []rune(text[i:])[0])
	}
}

func unprintable(r rune) bool {
	return (unicode.IsControl(r) && r != '\n' && r != '\t') || r == '\uFEFF' || r == unicode.ReplacementChar
}

// image checks a container image: no floating tag; a tag without digest is a warning.
func (c *checker) image(at Path, image string) {
	if image == "" {
		return
	}
	_, digest, pinned := strings.Cut(image, "@")
	name, _, _ := strings.Cut(image, "@")
	tag := ""
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		tag = name[i+1:]
	}
	switch {
	case !imageForm.MatchString(image):
		c.fault(at, "%q is not an image reference such as ghcr.io/acme/fraud@sha256:…", image)
	case tag == "latest":
		c.fault(at, "%q floats: pin a digest (@sha256:…) instead of :latest", image)
	case !pinned && tag == "":
		c.fault(at, "%q floats: an image without tag means :latest; pin a digest (@sha256:…)", image)
	case !pinned:
		c.warn(at, "%q has a tag without digest: whoever can push the tag can change what runs; pin @sha256:…", image)
	case digest == "":
		c.fault(at, "%q ends in @ without a digest", image)
	}
}

// Names and texts that hold a secret more often than not.
var (
	secretName = regexp.MustCompile(`(?i)(^|[_.-])(password|passwd|pwd|secret|token|api_?key|apikey|access_?key|secret_?key|private_?key|credentials?)$`)
	secretFlag = regexp.MustCompile(`(?i)^--?(.*[_.-])?(password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key)(=(.*))?$`)
	secretText = regexp.MustCompile(`(AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22,}|glpat-[A-Za-z0-9_-]{20,}|xox[abprs]-[A-Za-z0-9-]{10,}|sk-[A-Za-z0-9_-]{20,}|hvs\.[A-Za-z0-9_-]{20,}|AIza[0-9A-Za-z_-]{35}|-----BEGIN [A-Z ]*PRIVATE KEY-----|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{5,}`)
	plainText  = regexp.MustCompile(`^(/|\./|\$\(|sha256:)|://|@sha256:`)
)

// secretIn says why text looks like a plain-text secret, or "". Heuristics: the
// name it is given, the known forms of tokens, and the disorder of its characters.
func secretIn(name, text string) string {
	switch {
	case text == "" || strings.HasPrefix(text, "$("):
		return ""
	case secretText.MatchString(text):
		return "has the form of a credential"
	case secretName.MatchString(name) && !strings.HasPrefix(text, "/"):
		return "is named like a secret"
	case disordered(text):
		return "looks like a random key"
	}
	return ""
}

// disordered reports a single word of 32 characters and more whose characters are
// as mixed as those of a key.
func disordered(text string) bool {
	if len(text) < 32 || len(text) > 512 || strings.ContainsAny(text, " \n\t,;{}[]") || plainText.MatchString(text) {
		return false
	}
	var lower, upper, digit bool
	counts := map[rune]float64{}
	for _, r := range text {
		lower, upper, digit = lower || unicode.IsLower(r), upper || unicode.IsUpper(r), digit || unicode.IsDigit(r)
		counts[r]++
	}
	bits := 0.0
	for _, n := range counts {
		p := n / float64(len(text))
		bits -= p * math.Log2(p)
	}
	return lower && upper && digit && bits > 4.2
}

const useSecretEnv = "use secret_env with a reference to an mlops_secret: env and args reach state, plan and Git"

// args checks a command line for plain-text secrets.
func (c *checker) secretArgs(at Path, args []string) {
	for i, arg := range args {
		why := secretIn("", arg)
		if m := secretFlag.FindStringSubmatch(arg); m != nil && why == "" {
			value, here := m[4], m[3] != ""
			if !here && i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
				value = args[i+1]
			}
			if value != "" && !strings.HasPrefix(value, "/") && !strings.HasPrefix(value, "$") {
				why = "follows a flag that takes a secret"
			}
		}
		if why != "" {
			c.fault(at.Index(i), "plain-text secret: the argument %s; %s", why, useSecretEnv)
		}
	}
}
