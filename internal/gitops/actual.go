package gitops

import (
	"context"
	"fmt"

	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Actual is what the branch of st really holds of our managed files, path →
// SHA-256; files that were deleted are absent. Seeded files belong to the team
// and keep the recorded sum. Last is what was committed last, when it is known:
// contents equal to it are proven by name and not fetched.
func (b *Branch) Actual(ctx context.Context, st *State, last *tree.Tree) (map[string]string, error) {
	p, err := b.prepare(Desired{Last: last})
	if err != nil {
		return nil, err
	}
	p.offer(b.objs)
	var sums map[string]string
	err = again(ctx, func() (err error) {
		sums, err = st.snap.actual(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.name, err)
	}
	return sums, nil
}

func (s *snapshot) actual(ctx context.Context) (map[string]string, error) {
	var managed []string
	sums := make(map[string]string, len(s.inventory.Files))
	for _, r := range s.inventory.Files {
		if r.Class == tree.Seeded {
			sums[r.Path] = r.SHA256
			continue
		}
		managed = append(managed, r.Path)
	}
	if err := s.folder.loadFor(ctx, s.objs, managed); err != nil {
		return nil, err
	}
	nodes := map[string]*node{}
	var blobs []id
	for _, path := range managed {
		n, _ := s.folder.find(path)
		if n != nil && !n.isFolder() && n.mode != modeSubmodule {
			nodes[path], blobs = n, append(blobs, n.id)
		}
	}
	if err := s.objs.need(ctx, blobs); err != nil {
		return nil, err
	}
	for path, n := range nodes {
		sums[path] = s.sum(n)
	}
	return sums, nil
}
