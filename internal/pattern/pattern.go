// Package pattern holds regular expressions that are compiled when they are first used.
// Terraform starts the provider several times for one command, and most of its
// expressions have nothing to match in most of them. It does not know whether an
// expression is sound before that: a test of the module compiles every one.
package pattern

import (
	"regexp"
	"sync"
)

// Pattern is a regular expression of package regexp.
type Pattern struct {
	text     string
	once     sync.Once
	compiled *regexp.Regexp
}

// New takes an expression that is part of the program. One that does not compile panics
// when it is first used.
func New(text string) *Pattern { return &Pattern{text: text} }

func (p *Pattern) regexp() *regexp.Regexp {
	p.once.Do(func() { p.compiled = regexp.MustCompile(p.text) })
	return p.compiled
}

// MatchString reports whether text has a match.
func (p *Pattern) MatchString(text string) bool { return p.regexp().MatchString(text) }

// FindStringSubmatch returns the first match and its groups, nil without one.
func (p *Pattern) FindStringSubmatch(text string) []string {
	return p.regexp().FindStringSubmatch(text)
}

// FindStringSubmatchIndex returns where the first match and its groups begin and end.
func (p *Pattern) FindStringSubmatchIndex(text string) []int {
	return p.regexp().FindStringSubmatchIndex(text)
}

// FindAllStringSubmatch returns at most n matches with their groups, all for n < 0.
func (p *Pattern) FindAllStringSubmatch(text string, n int) [][]string {
	return p.regexp().FindAllStringSubmatch(text, n)
}

// ReplaceAllString replaces every match; $1 in the replacement is the first group.
func (p *Pattern) ReplaceAllString(text, by string) string {
	return p.regexp().ReplaceAllString(text, by)
}
