package encode

import (
	"errors"
	"strings"
	"unicode/utf8"
)

var errUTF8 = errors.New("must be valid UTF-8")

// visible reports whether r may stand as itself in a quoted text. What no reader
// of the file sees is escaped: controls, odd spaces and line ends, and the marks
// that turn the direction of text and so can hide what a line does.
func visible(r rune) bool {
	switch {
	case r < 0x20, 0x7f <= r && r <= 0xa0:
		return false
	case r < 0x7f:
		return true
	case r == 0xad, r == 0x61c, r == 0x1680, r == 0x180e, r == 0x3000, r == 0xfeff:
		return false
	case 0x2000 <= r && r <= 0x200f, 0x2028 <= r && r <= 0x202f, 0x205f <= r && r <= 0x206f:
		return false
	case 0xfff9 <= r && r <= 0xfffb, 0xd800 <= r && r <= 0xdfff, 0xe0000 <= r && r <= 0xe007f:
		return false
	}
	return r&0xfffe != 0xfffe
}

// allVisible reports whether s is valid UTF-8 of visible runes and bytes of also.
func allVisible(s, also string) bool {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if (c < 0x20 || c == 0x7f) && strings.IndexByte(also, c) < 0 {
				return false
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if size == 1 || !visible(r) {
			return false
		}
		i += size
	}
	return true
}

// oneLine makes s fit into a comment or a label: what is not visible becomes a
// space, and runs of spaces become one.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if visible(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
	return strings.Join(strings.Fields(s), " ")
}

const hexDigits = "0123456789abcdef"

// appendEscaped writes an escape of r as YAML, Python and TOML read it.
func appendEscaped(b []byte, r rune) []byte {
	switch r {
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	case '\\', '"', '\'':
		return append(b, '\\', byte(r))
	}
	shift := 12
	if r > 0xffff {
		b, shift = append(b, `\U`...), 28
	} else {
		b = append(b, `\u`...)
	}
	for ; shift >= 0; shift -= 4 {
		b = append(b, hexDigits[r>>shift&0xf])
	}
	return b
}

// appendQuoted writes s, which is valid UTF-8, between two quotes of the given kind, with escapes.
func appendQuoted(b []byte, s string, quote rune) []byte {
	b = append(b, byte(quote))
	written := 0
	for i, r := range s {
		if r == quote || r == '\\' || !visible(r) {
			b = appendEscaped(append(b, s[written:i]...), r)
			written = i + utf8.RuneLen(r)
		}
	}
	return append(append(b, s[written:]...), byte(quote))
}
