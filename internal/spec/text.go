package spec

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
)

const (
	imageHost = `[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?`
	imagePart = `[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*`
)

var (
	imageForm = pattern.New(`^(?:` + imageHost + `/)?` + imagePart + `(?:/` + imagePart + `)*(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(@sha256:[0-9a-f]{64})?$`)

	credentialURI = pattern.New(`([A-Za-z][A-Za-z0-9+.-]*://)[^/\s@:"'<>]*:([^\s@"'<>]+)@`)
	portForm      = pattern.New(`^[0-9]{1,5}[/?#,;)}\]]`)
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
		for i, name := range fieldsOf(v.Type()).names {
			checkText(c, append(at, PathStep{Attr: name}), v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			checkText(c, append(at, PathStep{Index: i, Form: IndexStep}), v.Index(i))
		}
	case reflect.Map:
		keys := make([]string, 0, v.Len())
		for _, key := range v.MapKeys() {
			keys = append(keys, key.String())
		}
		slices.Sort(keys)
		for _, key := range keys {
			below := append(at, PathStep{Key: key, Form: KeyStep}) //nolint:gocritic // one buffer for all paths; faults copy theirs
			checkString(c, below, key)
			checkText(c, below, v.MapIndex(reflect.ValueOf(key)))
		}
	default:
	}
}

// checkString checks one text. The path is the walk's own buffer: it is copied
// before it is kept.
func checkString(c *checker, at Path, text string) {
	switch {
	case hasCredentialURI(text):
		c.misplaced(slices.Clone(at), "a URI must not carry user:password@: it would reach state, Git and logs; use a secret reference instead")
	case hasSecretForm(text):
		c.misplaced(slices.Clone(at), "plain-text secret: the text has the form of a credential; it would reach state, plan and Git: use a secret reference instead")
	}
	if i := strings.IndexFunc(text, unprintable); i >= 0 {
		c.misplaced(slices.Clone(at), "has the control character %q", []rune(text[i:])[0])
	}
}

// hasCredentialURI finds scheme://user:password@. A port before a path that has an
// @ in it is no password.
func hasCredentialURI(text string) bool { return redactURIs(text) != text }

func redactURIs(text string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	var out strings.Builder
	for {
		m := credentialURI.FindStringSubmatchIndex(text)
		if m == nil {
			return out.String() + text
		}
		out.WriteString(text[:m[3]]) // up to and with the scheme
		if portForm.MatchString(text[m[4]:m[5]]) {
			text = text[m[3]:]
			continue
		}
		out.WriteString("…@")
		text = text[m[1]:]
	}
}

// redact takes credentials out of a message that quotes a value.
func redact(message string) string {
	return secretText.ReplaceAllString(redactURIs(message), "…")
}

func unprintable(r rune) bool {
	return (unicode.IsControl(r) && r != '\n' && r != '\t') || r == '\uFEFF' || r == unicode.ReplacementChar
}

// image checks a container image: no floating tag; a tag without digest is a warning.
func (c *checker) image(at Path, image string) {
	if image == "" {
		return
	}
	m := imageForm.FindStringSubmatch(image)
	if m == nil {
		c.fault(at, "%q is not an image reference such as ghcr.io/acme/fraud@sha256:…", image)
		return
	}
	switch tag, digest := m[1], m[2]; {
	case tag == "latest" && digest != "":
		c.fault(at, "%q names :latest beside its digest: leave the tag out", image)
	case tag == "latest":
		c.fault(at, "%q floats: pin a digest (@sha256:…) instead of :latest", image)
	case tag == "" && digest == "":
		c.fault(at, "%q floats: an image without tag means :latest; pin a digest (@sha256:…)", image)
	case digest == "":
		c.warn(at, "%q has a tag without digest: whoever can push the tag can change what runs; pin @sha256:…", image)
	}
}

// secretText is how the tokens of well-known systems look.
var secretText = pattern.New(`\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_[A-Za-z0-9_]{22,}|\bglpat-[A-Za-z0-9_-]{20,}|` +
	`\bxox[abeprs]-[A-Za-z0-9-]{10,}|hooks\.slack\.com/services/T[A-Za-z0-9_]+/B[A-Za-z0-9_]+/[A-Za-z0-9_]+|` +
	`\bsk-(?:proj|ant|svcacct|admin|or)-[A-Za-z0-9_-]{20,}|\bsk-[A-Za-z0-9]{32,}|\bhf_[A-Za-z]{30,}|\bnpm_[A-Za-z0-9]{36}|\bpypi-AgE[A-Za-z0-9_-]{50,}|\bdapi[0-9a-f]{32}|` +
	`\bhvs\.[A-Za-z0-9_-]{20,}|\bAIza[0-9A-Za-z_-]{35}|\bAGE-SECRET-KEY-1[0-9A-Z]{40,}|AccountKey=[A-Za-z0-9+/]{40,}|` +
	`-----BEGIN [A-Z ]*PRIVATE KEY-----|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{5,}`)

func hasSecretForm(text string) bool { return len(text) >= 16 && secretText.MatchString(text) }

// Names that hold a secret more often than not, their exceptions (special tokens of
// language models), and values that are references or no secrets at all.
var (
	camel        = pattern.New(`([a-z0-9])([A-Z])`)
	secretName   = pattern.New(`(?i)(^|[_.])(password|passwd|passphrase|pwd|secret|token|credentials?|(api|access|secret|private|ssh|signing|encryption|account|auth|master)_?key)$`)
	harmlessName = pattern.New(`(?i)(^|[_.])(pad|eos|bos|unk|mask|sep|cls|start|end|stop|image|video|audio|special|max|min|num|next|per|prompt)_token$`)
	harmless     = pattern.New(`(?i)^(\$|/|\.\.?/|(file|env|vault|ref\+[a-z]+|arn):|projects/|(true|false|yes|no|on|off|none|null|auto)$|<.*>$|\[.*\]$)|://`)
)

func secretNamed(name string) bool {
	name = strings.ReplaceAll(camel.ReplaceAllString(name, "${1}_$2"), "-", "_")
	return secretName.MatchString(name) && !harmlessName.MatchString(name)
}

func harmlessValue(text string) bool {
	text = strings.Trim(text, `"'`)
	return text == "" || harmless.MatchString(text)
}

// secretIn says why text looks like a plain-text secret, or "". Heuristics: the
// name it is given and the disorder of its characters; checkString knows the forms
// of tokens.
func secretIn(name, text string) string {
	switch {
	case hasSecretForm(text):
		return "" // reported already
	case secretNamed(name) && !harmlessValue(text):
		return "is named like a secret"
	case slices.ContainsFunc(words(text), disordered):
		return "looks like a random key"
	}
	return ""
}

// words are the parts of a text that could be a key of their own.
func words(text string) []string {
	var out []string
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \n\t,;\"'`{}[]()<>&|", r) }) {
		if name, value, ok := strings.Cut(word, "="); ok && strings.Trim(value, "=") != "" && !strings.Contains(name, "/") {
			word = value
		}
		out = append(out, word)
	}
	return out
}

var plainWord = pattern.New(`^(/|\.\.?/|\$|sha256:)|://|@sha256:`)

// disordered reports a word that is as mixed as a random key: long, of small and
// capital letters and digits that take turns. Hexadecimal words (digests, commits,
// UUIDs) are too common to be taken for keys.
func disordered(word string) bool {
	long := 32
	if strings.HasSuffix(word, "=") {
		long = 22 // 16 bytes in base64
	}
	if len(strings.TrimRight(word, "=")) < long || len(word) > 512 || plainWord.MatchString(word) {
		return false
	}
	var lower, upper, digit bool
	var pairs, turns float64
	counts := map[rune]float64{}
	last := 0
	for _, r := range word {
		class := 0
		switch {
		case unicode.IsLower(r):
			lower, class = true, 1
		case unicode.IsUpper(r):
			upper, class = true, 2
		case unicode.IsDigit(r):
			digit, class = true, 3
		}
		if class > 0 && last > 0 {
			pairs++
			if class != last {
				turns++
			}
		}
		last = class
		counts[r]++
	}
	bits := 0.0
	for _, n := range counts {
		p := n / float64(len(word))
		bits -= p * math.Log2(p)
	}
	return lower && upper && digit && bits > 3.8 && turns > 0.4*pairs
}

const useSecretEnv = "use secret_env with a reference to an mlops_secret: env and args reach state, plan and Git" //nolint:gosec // a sentence about secrets, not one of them

// A value that is given a name in an argument: --api-key=x, PASSWORD=x, or --token x
// inside a longer command line.
var (
	assigned   = pattern.New(`(?:^|[^A-Za-z0-9_.-])-{0,2}([A-Za-z_][A-Za-z0-9_.-]*)=("[^"]*"|'[^']*'|[^\s"';&|,)}=][^\s"';&|,)}]*)`)
	followed   = pattern.New(`(?:^|\s)--?([A-Za-z][A-Za-z0-9_.-]*)\s+("[^"]*"|'[^']*'|[^\s"';&|,)}-][^\s"';&|,)}]*)`)
	expression = pattern.New(`^[A-Za-z_][A-Za-z0-9_.]*[(\[]`)
	flagForm   = pattern.New(`^--?([A-Za-z][A-Za-z0-9_.-]*)$`)
)

// secretArgs checks a command line for plain-text secrets.
func (c *checker) secretArgs(at Path, args []string) {
	for i, arg := range args {
		why := secretIn("", arg)
		switch {
		case why != "" || hasSecretForm(arg):
		case assigns(arg):
			why = "gives a value to a name like a secret's"
		case i > 0 && !strings.HasPrefix(arg, "-") && !harmlessValue(arg):
			if m := flagForm.FindStringSubmatch(args[i-1]); m != nil && secretNamed(m[1]) {
				why = "follows a flag that takes a secret"
			}
		}
		if why != "" {
			c.fault(at.Index(i), "plain-text secret: the argument %s; %s", why, useSecretEnv)
		}
	}
}

// assigns reports whether an argument names a secret and gives its value. What calls
// or indexes something is program text and no value.
func assigns(arg string) bool {
	for _, m := range append(assigned.FindAllStringSubmatch(arg, -1), followed.FindAllStringSubmatch(arg, -1)...) {
		if secretNamed(m[1]) && !harmlessValue(m[2]) && !expression.MatchString(m[2]) {
			return true
		}
	}
	return false
}
