package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	internal "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apiextensions-apiserver/pkg/crdserverscheme"
	"k8s.io/apiextensions-apiserver/pkg/registry/customresource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/rest"
	"sigs.k8s.io/yaml"
)

// definitions are the files with custom resource definitions, and those of them that were needed and compiled.
type definitions struct {
	texts    [][]byte
	compiled map[schema.GroupVersionKind]*definition
}

// definition validates one version of one custom kind.
type definition struct {
	strategy   rest.RESTCreateStrategy
	structural *structural.Structural
	preserve   bool
}

// readDefinitions reads the documents below the folders without parsing them: a folder may hold hundreds, a call needs a few.
func readDefinitions(folders []string) (definitions, error) {
	all := definitions{compiled: map[schema.GroupVersionKind]*definition{}}
	for _, folder := range folders {
		files, err := manifests(folder)
		if err != nil {
			return all, err
		}
		if len(files) == 0 {
			return all, fmt.Errorf("%s: no definition found", folder)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return all, err
			}
			all.texts = append(all.texts, bytes.Split(text, []byte("\n---"))...)
		}
	}
	return all, nil
}

// find returns the compiled definition of a kind, errNoSchema when there is none.
func (ds definitions) find(kind schema.GroupVersionKind) (*definition, error) {
	if known, ok := ds.compiled[kind]; ok {
		return known, nil
	}
	for _, text := range ds.texts {
		if !mentions(text, kind) {
			continue
		}
		var crd apiextensions.CustomResourceDefinition
		if err := yaml.Unmarshal(text, &crd); err != nil || crd.Spec.Group != kind.Group || crd.Spec.Names.Kind != kind.Kind {
			continue // some other document that mentions both words
		}
		compiled, err := compile(crd, kind.Version)
		if err != nil {
			return nil, err
		}
		ds.compiled[kind] = compiled
		return compiled, nil
	}
	return nil, errNoSchema
}

// mentions tells whether the text may define the kind, before it is parsed.
func mentions(text []byte, kind schema.GroupVersionKind) bool {
	return bytes.Contains(text, []byte("CustomResourceDefinition")) &&
		bytes.Contains(text, []byte(kind.Group)) && bytes.Contains(text, []byte("kind: "+kind.Kind+"\n"))
}

// compile builds the validator of one version, as the extension server does when a definition is installed.
func compile(crd apiextensions.CustomResourceDefinition, version string) (*definition, error) {
	at := slices.IndexFunc(crd.Spec.Versions, func(v apiextensions.CustomResourceDefinitionVersion) bool { return v.Name == version && v.Served })
	if at < 0 {
		return nil, fmt.Errorf("version %s is not served; %s", version, served(crd))
	}
	declared := crd.Spec.Versions[at].Schema
	if declared == nil || declared.OpenAPIV3Schema == nil {
		return nil, errNoSchema
	}
	var props internal.JSONSchemaProps
	if err := apiextensions.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(declared.OpenAPIV3Schema, &props, nil); err != nil {
		return nil, err
	}
	schemas, err := structural.NewStructural(&props)
	if err != nil {
		return nil, err
	}
	validator, _, err := validation.NewSchemaValidator(&props)
	if err != nil {
		return nil, err
	}
	kind := schema.GroupVersionKind{Group: crd.Spec.Group, Version: version, Kind: crd.Spec.Names.Kind}
	scoped := crd.Spec.Scope == apiextensions.NamespaceScoped
	strategy := customresource.NewStrategy(crdserverscheme.NewUnstructuredObjectTyper(), scoped, kind, validator, nil, schemas, nil, nil, nil)
	return &definition{strategy: strategy, structural: schemas, preserve: crd.Spec.PreserveUnknownFields}, nil
}

func served(crd apiextensions.CustomResourceDefinition) string {
	var names []string
	for _, v := range crd.Spec.Versions {
		if v.Served {
			names = append(names, v.Name)
		}
	}
	return "served are " + strings.Join(names, ", ")
}

// prepare refuses fields that the schema does not know, then sets defaults.
func (d *definition) prepare(from document) (rest.RESTCreateStrategy, runtime.Object, error) {
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(from.json); err != nil {
		return nil, nil, err
	}
	unknown, err := d.prune(object.Object)
	if err != nil {
		return nil, nil, err
	}
	if len(unknown) > 0 {
		return nil, nil, fmt.Errorf("unknown field %s", strings.Join(unknown, ", "))
	}
	defaulting.Default(object.Object, d.structural)
	return d.strategy, object, nil
}

// prune removes what the schema does not know, and returns the paths of it.
func (d *definition) prune(object map[string]any) ([]string, error) {
	_, _, unknown, err := objectmeta.GetObjectMetaWithOptions(object, objectmeta.ObjectMetaOptions{ReturnUnknownFieldPaths: true})
	if err != nil {
		return nil, err
	}
	if !d.preserve {
		tracked := structural.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}
		unknown = append(unknown, pruning.PruneWithOptions(object, d.structural, true, tracked)...)
		defaulting.PruneNonNullableNullsWithoutDefaults(object, d.structural)
	}
	fault, nested := objectmeta.CoerceWithOptions(nil, object, d.structural, false, objectmeta.CoerceOptions{ReturnUnknownFieldPaths: true})
	if fault != nil {
		return nil, errors.New(fault.Error())
	}
	return append(unknown, nested...), nil
}
