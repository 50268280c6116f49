package gitops

import (
	"context"
	"fmt"
	"strings"
)

// node is one entry of a tree that is being changed: a file, a link, a
// submodule, or a folder whose entries may not be loaded yet.
type node struct {
	mode    mode
	id      id
	blob    *object          // of a file that we put here
	entries map[string]*node // of a folder; nil until loaded
	origin  *object          // the folder as the head has it
	dirty   bool
}

func newFolder() *node {
	return &node{mode: modeFolder, entries: map[string]*node{}, dirty: true}
}

func (n *node) isFolder() bool { return n.mode == modeFolder }

func (n *node) loaded() bool { return n.entries != nil }

func (n *node) load(o *object) error {
	entries, err := decodeTree(o.data)
	if err != nil {
		return fmt.Errorf("tree %s: %w", o.id, err)
	}
	n.origin, n.entries = o, make(map[string]*node, len(entries))
	nodes := make([]node, len(entries))
	for i, e := range entries {
		nodes[i] = node{mode: e.mode, id: e.id}
		n.entries[e.name] = &nodes[i]
	}
	return nil
}

// loadFor loads every folder on the way to paths, one fetch per level.
func (n *node) loadFor(ctx context.Context, s *store, paths []string) error {
	for {
		var ids []id
		var folders []*node
		var pending []string
		seen := map[*node]bool{}
		for _, p := range paths {
			f := n.firstUnloaded(p)
			if f == nil {
				continue
			}
			pending = append(pending, p)
			if !seen[f] {
				seen[f] = true
				folders, ids = append(folders, f), append(ids, f.id)
			}
		}
		if len(folders) == 0 {
			return nil
		}
		paths = pending
		if err := s.need(ctx, ids); err != nil {
			return err
		}
		for _, f := range folders {
			o, err := s.get(ctx, f.id, kindTree)
			if err != nil {
				return err
			}
			if err := f.load(o); err != nil {
				return err
			}
		}
	}
}

// firstUnloaded walks down path and stops at the first folder whose entries are
// not known, the path's own end included.
func (n *node) firstUnloaded(path string) *node {
	for n != nil && n.isFolder() {
		if !n.loaded() {
			return n
		}
		if path == "" {
			return nil
		}
		var name string
		name, path, _ = strings.Cut(path, "/")
		n = n.entries[name]
	}
	return nil
}

// find returns what is at path. When something that is no folder stands on the
// way, it returns nil and the path of that.
func (n *node) find(path string) (found *node, blocked string) {
	for rest, done := path, 0; ; {
		name, after, more := strings.Cut(rest, "/")
		n = n.entries[name]
		done += len(name)
		switch {
		case n == nil:
			return nil, ""
		case !more:
			return n, ""
		case !n.isFolder():
			return nil, path[:done]
		}
		rest, done = after, done+1
	}
}

// put writes a file; the caller has made sure that nothing is in the way.
func (n *node) put(path string, m mode, blob *object) {
	for {
		n.dirty = true
		name, rest, more := strings.Cut(path, "/")
		if !more {
			n.entries[name] = &node{mode: m, id: blob.id, blob: blob}
			return
		}
		next := n.entries[name]
		if next == nil {
			next = newFolder()
			n.entries[name] = next
		}
		n, path = next, rest
	}
}

// remove drops what is at path and the folders that become empty by it.
func (n *node) remove(path string) {
	name, rest, more := strings.Cut(path, "/")
	n.dirty = true
	if next := n.entries[name]; more && next != nil {
		next.remove(rest)
		if len(next.entries) > 0 {
			return
		}
	}
	delete(n.entries, name)
}

// graft makes folder stand at path, or nothing when folder is empty.
func (n *node) graft(path string, folder *node) {
	if len(folder.entries) == 0 {
		if found, _ := n.find(path); found != nil {
			n.remove(path)
		}
		return
	}
	for {
		n.dirty = true
		name, rest, more := strings.Cut(path, "/")
		if !more {
			n.entries[name] = folder
			return
		}
		if n.entries[name] == nil {
			n.entries[name] = newFolder()
		}
		n, path = n.entries[name], rest
	}
}

// write names every changed folder, from the leaves up, and hands out the new
// objects. It returns the name of n itself.
func (n *node) write(emit func(*object)) id {
	if !n.dirty {
		return n.id
	}
	entries := make([]treeEntry, 0, len(n.entries))
	for name, child := range n.entries {
		if child.blob != nil {
			emit(child.blob)
		}
		entries = append(entries, treeEntry{name: name, mode: child.mode, id: child.write(emit)})
	}
	o := newObject(kindTree, encodeTree(entries))
	o.old = n.origin
	if n.origin == nil || n.origin.id != o.id {
		emit(o)
	}
	return o.id
}
