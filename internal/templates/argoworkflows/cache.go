package argoworkflows

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// keepHours is how long the outputs of a step are taken for those of an equal one.
const keepHours = 720

// key names everything that the outputs of a step depend on.
func (n node) key() string {
	parts := []string{"'" + n.hash() + "'"}
	for _, name := range n.Params {
		parts = append(parts, "workflow.parameters['"+name+"']")
	}
	for _, a := range n.arguments() {
		parts = append(parts, "inputs.parameters['"+a.Name+"']")
	}
	return spec.K8sName(n.Name) + "-{{=sprig.sha256sum(toJson([" + strings.Join(parts, ", ") + "]))}}"
}

// hash is of what stands in the configuration; what a run adds is in key.
func (n node) hash() string {
	s := n.pl.Steps[n.Name]
	body, err := json.Marshal(struct {
		Name, Image string
		Command     []string
		Args        []string
		Inputs      map[string]string
		Outputs     []string
		Env         map[string]string
		SecretEnv   map[string]spec.SecretKey
	}{n.Name, n.Image, s.Command, s.Args, s.Inputs, s.Outputs, s.Env, s.SecretEnv})
	if err != nil {
		panic(fmt.Sprintf("a step is plain text: %v", err))
	}
	return spec.Hash(string(body))[:16]
}

// maxAge ends well before a lifecycle rule of the bucket removes what was kept.
func (n node) maxAge() string {
	hours := int64(keepHours)
	if b := n.p.Store(n.pl.Artifacts); b != nil {
		for _, rule := range b.Lifecycle {
			below := "runs/" + n.pl.Name + "/"
			hit := strings.HasPrefix(below, rule.Prefix) || strings.HasPrefix(rule.Prefix, below)
			if hit && rule.ExpireAfterDays > 0 {
				hours = min(hours, rule.ExpireAfterDays*12)
			}
		}
	}
	return strconv.FormatInt(hours, 10) + "h"
}
