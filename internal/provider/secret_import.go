package provider

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// ImportState takes `STORE:ID` of a secret that is there; the next plan takes the rest
// from the configuration and writes its values as a new version.
func (r *secretResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	in, id := imported(req.ID)
	if !slices.Contains(spec.Supported("secret_store"), in) || id == "" {
		resp.Diagnostics.AddError("Unable to Import Secret", fmt.Sprintf("%q must be STORE:ID, such as %s.", req.ID, importExamples[spec.KindSecret]))
		return
	}
	if late := r.settings.blind(storeSections[in]); late != "" {
		resp.Diagnostics.AddWarning("Unable to Refresh Secret", putOff(late))
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id)...)
		resp.Diagnostics.Append(keepOrigin(ctx, resp.Private, origin{Store: in})...)
		return
	}
	k, err := r.placed(ctx, id, in)
	if err == nil {
		_, err = k.store.Store.Read(ctx, id, k.secret)
	}
	if err != nil {
		resp.Diagnostics.AddError("Unable to Import Secret", err.Error()+".")
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id)...)
	resp.Diagnostics.Append(keepOrigin(ctx, resp.Private, origin{Store: in})...)
}

// placed is an imported secret as far as it is known.
func (r *secretResource) placed(ctx context.Context, id, store string) (kept, error) {
	p := &spec.Platform{SecretStore: store}
	out := kept{secret: secrets.Secret{Secret: &spec.Secret{}, On: cloud.On{Platform: p, ID: id}}}
	var err error
	out.store, out.secret.Store, err = r.settings.secretStore(ctx, p)
	return out, err
}

// foundAgain is a secret that was imported and never applied.
func (r *secretResource) foundAgain(ctx context.Context, id string, private keyed) (kept, error) {
	from, err := originOf(ctx, private)
	if err != nil {
		return kept{}, err
	}
	return r.placed(ctx, id, from.Store)
}
