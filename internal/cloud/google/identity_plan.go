package google

import (
	"errors"
	"fmt"
	"slices"

	"google.golang.org/api/storage/v1"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// identityPlan says what becomes of an identity. It has no object of its own: it is its
// principal and the bindings of it.
type identityPlan struct{ d dialect }

// Fixed: an identity whose bindings are all in other stores, or that has no grants, leaves no
// trace. To gain its first binding is to be made, to lose the last is to be gone. Only who
// knows the old grants finds bindings outside the project: an update does not.
func (identityPlan) Fixed() []string { return []string{"bindings", "elsewhere"} }

func (p identityPlan) Settings(i cloud.Identity) (cloud.Settings, error) {
	g, err := grants(i)
	if err != nil {
		return nil, err
	}
	principal, err := p.d.principal(i)
	if errors.Is(err, cloud.ErrLater) {
		principal, err = cloud.Later, nil
	}
	if err != nil {
		return nil, err
	}
	out := cloud.Settings{"principal": principal, "bindings": presence(g), "elsewhere": g.elsewhere(p.d.project)}
	for _, place := range g.places {
		out[place.setting] = canonicalSet(g.rules[place])
	}
	for _, setting := range g.later {
		out[setting] = cloud.Later
	}
	return out, nil
}

func presence(g granted) string {
	if len(g.places)+len(g.later) == 0 {
		return unset
	}
	return "present"
}

// Policy lists the bindings of an identity, each with the resource that it is on.
func (d dialect) Policy(i cloud.Identity) (string, error) {
	g, err := grants(i)
	if err != nil {
		return "", err
	}
	if len(g.later) > 0 {
		return "", fmt.Errorf("%s: %w", g.later[0], cloud.ErrLater)
	}
	principal, err := d.principal(i)
	if err != nil {
		return "", err
	}
	list := []any{}
	for _, p := range g.places {
		for _, b := range d.bindings(i, principal, g.rules[p]) {
			list = append(list, map[string]any{
				"resource": p.resource(), "role": b.Role, "members": b.Members,
				"condition": map[string]any{"title": b.Condition.Title, "expression": b.Condition.Expression},
			})
		}
	}
	return canonical(map[string]any{"bindings": list}), nil
}

// found are the rules of bindings, and the principals that they are for.
func found(list []*storage.PolicyBindings) (rules []rule, members []string) {
	for _, b := range list {
		r := rule{Role: b.Role}
		if b.Condition != nil {
			r.Expression = b.Condition.Expression
		}
		rules = append(rules, r)
		members = append(members, b.Members...)
	}
	slices.Sort(members)
	return rules, slices.Compact(members)
}
