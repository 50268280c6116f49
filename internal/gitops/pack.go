package gitops

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // Git's pack format names packs by SHA-1.
	"encoding/binary"
	"hash/crc32"
	"slices"

	"github.com/klauspost/compress/zlib"
)

// Types of pack entries beside the kinds of objects.
const (
	entryOffsetDelta = 6
	entryNamedDelta  = 7
)

// pack is a finished pack and what its index needs.
type pack struct {
	data    []byte
	sum     [20]byte
	entries []packEntry
}

type packEntry struct {
	id     id
	crc    uint32
	offset int
}

// packer writes a pack into memory.
type packer struct {
	buf     bytes.Buffer
	offsets map[id]int
	indexes map[id]*deltaIndex
	deflate *zlib.Writer
	thin    bool // differences to objects outside of the pack are allowed
	entries []packEntry
}

// newPack encodes objects. A thin pack is smaller, and only a server that has
// the old objects can read it.
func newPack(objects []*object, thin bool) *pack {
	w, _ := zlib.NewWriterLevel(nil, 1) // the level is a valid one
	p := &packer{offsets: make(map[id]int, len(objects)), indexes: map[id]*deltaIndex{}, deflate: w, thin: thin}
	distinct := make([]*object, 0, len(objects))
	seen := make(map[id]bool, len(objects))
	for _, o := range objects {
		if !seen[o.id] {
			seen[o.id] = true
			distinct = append(distinct, o)
		}
	}
	p.buf.WriteString("PACK")
	_ = binary.Write(&p.buf, binary.BigEndian, [2]uint32{2, uint32(len(distinct))})
	for _, o := range distinct {
		start := p.buf.Len()
		p.add(o)
		crc := crc32.ChecksumIEEE(p.buf.Bytes()[start:])
		p.entries = append(p.entries, packEntry{o.id, crc, start})
		p.offsets[o.id] = start
	}
	sum := sha1.Sum(p.buf.Bytes()) //nolint:gosec // see above
	p.buf.Write(sum[:])
	return &pack{data: p.buf.Bytes(), sum: sum, entries: p.entries}
}

func (p *packer) add(o *object) {
	limit := len(o.data) / 2
	if o.old != nil && p.thin {
		if d := newDeltaIndex(o.old.data).delta(o.data, limit); d != nil {
			p.header(entryNamedDelta, len(d))
			p.buf.Write(o.old.id[:])
			p.compress(d)
			return
		}
	}
	if o.base != nil {
		if at, here := p.offsets[o.base.id]; here {
			if d := p.indexOf(o.base).delta(o.data, limit); d != nil {
				distance := p.buf.Len() - at
				p.header(entryOffsetDelta, len(d))
				p.buf.Write(appendOffset(nil, distance))
				p.compress(d)
				return
			}
		}
	}
	p.header(byte(o.kind), len(o.data))
	p.compress(o.data)
}

// indexOf keeps the index of a base, which many objects share.
func (p *packer) indexOf(o *object) *deltaIndex {
	x := p.indexes[o.id]
	if x == nil {
		x = newDeltaIndex(o.data)
		p.indexes[o.id] = x
	}
	return x
}

func (p *packer) header(kind byte, size int) {
	b := kind<<4 | byte(size&15)
	for size >>= 4; size > 0; size >>= 7 {
		p.buf.WriteByte(b | 0x80)
		b = byte(size & 127)
	}
	p.buf.WriteByte(b)
}

func (p *packer) compress(data []byte) {
	p.deflate.Reset(&p.buf)
	_, _ = p.deflate.Write(data) // a buffer accepts everything
	_ = p.deflate.Close()
}

// appendOffset writes a distance the way that packs do: seven bits each, from
// the top, and every step adds one.
func appendOffset(b []byte, n int) []byte {
	var digits [10]byte
	i := len(digits) - 1
	digits[i] = byte(n & 127)
	for n >>= 7; n > 0; n >>= 7 {
		n--
		i--
		digits[i] = 0x80 | byte(n&127)
	}
	return append(b, digits[i:]...)
}

// index encodes the pack's index, version 2.
func (p *pack) index() []byte {
	entries := slices.Clone(p.entries)
	slices.SortFunc(entries, func(a, b packEntry) int { return bytes.Compare(a.id[:], b.id[:]) })
	var b bytes.Buffer
	b.Grow(8 + 1024 + len(entries)*28 + 40)
	put := func(v uint32) { b.Write(binary.BigEndian.AppendUint32(b.AvailableBuffer(), v)) }
	b.WriteString("\xfftOc")
	put(2)
	n := 0
	for first := range 256 {
		for n < len(entries) && int(entries[n].id[0]) <= first {
			n++
		}
		put(uint32(n))
	}
	for _, e := range entries {
		b.Write(e.id[:])
	}
	for _, e := range entries {
		put(e.crc)
	}
	var large []uint64
	for _, e := range entries {
		if e.offset < 1<<31 {
			put(uint32(e.offset))
			continue
		}
		put(1<<31 | uint32(len(large)))
		large = append(large, uint64(e.offset))
	}
	for _, v := range large {
		b.Write(binary.BigEndian.AppendUint64(b.AvailableBuffer(), v))
	}
	b.Write(p.sum[:])
	sum := sha1.Sum(b.Bytes()) //nolint:gosec // Git's index format.
	b.Write(sum[:])
	return b.Bytes()
}
