package gitops

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// errAbsent says that a repository does not hold an object.
var errAbsent = errors.New("object is not in the repository")

// longestChain bounds how many differences may build on each other.
const longestChain = 4096

// objectReader reads objects out of a repository's folder.
type objectReader struct {
	folders []string // objects/, and those of alternates
	packs   map[string]*packFile
	inflater
}

func newObjectReader(objects string) *objectReader {
	r := &objectReader{packs: map[string]*packFile{}}
	r.addFolder(objects, 0)
	return r
}

// addFolder also follows objects/info/alternates.
func (r *objectReader) addFolder(objects string, depth int) {
	r.folders = append(r.folders, objects)
	list, err := os.ReadFile(filepath.Join(objects, "info", "alternates"))
	if err != nil || depth > 5 {
		return
	}
	for line := range strings.SplitSeq(string(list), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if !filepath.IsAbs(line) {
			line = filepath.Join(objects, line)
		}
		r.addFolder(line, depth+1)
	}
}

func (r *objectReader) close() {
	for _, p := range r.packs {
		_ = p.data.Close()
		_ = p.idx.Close()
	}
	clear(r.packs)
}

func (r *objectReader) read(h id) (*object, error) {
	o, err := r.search(h)
	if errors.Is(err, errAbsent) {
		// Another writer, or git gc, may have made a pack since we looked.
		if err := r.rescan(); err != nil {
			return nil, err
		}
		o, err = r.search(h)
	}
	if err != nil {
		return nil, err
	}
	if o.id != h {
		return nil, fmt.Errorf("object %s: is damaged; run git fsck", h)
	}
	return o, nil
}

func (r *objectReader) search(h id) (*object, error) {
	for _, folder := range r.folders {
		o, err := r.loose(folder, h)
		if !errors.Is(err, fs.ErrNotExist) {
			return o, err
		}
	}
	for _, p := range r.packs {
		at, err := p.find(h)
		if errors.Is(err, errAbsent) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return r.packed(p, at)
	}
	return nil, fmt.Errorf("%s: %w", h, errAbsent)
}

// rescan opens packs that are new and forgets those that are gone.
func (r *objectReader) rescan() error {
	var found []string
	for _, folder := range r.folders {
		names, err := filepath.Glob(filepath.Join(folder, "pack", "pack-*.idx"))
		if err != nil {
			return err
		}
		found = append(found, names...)
	}
	old := r.packs
	r.packs = make(map[string]*packFile, len(found))
	for _, name := range found {
		if p := old[name]; p != nil {
			r.packs[name] = p
			delete(old, name)
			continue
		}
		p, err := openPack(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed by git gc since we listed it
		}
		if err != nil {
			return err
		}
		r.packs[name] = p
	}
	for _, p := range old {
		_ = p.data.Close()
		_ = p.idx.Close()
	}
	return nil
}

func (r *objectReader) loose(folder string, h id) (*object, error) {
	name := h.String()
	f, err := os.Open(filepath.Join(folder, name[:2], name[2:]))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := r.inflateLoose(bufio.NewReader(f))
	if err != nil {
		return nil, fmt.Errorf("object %s: %w", h, err)
	}
	head, data, _ := bytes.Cut(raw, []byte{0})
	word, size, _ := strings.Cut(string(head), " ")
	if n, err := strconv.Atoi(size); err != nil || n != len(data) {
		return nil, fmt.Errorf("object %s: is damaged; run git fsck", h)
	}
	for _, k := range []kind{kindCommit, kindTree, kindBlob} {
		if k.String() == word {
			return newObject(k, data), nil
		}
	}
	return nil, fmt.Errorf("object %s: unexpected kind %q", h, word)
}

// packFile is an open pack with its index.
type packFile struct {
	data, idx *os.File
	fan       [256]uint32
}

func openPack(idxName string) (*packFile, error) {
	idx, err := os.Open(idxName)
	if err != nil {
		return nil, err
	}
	data, err := os.Open(strings.TrimSuffix(idxName, ".idx") + ".pack")
	if err != nil {
		_ = idx.Close()
		return nil, err
	}
	p := &packFile{data: data, idx: idx}
	var head [8 + 1024]byte
	if _, err := idx.ReadAt(head[:], 0); err != nil || string(head[:8]) != "\xfftOc\x00\x00\x00\x02" {
		_ = idx.Close()
		_ = data.Close()
		return nil, fmt.Errorf("%s: not an index of version 2; run git gc", filepath.Base(idxName))
	}
	for i := range p.fan {
		p.fan[i] = binary.BigEndian.Uint32(head[8+4*i:])
	}
	return p, nil
}

// find returns where h starts in the pack.
func (p *packFile) find(h id) (int64, error) {
	lo, hi := 0, int(p.fan[h[0]])
	if h[0] > 0 {
		lo = int(p.fan[h[0]-1])
	}
	names := make([]byte, (hi-lo)*20)
	if _, err := p.idx.ReadAt(names, int64(8+1024+lo*20)); err != nil {
		return 0, err
	}
	for i := 0; i < len(names); i += 20 {
		if id(names[i:i+20]) == h {
			return p.offset(lo + i/20)
		}
	}
	return 0, errAbsent
}

func (p *packFile) offset(n int) (int64, error) {
	total := int64(p.fan[255])
	var b [8]byte
	if _, err := p.idx.ReadAt(b[:4], 8+1024+total*24+int64(n)*4); err != nil {
		return 0, err
	}
	at := binary.BigEndian.Uint32(b[:4])
	if at&(1<<31) == 0 {
		return int64(at), nil
	}
	_, err := p.idx.ReadAt(b[:], 8+1024+total*28+int64(at&^(1<<31))*8)
	return int64(binary.BigEndian.Uint64(b[:])), err
}

// packed reads the object at an offset, with everything it builds on.
func (r *objectReader) packed(p *packFile, at int64) (*object, error) {
	var deltas [][]byte
	for range longestChain {
		e, err := r.entry(bufio.NewReader(io.NewSectionReader(p.data, at, 1<<62)))
		if err != nil {
			return nil, err
		}
		if !e.isDelta() {
			return patched(newBase(kind(e.kind), e.data), deltas)
		}
		deltas = append(deltas, e.data)
		if e.kind == entryOffsetDelta {
			at -= int64(e.distance)
			continue
		}
		base, err := r.read(e.base)
		if err != nil {
			return nil, err
		}
		return patched(base, deltas)
	}
	return nil, errPack
}

// newBase leaves out the name, which only the last object of a chain needs.
func newBase(k kind, data []byte) *object { return &object{kind: k, data: data} }

// patched applies deltas, the last one first.
func patched(base *object, deltas [][]byte) (*object, error) {
	data := base.data
	for i := len(deltas) - 1; i >= 0; i-- {
		var err error
		if data, err = applyDelta(data, deltas[i]); err != nil {
			return nil, err
		}
	}
	return newObject(base.kind, data), nil
}
