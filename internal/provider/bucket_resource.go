package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

var (
	_ resource.ResourceWithConfigure      = (*physical[cloud.Bucket])(nil)
	_ resource.ResourceWithValidateConfig = (*physical[cloud.Bucket])(nil)
	_ resource.ResourceWithModifyPlan     = (*physical[cloud.Bucket])(nil)
	_ resource.ResourceWithImportState    = (*physical[cloud.Bucket])(nil)
)

// replacing is an attribute that no object can change. An imported one has none yet.
func replacing(a schema.StringAttribute) schema.StringAttribute {
	a.PlanModifiers = []planmodifier.String{stringplanmodifier.RequiresReplaceIf(func(_ context.Context, req planmodifier.StringRequest, resp *stringplanmodifier.RequiresReplaceIfFuncResponse) {
		resp.RequiresReplace = !req.StateValue.IsNull() || textIn(req.State.Raw, "platform") != ""
	}, "another value is another object", "another value is another object")}
	return a
}

// NewBucketResource declares a place for artefacts.
func NewBucketResource() resource.Resource {
	return &physical[cloud.Bucket]{
		logicalResource: logicalResource{kind: spec.KindBucket, schema: owned("A place for artefacts: private, versioned and encrypted where the cloud can, always.\n\n"+
			"A **physical** resource: a bucket of S3 or Cloud Storage, a container of the platform's storage account on Azure, on cloud `local` a folder below `local.root`, and in a cluster a PersistentVolumeClaim of its name.",
			attributes{
				"platform": requiredText("`spec` of the `mlops_platform`."),
				"name":     replacing(requiredText("Lower-case letters, digits and dashes, starting with a letter, at most 63 characters.")),
				innerName: nestedList("Rules that delete old objects.", attributes{
					"prefix":                       text("Objects below this prefix; all when left out."),
					"expire_after_days":            integer("Age at which an object is deleted."),
					"noncurrent_expire_after_days": integer("Age at which an old version is deleted."),
				}),
				"kms_key":          text("Key of the cloud's key service; the cloud's own key when left out."),
				"access_logs":      nested("Logs requests to another bucket. On `aws` one of the platform's own is opened to the service that writes logs; any other must let `logging.s3.amazonaws.com` in.", attributes{"bucket": text("Name of the bucket that takes the logs."), "prefix": text("Below this prefix.")}),
				"soft_delete_days": integer("How long what was deleted can be brought back, 7 to 90; default 7. For `google` and `azure`: versions do that on `aws`."),
				"force_destroy":    flag("Lets a bucket with objects be destroyed; default `false`."),
				"existing":         replacing(text("Uses a bucket that exists instead of creating one: its name or address. It is never changed or deleted.")),
				"uri":              schema.StringAttribute{Computed: true, MarkdownDescription: "Address of the bucket, known at plan."},
			})},
		resolve: resolveBucket,
		of:      func(c cloud.Cloud) cloud.Kind[cloud.Bucket] { return c.Buckets },
		found: func(on cloud.On, name string) cloud.Bucket {
			return cloud.Bucket{Bucket: &spec.Bucket{Platform: spec.Ref(on.Platform.Name), Name: name}, On: on}
		},
		describe: func(ctx context.Context, set setter, o resolved[cloud.Bucket]) diag.Diagnostics {
			return set(ctx, path.Root("uri"), o.in.BucketURI(*o.thing.Bucket))
		},
	}
}
