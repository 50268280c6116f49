package gitops

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// tip is where a branch is.
type tip struct {
	head   id       // zero when the branch does not exist
	others []string // branches there are instead; only asked for when head is zero
}

// update moves a branch from old to new; objects are what the server lacks.
type update struct {
	old, new id
	objects  []*object
}

// wire reaches one branch of one repository.
type wire interface {
	tip(ctx context.Context) (tip, error)
	// fetch brings objects by name, with what f lets through, and perhaps more.
	fetch(ctx context.Context, f filter, wants []id, into func(*object)) error
	// push answers nil only when the other side said yes, and ErrMoved only when
	// it knows; otherwise the caller asks for the tip.
	push(ctx context.Context, u update) error
	Close() error
}

// filter is what a server may send beside the objects that are wanted.
type filter string

const (
	onlyWanted   filter = "tree:0"
	withRootTree filter = "tree:1" // of a wanted commit; one question fewer
	wholeCommit  filter = ""
)

// store holds objects by name. What we can compute ourselves is offered to it
// and never fetched: equal names prove equal contents.
type store struct {
	wire  wire
	known map[id]*object
	guess bool // the root tree may be one that we can compute
	// inventories are decoded ones, by the name of their bytes.
	inventories map[id]Inventory
}

func newStore(w wire) *store {
	return &store{wire: w, known: map[id]*object{}, inventories: map[id]Inventory{}}
}

func (s *store) offer(o *object) { s.known[o.id] = o }

// need fetches, in one go, those of ids that are not here yet.
func (s *store) need(ctx context.Context, ids []id) error {
	return s.bring(ctx, onlyWanted, ids)
}

func (s *store) bring(ctx context.Context, f filter, ids []id) error {
	var missing []id
	asked := map[id]bool{}
	for _, h := range ids {
		if _, here := s.known[h]; !here && !asked[h] {
			asked[h] = true
			missing = append(missing, h)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if err := s.wire.fetch(ctx, f, missing, s.offer); err != nil {
		return err
	}
	for _, h := range missing {
		if _, here := s.known[h]; !here {
			return &transientError{fmt.Errorf("%w: it did not send object %s", ErrServer, h)}
		}
	}
	return nil
}

func (s *store) get(ctx context.Context, h id, k kind) (*object, error) {
	if err := s.need(ctx, []id{h}); err != nil {
		return nil, err
	}
	o := s.known[h]
	if o.kind != k {
		return nil, fmt.Errorf("object %s is a %v, not a %v", h, o.kind, k)
	}
	return o, nil
}

// sum is the SHA-256 of a blob that is already here.
func (s *store) sum(h id) string {
	o := s.known[h]
	if o.sum == "" {
		o.sum = hexSum(o.data)
	}
	return o.sum
}

func hexSum(data []byte) string {
	raw := sha256.Sum256(data)
	return hex.EncodeToString(raw[:])
}
