// Package spec is the typed, portable description of an ML platform that every
// target reads. It decodes and validates what a user wrote, links resources by
// name and knows the token language of pipeline steps. It knows nothing of
// Terraform, YAML, Git, any cloud or any system that files are written for.
package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Version is the version of the canonical JSON that Encode writes and Parse reads.
const Version = 1

// Kind names a resource of the language without its provider prefix.
type Kind string

// The kinds that a repository can contain.
const (
	KindPlatform Kind = "platform"
	KindBucket   Kind = "bucket"
	KindDataset  Kind = "dataset"
	KindRegistry Kind = "model_registry"
	KindModel    Kind = "registered_model"
	KindPipeline Kind = "pipeline"
	KindEndpoint Kind = "endpoint"
	KindGPUPool  Kind = "gpu_pool"
	KindIdentity Kind = "identity"
	KindSecret   Kind = "secret"
)

// Spec is one resource of the language. Its JSON field names are the attribute
// names that users write.
type Spec interface { //nolint:interfacebloat // two methods for users of the package, three that only it can see
	// Kind says which resource it is.
	Kind() Kind
	// ID is the resource's name, unique among its kind in one repository.
	ID() string
	// complete fills in the defaults.
	complete()
	// checkValues reports what is wrong with single values; it must hold for a
	// configuration whose other values are not known yet.
	checkValues(*checker)
	// checkWhole reports what is wrong between values of one resource.
	checkWhole(*checker)
}

// New returns an empty spec of kind, or nil for a kind that does not exist.
func New(kind Kind) Spec {
	switch kind {
	case KindPlatform:
		return &Platform{}
	case KindBucket:
		return &Bucket{}
	case KindDataset:
		return &Dataset{}
	case KindRegistry:
		return &Registry{}
	case KindModel:
		return &Model{}
	case KindPipeline:
		return &Pipeline{}
	case KindEndpoint:
		return &Endpoint{}
	case KindGPUPool:
		return &GPUPool{}
	case KindIdentity:
		return &Identity{}
	case KindSecret:
		return &Secret{}
	}
	return nil
}

// Encode returns the canonical JSON of s: kind and version first, fields in
// declaration order, maps sorted, defaults written out.
func Encode(s Spec) (string, error) {
	body, err := marshal(s)
	if err != nil {
		return "", fmt.Errorf("%s %q: %w", s.Kind(), s.ID(), err)
	}
	head := fmt.Sprintf(`{"kind":%q,"version":%d,`, s.Kind(), Version)
	return head + string(body[1:]), nil
}

// marshal is json.Marshal without the escaping of <, > and &, which would make
// a plan's diff unreadable.
func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(buf.Bytes(), "\n"), nil
}

// ErrNotSpec says that a text is not the spec attribute of a resource.
var ErrNotSpec = errors.New("not a spec: use the attribute `spec` of a resource or the result of a function of this provider")

// Parse reads what Encode wrote. The spec was valid when it was encoded; what an
// older release did not know yet gets its default. A text of a newer version is
// refused.
func Parse(text string) (Spec, error) {
	var head struct {
		Kind    Kind `json:"kind"`
		Version int  `json:"version"`
	}
	if err := json.Unmarshal([]byte(text), &head); err != nil {
		return nil, ErrNotSpec
	}
	s := New(head.Kind)
	switch {
	case s == nil:
		return nil, ErrNotSpec
	case head.Version != Version:
		return nil, fmt.Errorf("%s: spec version %d: this provider reads version %d; use one provider version for the whole configuration", head.Kind, head.Version, Version)
	}
	if err := json.Unmarshal([]byte(text), s); err != nil {
		return nil, fmt.Errorf("%s: %w", head.Kind, err)
	}
	s.complete()
	return s, nil
}
