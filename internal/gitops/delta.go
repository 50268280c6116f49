package gitops

import (
	"encoding/binary"
	"math/bits"
)

// window is how many equal bytes make a copy worthwhile.
const window = 16

// deltaIndex finds windows of a base again.
type deltaIndex struct {
	base  []byte
	table []int32 // hash of a window → its position + 1
	shift uint
}

func newDeltaIndex(base []byte) *deltaIndex {
	windows := len(base) / (window / 2)
	width := uint(max(bits.Len(uint(windows)), 4))
	x := &deltaIndex{base: base, table: make([]int32, 1<<width), shift: 64 - width}
	// From the end, so that the first of equal windows stays.
	for i := (len(base) - window) &^ (window/2 - 1); i >= 0; i -= window / 2 {
		x.table[x.slot(base[i:])] = int32(i + 1)
	}
	return x
}

func (x *deltaIndex) slot(b []byte) uint64 {
	h := binary.LittleEndian.Uint64(b)*0x9E3779B97F4A7C15 ^ binary.LittleEndian.Uint64(b[8:])
	return h * 0xD6E8FEB86659FD93 >> x.shift
}

// delta encodes target as copies from the base and insertions. It gives up,
// and returns nil, when the result would exceed limit.
func (x *deltaIndex) delta(target []byte, limit int) []byte {
	out := appendSize(appendSize(make([]byte, 0, min(limit, 512)), len(x.base)), len(target))
	start, i := 0, 0 // target[start:i] is not covered yet
	last := 0        // end of the last copy in the base: edits in place continue there
	for i+window <= len(target) {
		at, ok := x.match(target[i:], last)
		if !ok {
			if i++; len(out)+i-start > limit {
				return nil
			}
			continue
		}
		n := matching(x.base[at:], target[i:])
		for at > 0 && i > start && x.base[at-1] == target[i-1] {
			at, i, n = at-1, i-1, n+1
		}
		out = appendCopy(appendInsert(out, target[start:i]), at, n)
		i += n
		start, last = i, at+n
	}
	out = appendInsert(out, target[start:])
	if len(out) > limit {
		return nil
	}
	return out
}

// match finds a window of the base that equals the start of b.
func (x *deltaIndex) match(b []byte, last int) (int, bool) {
	if last > 0 && equalWindow(x.base, last, b) {
		return last, true
	}
	at := int(x.table[x.slot(b)]) - 1
	return at, at >= 0 && equalWindow(x.base, at, b)
}

func equalWindow(base []byte, at int, b []byte) bool {
	return at+window <= len(base) && string(base[at:at+window]) == string(b[:window])
}

func matching(a, b []byte) int {
	n := min(len(a), len(b))
	i := 0
	for i+8 <= n && binary.LittleEndian.Uint64(a[i:]) == binary.LittleEndian.Uint64(b[i:]) {
		i += 8
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}

func appendSize(b []byte, n int) []byte { return binary.AppendUvarint(b, uint64(n)) }

func appendInsert(b, data []byte) []byte {
	for len(data) > 0 {
		n := min(len(data), 127)
		b = append(append(b, byte(n)), data[:n]...)
		data = data[n:]
	}
	return b
}

func appendCopy(b []byte, at, n int) []byte {
	const longest = 0xffffff
	for n > 0 {
		part := min(n, longest)
		op := len(b)
		b = append(b, 0x80)
		for i := range 4 {
			if v := byte(at >> (8 * i)); v != 0 {
				b[op] |= 1 << i
				b = append(b, v)
			}
		}
		for i := range 3 {
			if v := byte(part >> (8 * i)); v != 0 && part != 0x10000 {
				b[op] |= 0x10 << i
				b = append(b, v)
			}
		}
		at, n = at+part, n-part
	}
	return b
}
