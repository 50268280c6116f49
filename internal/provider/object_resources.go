package provider

import (
	"context"
	"fmt"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog/prices"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// before is what is known of an object from its state.
type before struct {
	id, machine string
	there       bool // it is read or deleted, whatever it would cost today
}

func beforeOf(raw tftypes.Value) before {
	return before{id: idOf(raw), machine: textIn(raw, "instance_type")}
}

func thereOf(raw tftypes.Value) before {
	out := beforeOf(raw)
	out.there = true
	return out
}

// on is what an object has from outside itself.
func (s *settings) on(ctx context.Context, raw tftypes.Value, id string) (cloud.On, error) {
	p := platformOf(raw)
	if p == nil {
		return cloud.On{}, attributeError{path.Root("platform"), fmt.Errorf("must be the spec of a mlops_platform: its name does not say which cloud")}
	}
	tags := map[string]string{}
	maps.Copy(tags, s.tags(ctx))
	maps.Copy(tags, p.Tags)
	return cloud.On{Platform: p, Tags: tags, ID: id}, nil
}

// decoded reads a raw as a spec of T.
func decoded[T any](kind spec.Kind, raw tftypes.Value) (spec.Decoded, T, error) {
	var none T
	d, err := decode(kind, raw)
	if err != nil {
		return d, none, err
	}
	s, ok := d.Spec.(T)
	if !ok {
		return d, none, fmt.Errorf("a %s is no %s", d.Spec.Kind(), kind)
	}
	return d, s, nil
}

func resolveBucket(ctx context.Context, s *settings, raw tftypes.Value, was before) (resolved[cloud.Bucket], error) {
	out := resolved[cloud.Bucket]{}
	d, b, err := decoded[*spec.Bucket](spec.KindBucket, raw)
	if err != nil {
		return out, err
	}
	on, err := s.on(ctx, raw, was.id)
	if err != nil {
		return out, err
	}
	c, err := s.cloud(ctx, on.Platform)
	if err != nil {
		return out, err
	}
	return resolved[cloud.Bucket]{Decoded: d, thing: cloud.Bucket{Bucket: b, On: on}, kind: c.Buckets, existing: b.Existing != ""}, nil
}

func resolvePool(ctx context.Context, s *settings, raw tftypes.Value, was before) (resolved[cloud.Pool], error) {
	out := resolved[cloud.Pool]{}
	d, g, err := decoded[*spec.GPUPool](spec.KindGPUPool, raw)
	if err != nil {
		return out, err
	}
	on, err := s.on(ctx, raw, was.id)
	if err != nil {
		return out, err
	}
	c, err := s.cloud(ctx, on.Platform)
	if err != nil {
		return out, err
	}
	if other := g.Foreign(on.Platform.Cloud); other != "" {
		return out, attributeError{path.Root(other), fmt.Errorf("is for cloud %q, and the platform's cloud is %q: leave it out", other, on.Platform.Cloud)}
	}
	chosen, err := s.machine(on.Platform, g)
	if err != nil && was.there && was.machine != "" {
		chosen, err = prices.Choice{Machine: prices.Machine{InstanceType: was.machine}}, nil
	}
	if err != nil {
		return out, err
	}
	if g.InstanceType == "" && was.machine != "" && was.machine != chosen.InstanceType {
		chosen = s.kept(on.Platform, g, was.machine, chosen)
	}
	g.Machine, g.Model = chosen.InstanceType, chosen.Substitute
	if chosen.OnDemand != "" || chosen.Spot != "" {
		g.Price = &spec.Price{OnDemand: chosen.OnDemand, Spot: chosen.Spot, AsOf: chosen.AsOf}
	}
	p := cloud.Pool{GPUPool: g, On: on, Machine: g.Machine}
	if g.Accelerator != nil {
		p.Accelerator = *g.Accelerator
	}
	if g.Model != "" {
		p.Accelerator.Type = g.Model
	}
	return resolved[cloud.Pool]{Decoded: d, thing: p, kind: c.Pools, chosen: chosen}, nil
}

func resolveIdentity(ctx context.Context, s *settings, raw tftypes.Value, was before) (resolved[cloud.Identity], error) {
	out := resolved[cloud.Identity]{}
	d, i, err := decoded[*spec.Identity](spec.KindIdentity, raw)
	if err != nil {
		return out, err
	}
	on, err := s.on(ctx, raw, was.id)
	if err != nil {
		return out, err
	}
	c, err := s.cloud(ctx, on.Platform)
	if err != nil {
		return out, err
	}
	grants, err := grantsOf(raw, i, on.Platform)
	if err != nil {
		return out, err
	}
	if err := s.refer(ctx, on, grants); err != nil {
		return out, err
	}
	kind, err := s.withAccess(c.Identities, on.Platform, i, grants)
	return resolved[cloud.Identity]{Decoded: d, thing: cloud.Identity{Identity: i, On: on, Grants: grants}, kind: kind, existing: i.Existing != ""}, err
}

// refer names the secrets of grants as their store calls them, as far as that is known
// before they are there.
func (s *settings) refer(ctx context.Context, on cloud.On, grants []cloud.Grant) error {
	for n, g := range grants {
		if g.Secret == nil || g.Secret.Existing != "" || on.Platform.SecretStore == "" {
			continue
		}
		store, at, err := s.secretStore(ctx, on.Platform)
		if err != nil {
			return attributeError{path.Root("platform"), err}
		}
		if g.Secret.Store == nil {
			g.Secret.Store = at
		}
		grants[n].Reference = store.Reference("", secrets.Secret{Secret: g.Secret, On: on})
	}
	return nil
}

// grantsOf resolves grants: a spec says all about a bucket or secret, a name its name only.
func grantsOf(raw tftypes.Value, i *spec.Identity, p *spec.Platform) ([]cloud.Grant, error) {
	attrs, err := attributesOf(raw)
	if err != nil {
		return nil, err
	}
	texts, _ := attrs["grants"].([]any)
	out := make([]cloud.Grant, len(i.Grants))
	for n, g := range i.Grants {
		out[n] = cloud.Grant{Access: g.Access, Prefix: g.Prefix}
		given := map[string]any{}
		if n < len(texts) {
			given, _ = texts[n].(map[string]any)
		}
		switch {
		case g.Bucket != "":
			if out[n].Bucket = named[*spec.Bucket](given["bucket"]); out[n].Bucket == nil {
				out[n].Bucket = &spec.Bucket{Platform: spec.Ref(p.Name), Name: string(g.Bucket)}
			}
		case g.Secret != "":
			if out[n].Secret = named[*spec.Secret](given["secret"]); out[n].Secret == nil {
				out[n].Secret = &spec.Secret{Platform: spec.Ref(p.Name), Name: string(g.Secret)}
			}
		}
	}
	return out, nil
}

// named is the resource whose spec a text is, or nil.
func named[T any](text any) (out T) {
	given, _ := text.(string)
	if s, err := spec.Parse(given); err == nil {
		out, _ = s.(T)
	}
	return out
}
