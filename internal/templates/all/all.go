// Package all lists the targets. A new system is one folder and one line here.
package all

import "github.com/gitops-ml/terraform-provider-mlops/internal/templates"

// Targets returns every target, in the order they run.
func Targets() []templates.Target {
	return []templates.Target{}
}
