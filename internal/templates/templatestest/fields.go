package templatestest

import (
	"reflect"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

var fieldSet = func() map[string]bool {
	set := map[string]bool{}
	for _, kind := range []spec.Kind{spec.KindPlatform, spec.KindBucket, spec.KindDataset, spec.KindRegistry, spec.KindModel, spec.KindPipeline, spec.KindEndpoint, spec.KindGPUPool, spec.KindIdentity, spec.KindSecret} {
		fieldsBelow(string(kind), reflect.TypeOf(spec.New(kind)).Elem(), set)
	}
	return set
}()

// Fields lists the leaves of a kind, with * for the user's own names and indices.
func Fields(kind spec.Kind) []string {
	var out []string
	for path, leaf := range fieldSet {
		if leaf && strings.HasPrefix(path, string(kind)+".") {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return out
}

// fieldsBelow records path → whether it is a leaf.
func fieldsBelow(path string, t reflect.Type, set map[string]bool) {
	switch t.Kind() {
	case reflect.Pointer:
		fieldsBelow(path, t.Elem(), set)
	case reflect.Struct:
		set[path] = false
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			fieldsBelow(path+"."+name, t.Field(i).Type, set)
		}
	case reflect.Map, reflect.Slice:
		set[path] = false
		fieldsBelow(path+".*", t.Elem(), set)
	default:
		set[path] = true
	}
}
