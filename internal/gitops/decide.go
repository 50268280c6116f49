package gitops

import (
	"context"

	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Changes says what a commit does. Paths are relative to Remote.Path; the
// inventory is not among them.
type Changes struct {
	Create, Update, Remove []string
	Drifted                []string          // edited or deleted by hand since we wrote them
	Files                  map[string]string // path → SHA-256 of what we own once the commit is made
}

// Empty tells whether no file changes.
func (c *Changes) Empty() bool { return len(c.Create)+len(c.Update)+len(c.Remove) == 0 }

// decision works out what one commit does to the folder of a snapshot.
type decision struct {
	*prepared
	snap    *snapshot
	ours    map[string]Record // the inventory at the head
	next    Inventory         // after the commit; wanted files come sorted
	changes Changes
	puts    []*wanted
	foreign []string
}

// decide compares want with snap. It changes the loaded folder of snap, and
// nothing on the other side.
func decide(ctx context.Context, snap *snapshot, want *prepared) (*decision, error) {
	if err := snap.readInventory(ctx, want); err != nil {
		return nil, err
	}
	d := &decision{prepared: want, snap: snap, ours: snap.inventory.byPath()}
	d.changes.Files = make(map[string]string, len(want.files))
	if err := d.load(ctx); err != nil {
		return nil, err
	}
	for _, r := range snap.inventory.Files {
		if d.byPath[r.Path] == nil {
			d.orphan(r)
		}
	}
	for i := range want.files {
		d.want(&want.files[i])
	}
	return d, d.refusals()
}

// load brings the folders and the contents that the rules look at.
func (d *decision) load(ctx context.Context) error {
	paths := d.paths()
	for _, r := range d.snap.inventory.Files {
		if d.byPath[r.Path] == nil {
			paths = append(paths, r.Path)
		}
	}
	if err := d.snap.folder.loadFor(ctx, d.snap.objs, paths); err != nil {
		return err
	}
	var blobs []id
	for _, p := range paths {
		n, _ := d.snap.folder.find(p)
		if n == nil || n.isFolder() || n.mode == modeSubmodule {
			continue
		}
		rec, ours := d.ours[p]
		settled := ours && rec.Class == tree.Seeded && d.byPath[p] != nil
		if w := d.byPath[p]; !settled && (w == nil || n.id != w.blob.id) {
			blobs = append(blobs, n.id)
		}
	}
	return d.snap.objs.need(ctx, blobs)
}

// sum is what the file or link at n holds.
func (d *decision) sum(n *node) string { return d.snap.sum(n) }

func (s *snapshot) sum(n *node) string {
	if n.mode != modeSymlink {
		return s.objs.sum(n.id)
	}
	// A link never equals a file, whatever its target spells.
	return hexSum(append([]byte("symlink\x00"), s.objs.known[n.id].data...))
}

// orphan is a file of ours that is no longer wanted.
func (d *decision) orphan(r Record) {
	n, _ := d.snap.folder.find(r.Path)
	if n == nil || n.isFolder() || n.mode == modeSubmodule {
		return
	}
	if d.sum(n) != r.SHA256 {
		if r.Class == tree.Seeded {
			return
		}
		d.changes.Drifted = append(d.changes.Drifted, r.Path)
		if d.onDrift == Keep {
			return
		}
	}
	d.snap.folder.remove(r.Path)
	d.changes.Remove = append(d.changes.Remove, r.Path)
}

func (d *decision) want(w *wanted) {
	n, blocked := d.snap.folder.find(w.Path)
	rec, ours := d.ours[w.Path]
	switch {
	case ours && w.Class == tree.Seeded:
		d.own(w, rec.SHA256)
	case blocked != "":
		d.foreign = append(d.foreign, blocked)
	case n != nil && n.isFolder():
		d.foreign = append(d.foreign, w.Path+"/")
	case n != nil && n.mode == modeSubmodule:
		d.foreign = append(d.foreign, w.Path)
	case n == nil:
		d.absent(w, rec, ours)
	case w.Class == tree.Seeded:
		d.own(w, d.sum(n))
	default:
		d.present(w, n, rec, ours)
	}
}

// absent is a wanted file that the head lacks.
func (d *decision) absent(w *wanted, rec Record, ours bool) {
	if ours {
		d.changes.Drifted = append(d.changes.Drifted, w.Path)
		if d.onDrift == Keep {
			d.next.Files = append(d.next.Files, rec)
			return
		}
	}
	d.own(w, w.blob.sum)
	d.put(w, w.mode(), nil)
	d.changes.Create = append(d.changes.Create, w.Path)
}

// present is a managed file where the head has a file or a link.
func (d *decision) present(w *wanted, n *node, rec Record, ours bool) {
	switch {
	case n.mode.isFile() && n.id == w.blob.id:
		d.own(w, w.blob.sum)
		return
	case !ours || rec.Class == tree.Seeded:
		// What was seeded belongs to the team, so it is as foreign as any.
		if !d.adopts(w.Path) {
			d.foreign = append(d.foreign, w.Path)
			return
		}
	case d.sum(n) != rec.SHA256:
		d.changes.Drifted = append(d.changes.Drifted, w.Path)
		if d.onDrift == Keep {
			d.next.Files = append(d.next.Files, rec)
			d.changes.Files[w.Path] = d.sum(n)
			return
		}
	}
	d.own(w, w.blob.sum)
	m := n.mode
	if !m.isFile() {
		m = w.mode()
	}
	d.put(w, m, d.snap.objs.known[n.id])
	d.changes.Update = append(d.changes.Update, w.Path)
}

// own records w in the next inventory with the sum that it was written with.
func (d *decision) own(w *wanted, sum string) {
	d.next.Files = append(d.next.Files, Record{Path: w.Path, SHA256: sum, Writer: w.Writer, Class: w.Class})
	d.changes.Files[w.Path] = sum
}

func (d *decision) put(w *wanted, m mode, old *object) {
	blob := *w.blob
	blob.old = old
	d.snap.folder.put(w.Path, m, &blob)
	d.puts = append(d.puts, w)
}

// refusals reports every path at once.
func (d *decision) refusals() error {
	if len(d.foreign) > 0 {
		return newPathsError(ErrForeign, d.foreign, "move them, or list them in adopt to take them over")
	}
	if d.onDrift == Fail && len(d.changes.Drifted) > 0 {
		return newPathsError(ErrDrift, d.changes.Drifted, "undo the edits, or set on_drift to revert or keep")
	}
	return nil
}
