package provider

import (
	"maps"
	"slices"
	"sync"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// pending remembers, during one plan, the resources whose spec waits for a value
// that is known only after apply. The repository's plan reads it, so that one late
// value leaves a hole of its own size in the list of files instead of hiding the
// whole list: Terraform hands over nothing but "unknown" for such a spec (ADR 0005).
type pending struct {
	mu  sync.Mutex
	all map[string]late // by kind/name
}

type late struct {
	kind  spec.Kind
	attrs map[string]any // with spec.Unknown where a value is late
	ways  *[3]spec.Spec  // instead of attrs, where the provider's settings are late
}

func key(kind spec.Kind, name string) string { return string(kind) + "/" + name }

// note keeps a resource with late values and forgets one without.
func (p *pending) note(kind spec.Kind, attrs map[string]any, d spec.Decoded) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(d.Unknown) > 0 && d.Spec.ID() != "" {
		p.put(d.Spec.ID(), late{kind: kind, attrs: attrs})
		return
	}
	delete(p.all, key(kind, d.Spec.ID()))
}

// noteSpecs keeps a resource that may turn out in three ways.
func (p *pending) noteSpecs(ways [3]spec.Spec) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.put(ways[0].ID(), late{kind: ways[0].Kind(), ways: &ways})
}

func (p *pending) put(name string, l late) {
	if p.all == nil {
		p.all = map[string]late{}
	}
	p.all[key(l.kind, name)] = l
}

// missing lists the pending resources that are not among the known ones.
func (p *pending) missing(known []spec.Spec) []late {
	p.mu.Lock()
	defer p.mu.Unlock()
	rest := maps.Clone(p.all)
	for _, s := range known {
		delete(rest, key(s.Kind(), s.ID()))
	}
	var out []late
	for _, k := range slices.Sorted(maps.Keys(rest)) {
		out = append(out, rest[k])
	}
	return out
}

// stands lists values to try in the place of a late one, two by two: the two differ,
// so that a file that depends on the value differs as well.
var stands = [][2]string{
	{"http://late-a.invalid:7001/a", "https://late-b.invalid/b"},
	{"late-a", "late-b"},
	{"late.invalid/a@sha256:" + zeros + "a", "late.invalid/b@sha256:" + zeros + "b"},
	{"7", "8"}, {"7m", "8m"}, {"7 7 7 7 *", "8 8 8 8 *"}, {"true", "false"}, {"@late/a", "@late/b"}, {"slack:#a", "slack:#b"},
	{"https://late-a.invalid/a", "https://late-b.invalid/b"},
	{"us-east-1", "us-west-2"}, {"us-central1", "us-east1"}, {"eastus", "westus"}, // regions
	{"1g.5gb", "2g.10gb"}, {"1g.10gb", "2g.20gb"}, {"1g.18gb", "2g.35gb"}, {"1g.23gb", "2g.45gb"}, // slices of accelerators
}

// zones are such values for a zone of the platform that a resource is of.
func (l late) zones() [][2]string {
	text, _ := l.attrs["platform"].(string)
	s, err := spec.Parse(text)
	p, ok := s.(*spec.Platform)
	if err != nil || !ok {
		return nil
	}
	return [][2]string{{p.Region + "a", p.Region + "b"}, {p.Region + "-a", p.Region + "-b"}, {"1", "2"}}
}

const zeros = "000000000000000000000000000000000000000000000000000000000000000"

// variants are valid specs of a late resource that differ in every late value. The
// third has none of them, where that is valid. ok is false when no stand-in fits.
func (l late) variants() (out [3]spec.Spec, ok bool) {
	if l.ways != nil {
		return *l.ways, true
	}
	for _, pair := range slices.Concat(stands, l.zones()) {
		first := spec.Decode(l.kind, replace(l.attrs, pair[0]))
		second := spec.Decode(l.kind, replace(l.attrs, pair[1]))
		if first.Faults.Err() != nil || second.Faults.Err() != nil {
			continue
		}
		out = [3]spec.Spec{first.Spec, second.Spec, first.Spec}
		if none := spec.Decode(l.kind, replace(l.attrs, nil)); none.Faults.Err() == nil {
			out[2] = none.Spec
		}
		return out, true
	}
	return out, false
}

// replace copies attributes with every late value replaced.
func replace(attrs map[string]any, by any) map[string]any {
	out, _ := replaced(attrs, by).(map[string]any)
	return out
}

func replaced(v, by any) any {
	switch v := v.(type) {
	case spec.Unknown:
		return by
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, value := range v {
			if value = replaced(value, by); value != nil {
				out[name] = value
			}
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, value := range v {
			if value = replaced(value, by); value != nil {
				out = append(out, value)
			}
		}
		return out
	}
	return v
}
