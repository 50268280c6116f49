package encode

import (
	"errors"
	"fmt"
	"strings"
)

// Shell writes s as one word of a POSIX shell: as it is where that is safe, else in
// single quotes. A NUL, which no argument can hold, is for the caller to refuse.
func Shell(s string) string {
	// An unquoted = may only follow a dash: elsewhere a=b could be an assignment.
	if s != "" && allOf(s, "_@%+:,./-") || strings.HasPrefix(s, "-") && allOf(s, "_@%+:,./-=") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// ShellJoin writes words as one command line.
func ShellJoin(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = Shell(word)
	}
	return strings.Join(quoted, " ")
}

// Make writes s inside a recipe line or behind the := of a variable, where it means
// the same in both: $ is doubled; what only one of them could hold is refused.
// In a recipe the shell still reads it: pass it through Shell before.
func Make(s string) (string, error) {
	switch {
	case strings.Contains(s, "#"):
		return "", fmt.Errorf("%q: a # starts a comment in a Makefile", s)
	case !allVisible(strings.ToValidUTF8(s, "\x00"), "\t"):
		return "", fmt.Errorf("%q: a value in a Makefile must be one line of visible text", s)
	case strings.HasSuffix(s, `\`):
		return "", fmt.Errorf("%q: a \\ at the end of a line of a Makefile joins it with the next", s)
	}
	return strings.ReplaceAll(s, "$", "$$"), nil
}

// MakeTarget checks that name can be a target of a Makefile, and returns it.
func MakeTarget(name string) (string, error) {
	switch {
	case name == "":
		return "", errors.New("a Makefile target must have a name")
	case name[0] == '.', name[0] == '-', !allOf(name, "._-"):
		return "", fmt.Errorf("%q: a Makefile target must be of letters, digits, . _ and -, with a letter, digit or _ in front", name)
	}
	return name, nil
}

// allOf reports whether s is of ASCII letters, digits and the bytes of also.
func allOf(s, also string) bool {
	for i := range len(s) {
		if c := s[i]; !isLetter(c) && !isDigit(c) && strings.IndexByte(also, c) < 0 {
			return false
		}
	}
	return true
}
