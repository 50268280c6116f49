package main

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/warning"
)

// errNoSchema says that nobody described the kind.
var errNoSchema = errors.New("no schema for this kind")

// server answers as an API server would answer to a create request.
type server struct {
	definitions definitions
}

// create decodes the object strictly, sets defaults and validates it.
func (s server) create(d document) (warnings []string, err error) {
	if d.fault != nil {
		return nil, d.fault
	}
	strategy, object, err := s.prepare(d)
	if err != nil {
		return nil, err
	}
	accessor, err := meta.Accessor(object)
	if err != nil {
		return nil, err
	}
	if accessor.GetName() == "" && accessor.GetGenerateName() != "" {
		accessor.SetName(strategy.GenerateName(accessor.GetGenerateName()))
	}
	if strategy.NamespaceScoped() && accessor.GetNamespace() == "" {
		accessor.SetNamespace("default")
	}
	namespace := rest.ExpectedNamespaceForScope(accessor.GetNamespace(), strategy.NamespaceScoped())
	rest.FillObjectMetaSystemFields(accessor)
	ctx := warning.WithWarningRecorder(request.WithNamespace(context.Background(), namespace), (*recorder)(&warnings))
	return warnings, rest.BeforeCreate(strategy, ctx, object)
}

// prepare finds who validates the kind and decodes the object for it.
func (s server) prepare(d document) (rest.RESTCreateStrategy, runtime.Object, error) {
	if strategy, object, err := native(d); !errors.Is(err, errNoSchema) {
		return strategy, object, err
	}
	definition, err := s.definitions.find(d.kind())
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", d.kind(), err)
	}
	return definition.prepare(d)
}

// recorder gathers what the server would send back as warnings.
type recorder []string

// AddWarning implements warning.Recorder.
func (r *recorder) AddWarning(_, text string) { *r = append(*r, text) }
