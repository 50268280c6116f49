package gitops

import (
	"context"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// A guess at what the branch holds costs nothing: whatever we can compute, we
// offer to the store under its name, and only what the branch holds under other
// names is fetched.

// worthwhile is the number of files from which guessing pays: below it, an
// inventory is smaller than the question whether we know it.
const worthwhile = 200

// offer puts contents, folders and the inventory of a branch that holds p, and
// nothing else, into s.
func (p *prepared) offer(s *store) {
	files := make([]*wanted, len(p.files), len(p.files)+1)
	for i := range p.files {
		files[i] = &p.files[i]
	}
	if len(p.files) >= worthwhile {
		inv := p.inventory()
		list := &wanted{File: tree.File{Path: inventoryPath}, blob: newObject(kindBlob, inv.encode())}
		s.inventories[list.blob.id] = inv
		at, _ := slices.BinarySearchFunc(files, inventoryPath, func(w *wanted, path string) int { return strings.Compare(w.Path, path) })
		files = slices.Insert(files, at, list)
		s.guess = true
	}
	s.offerFolder(files, 0)
	if p.last != nil {
		p.last.offer(s)
	}
}

// offerFolder offers files, which are sorted and share the first skip bytes of
// their paths, with all folders that they make. It returns the folder's name.
func (s *store) offerFolder(files []*wanted, skip int) id {
	var entries []treeEntry
	for len(files) > 0 {
		f := files[0]
		name, _, deeper := strings.Cut(f.Path[skip:], "/")
		if !deeper {
			s.offer(f.blob)
			entries = append(entries, treeEntry{name: name, mode: f.mode(), id: f.blob.id})
			files = files[1:]
			continue
		}
		prefix := f.Path[:skip+len(name)+1]
		n := 1
		for n < len(files) && strings.HasPrefix(files[n].Path, prefix) {
			n++
		}
		entries = append(entries, treeEntry{name: name, mode: modeFolder, id: s.offerFolder(files[:n], len(prefix))})
		files = files[n:]
	}
	o := newObject(kindTree, encodeTree(entries))
	s.offer(o)
	return o.id
}

// inventory is the one that a first commit of p has.
func (p *prepared) inventory() Inventory {
	inv := Inventory{Files: make([]Record, len(p.files))}
	for i := range p.files {
		f := &p.files[i]
		inv.Files[i] = Record{Path: f.Path, SHA256: f.blob.sum, Writer: f.Writer, Class: f.Class}
	}
	return inv
}

// guessInventory supposes that s is what we wrote last: every wanted file that
// is there is ours, and its bytes are the ones we recorded.
func (p *prepared) guessInventory(ctx context.Context, s *snapshot) error {
	const tooMany = 64
	if len(p.files) < worthwhile {
		return nil
	}
	differ := p.differing(s)
	if len(differ) > tooMany {
		return nil
	}
	if err := s.objs.need(ctx, differ); err != nil {
		return err
	}
	var inv Inventory
	for _, r := range p.inventory().Files {
		n, _ := s.folder.find(r.Path)
		if n == nil || !n.mode.isFile() {
			continue
		}
		if r.Class == tree.Managed {
			r.SHA256 = s.objs.sum(n.id)
		}
		inv.Files = append(inv.Files, r)
	}
	list := newObject(kindBlob, inv.encode())
	s.objs.offer(list)
	s.objs.inventories[list.id] = inv
	return nil
}

// differing names the blobs at the head of managed files that are not as wanted.
func (p *prepared) differing(s *snapshot) []id {
	var ids []id
	for i := range p.files {
		f := &p.files[i]
		if n, _ := s.folder.find(f.Path); f.Class == tree.Managed && n != nil && n.mode.isFile() && n.id != f.blob.id {
			ids = append(ids, n.id)
		}
	}
	return ids
}

// paths are those of all wanted files; a nil p wants none.
func (p *prepared) paths() []string {
	if p == nil {
		return nil
	}
	out := make([]string, len(p.files))
	for i := range p.files {
		out[i] = p.files[i].Path
	}
	return out
}
