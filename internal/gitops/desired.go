package gitops

import (
	"bytes"
	"fmt"
	"path"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Drift says what happens to a managed file that was edited by hand.
type Drift string

// The zero value means Revert.
const (
	Revert Drift = "revert" // write what the configuration says
	Fail   Drift = "fail"   // stop with ErrDrift
	Keep   Drift = "keep"   // leave the edit
)

// Desired is what the branch shall hold of ours.
type Desired struct {
	Files   *tree.Tree // paths are relative to Remote.Path
	Adopt   []string   // foreign paths that may be taken over; a folder ends in "/"
	OnDrift Drift
	// Last is what was committed last, when the caller can tell. It is a hint that
	// spares downloads: names of objects prove or refute it.
	Last *tree.Tree
}

// wanted is one file with its hashes computed.
type wanted struct {
	tree.File
	blob *object
}

func (w *wanted) mode() mode { return fileMode(w.Executable) }

// prepared is a Desired whose hashes are known; it is made once and used by
// every attempt.
type prepared struct {
	files   []wanted // sorted by path
	byPath  map[string]*wanted
	adopt   []string
	onDrift Drift
	forget  bool // also drop the inventory
	last    *prepared
}

func (b *Branch) prepare(d Desired) (*prepared, error) {
	p, err := prepare(d.Files, nil)
	if err == nil && d.Last != nil && !b.near {
		p.last, err = prepare(d.Last, p)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.name, err)
	}
	p.adopt, p.onDrift = d.Adopt, d.OnDrift
	return p, nil
}

// prepare hashes every file that is not in like already.
func prepare(files *tree.Tree, like *prepared) (*prepared, error) {
	p := &prepared{byPath: map[string]*wanted{}}
	if files != nil {
		all := files.Files()
		p.files = make([]wanted, len(all))
		for i, f := range all {
			p.files[i].File = f
		}
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	if like != nil {
		p.borrow(like)
	}
	hashAll(p.files)
	return p, nil
}

// borrow takes the hashes of files that are equal; comparing costs less.
func (p *prepared) borrow(like *prepared) {
	for i := range p.files {
		f := &p.files[i]
		if other := like.byPath[f.Path]; other != nil && bytes.Equal(f.Data, other.Data) {
			f.blob = other.blob
		}
	}
}

// check refuses paths that are ours to write or that git would refuse.
func (p *prepared) check() error {
	var reserved, bad []string
	for i := range p.files {
		name := p.files[i].Path
		p.byPath[name] = &p.files[i]
		if name == inventoryPath || name == path.Dir(inventoryPath) || strings.HasPrefix(name, inventoryPath+"/") {
			reserved = append(reserved, name)
		}
		if badPath(name) {
			bad = append(bad, fmt.Sprintf("%q", name))
		}
	}
	if len(reserved) > 0 {
		return newPathsError(ErrReserved, reserved, "the engine writes "+inventoryPath+" itself")
	}
	if len(bad) > 0 {
		return newPathsError(ErrReserved, bad, "git refuses names that some system reads as .git or as another folder")
	}
	return nil
}

// hashAll uses all processors.
func hashAll(files []wanted) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), 1+len(files)/64) {
		group.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(files) {
					return
				}
				if files[i].blob != nil {
					continue
				}
				files[i].blob = newObject(kindBlob, files[i].Data)
				files[i].blob.sum = hexSum(files[i].Data)
			}
		})
	}
	group.Wait()
}

// adopts tells whether the user allows to take over a foreign file at name.
func (p *prepared) adopts(name string) bool {
	for _, a := range p.adopt {
		if a == name || strings.HasSuffix(a, "/") && strings.HasPrefix(name, a) {
			return true
		}
	}
	return false
}
