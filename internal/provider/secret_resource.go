package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

var (
	_ resource.ResourceWithModifyPlan  = (*secretResource)(nil)
	_ resource.ResourceWithImportState = (*secretResource)(nil)
)

// secretResource owns a secret of the platform's store. Its state has the number of the
// version that it wrote and never a value.
type secretResource struct{ logicalResource }

// NewSecretResource declares a secret.
func NewSecretResource() resource.Resource {
	said := func(doc string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: doc}
	}
	written := schema.MapAttribute{Optional: true, WriteOnly: true, ElementType: types.StringType, MarkdownDescription: "The values, by key. Write-only: they reach neither state nor plan."}
	return &secretResource{logicalResource{kind: spec.KindSecret, schema: owned("A secret in the platform's store, or a Secret of the cluster that exists.\n\n"+
		"A **physical** resource: values are written to the store and are in no state, plan or file. The state has the number of the version that was written; another version in the store is drift, and is written over.", attributes{
		"platform":         requiredText("`spec` of the `mlops_platform`; its `secret_store` says where the secret is."),
		"name":             replacing(requiredText("Lower-case letters, digits and dashes, at most 52 characters.")),
		"path":             replacing(text("Path in the store; default `PLATFORM/NAME`.")),
		"value_wo":         written,
		"value_wo_version": integer("Raise it to write `value_wo`, and new values for `generate`, again. At least 1."),
		"generate":         nestedMap("Values that the provider makes from the system's randomness and hands to the store, by key. They reach neither state nor plan.", attributes{"length": integer("Characters, 16 to 1024; default 32.")}),
		"sync":             nested("Brings the secret into the cluster, through External Secrets.", attributes{"namespaces": texts("Namespaces.")}),
		"kms_key":          text("Key that encrypts the values, where the store has that; the store's own when left out."),
		"recovery_days":    integer("How long a destroyed secret can be brought back, 7 to 90, where the store has that."),
		"vault":            nested("What only Vault has.", attributes{"mount": text("KV v2 mount; default `secret`."), "deletion_policy": choice("What a destroy takes away.", "deletion_policy", "delete")}),
		"existing":         replacing(text("Name of a Secret of the cluster that exists. It is never changed or deleted.")),
		"version":          said("The newest version in the store."),
		"reference":        said("What policies and the cluster call the secret."),
	})}}
}

// kept is a secret and the store that keeps it.
type kept struct {
	spec.Decoded
	secret secrets.Secret
	store  secrets.Store
}

func (r *secretResource) resolve(ctx context.Context, raw tftypes.Value, id string) (kept, error) {
	d, s, err := decoded[*spec.Secret](spec.KindSecret, raw)
	if err != nil {
		return kept{}, err
	}
	on, err := r.settings.on(ctx, raw, id)
	if err != nil {
		return kept{}, err
	}
	out := kept{Decoded: d, secret: secrets.Secret{Secret: s, On: on}}
	if s.Existing != "" {
		return out, nil
	}
	if other, why := s.Foreign(on.Platform.SecretStore); why != "" {
		return out, attributeError{path.Root(other), errors.New(why)}
	}
	if out.store, s.Store, err = r.settings.secretStore(ctx, on.Platform); err != nil {
		return out, attributeError{path.Root("platform"), err}
	}
	return out, nil
}

// ModifyPlan shows the settings, and a new version when one is to be written.
func (r *secretResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.settings.waits() {
		r.settings.planEachWay(r.kind, req, resp, func(s *settings, resp *resource.ModifyPlanResponse) {
			way := *r
			way.settings = s
			way.ModifyPlan(ctx, req, resp)
		})
		return
	}
	if !r.plannable(ctx, req, resp) {
		return
	}
	k, err := r.resolve(ctx, req.Config.Raw, idOf(req.State.Raw))
	if err != nil {
		resp.Diagnostics.Append(unplannable(spec.KindSecret, err)...)
		return
	}
	resp.Diagnostics.Append(values(ctx, req.Config, k.secret.Secret)...)
	if resp.Diagnostics.HasError() {
		return
	}
	r.plan(ctx, req, resp, k)
}

func (r *secretResource) plan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse, k kept) {
	set := func(name string, value any) {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root(name), value)...)
	}
	text, err := spec.Encode(k.Spec)
	if err != nil {
		resp.Diagnostics.AddError("Unable to Encode Secret", err.Error())
		return
	}
	set("spec", text)
	if k.secret.Existing != "" {
		set("settings", map[string]string{})
		set("version", "")
		set("reference", k.secret.Existing)
		identify(ctx, req, resp, k.Spec)
		return
	}
	if from, to := platformOf(req.State.Raw), k.secret.On.Platform; from != nil && (from.Name != to.Name || from.SecretStore != to.SecretStore) {
		resp.RequiresReplace = append(resp.RequiresReplace, path.Root("platform"))
	}
	if moved(req.State.Raw, k.secret.Store) {
		resp.RequiresReplace = append(resp.RequiresReplace, path.Root("spec")) // the platform may be the same
	}
	planned, replaced, err := plannedSettings(k.store.Plan, k.secret, settingsOf(req.State.Raw))
	if err != nil {
		resp.Diagnostics.Append(unplannable(spec.KindSecret, err)...)
		return
	}
	resp.RequiresReplace = append(resp.RequiresReplace, replaced...)
	mine := owner{r.kind, k.secret.Name, k.secret.On.Platform, req.Config.Raw}
	if err := r.settings.claims.plan(mine, k.store.Plan, settingsIn(planned)); err != nil {
		resp.Diagnostics.Append(unplannable(spec.KindSecret, err)...)
		return
	}
	set("settings", planned)
	if req.State.Raw.IsNull() || len(resp.RequiresReplace) > 0 {
		return // version and reference are known after apply
	}
	set("reference", k.store.Reference(idOf(req.State.Raw), k.secret))
	if rewrites(ctx, req.State.Raw, req.Plan.Raw, req.Private) != "" {
		set("version", types.StringUnknown())
		return
	}
	set("version", textIn(req.State.Raw, "version"))
}

// moved reports whether the secret in a state is in another region, project or key vault
// than the platform's store by now. Vault may change its address and stay the same.
func moved(was tftypes.Value, to *spec.SecretStore) bool {
	s, err := spec.Parse(textIn(was, "spec"))
	before, ok := s.(*spec.Secret)
	if err != nil || !ok || before.Store == nil || before.Store.Type != to.Type {
		return false // of another type is another store, of which the platform tells
	}
	from := before.Store
	return from.Region != to.Region || from.Project != to.Project || to.Type == "azure_key_vault" && from.Address != to.Address
}

// values checks what the configuration gives to write.
func values(ctx context.Context, config getter, s *spec.Secret) (out diag.Diagnostics) {
	var given types.Map
	out.Append(config.GetAttribute(ctx, path.Root("value_wo"), &given)...)
	if s.Existing != "" && !given.IsNull() {
		out.AddAttributeError(path.Root("value_wo"), "Unable to Plan Secret", "A secret that exists is only referred to, and its values are never written: leave value_wo out.")
	}
	if s.Existing == "" && !given.IsUnknown() && len(given.Elements())+len(s.Generate) == 0 {
		out.AddAttributeError(path.Root("value_wo"), "Unable to Plan Secret", "There is nothing to write: give value_wo or generate, or name a Secret of the cluster in existing.")
	}
	for key := range given.Elements() {
		if why := spec.SecretKeyFault(key); why != "" {
			out.AddAttributeError(path.Root("value_wo"), "Unable to Plan Secret", fmt.Sprintf("The key %q %s.", key, why))
		}
		if _, both := s.Generate[key]; both {
			out.AddAttributeError(path.Root("generate").AtMapKey(key), "Unable to Plan Secret", "value_wo gives this key as well: a key has one value.")
		}
	}
	out.Append(numbered(ctx, config, given)...)
	return out
}

// numbered checks the number of the values: only by it does Terraform see that write-only
// values are others.
func numbered(ctx context.Context, config getter, given types.Map) (out diag.Diagnostics) {
	var version types.Int64
	out.Append(config.GetAttribute(ctx, path.Root("value_wo_version"), &version)...)
	switch at := path.Root("value_wo_version"); {
	case !version.IsNull() && !version.IsUnknown() && version.ValueInt64() < 1:
		out.AddAttributeError(at, "Unable to Plan Secret", fmt.Sprintf("%d must be at least 1.", version.ValueInt64()))
	case version.IsNull() && !given.IsNull():
		out.AddAttributeWarning(at, "Check Secret", "Terraform does not see when value_wo changes, so that later values are never written: set value_wo_version, and raise it with them.")
	}
	return out
}

// privateState is what a resource keeps beside its state.
type privateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

const writtenKey = "written" // the version that was written last

func writtenVersion(ctx context.Context, p privateState) string {
	data, _ := p.GetKey(ctx, writtenKey)
	version := ""
	_ = json.Unmarshal(data, &version)
	return version
}

// rewrites says why a new version is to be written, or "".
func rewrites(ctx context.Context, was, plan tftypes.Value, p privateState) string {
	before, after := attributesIn(was), attributesIn(plan)
	switch {
	case writtenVersion(ctx, p) == "":
		return "import"
	case !before["value_wo_version"].Equal(after["value_wo_version"]):
		return "value_wo_version"
	case textIn(was, "version") != writtenVersion(ctx, p):
		return "drift"
	case !before["generate"].Equal(after["generate"]):
		return "generate"
	}
	return ""
}

// writing are the values of a new version: what the configuration gives, and what is
// generated. Generated values stay unless value_wo_version was raised.
func (r *secretResource) writing(ctx context.Context, config getter, k kept, id, why, written string) (secrets.Values, error) {
	var given types.Map
	if d := config.GetAttribute(ctx, path.Root("value_wo"), &given); d.HasError() {
		return secrets.Values{}, errors.New("value_wo cannot be read")
	}
	out := map[string]string{}
	for key, value := range given.Elements() {
		text, ok := value.(types.String)
		if !ok || text.IsNull() || text.IsUnknown() {
			return secrets.Values{}, fmt.Errorf("value_wo has no value for key %q: give one, or leave the key out", key)
		}
		out[key] = text.ValueString()
	}
	old := map[string]string{}
	if why == "drift" || why == "generate" || why == "import" {
		version := ""
		if why == "drift" {
			version = written
		}
		if v, err := k.store.Values(ctx, id, k.secret, version); err == nil {
			old = v.Reveal()
		} else if !errors.Is(err, cloud.ErrNotFound) {
			return secrets.Values{}, err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(k.secret.Generate)) {
		if old[key] != "" && int64(len(old[key])) == k.secret.Generate[key].Length {
			out[key] = old[key]
			continue
		}
		made, err := secrets.Generate(k.secret.Generate[key].Length)
		if err != nil {
			return secrets.Values{}, err
		}
		out[key] = made
	}
	return secrets.ValuesOf(out), nil
}

func (r *secretResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	ctx, done := within(ctx, req.Plan.Raw, "create", r.kind)
	defer done()
	k, err := r.resolve(ctx, req.Config.Raw, "")
	if err != nil {
		resp.Diagnostics.AddError("Unable to Create Secret", err.Error())
		return
	}
	id := ""
	if k.secret.Existing != "" {
		id = k.secret.Existing
	} else {
		if k.secret.Values, err = r.writing(ctx, req.Config, k, "", "", ""); err == nil {
			id, err = k.store.Store.Create(ctx, k.secret)
			id, err = r.settings.claims.created(r.kind, id, err)
		}
		if err != nil {
			resp.Diagnostics.AddError("Unable to Create Secret", err.Error()+importHint(err, r.kind, req.Config.Raw, k.Spec))
			if id == "" {
				return // nothing came to be
			}
		}
	}
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(r.settle(ctx, k, id, &resp.State, resp.Private)...)
}

// keeper is the private state that Create and Update write to.
type keeper interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// settle writes what a plan could not know.
func (r *secretResource) settle(ctx context.Context, k kept, id string, to state, private keeper) (out diag.Diagnostics) {
	out.Append(to.SetAttribute(ctx, path.Root("id"), id)...)
	if k.secret.Existing != "" {
		return out
	}
	k.secret.On.ID = id
	version, err := k.store.Version(ctx, id, k.secret)
	if err != nil {
		out.AddError("Unable to Read Secret", err.Error())
	}
	out.Append(setAll(ctx, to.SetAttribute, map[string]string{"version": version, "reference": k.store.Reference(id, k.secret)})...)
	data, err := json.Marshal(version)
	if err == nil {
		out.Append(private.SetKey(ctx, writtenKey, data)...)
	}
	return out
}

// Read takes over the settings and the number of the newest version.
func (r *secretResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	if platformOf(req.State.Raw) == nil {
		return // just imported: the next plan knows the platform
	}
	if late, why := r.settings.lateReading(r.kind, req.State.Raw); late {
		resp.Diagnostics.Append(why...)
		return
	}
	id := idOf(req.State.Raw)
	k, err := r.resolve(ctx, req.State.Raw, id)
	if err != nil {
		resp.Diagnostics.AddError("Unable to Read Secret", err.Error())
		return
	}
	if k.secret.Existing != "" {
		return
	}
	got, err := k.store.Store.Read(ctx, id, k.secret)
	version := ""
	if err == nil {
		version, err = k.store.Version(ctx, id, k.secret)
	}
	switch {
	case errors.Is(err, cloud.ErrNotFound):
		resp.State.RemoveResource(ctx) // gone: the next plan makes it again
	case err != nil:
		resp.Diagnostics.AddError("Unable to Read Secret", err.Error())
	default:
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("settings"), map[string]string(got))...)
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("version"), version)...)
	}
}

func (r *secretResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	ctx, done := within(ctx, req.Plan.Raw, "update", r.kind)
	defer done()
	id := idOf(req.State.Raw)
	k, err := r.resolve(ctx, req.Config.Raw, id)
	if err == nil {
		id = first(k.secret.Existing, id, nameIn(req.Config.Raw, k.secret.Name))
	}
	if err == nil && k.secret.Existing == "" {
		if why := rewrites(ctx, req.State.Raw, req.Plan.Raw, req.Private); why != "" {
			k.secret.Values, err = r.writing(ctx, req.Config, k, id, why, writtenVersion(ctx, req.Private))
		}
		k.secret.Version = textIn(req.State.Raw, "version")
		if err == nil {
			err = k.store.Store.Update(ctx, id, k.secret)
		}
	}
	if err != nil {
		resp.Diagnostics.AddError("Unable to Update Secret", err.Error())
		return
	}
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(r.settle(ctx, k, id, &resp.State, resp.Private)...)
}

func (r *secretResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	ctx, done := within(ctx, req.State.Raw, "delete", r.kind)
	defer done()
	id := idOf(req.State.Raw)
	k, err := r.resolve(ctx, req.State.Raw, id)
	if platformOf(req.State.Raw) == nil {
		k, err = r.foundAgain(ctx, id, req.Private)
	}
	if err == nil && k.secret.Existing == "" { // what existed before stays
		if err = r.settings.claims.remove(r.kind, id); err == nil {
			err = k.store.Store.Delete(ctx, id, k.secret)
		}
	}
	if err != nil && !errors.Is(err, cloud.ErrNotFound) {
		resp.Diagnostics.AddError("Unable to Delete Secret", err.Error())
	}
}
