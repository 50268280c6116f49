package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

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
		return cloud.On{}, attributeError{path.Root("platform"), errors.New("must be the spec of a mlops_platform: its name does not say which cloud")}
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

// located is a spec and where the object that it describes is.
type located[T spec.Spec] struct {
	spec.Decoded
	of    T
	on    cloud.On
	cloud cloud.Cloud
}

// locate reads raw, which holds a platform.
func locate[T spec.Spec](ctx context.Context, s *settings, kind spec.Kind, raw tftypes.Value, id string) (out located[T], err error) {
	if out.Decoded, out.of, err = decoded[T](kind, raw); err != nil {
		return out, err
	}
	if out.on, err = s.on(ctx, raw, id); err != nil {
		return out, err
	}
	out.cloud, err = s.cloud(ctx, out.on.Platform)
	return out, err
}

func resolveBucket(ctx context.Context, s *settings, raw tftypes.Value, was before) (resolved[cloud.Bucket], error) {
	at, err := locate[*spec.Bucket](ctx, s, spec.KindBucket, raw, was.id)
	if err != nil {
		return resolved[cloud.Bucket]{}, err
	}
	if err := existingBucket(at.of, at.on.Platform.Cloud); err != nil {
		return resolved[cloud.Bucket]{}, err
	}
	return resolved[cloud.Bucket]{Decoded: at.Decoded, thing: cloud.Bucket{Bucket: at.of, On: at.on}, in: at.cloud.Dialect, kind: at.cloud.Buckets, existing: at.of.Existing != ""}, nil
}

// existingBucket brings the address of a bucket that exists into one form, and refuses what
// only a bucket that is made here can have. Its key is not refused: whoever is granted the
// bucket needs it.
func existingBucket(b *spec.Bucket, in string) (err error) {
	if b.Existing == "" {
		return nil
	}
	if b.Existing, err = spec.ExistingBucket(in, b.Existing); err != nil {
		return attributeError{path.Root("existing"), err}
	}
	for _, s := range []struct {
		name string
		set  bool
	}{{innerName, len(b.Lifecycle) > 0}, {"access_logs", b.AccessLogs != nil}, {"soft_delete_days", b.SoftDeleteDays != 0}, {"force_destroy", b.ForceDestroy}} {
		if s.set {
			return attributeError{path.Root(s.name), errors.New("a bucket that exists is never changed or deleted: leave it out, or leave existing out")}
		}
	}
	return nil
}

func resolvePool(ctx context.Context, s *settings, raw tftypes.Value, was before) (resolved[cloud.Pool], error) {
	out := resolved[cloud.Pool]{}
	at, err := locate[*spec.GPUPool](ctx, s, spec.KindGPUPool, raw, was.id)
	if err != nil {
		return out, err
	}
	g, p := at.of, at.on.Platform
	if other, why := g.Foreign(p.Cloud); why != "" {
		return out, attributeError{path.Root(other), errors.New(why)}
	}
	chosen, err := s.machine(p, g)
	if err != nil && was.there && was.machine != "" {
		chosen, err = prices.Choice{Machine: prices.Machine{InstanceType: was.machine}}, nil
	}
	if err != nil {
		return out, err
	}
	if g.InstanceType == "" && was.machine != "" && was.machine != chosen.InstanceType {
		chosen = s.kept(p, g, was.machine, chosen)
	}
	g.Machine, g.Model = chosen.InstanceType, chosen.Substitute
	if chosen.OnDemand != "" || chosen.Spot != "" {
		g.Price = &spec.Price{OnDemand: chosen.OnDemand, Spot: chosen.Spot, AsOf: chosen.AsOf}
	}
	out = resolved[cloud.Pool]{Decoded: at.Decoded, thing: cloud.Pool{GPUPool: g, On: at.on, Machine: g.Machine}, in: at.cloud.Dialect, kind: at.cloud.Pools, chosen: chosen}
	if g.Accelerator != nil {
		out.thing.Accelerator = *g.Accelerator
	}
	if g.Model != "" {
		out.thing.Accelerator.Type = g.Model
	}
	if chosen.Count > 0 { // a machine has what it has, whatever was asked for
		out.thing.Accelerator.Count = chosen.Count
	}
	return out, nil
}

func resolveIdentity(ctx context.Context, s *settings, raw tftypes.Value, was before) (resolved[cloud.Identity], error) {
	out := resolved[cloud.Identity]{}
	at, err := locate[*spec.Identity](ctx, s, spec.KindIdentity, raw, was.id)
	if err != nil {
		return out, err
	}
	if at.of.Existing != "" {
		if at.of.Existing, err = spec.ExistingIdentity(at.on.Platform.Cloud, at.of.Existing); err != nil {
			return out, attributeError{path.Root("existing"), err}
		}
	}
	grants, err := grantsOf(raw, at.of, at.on.Platform)
	if err != nil {
		return out, err
	}
	if err := s.refer(ctx, at.on, grants); err != nil {
		return out, err
	}
	thing := cloud.Identity{Identity: at.of, On: at.on, Grants: grants}
	return resolved[cloud.Identity]{Decoded: at.Decoded, thing: thing, in: at.cloud.Dialect, kind: s.withAccess(at.cloud.Identities, thing), existing: at.of.Existing != ""}, nil
}

// refer names the secrets of grants as their store calls them, as far as that is known
// before they are there.
func (s *settings) refer(ctx context.Context, on cloud.On, grants []cloud.Grant) error {
	if !slices.ContainsFunc(grants, ofStore) || on.Platform.SecretStore == "" {
		return nil
	}
	store, at, err := s.secretStore(ctx, on.Platform)
	if err != nil {
		return attributeError{path.Root("platform"), err}
	}
	for n, g := range grants {
		if !ofStore(g) {
			continue
		}
		if g.Secret.Store == nil {
			g.Secret.Store = at
		}
		grants[n].Reference = store.Reference("", secrets.Secret{Secret: g.Secret, On: on})
	}
	return nil
}

// ofStore reports whether a grant is of a secret that a store keeps.
func ofStore(g cloud.Grant) bool { return g.Secret != nil && g.Secret.Existing == "" }

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
