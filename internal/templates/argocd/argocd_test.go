package argocd

import (
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

func TestTarget(t *testing.T) {
	templatestest.Run(t, Target{}, templatestest.Options{
		Expresses: []spec.Kind{spec.KindPlatform},
		Elsewhere: map[string]string{
			"platform.cluster.oidc_issuer": "cloud local has no identities", "platform.region": "cloud local has none", "platform.cloud": "spec",
			"platform.orchestrator": "argoworkflows", "platform.serving": "kserve", "platform.mesh": "spec", "platform.autoscaling": "keda",
			"platform.gitops": "one value", "platform.ci": "githubactions", "platform.secret_store": "spec", "platform.queueing": "spec",
			"platform.observability.drift": "evidently", "platform.observability.dashboards": "grafana",
			"platform.observability.tracing": "spec", "platform.observability.logs": "spec",
			"platform.environments.*.approvals": "githubactions", "platform.environments.*.approvers": "repository",
			"platform.environments.*.quota": "kubernetes", "platform.environments.*.budget": "prometheus", "platform.security": "kubernetes",
		},
		Verbatim: func(path string) bool { return strings.HasSuffix(path, "/values.override.yaml") },
	})
}
