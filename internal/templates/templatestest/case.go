package templatestest

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"slices"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

//go:embed full.json
var full []byte

//go:embed quickstart.json
var quickstart []byte

//go:embed diamond.json
var diamond []byte

// Case is the input of a golden: where the repository is, and what it contains as
// users write it, each object with its kind.
type Case struct {
	Repository spec.Repository   `json:"repository"`
	Tags       map[string]string `json:"tags"`
	Specs      []map[string]any  `json:"specs"`
}

// Full sets every setting that this version of the provider supports.
func Full(t testing.TB) *Case { return ParseCase(t, full) }

// Quickstart is the README's example.
func Quickstart(t testing.TB) *Case { return ParseCase(t, quickstart) }

// Diamond is what orchestrators differ in, in one pipeline that any machine with Python
// can run: two outputs of one step, a fan-in of three, parameters of every type whose
// defaults look like other types, the brackets of every template language, an
// accelerator in a pool, a secret, and a step that waits without reading.
func Diamond(t testing.TB) *Case { return ParseCase(t, diamond) }

// Object is the object of a kind and name, to be changed before the case is linked.
func (c *Case) Object(t testing.TB, kind spec.Kind, name string) map[string]any {
	t.Helper()
	i := slices.IndexFunc(c.Specs, func(o map[string]any) bool { return o["kind"] == string(kind) && o["name"] == name })
	if i < 0 {
		t.Fatalf("the case has no %s %q", kind, name)
	}
	return c.Specs[i]
}

// ParseCase reads a case.
func ParseCase(t testing.TB, data []byte) *Case {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	dec.DisallowUnknownFields()
	var c Case
	if err := dec.Decode(&c); err != nil {
		t.Fatalf("project.json: %v", err)
	}
	return &c
}

// Link decodes, validates and links the case.
func (c *Case) Link() (*spec.Project, spec.Faults) {
	var specs []spec.Spec
	var faults spec.Faults
	for _, object := range c.Specs {
		attrs := make(map[string]any, len(object))
		for key, value := range object {
			if key != "kind" {
				attrs[key] = value
			}
		}
		kind, _ := object["kind"].(string)
		if spec.New(spec.Kind(kind)) == nil {
			return nil, spec.Faults{{Message: "no kind " + kind}}
		}
		d := spec.Decode(spec.Kind(kind), attrs)
		faults = append(faults, d.Faults...)
		specs = append(specs, d.Spec)
	}
	if faults.Err() != nil {
		return nil, faults
	}
	p, linked := spec.Link(c.Repository, c.Tags, specs)
	return p, append(faults, linked...)
}

// rotate brings the specs into another order.
func (c *Case) rotate(i int) {
	n := i % len(c.Specs)
	c.Specs = slices.Concat(c.Specs[n:], c.Specs[:n])
	if i%2 == 1 {
		slices.Reverse(c.Specs)
	}
}
