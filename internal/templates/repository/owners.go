package repository

import (
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// ownersOf lists the lines of CODEOWNERS. GitHub ignores a file that names an owner
// it does not know, so a team's plain name ("fraud-ml") is not written: only handles
// such as @acme/fraud-ml are.
func ownersOf(p *spec.Project) []owned {
	var lines []owned
	root, all := "/", "*"
	if p.Repository.Path != "" {
		root += p.Repository.Path + "/"
		all = root
	}
	owner := p.Platform.Owner
	if strings.HasPrefix(owner, "@") && len(strings.Fields(owner)) == 1 && !strings.Contains(owner, "#") {
		lines = append(lines, owned{all, owner})
	}
	for _, name := range p.Platform.EnvironmentNames() {
		approvers := slices.Clone(p.Platform.Environments[name].Approvers)
		slices.Sort(approvers)
		if len(approvers) > 0 {
			lines = append(lines, owned{root + "models/*/" + name + ".yaml", strings.Join(slices.Compact(approvers), " ")})
		}
	}
	return lines
}

type owned struct{ Pattern, Owners string }
