// Package templates runs the targets: a linked project goes in, the files of the
// emitted repository come out. It knows no system that files are written for.
package templates

import (
	"errors"
	"fmt"
	"sync"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Target renders a project for one system. Render is pure: no clock, no
// environment, no network, no randomness; equal input gives equal bytes. A target
// that the platform does not choose returns no files. What it cannot express it
// refuses with spec.Faults that name the field.
type Target interface {
	Name() string
	Render(*spec.Project) ([]tree.File, error)
}

// Render runs every target and joins their files. Targets are pure, so they run side
// by side; their files are joined in the order of the list. The faults of all targets
// are reported together; a path written twice is an error that names both writers.
func Render(targets []Target, p *spec.Project) (*tree.Tree, error) {
	files, failures := make([][]tree.File, len(targets)), make([]error, len(targets))
	var running sync.WaitGroup
	for i, target := range targets {
		running.Go(func() { files[i], failures[i] = target.Render(p) })
	}
	running.Wait()
	var out tree.Tree
	var faults spec.Faults
	var errs []error
	for i, target := range targets {
		refused, err := split(failures[i])
		faults = append(faults, refused...)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", target.Name(), err))
		}
		for j := range files[i] {
			files[i][j].Writer = target.Name()
		}
		errs = append(errs, out.Add(files[i]...))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return &out, nil
}

// split tells refusals, which are the user's to mend, from failures.
func split(err error) (spec.Faults, error) {
	var many spec.Faults
	var one spec.Fault
	switch {
	case errors.As(err, &many):
		return many, nil
	case errors.As(err, &one):
		return spec.Faults{one}, nil
	}
	return nil, err
}
