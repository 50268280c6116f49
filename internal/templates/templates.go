// Package templates runs the targets: a linked project goes in, the files of the
// emitted repository come out. It knows no system that files are written for.
package templates

import (
	"errors"
	"fmt"

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

// Render runs every target and joins their files. The faults of all targets are
// reported together; a path written twice is an error that names both writers.
func Render(targets []Target, p *spec.Project) (*tree.Tree, error) {
	var out tree.Tree
	var faults spec.Faults
	var errs []error
	for _, target := range targets {
		files, err := target.Render(p)
		var refused spec.Faults
		var one spec.Fault
		switch {
		case errors.As(err, &refused):
			faults = append(faults, refused...)
		case errors.As(err, &one):
			faults = append(faults, one)
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: %w", target.Name(), err))
		}
		for i := range files {
			files[i].Writer = target.Name()
		}
		errs = append(errs, out.Add(files...))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return &out, nil
}
