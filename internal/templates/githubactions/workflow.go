package githubactions

import "github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"

// The part of GitHub's workflow syntax, and of actionlint's settings, this package
// writes, in output order.
type (
	workflow struct {
		Name        string       `yaml:"name"`
		On          events       `yaml:"on"`
		Permissions permissions  `yaml:"permissions"`
		Concurrency *concurrency `yaml:"concurrency,omitempty"`
		Defaults    *defaults    `yaml:"defaults,omitempty"`
		Jobs        encode.Map   `yaml:"jobs"`
	}
	events struct {
		PullRequest *empty    `yaml:"pull_request,omitempty"`
		Review      *review   `yaml:"pull_request_review,omitempty"`
		Push        *push     `yaml:"push,omitempty"`
		Dispatch    *dispatch `yaml:"workflow_dispatch,omitempty"`
	}
	empty  struct{}
	review struct {
		Types []string `yaml:"types"`
	}
	push struct {
		Branches []string `yaml:"branches"`
		Paths    []string `yaml:"paths,omitempty"`
	}
	dispatch struct {
		Inputs encode.Map `yaml:"inputs,omitempty"`
	}
	input struct {
		Description string   `yaml:"description"`
		Required    bool     `yaml:"required"`
		Type        string   `yaml:"type"`
		Default     any      `yaml:"default,omitempty"`
		Options     []string `yaml:"options,omitempty"`
	}
	permissions struct {
		Actions      string `yaml:"actions,omitempty"`
		Contents     string `yaml:"contents,omitempty"`
		IDToken      string `yaml:"id-token,omitempty"`
		Packages     string `yaml:"packages,omitempty"`
		PullRequests string `yaml:"pull-requests,omitempty"`
	}
	concurrency struct {
		Group  string `yaml:"group"`
		Cancel bool   `yaml:"cancel-in-progress"`
	}
	defaults struct {
		Run runDefaults `yaml:"run"`
	}
	runDefaults struct {
		WorkingDirectory string `yaml:"working-directory"`
	}
	job struct {
		If          string       `yaml:"if,omitempty"`
		RunsOn      any          `yaml:"runs-on"`
		Timeout     int64        `yaml:"timeout-minutes"`
		Environment string       `yaml:"environment,omitempty"`
		Permissions *permissions `yaml:"permissions,omitempty"`
		Env         encode.Map   `yaml:"env,omitempty"`
		Steps       []step       `yaml:"steps"`
	}
	step struct {
		Name string            `yaml:"name,omitempty"`
		If   string            `yaml:"if,omitempty"`
		Uses *encode.Commented `yaml:"uses,omitempty"`
		With encode.Map        `yaml:"with,omitempty"`
		Env  encode.Map        `yaml:"env,omitempty"`
		Run  string            `yaml:"run,omitempty"`
	}
	actionlint struct {
		SelfHosted selfHosted `yaml:"self-hosted-runner"`
	}
	selfHosted struct {
		Labels []string `yaml:"labels"`
	}
)
