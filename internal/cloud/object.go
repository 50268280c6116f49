package cloud

import (
	"maps"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// On is what an object of a cloud has from outside itself.
type On struct {
	Platform *spec.Platform    // of the object; its region, cluster, owner
	Tags     map[string]string // the provider's and the platform's
	ID       string            // of the object, "" before there is one
}

// The keys of the marks by which an object is known to be ours. They are valid tags of
// AWS and Azure and valid labels of Google Cloud.
const (
	MarkManager  = "managed-by"
	MarkPlatform = "mlops-platform"
	MarkName     = "mlops-name"
	Manager      = "terraform-provider-mlops"
)

// Marked are the tags of an object called name, its marks included: what Create finds
// under its name is ours when it has the same marks.
func (o On) Marked(name string) map[string]string {
	out := maps.Clone(o.Tags)
	if out == nil {
		out = map[string]string{}
	}
	out[MarkManager], out[MarkPlatform], out[MarkName] = Manager, o.Platform.Name, name
	return out
}

// Ours reports whether tags that a cloud has for an object carry the marks of name.
func (o On) Ours(tags map[string]string, name string) bool {
	return tags[MarkManager] == Manager && tags[MarkPlatform] == o.Platform.Name && tags[MarkName] == name
}

// Managed are the tags that an object has among those that it is to have: all others are
// somebody else's, and no difference.
func Managed(has, want map[string]string) map[string]string {
	out := map[string]string{}
	for key := range want {
		if value, there := has[key]; there {
			out[key] = value
		}
	}
	return out
}

// With are the tags that an object has, changed to those that it is to have: those of
// others stay.
func With(has, want map[string]string) map[string]string {
	out := maps.Clone(has)
	if out == nil {
		out = map[string]string{}
	}
	maps.Copy(out, want)
	return out
}

// Bucket is a bucket where it is.
type Bucket struct {
	*spec.Bucket
	On
}

// Pool is a pool of nodes where it is, with the machine that was chosen for it.
type Pool struct {
	*spec.GPUPool
	On
	Machine     string // instance type, "" when it is not known yet
	Accelerator spec.Accelerator
}

// Identity is an identity where it is, with what its grants name.
type Identity struct {
	*spec.Identity
	On
	Grants []Grant
}

// Grant is one grant resolved. Exactly one of Bucket and Secret is set.
type Grant struct {
	Access string // read or write
	Bucket *spec.Bucket
	Prefix string
	Secret *spec.Secret
	// Reference is what the store calls the secret: an ARN, a resource name or a path;
	// "" until it is known.
	Reference string
}
