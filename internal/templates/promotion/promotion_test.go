package promotion

import (
	"bytes"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// documents is the target without its programs, which TestPrograms compares: a
// golden of them would be a second copy of every line of Python.
type documents struct{ Target }

func (d documents) Render(p *spec.Project) ([]tree.File, error) {
	files, err := d.Target.Render(p)
	return slices.DeleteFunc(files, func(f tree.File) bool { return embedded(f.Path) }), err
}

func embedded(path string) bool {
	_, err := fs.Stat(programs, "programs/"+path)
	return err == nil
}

func TestTarget(t *testing.T) {
	templatestest.Run(t, documents{}, templatestest.Options{
		Expresses: []spec.Kind{spec.KindModel, spec.KindDataset},
		Elsewhere: map[string]string{
			"dataset.dvc": "spec refuses it", "dataset.lakefs": "spec refuses it", "dataset.bucket": "spec refuses it",
			"dataset.local.path": "dvc, for datasets that no pipeline reads", "registered_model.force_destroy": "the provider's own resource",
		},
	})
}

func TestPrograms(t *testing.T) {
	p, faults := templatestest.Quickstart(t).Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	files, err := Target{}.Render(p)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, f := range files {
		if !embedded(f.Path) {
			continue
		}
		seen++
		if data, _ := programs.ReadFile("programs/" + f.Path); !bytes.HasSuffix(f.Data, data) {
			t.Errorf("%s is not as it stands in programs/", f.Path)
		}
		if strings.Contains(f.Path, "__pycache__") || f.Class == tree.Seeded {
			t.Errorf("%s: %s is not a program", f.Path, f.Class)
		}
	}
	if seen < 20 {
		t.Errorf("%d programs and tests: the embed directive misses some", seen)
	}
}

func TestNothingToPromote(t *testing.T) {
	c := templatestest.Quickstart(t)
	c.Specs = slices.DeleteFunc(c.Specs, func(s map[string]any) bool { return s["kind"] != "platform" })
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	if files, err := (Target{}).Render(p); err != nil || len(files) != 0 {
		t.Errorf("%d files for a platform alone: %v", len(files), err)
	}
}
