package gitops

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zlib"
)

// packFrom is the number of objects from which one pack is cheaper than a file
// for each.
const packFrom = 32

// newFile creates the temporary files of a push; a test makes it fail.
var newFile = os.CreateTemp

// writeObjects stores objects so that they survive a crash: they are on disk
// before anything points at them.
func writeObjects(dir string, objects []*object) error {
	if len(objects) >= packFrom {
		return writePack(filepath.Join(dir, "pack"), newPack(objects, false))
	}
	w, _ := zlib.NewWriterLevel(nil, 1) // the level is a valid one
	for _, o := range objects {
		if err := writeLoose(dir, o, w); err != nil {
			return err
		}
		step("loose " + o.kind.String())
	}
	return nil
}

func writeLoose(dir string, o *object, w *zlib.Writer) error {
	name := o.id.String()
	folder := filepath.Join(dir, name[:2])
	if exists(filepath.Join(folder, name[2:])) {
		return nil
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	var b bytes.Buffer
	w.Reset(&b)
	_, _ = w.Write(objectHeader(nil, o.kind, len(o.data))) // a buffer accepts everything
	_, _ = w.Write(o.data)
	_ = w.Close()
	return writeWhole(folder, "tmp_obj_", filepath.Join(folder, name[2:]), b.Bytes())
}

// writePack puts the index in place last: git sees a pack only with its index.
func writePack(dir string, p *pack) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	name := filepath.Join(dir, "pack-"+hex.EncodeToString(p.sum[:]))
	if exists(name + ".idx") {
		return nil
	}
	if err := writeWhole(dir, "tmp_pack_", name+".pack", p.data); err != nil {
		return err
	}
	step("pack in place")
	if err := writeWhole(dir, "tmp_idx_", name+".idx", p.index()); err != nil {
		return err
	}
	step("index in place")
	return syncFolder(dir)
}

// writeWhole makes name appear with all of data or not at all. Git cleans up
// temporary files with these prefixes.
func writeWhole(dir, prefix, name string, data []byte) (err error) {
	f, err := newFile(dir, prefix+"*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	step(prefix + "created")
	if err := fill(f, data); err != nil {
		return err
	}
	step(prefix + "written")
	return os.Rename(f.Name(), name)
}

func fill(f *os.File, data []byte) error {
	half := len(data) / 2
	_, err := f.Write(data[:half])
	if err == nil {
		step("half written")
		_, err = f.Write(data[half:])
	}
	if err == nil {
		err = f.Chmod(0o444)
	}
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
