package encode

import (
	"strconv"
	"strings"
)

// Markdown writes s as text of a paragraph or a table cell, on one line, where no
// character of it has a meaning to CommonMark or GitHub.
func Markdown(s string) string {
	s = oneLine(s)
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if strings.IndexByte("\\`*_[]<>|&~$", c) >= 0 || startsBlock(s, i) {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}

// startsBlock reports whether the byte at i would make a heading, a list, a rule or
// an underline of a line that begins with s[:i+1].
func startsBlock(s string, i int) bool {
	switch s[i] {
	case '#', '+', '-', '=':
		return i == 0
	case '.', ')':
		return i > 0 && strings.Trim(s[:i], "0123456789") == ""
	}
	return false
}

// MarkdownCode writes s as a code span. A | would end a table cell even in a span,
// and its escape would show outside of a table, so such a text becomes <code> with
// entities, which is right in both.
func MarkdownCode(s string) string {
	s = strings.Map(func(r rune) rune {
		if visible(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(s, "\ufffd"))
	if strings.Contains(s, "|") || strings.Trim(s, " ") == "" {
		return htmlCode(s)
	}
	fence := strings.Repeat("`", longestRun(s, '`')+1)
	if s[0] == '`' || s[len(s)-1] == '`' || s[0] == ' ' && s[len(s)-1] == ' ' {
		return fence + " " + s + " " + fence
	}
	return fence + s + fence
}

func htmlCode(s string) string {
	var b strings.Builder
	b.WriteString("<code>")
	for i := range len(s) {
		writeEntity(&b, s[i], "&#", " ")
	}
	b.WriteString("</code>")
	return b.String()
}

// Mermaid writes s as a label in double quotes, on one line. A label that starts like
// a list or a heading is escaped there, since Mermaid would take it for Markdown.
func Mermaid(s string) string {
	s = oneLine(s)
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		plain := " -.,/()=+"
		if startsBlock(s, i) {
			plain = ""
		}
		writeEntity(&b, s[i], "#", plain)
	}
	b.WriteByte('"')
	return b.String()
}

// writeEntity writes an ASCII character as a decimal entity, unless it is a letter, a
// digit or one of plain.
func writeEntity(b *strings.Builder, c byte, open, plain string) {
	if c >= 0x80 || isLetter(c) || isDigit(c) || strings.IndexByte(plain, c) >= 0 {
		b.WriteByte(c)
		return
	}
	b.WriteString(open + strconv.Itoa(int(c)) + ";")
}

func longestRun(s string, c byte) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] != c {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}
