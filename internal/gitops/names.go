package gitops

import "strings"

// badPath tells whether git refuses a part of path as a disguise of .git, on
// any file system that the repository may be checked out on (git fsck --strict).
func badPath(path string) bool {
	if strings.ContainsAny(path, "\\\x00\n\r") {
		return true
	}
	for part := range strings.SplitSeq(path, "/") {
		if part == "" || part == "." || part == ".." || isDotGit(part) {
			return true
		}
	}
	return false
}

func isDotGit(part string) bool {
	if c := part[0]; c != '.' && c != 'g' && c != 'G' && c < 0x80 {
		return false
	}
	// NTFS ignores what follows a colon and trailing dots and spaces.
	name, _, _ := strings.Cut(part, ":")
	name = strings.ToLower(strings.TrimRight(name, ". "))
	// HFS+ ignores these code points.
	name = strings.Map(func(r rune) rune {
		switch {
		case r >= 0x200c && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x206a && r <= 0x206f, r == 0xfeff:
			return -1
		}
		return r
	}, name)
	return name == ".git" || name == "git~1"
}
