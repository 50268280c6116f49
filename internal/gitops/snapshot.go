package gitops

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// snapshot is the branch at one commit, loaded as far as was needed.
type snapshot struct {
	objs      *store
	head      id    // zero when the repository is empty
	root      *node // the whole tree
	rootID    id
	folder    *node // the folder that Remote.Path names; has no parent when it does not exist yet
	path      string
	inventory Inventory
	oldList   *object // the inventory's bytes at the head, when they are known
}

// tip asks for the branch and says which branches there are when it is missing.
func (b *Branch) tip(ctx context.Context) (tip, error) {
	var t tip
	err := again(ctx, func() (err error) {
		t, err = b.wire.tip(ctx)
		return err
	})
	if err != nil {
		return t, fmt.Errorf("%s: %w", b.name, err)
	}
	if t.head.isZero() && len(t.others) > 0 {
		slices.Sort(t.others)
		return t, fmt.Errorf("%s: %w; create it, or set branch to one of: %s", b.name, ErrNoBranch, strings.Join(t.others, ", "))
	}
	return t, nil
}

func (b *Branch) snapshot(ctx context.Context) (*snapshot, error) {
	for attempt := 0; ; attempt++ {
		t, err := b.tip(ctx)
		if err != nil {
			return nil, err
		}
		snap := &snapshot{objs: b.objs, head: t.head, path: b.path}
		err = again(ctx, func() error { return snap.open(ctx) })
		if err == nil {
			return snap, nil
		}
		// Some servers give the newest commit only, and it may be another by now.
		if !errors.Is(err, ErrMoved) || attempt == asks {
			return nil, fmt.Errorf("%s: %w", b.name, err)
		}
	}
}

func (s *snapshot) open(ctx context.Context) error {
	s.root = newFolder()
	if !s.head.isZero() {
		f := withRootTree
		if s.objs.guess {
			f = onlyWanted
		}
		if err := s.objs.bring(ctx, f, []id{s.head}); err != nil {
			return err
		}
		commit, err := s.objs.get(ctx, s.head, kindCommit)
		if err != nil {
			return err
		}
		if s.rootID, err = treeOfCommit(commit.data); err != nil {
			return fmt.Errorf("commit %s: %w", s.head, err)
		}
		s.root = &node{mode: modeFolder, id: s.rootID}
	}
	if err := s.root.loadFor(ctx, s.objs, []string{s.path}); err != nil {
		return err
	}
	s.folder = s.root
	if s.path == "" {
		return nil
	}
	found, blocked := s.root.find(s.path)
	switch {
	case blocked != "" || found != nil && !found.isFolder():
		return newPathsError(ErrForeign, []string{orDefault(blocked, s.path)}, "path must name a folder of the repository")
	case found == nil:
		s.folder = newFolder()
	default:
		s.folder = found
	}
	return nil
}

// readInventory reads what is ours. want, when it is not nil, helps to guess the
// bytes that the inventory probably has, so that they are not fetched.
func (s *snapshot) readInventory(ctx context.Context, want *prepared) error {
	if err := s.folder.loadFor(ctx, s.objs, append(want.paths(), inventoryPath)); err != nil {
		return err
	}
	list, blocked := s.folder.find(inventoryPath)
	if blocked != "" || list != nil && !list.mode.isFile() {
		return newPathsError(ErrForeign, []string{orDefault(blocked, inventoryPath)}, "the inventory needs this place; move what is there")
	}
	if list == nil {
		return nil
	}
	if s.objs.known[list.id] == nil && want != nil {
		if err := want.guessInventory(ctx, s); err != nil {
			return err
		}
	}
	o, err := s.objs.get(ctx, list.id, kindBlob)
	if err != nil {
		return err
	}
	s.oldList = o
	inv, known := s.objs.inventories[o.id]
	if !known {
		if inv, err = decodeInventory(o.data); err != nil {
			return err
		}
		s.objs.inventories[o.id] = inv
	}
	s.inventory = inv
	return nil
}
