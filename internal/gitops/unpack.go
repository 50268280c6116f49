package gitops

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/zlib"
)

// largestObject bounds what one object may inflate to.
const largestObject = 1 << 30

var errPack = errors.New("malformed pack")

// rawEntry is one entry of a pack before differences are applied.
type rawEntry struct {
	kind     byte
	data     []byte
	distance int // back to the base, of an offset delta
	base     id  // of a named delta
}

func (e *rawEntry) isDelta() bool {
	return e.kind == entryOffsetDelta || e.kind == entryNamedDelta
}

// byteReader is what a pack is read from: inflating must not read beyond.
type byteReader interface {
	io.Reader
	io.ByteReader
}

// inflater inflates one entry after the other.
type inflater struct{ z io.ReadCloser }

func (f *inflater) open(r byteReader) (err error) {
	if f.z == nil {
		f.z, err = zlib.NewReader(r)
	} else {
		err = f.z.(zlib.Resetter).Reset(r, nil) //nolint:forcetypeassert // the library documents it
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errPack, err)
	}
	return nil
}

// inflateLoose inflates an object that says its size itself.
func (f *inflater) inflateLoose(r byteReader) ([]byte, error) {
	if err := f.open(r); err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(f.z, largestObject))
}

func (f *inflater) inflate(r byteReader, size int) ([]byte, error) {
	if size < 0 || size > largestObject {
		return nil, fmt.Errorf("%w: an object of %d bytes", errPack, size)
	}
	if err := f.open(r); err != nil {
		return nil, err
	}
	// The declared size is checked, not trusted: memory grows with what arrives.
	buf := bytes.NewBuffer(make([]byte, 0, min(size, 1<<20)+bytes.MinRead))
	n, err := buf.ReadFrom(io.LimitReader(f.z, int64(size)+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errPack, err)
	}
	if n != int64(size) {
		return nil, fmt.Errorf("%w: %d bytes instead of %d", errPack, n, size)
	}
	return buf.Bytes(), nil
}

func (f *inflater) entry(r byteReader) (*rawEntry, error) {
	c, err := r.ReadByte()
	if err != nil {
		return nil, err
	}
	e := &rawEntry{kind: c >> 4 & 7}
	size := int(c & 15)
	for shift := 4; c&0x80 != 0; shift += 7 {
		if c, err = r.ReadByte(); err != nil || shift > 50 {
			return nil, errors.Join(errPack, err)
		}
		size |= int(c&127) << shift
	}
	switch e.kind {
	case entryOffsetDelta:
		e.distance, err = readOffset(r)
	case entryNamedDelta:
		_, err = io.ReadFull(r, e.base[:])
	}
	if err != nil {
		return nil, err
	}
	e.data, err = f.inflate(r, size)
	return e, err
}

func readOffset(r io.ByteReader) (int, error) {
	c, err := r.ReadByte()
	n := int(c & 127)
	for err == nil && c&0x80 != 0 {
		if n > 1<<50 {
			return 0, errPack
		}
		c, err = r.ReadByte()
		n = (n+1)<<7 | int(c&127)
	}
	return n, err
}

// unpack reads a pack that came over the wire. Every object is named by its
// bytes, so a wrong one is never mistaken for the one that was asked for.
func unpack(data []byte, emit func(*object)) error {
	if len(data) < 32 || string(data[:4]) != "PACK" || binary.BigEndian.Uint32(data[4:]) != 2 {
		return errPack
	}
	count := int(binary.BigEndian.Uint32(data[8:]))
	body := data[:len(data)-20]
	r := bytes.NewReader(body)
	_, _ = r.Seek(12, io.SeekStart)
	u := &unpacker{byOffset: map[int]*object{}, byID: map[id]*object{}}
	var f inflater
	for range count {
		at := len(body) - r.Len()
		e, err := f.entry(r)
		if err != nil {
			return fmt.Errorf("%w: %w", errPack, err)
		}
		u.add(at, e)
	}
	if err := u.resolve(); err != nil {
		return err
	}
	for _, o := range u.byOffset {
		emit(o)
	}
	return nil
}

// unpacker applies differences; a base may come after what builds on it.
type unpacker struct {
	byOffset map[int]*object
	byID     map[id]*object
	waiting  []waitingEntry
}

type waitingEntry struct {
	at int
	*rawEntry
}

func (u *unpacker) add(at int, e *rawEntry) {
	if e.isDelta() {
		u.waiting = append(u.waiting, waitingEntry{at, e})
		return
	}
	u.keep(at, newObject(kind(e.kind), e.data))
}

func (u *unpacker) keep(at int, o *object) {
	u.byOffset[at], u.byID[o.id] = o, o
}

func (u *unpacker) resolve() error {
	for len(u.waiting) > 0 {
		before := len(u.waiting)
		var failed error
		u.waiting = slices.DeleteFunc(u.waiting, func(w waitingEntry) bool {
			base := u.baseOf(w)
			if base == nil || failed != nil {
				return false
			}
			data, err := applyDelta(base.data, w.data)
			failed = err
			if err == nil {
				u.keep(w.at, newObject(base.kind, data))
			}
			return true
		})
		if failed != nil {
			return failed
		}
		if len(u.waiting) == before {
			return fmt.Errorf("%w: %d differences to objects that are missing", errPack, before)
		}
	}
	return nil
}

func (u *unpacker) baseOf(w waitingEntry) *object {
	if w.kind == entryOffsetDelta {
		return u.byOffset[w.at-w.distance]
	}
	return u.byID[w.base]
}

func applyDelta(base, delta []byte) ([]byte, error) {
	from, n := binary.Uvarint(delta)
	if n <= 0 || from != uint64(len(base)) {
		return nil, fmt.Errorf("%w: a difference to another object", errPack)
	}
	delta = delta[n:]
	size, n := binary.Uvarint(delta)
	if n <= 0 || size > largestObject {
		return nil, errPack
	}
	delta = delta[n:]
	out := make([]byte, 0, min(size, 1<<20))
	for len(delta) > 0 {
		op := delta[0]
		delta = delta[1:]
		if op&0x80 == 0 {
			if op == 0 || int(op) > len(delta) {
				return nil, errPack
			}
			out, delta = append(out, delta[:op]...), delta[op:]
			continue
		}
		at, length, rest, ok := readCopy(op, delta)
		if !ok || at+length > len(base) || uint64(len(out)+length) > size {
			return nil, errPack
		}
		out, delta = append(out, base[at:at+length]...), rest
	}
	if uint64(len(out)) != size {
		return nil, errPack
	}
	return out, nil
}

func readCopy(op byte, delta []byte) (at, length int, rest []byte, ok bool) {
	for i := range 7 {
		if op&(1<<i) == 0 {
			continue
		}
		if len(delta) == 0 {
			return 0, 0, nil, false
		}
		if i < 4 {
			at |= int(delta[0]) << (8 * i)
		} else {
			length |= int(delta[0]) << (8 * (i - 4))
		}
		delta = delta[1:]
	}
	if length == 0 {
		length = 0x10000
	}
	return at, length, delta, true
}
