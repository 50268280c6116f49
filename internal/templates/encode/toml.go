package encode

import "strings"

// TOMLString writes s as a basic string of TOML, in double quotes on one line. Bytes
// that are not UTF-8, which TOML cannot hold, become U+FFFD.
func TOMLString(s string) string {
	return string(appendQuoted(nil, strings.ToValidUTF8(s, "\ufffd"), '"'))
}
