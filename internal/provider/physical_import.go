package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// importedKey is where private state keeps what an import was told. An object that was
// imported and never applied has no platform in state, and can be deleted all the same.
const importedKey = "imported"

// origin is what an import was told.
type origin struct {
	Cloud string `json:"cloud,omitempty"`
	Store string `json:"store,omitempty"` // of a secret, instead of the cloud
	Name  string `json:"name,omitempty"`
}

// keyed is private state that is read.
type keyed interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

func keepOrigin(ctx context.Context, private keeper, from origin) (out diag.Diagnostics) {
	data, err := json.Marshal(from)
	if err != nil {
		out.AddError("Unable to Import", err.Error())
		return out
	}
	return private.SetKey(ctx, importedKey, data)
}

func originOf(ctx context.Context, private keyed) (out origin, err error) {
	data, _ := private.GetKey(ctx, importedKey)
	if err := json.Unmarshal(data, &out); err != nil {
		return out, errors.New("nothing says where it is: apply once, or take it out of the state (terraform state rm)")
	}
	return out, nil
}

// ImportState takes `CLOUD:ID`, or `PLATFORM/NAME` on cloud `local`; the next plan takes
// the rest from the configuration.
func (r *physical[S]) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	in, id := imported(req.ID)
	from := origin{Cloud: in, Name: id}
	if _, last, ok := cutLast(id, "/"); ok {
		from.Name = last
	}
	if from.Name == "" || !slices.Contains(spec.Supported("cloud"), in) {
		resp.Diagnostics.AddError("Unable to Import "+title(r.kind), fmt.Sprintf("%q must be CLOUD:ID, such as %s, or PLATFORM/NAME on cloud local.", req.ID, importExamples[r.kind]))
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id)...)
	if idHasName(r.kind, in) {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("name"), from.Name)...)
	}
	resp.Diagnostics.Append(r.look(ctx, resp.State.SetAttribute, id, from)...)
	resp.Diagnostics.Append(keepOrigin(ctx, resp.Private, from)...)
}

// idHasName reports whether the id of an object ends in its name. Node groups of EKS and
// identities are called PLATFORM-NAME, and where one ends and the other begins no id says.
func idHasName(kind spec.Kind, in string) bool {
	switch kind {
	case spec.KindIdentity:
		return in == "local"
	case spec.KindGPUPool:
		return in != "aws"
	default:
		return true
	}
}

// placed is an imported object as far as it is known.
func (r *physical[S]) placed(ctx context.Context, id string, from origin) (resolved[S], error) {
	first, _, _ := cutLast(id, "/")
	p := &spec.Platform{Cloud: from.Cloud, Name: first, Cluster: &spec.Cluster{Name: first}}
	c, err := r.settings.cloud(ctx, p)
	if err != nil {
		return resolved[S]{}, err
	}
	return resolved[S]{thing: r.found(cloud.On{Platform: p, ID: id}, from.Name), kind: r.of(c), in: c.Dialect}, nil
}

// look reads what an import names, so that the next plan shows what will change.
func (r *physical[S]) look(ctx context.Context, set setter, id string, from origin) (out diag.Diagnostics) {
	if r.onlyGrants(from) {
		return nil
	}
	if late := r.settings.blind(from.Cloud); late != "" {
		out.AddWarning("Unable to Refresh "+title(r.kind), putOff(late))
		return out
	}
	o, err := r.placed(ctx, id, from)
	if err == nil && o.kind.Store != nil {
		var got cloud.Settings
		if got, err = o.kind.Store.Read(ctx, id, o.thing); err == nil {
			return set(ctx, path.Root("settings"), map[string]string(got))
		}
	}
	if err != nil {
		out.AddError("Unable to Import "+title(r.kind), err.Error())
	}
	return out
}

// onlyGrants reports whether an identity is nothing but its bindings, of which only its
// grants say what they are on.
func (r *physical[S]) onlyGrants(from origin) bool {
	return r.kind == spec.KindIdentity && from.Cloud == "google"
}

// foundAgain is an object that was imported and never applied.
func (r *physical[S]) foundAgain(ctx context.Context, id string, private keyed) (resolved[S], error) {
	from, err := originOf(ctx, private)
	if err == nil && r.kind == spec.KindIdentity && from.Cloud != "azure" {
		err = errors.New("only its configuration says who takes it and what it was given: apply once, or take it out of the state (terraform state rm)")
	}
	if err != nil {
		return resolved[S]{}, err
	}
	return r.placed(ctx, id, from)
}

// importHint says how an import names what exists already and is not ours.
func importHint(err error, kind spec.Kind, config tftypes.Value, s spec.Spec) string {
	p := platformOf(config)
	if !errors.Is(err, cloud.ErrExists) || p == nil {
		return ""
	}
	return fmt.Sprintf(". To import it: terraform import ADDRESS %q", importID(kind, p, s))
}

// importID is what terraform import takes for a resource, with words in capitals where only
// the user knows.
func importID(kind spec.Kind, p *spec.Platform, s spec.Spec) string {
	cluster := "CLUSTER"
	if p.Cluster != nil && p.Cluster.Name != "" {
		cluster = p.Cluster.Name
	}
	name := s.ID()
	secret, isSecret := s.(*spec.Secret)
	switch {
	case isSecret && p.SecretStore == "azure_key_vault":
		return p.SecretStore + ":https://VAULT.vault.azure.net/secrets/" + secret.StoreName(p.SecretStore)
	case isSecret && p.SecretStore == "google_secret_manager":
		return p.SecretStore + ":projects/PROJECT/secrets/" + secret.StoreName(p.SecretStore)
	case isSecret && p.SecretStore == "vault":
		return "vault:" + secret.Mount() + "/" + secret.StorePath()
	case isSecret:
		return p.SecretStore + ":" + secret.StorePath()
	case p.Cloud == "local" || p.Cloud == "kubernetes":
		return p.Cloud + ":" + p.Name + "/" + name
	}
	return p.Cloud + ":" + map[string]string{
		"aws bucket": name, "google bucket": name, "azure bucket": spec.StorageAccount(p.Name) + "/" + name,
		"aws gpu_pool": cluster + "/" + spec.NodeGroups(p.Name, name), "azure gpu_pool": cluster + "/" + name,
		"google gpu_pool": "projects/PROJECT/locations/" + p.Region + "/clusters/" + cluster + "/nodePools/" + name,
		"aws identity":    "arn:aws:iam::ACCOUNT:role/mlops/" + p.Name + "-" + name,
		"azure identity":  "/subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.ManagedIdentity/userAssignedIdentities/" + p.Name + "-" + name,
		"google identity": "ID",
	}[p.Cloud+" "+string(kind)]
}

var importExamples = map[spec.Kind]string{
	spec.KindBucket: "aws:acme-artifacts", spec.KindGPUPool: "aws:ml/fraud-train-l4", spec.KindIdentity: "aws:arn:aws:iam::123456789012:role/mlops/fraud-trainer", spec.KindSecret: "vault:secret/fraud/tracker",
}
