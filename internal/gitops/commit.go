package gitops

import (
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// attempts bounds how often a commit is rebuilt. Every lost race means that
// another writer succeeded, so it is generous; ctx is the real limit.
const attempts = 200

// refusals is how often the server must say no, while the branch stands still,
// before it is believed: two writers that collide see the same.
const refusals = 3

// Signature names who made a commit.
type Signature struct{ Name, Email string }

// CommitOptions says what a commit carries beside its files.
type CommitOptions struct {
	Message string
	Author  Signature
	When    time.Time // the zero value is now
	// SigningKey is an armored OpenPGP key or an OpenSSH private key; "" leaves the commit unsigned.
	SigningKey, SigningKeyPassphrase string
}

// Result is what the branch holds afterwards.
type Result struct {
	Changes
	Commit  string // the head, whether or not it had to be changed
	Changed bool   // a commit was made
}

// Compare works out what a commit of want would do now.
func (b *Branch) Compare(ctx context.Context, want Desired) (*Changes, error) {
	p, err := b.prepare(want)
	if err != nil {
		return nil, err
	}
	d, err := b.decide(ctx, p)
	if err != nil {
		return nil, err
	}
	return &d.changes, nil
}

// Commit makes the branch hold want, in one commit on top of what is there.
// When another writer is first, the commit is rebuilt on the new head. Nothing
// is committed when nothing differs.
func (b *Branch) Commit(ctx context.Context, want Desired, opts CommitOptions) (*Result, error) {
	p, err := b.prepare(want)
	if err != nil {
		return nil, err
	}
	return b.commit(ctx, p, opts)
}

// PruneOptions says how our files are removed.
type PruneOptions struct {
	CommitOptions
	Last    *tree.Tree // what was committed last, when it is known: spares fetching contents
	OnDrift Drift      // what happens to managed files that were edited by hand
}

// Prune removes what is ours: managed files, seeded ones that nobody touched,
// and the inventory. A branch that is gone has nothing of ours.
func (b *Branch) Prune(ctx context.Context, opts PruneOptions) (*Result, error) {
	p, err := b.prepare(Desired{Last: opts.Last, OnDrift: opts.OnDrift})
	if err != nil {
		return nil, err
	}
	p.forget = true
	res, err := b.commit(ctx, p, opts.CommitOptions)
	if errors.Is(err, ErrNoBranch) {
		return &Result{}, nil
	}
	return res, err
}

func (b *Branch) commit(ctx context.Context, p *prepared, opts CommitOptions) (*Result, error) {
	sign, err := newSigner(opts.SigningKey, opts.SigningKeyPassphrase)
	if err == nil && (headerText(opts.Author.Name) == "" || headerText(opts.Author.Email) == "") {
		err = ErrAuthor
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.name, err)
	}
	var tried *Result // pushed, but nobody told us whether it arrived
	refused := 0
	for attempt := range attempts {
		res, err := b.commitOnce(ctx, p, opts, sign)
		switch {
		case err == nil && !res.Changed && tried != nil:
			tried.Commit = res.Commit
			return tried, nil
		case err == nil:
			return res, nil
		case errors.Is(err, ErrMoved):
			refused = 0
		case errors.Is(err, ErrDenied), isTransient(err):
			if refused++; refused >= refusals {
				return nil, err
			}
		default:
			return nil, err
		}
		if isTransient(err) && res != nil {
			tried = res
		}
		if ended := pause(ctx, attempt); ended != nil {
			return nil, errors.Join(ended, err)
		}
	}
	return nil, fmt.Errorf("%s: %d attempts: %w", b.name, attempts, ErrMoved)
}

// commitOnce makes and pushes one commit. With an error it returns the result
// that the push would have had, when a push was tried.
func (b *Branch) commitOnce(ctx context.Context, p *prepared, opts CommitOptions, sign signer) (*Result, error) {
	d, err := b.decide(ctx, p)
	if err != nil {
		return nil, err
	}
	u, changed, err := b.build(d, opts, sign)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.name, err)
	}
	if !changed {
		res := &Result{Changes: d.changes}
		if !d.snap.head.isZero() {
			res.Commit = d.snap.head.String()
		}
		return res, nil
	}
	step("built")
	res := &Result{Changes: d.changes, Commit: u.new.String(), Changed: true}
	if err := b.push(ctx, u); err != nil {
		return res, fmt.Errorf("%s: %w", b.name, err)
	}
	for _, o := range u.objects {
		b.objs.offer(o)
	}
	return res, nil
}

func (b *Branch) decide(ctx context.Context, p *prepared) (*decision, error) {
	p.offer(b.objs)
	snap, err := b.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	var d *decision
	err = again(ctx, func() (err error) {
		d, err = decide(ctx, snap, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.name, err)
	}
	return d, nil
}

// build makes the objects of a decision; nothing differs when changed is false.
func (b *Branch) build(d *decision, opts CommitOptions, sign signer) (u update, changed bool, err error) {
	snap := d.snap
	d.list()
	if snap.folder != snap.root {
		snap.root.graft(snap.path, snap.folder)
	}
	root := snap.root.write(func(o *object) { u.objects = append(u.objects, o) })
	if root == snap.rootID || snap.head.isZero() && len(snap.root.entries) == 0 {
		return update{}, false, nil
	}
	text := commitText{tree: root, parent: snap.head, author: opts.Author, when: opts.When, message: opts.Message}
	signature := ""
	if sign != nil {
		if signature, err = sign(text.encode("")); err != nil {
			return update{}, false, err
		}
	}
	commit := newObject(kindCommit, text.encode(signature))
	relate(d.puts, u.objects)
	u.old, u.new = snap.head, commit.id
	u.objects = append(u.objects, commit)
	return u, true, nil
}

// list puts the next inventory in place.
func (d *decision) list() {
	if d.forget {
		if n, _ := d.snap.folder.find(inventoryPath); n != nil {
			d.snap.folder.remove(inventoryPath)
		}
		return
	}
	blob := newObject(kindBlob, d.next.encode())
	blob.old = d.snap.oldList
	if n, _ := d.snap.folder.find(inventoryPath); n == nil || n.id != blob.id {
		d.snap.folder.put(inventoryPath, modeFile, blob)
	}
}

// relate lets every new blob be stored as a difference to the first of its
// kind: files of one writer and one name differ little.
func relate(puts []*wanted, objects []*object) {
	kinds := make(map[id][2]string, len(puts))
	for _, w := range puts {
		kinds[w.blob.id] = [2]string{w.Writer, path.Base(w.Path)}
	}
	first := map[[2]string]*object{}
	for _, o := range objects {
		key, known := kinds[o.id]
		if !known {
			continue
		}
		if base := first[key]; base == nil {
			first[key] = o
		} else if base.id != o.id {
			o.base = base
		}
	}
}

// push sends u and believes only what the branch says afterwards.
func (b *Branch) push(ctx context.Context, u update) error {
	step("push")
	pushed := b.wire.push(ctx, u)
	if errors.Is(pushed, ErrMoved) || errors.Is(pushed, ErrLocked) || errors.Is(pushed, ErrAuth) || ctx.Err() != nil {
		return pushed
	}
	var now tip
	err := again(ctx, func() (err error) {
		now, err = b.wire.tip(ctx)
		return err
	})
	switch {
	case err != nil:
		return errors.Join(pushed, err)
	case now.head == u.new:
		return nil
	case now.head != u.old && pushed == nil:
		return nil // it was accepted, and another writer has already gone on from it
	case now.head != u.old:
		return fmt.Errorf("%w: %w", ErrMoved, pushed)
	case pushed == nil:
		return &transientError{fmt.Errorf("%w: it accepted the push, but the branch stands where it was", ErrServer)}
	}
	return pushed
}
