package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// The constructors below keep a schema readable: one line per attribute, with the
// sentence of its documentation. Defaults are applied by package spec, so that
// resources and functions have the same ones; an attribute left out stays null.

// computed attributes are ours; a configuration never sets them. Values of secrets are
// no part of a spec either.
var computed = []string{
	"spec", "id", "uri", "settings", "timeouts", "principal", "policy", "annotations", "resource_name", "node_selector", "tolerations", "candidates", "choice",
	"hourly_cost", "monthly_cost", "price_as_of", "version", "reference", "value_wo", "value_wo_version",
}

func text(doc string) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, MarkdownDescription: doc}
}

func requiredText(doc string) schema.StringAttribute {
	return schema.StringAttribute{Required: true, MarkdownDescription: doc}
}

func number(doc string) schema.NumberAttribute {
	return schema.NumberAttribute{Optional: true, MarkdownDescription: doc}
}

func integer(doc string) schema.Int64Attribute {
	return schema.Int64Attribute{Optional: true, MarkdownDescription: doc}
}

func flag(doc string) schema.BoolAttribute {
	return schema.BoolAttribute{Optional: true, MarkdownDescription: doc}
}

func texts(doc string) schema.ListAttribute {
	return schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: doc}
}

func requiredTexts(doc string) schema.ListAttribute {
	return schema.ListAttribute{Required: true, ElementType: types.StringType, MarkdownDescription: doc}
}

func textSet(doc string) schema.SetAttribute {
	return schema.SetAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: doc}
}

func textMap(doc string) schema.MapAttribute {
	return schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: doc}
}

func nested(doc string, attrs attributes) schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{Optional: true, Attributes: attrs, MarkdownDescription: doc}
}

func nestedList(doc string, attrs attributes) schema.ListNestedAttribute {
	return schema.ListNestedAttribute{Optional: true, NestedObject: schema.NestedAttributeObject{Attributes: attrs}, MarkdownDescription: doc}
}

func nestedMap(doc string, attrs attributes) schema.MapNestedAttribute {
	return schema.MapNestedAttribute{Optional: true, NestedObject: schema.NestedAttributeObject{Attributes: attrs}, MarkdownDescription: doc}
}

type attributes = map[string]schema.Attribute

// choice is an optional text of an enumeration; documentation and validation read
// the same list.
func choice(doc, enum, fallback string) schema.StringAttribute {
	doc += " " + spec.OneOf(enum)
	if fallback != "" {
		doc += "; default `" + fallback + "`"
	}
	return text(doc + ".")
}

func specAttribute() schema.StringAttribute {
	return schema.StringAttribute{
		Computed:            true,
		MarkdownDescription: "The resource as canonical JSON, for `contains` of `mlops_gitops_repository`. Known at plan whenever the configuration is.",
	}
}

const logicalNote = "\n\nA **logical** resource: it has nothing outside Terraform. Its `spec` goes into `contains` of a `mlops_gitops_repository`, which writes the files."

func schemaOf(doc string, attrs attributes) schema.Schema {
	attrs["spec"] = specAttribute()
	return schema.Schema{MarkdownDescription: doc, Attributes: attrs}
}

func resourcesAttribute(doc string) schema.SingleNestedAttribute {
	return nested(doc, attributes{
		"cpu":    text("Cores, such as `\"2\"` or `\"500m\"`."),
		"memory": text("Memory, such as `\"8Gi\"`. Requested and limited alike."),
		"accelerator": nested("Accelerators of one type.", attributes{
			"type":  text("A portable type such as `nvidia-l4`."),
			"count": integer("How many; default 1."),
		}),
	})
}

type nestedMapAttribute = schema.MapNestedAttribute

func integerMap(doc string) schema.MapAttribute {
	return schema.MapAttribute{Optional: true, ElementType: types.Int64Type, MarkdownDescription: doc}
}

func numbers(doc string) schema.ListAttribute {
	return schema.ListAttribute{Optional: true, ElementType: types.NumberType, MarkdownDescription: doc}
}

type nestedAttribute = schema.SingleNestedAttribute
