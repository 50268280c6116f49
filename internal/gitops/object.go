package gitops

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // Git's object names are SHA-1.
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// id is the name of a Git object.
type id [20]byte

func (h id) String() string { return hex.EncodeToString(h[:]) }
func (h id) isZero() bool   { return h == id{} }

func parseID(s string) (id, error) {
	var h id
	raw, err := hex.DecodeString(s)
	if err != nil || len(raw) != len(h) {
		return h, fmt.Errorf("object name %q: want 40 hexadecimal digits", s)
	}
	return id(raw), nil
}

// kind is the type number that a pack uses.
type kind byte

const (
	kindCommit kind = 1
	kindTree   kind = 2
	kindBlob   kind = 3
)

func (k kind) String() string {
	switch k {
	case kindCommit:
		return "commit"
	case kindTree:
		return "tree"
	case kindBlob:
		return "blob"
	}
	return "kind " + strconv.Itoa(int(k))
}

// object is one Git object in memory.
type object struct {
	id   id
	kind kind
	data []byte
	sum  string // SHA-256 of data in hexadecimal, once it was asked for
	// Similar objects, to store this one as a difference; either may be nil.
	base *object // goes into the same pack
	old  *object // is on the server already
}

func newObject(k kind, data []byte) *object {
	return &object{id: hashObject(k, data), kind: k, data: data}
}

func hashObject(k kind, data []byte) id {
	h := sha1.New() //nolint:gosec // Git's object names are SHA-1.
	var head [32]byte
	h.Write(objectHeader(head[:0], k, len(data)))
	h.Write(data)
	return id(h.Sum(head[:0]))
}

func objectHeader(b []byte, k kind, size int) []byte {
	b = append(append(b, k.String()...), ' ')
	return append(strconv.AppendInt(b, int64(size), 10), 0)
}

// mode is the mode of a tree entry, as Git writes it.
type mode uint32

const (
	modeFolder     mode = 0o040000
	modeFile       mode = 0o100644
	modeExecutable mode = 0o100755
	modeSymlink    mode = 0o120000
	modeSubmodule  mode = 0o160000
)

// isFile also accepts what old versions of git wrote, such as 100664.
func (m mode) isFile() bool { return m&0o170000 == 0o100000 }

func fileMode(executable bool) mode {
	if executable {
		return modeExecutable
	}
	return modeFile
}

type treeEntry struct {
	name string
	mode mode
	id   id
}

// sortKey orders entries as Git does: a folder sorts as if it ended in a slash.
func (e treeEntry) sortKey() string {
	if e.mode == modeFolder {
		return e.name + "/"
	}
	return e.name
}

func encodeTree(entries []treeEntry) []byte {
	slices.SortFunc(entries, func(a, b treeEntry) int { return strings.Compare(a.sortKey(), b.sortKey()) })
	size := 0
	for _, e := range entries {
		size += len(e.name) + 28
	}
	b := make([]byte, 0, size)
	for _, e := range entries {
		b = strconv.AppendUint(b, uint64(e.mode), 8)
		b = append(append(append(b, ' '), e.name...), 0)
		b = append(b, e.id[:]...)
	}
	return b
}

func decodeTree(data []byte) ([]treeEntry, error) {
	entries := make([]treeEntry, 0, len(data)/32)
	for len(data) > 0 {
		space := bytes.IndexByte(data, ' ')
		zero := bytes.IndexByte(data, 0)
		if space < 0 || zero < space || len(data) < zero+21 {
			return nil, fmt.Errorf("malformed tree")
		}
		m, err := strconv.ParseUint(string(data[:space]), 8, 32)
		if err != nil {
			return nil, fmt.Errorf("malformed tree: %w", err)
		}
		entries = append(entries, treeEntry{name: string(data[space+1 : zero]), mode: mode(m), id: id(data[zero+1 : zero+21])})
		data = data[zero+21:]
	}
	return entries, nil
}

// commitText is a commit before it is signed.
type commitText struct {
	tree    id
	parent  id // zero for the first commit
	author  Signature
	when    time.Time
	message string
}

func (c commitText) time() time.Time {
	if c.when.IsZero() {
		return time.Now()
	}
	return c.when
}

// encode writes the commit; signature, when there is one, goes in its header.
func (c commitText) encode(signature string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "tree %s\n", c.tree)
	if !c.parent.isZero() {
		fmt.Fprintf(&b, "parent %s\n", c.parent)
	}
	when := c.time()
	who := fmt.Sprintf("%s <%s> %d %s", headerText(c.author.Name), headerText(c.author.Email), when.Unix(), when.Format("-0700"))
	fmt.Fprintf(&b, "author %s\ncommitter %s\n", who, who)
	if signature != "" {
		fmt.Fprintf(&b, "gpgsig %s\n", strings.ReplaceAll(strings.TrimRight(signature, "\n"), "\n", "\n "))
	}
	b.WriteString("\n" + strings.TrimRight(strings.ReplaceAll(c.message, "\x00", ""), "\n") + "\n")
	return b.Bytes()
}

// headerText drops what would end a name or an address early, as git does.
func headerText(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == '<' || r == '>' {
			return -1
		}
		return r
	}, s))
}

// treeOfCommit reads the root tree's name out of a commit.
func treeOfCommit(data []byte) (id, error) {
	line, _, _ := bytes.Cut(data, []byte("\n"))
	name, found := bytes.CutPrefix(line, []byte("tree "))
	if !found {
		return id{}, fmt.Errorf("malformed commit")
	}
	return parseID(string(name))
}
