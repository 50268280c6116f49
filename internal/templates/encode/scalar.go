package encode

import (
	"strings"
	"unicode/utf8"
)

// maxKey is the length in bytes up to which every reader takes "key:" for a key.
const maxKey = 1024

// appendScalar writes s on one line: as it is where no reader can take it for
// anything but this string, else in quotes.
func appendScalar(b []byte, s string) []byte {
	switch {
	case isPlain(s):
		return append(b, s...)
	case strings.ContainsAny(s, `"\`) && allVisible(s, ""):
		b = append(b, '\'')
		b = append(b, strings.ReplaceAll(s, `'`, `''`)...)
		return append(b, '\'')
	}
	return appendQuoted(b, s, '"')
}

// isPlain reports whether s may stand without quotes, in block context, as a
// value and as a key. It would rather quote once too often; a sign, for one, is
// quoted whatever follows it.
func isPlain(s string) bool {
	if s == "" || isWord(s) || isNumeric(s) || strings.HasPrefix(s, "...") {
		return false
	}
	switch s[0] {
	case '-', '?', ':', ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`', '~', '=', '+', ' ':
		return false
	}
	if last := s[len(s)-1]; last == ':' || last == ' ' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if s[i-1] == ':' && s[i] == ' ' || s[i-1] == ' ' && s[i] == '#' {
			return false
		}
	}
	return allVisible(s, "")
}

// isWord reports whether s is a word that some reader takes for a boolean, for
// nothing, for a number or for a merge.
func isWord(s string) bool {
	if len(s) > len("false") {
		return false
	}
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nan", "inf", ".nan", ".inf", "<<":
		return true
	}
	return false
}

// isNumeric reports whether s could be a number, a time or a date in some
// reader, or looks enough like a version or a schedule to be quoted with them.
func isNumeric(s string) bool {
	if s[0] == '.' && len(s) > 1 {
		return isDigit(s[1]) || s[1] == '_'
	}
	if !isDigit(s[0]) {
		return false
	}
	for i := 1; i < len(s); i++ {
		switch c := s[i]; c {
		case ' ':
			return true
		case '_', '.', ',', ':', '+', '-', '/', '*', 'x', 'X', 'o', 'O', 't', 'T', 'z', 'Z':
		default:
			if !isDigit(c) && (c|0x20 < 'a' || 'f' < c|0x20) {
				return false
			}
		}
	}
	return true
}

// isBlock reports whether s, which is valid UTF-8, may stand as a literal block.
// It may not if a line ends in a space, since editors and hooks remove it.
func isBlock(s string) bool {
	body := strings.TrimRight(s, "\n")
	if body == "" || len(body) == len(s) && !strings.Contains(body, "\n") {
		return false
	}
	if !allVisible(s, "\n\t") {
		return false
	}
	for line := range strings.Lines(s) {
		line = strings.TrimSuffix(line, "\n")
		if n := len(line); n > 0 && (line[n-1] == ' ' || line[n-1] == '\t') {
			return false
		}
	}
	return true
}

// blockHeader is the indicator of a literal block that holds s.
func blockHeader(s string) string {
	header := "|"
	if first := strings.TrimLeft(s, "\n"); first[0] == ' ' || first[0] == '\t' {
		header += "2"
	}
	switch {
	case !strings.HasSuffix(s, "\n"):
		return header + "-"
	case strings.HasSuffix(s, "\n\n"):
		return header + "+"
	}
	return header
}

// appendKey writes a key and its colon.
func appendKey(b []byte, key string) ([]byte, error) {
	if !utf8.ValidString(key) {
		return b, errUTF8
	}
	start := len(b)
	b = appendScalar(b, key)
	if len(b)-start > maxKey {
		return b, errLongKey
	}
	return append(b, ':'), nil
}
