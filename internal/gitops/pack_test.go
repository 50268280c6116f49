package gitops

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzDelta(f *testing.F) {
	long := []byte(strings.Repeat("0123456789abcdef", 9000))
	f.Add([]byte{}, []byte{})
	f.Add([]byte("a"), []byte("b"))
	f.Add(long, append([]byte("x"), long...))
	f.Add(long[:70000], long)
	f.Add(manifest(1, 1, 1), manifest(1, 1, 2))
	f.Fuzz(func(t *testing.T, base, target []byte) {
		d := newDeltaIndex(base).delta(target, 2*len(target)+64)
		got, err := applyDelta(base, d)
		if err != nil || !bytes.Equal(got, target) {
			t.Fatalf("%v: %d bytes instead of %d", err, len(got), len(target))
		}
	})
}

// Whatever a server sends, unpack ends and does not panic.
func FuzzUnpack(f *testing.F) {
	a := newObject(kindBlob, manifest(1, 1, 1))
	b := newObject(kindBlob, manifest(1, 1, 2))
	b.base = a
	f.Add(newPack([]*object{a, b}, false).data)
	f.Add([]byte("PACK\x00\x00\x00\x02\xff\xff\xff\xff00000000000000000000"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_ = unpack(data, func(*object) {})
	})
}

func FuzzInventory(f *testing.F) {
	f.Add("a/b", "writer")
	f.Add("\xff<\u2028\"", "\x00")
	f.Fuzz(func(t *testing.T, path, writer string) {
		if !utf8.ValidString(path) || !utf8.ValidString(writer) {
			t.Skip("no path of a rendered file")
		}
		inv := Inventory{Files: []Record{{Path: path, Writer: writer, SHA256: strings.Repeat("0", 64), Class: "managed"}}}
		back, err := decodeInventory(inv.encode())
		if err == nil && !bytes.Equal(back.encode(), inv.encode()) {
			t.Errorf("%q came back as %q", inv, back)
		}
	})
}

func TestPack_roundTrip(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var objects []*object
	for i := range 300 {
		data := []byte(fmt.Sprintln("file", i))
		for range r.IntN(3000) {
			data = append(data, byte(r.IntN(4)*i))
		}
		o := newObject(kindBlob, data)
		if i%3 > 0 {
			o.base = objects[i-i%3]
		}
		objects = append(objects, o)
	}
	p := newPack(append(objects, objects[0]), false)
	got := map[id]bool{}
	if err := unpack(p.data, func(o *object) { got[o.id] = true }); err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if !got[o.id] {
			t.Errorf("object %s is lost", o.id)
		}
	}
}

func TestDelta_sizes(t *testing.T) {
	t.Parallel()
	base := bytes.Repeat([]byte("0123456789abcdefg"), 1<<21/17+1)
	for _, n := range []int{0, 15, 16, 17, 0xffff, 0x10000, 0x10001, len(base)} {
		target := append(append([]byte("head"), base[:n]...), "tail"...)
		d := newDeltaIndex(base).delta(target, 1<<30)
		got, err := applyDelta(base, d)
		if err != nil || !bytes.Equal(got, target) {
			t.Errorf("%d: %v", n, err)
		}
	}
}
