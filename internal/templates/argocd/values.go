package argocd

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/components"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

func overridePath(c components.Component) string {
	return "platform/" + c.Name + "/values.override.yaml"
}

// overrides writes the users' own values as they wrote them: comments and order are
// worth keeping, so the text is checked and not written anew.
func (r *renderer) overrides() {
	for _, c := range r.components {
		if c.Values == "" {
			continue
		}
		if err := mapping(c.Values); err != nil {
			r.faults = append(r.faults, spec.Refuse(r.p.Platform, spec.At("packages").Key(c.Package).Attr("values"), "must be one YAML mapping of the chart's values, such as yamlencode({ … }): %v", err))
			continue
		}
		data := []byte(encode.Header + "\n" + strings.TrimRight(c.Values, "\n") + "\n")
		r.files = append(r.files, tree.File{Path: overridePath(c), Data: data})
	}
}

// values writes those of the components that no target of their own writes for.
func (r *renderer) values() {
	for _, c := range r.components {
		if c.Package == "cert_manager" {
			r.file("platform/"+c.Name+"/values.yaml", certManager{
				CRDs: crds{Enabled: true, Keep: true}, Global: global{Election: election{Namespace: c.Namespace}}, Check: enabled{false},
			})
		}
	}
}

// mapping checks that a text is one YAML document that is a mapping.
func mapping(text string) error {
	dec := yaml.NewDecoder(strings.NewReader(text))
	var values map[string]any
	if err := dec.Decode(&values); err != nil {
		return err
	}
	if values == nil {
		return errors.New("it is empty")
	}
	var more any
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return fmt.Errorf("more than one document: %v", more)
	}
	return nil
}

// The part of the values of cert-manager 1.21 this package writes.
type (
	certManager struct {
		CRDs   crds    `yaml:"crds"`
		Global global  `yaml:"global"`
		Check  enabled `yaml:"startupapicheck"`
	}
	crds struct {
		Enabled bool `yaml:"enabled"`
		Keep    bool `yaml:"keep"`
	}
	global struct {
		Election election `yaml:"leaderElection"`
	}
	election struct {
		Namespace string `yaml:"namespace"`
	}
	enabled struct {
		Enabled bool `yaml:"enabled"`
	}
)
