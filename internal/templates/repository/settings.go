package repository

// renovateOf lets Renovate propose newer pins. What Terraform writes comes back
// with the next apply, so every proposal says where to make the change.
func renovateOf() renovate {
	manifests := []string{`/^(clusters|endpoints|monitoring|pipelines|platform)/.+\.ya?ml$/`}
	return renovate{
		Schema:     "https://docs.renovatebot.com/renovate-schema.json",
		Extends:    []string{"config:recommended", "docker:pinDigests", "helpers:pinGitHubActionDigests"},
		Argo:       patterns{[]string{`/^clusters/.+\.yaml$/`}},
		Helm:       patterns{[]string{`/^platform/[^/]+/values(\.override)?\.yaml$/`}},
		Kubernetes: patterns{manifests},
		Kustomize:  patterns{[]string{`/(^|/)kustomization\.yaml$/`}},
		Notes: []string{
			"Terraform writes most files of this repository. Make the same change in its configuration (`platform.packages`, images), or the next apply takes this one back.",
		},
		Rules: []rule{{Managers: []string{"argocd", "helm-values"}, Group: "platform components", Dashboard: true}},
	}
}

func yamllint() lint {
	return lint{
		Extends: "default",
		Ignore:  []string{".dvc/", ".mlops/", ".venv/", "data/", "mlruns/"},
		Rules: lintRules{
			Braces:       limit{MaxSpaces: 1},
			Comments:     comments{MinSpaces: 1},
			DocStart:     "disable",
			Indentation:  indentation{Spaces: 2, Sequences: "consistent"},
			LineLength:   "disable",
			QuotedKeys:   truthy{CheckKeys: false},
			CommentsLine: "disable",
		},
	}
}

// hooks run the tools of .venv, which the lock file pins: nothing is fetched.
func hooks() preCommit {
	local := func(id, entry string, types ...string) hook {
		return hook{ID: id, Name: id, Entry: entry, Language: "system", Types: types, Files: len(types) > 0}
	}
	return preCommit{Repos: []hookRepo{{Repo: "local", Hooks: []hook{
		local("yamllint", ".venv/bin/yamllint --strict", "yaml"),
		local("ruff", ".venv/bin/ruff check", "python"),
		local("validate", "make validate"),
	}}}}
}

// The parts of the tools' settings this package writes, in output order.
type (
	renovate struct {
		Schema     string   `json:"$schema"`
		Extends    []string `json:"extends"`
		Argo       patterns `json:"argocd"`
		Helm       patterns `json:"helm-values"`
		Kubernetes patterns `json:"kubernetes"`
		Kustomize  patterns `json:"kustomize"`
		Rules      []rule   `json:"packageRules"`
		Notes      []string `json:"prBodyNotes"`
	}
	patterns struct {
		Files []string `json:"managerFilePatterns"`
	}
	rule struct {
		Managers  []string `json:"matchManagers"`
		Group     string   `json:"groupName"`
		Dashboard bool     `json:"dependencyDashboardApproval"`
	}
	lint struct {
		Extends string    `yaml:"extends"`
		Ignore  []string  `yaml:"ignore"`
		Rules   lintRules `yaml:"rules"`
	}
	lintRules struct {
		Braces       limit       `yaml:"braces"`
		Comments     comments    `yaml:"comments"`
		CommentsLine string      `yaml:"comments-indentation"`
		DocStart     string      `yaml:"document-start"`
		Indentation  indentation `yaml:"indentation"`
		LineLength   string      `yaml:"line-length"`
		QuotedKeys   truthy      `yaml:"truthy"`
	}
	limit struct {
		MaxSpaces int `yaml:"max-spaces-inside"`
	}
	comments struct {
		MinSpaces int `yaml:"min-spaces-from-content"`
	}
	indentation struct {
		Spaces    int    `yaml:"spaces"`
		Sequences string `yaml:"indent-sequences"`
	}
	truthy struct {
		CheckKeys bool `yaml:"check-keys"`
	}
	preCommit struct {
		Repos []hookRepo `yaml:"repos"`
	}
	hookRepo struct {
		Repo  string `yaml:"repo"`
		Hooks []hook `yaml:"hooks"`
	}
	hook struct {
		ID       string   `yaml:"id"`
		Name     string   `yaml:"name"`
		Entry    string   `yaml:"entry"`
		Language string   `yaml:"language"`
		Types    []string `yaml:"types,omitempty"`
		Files    bool     `yaml:"pass_filenames"`
	}
)
