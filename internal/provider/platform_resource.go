package provider

import (
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// NewPlatformResource declares one ML platform and its choices.
func NewPlatformResource() resource.Resource {
	return &logicalResource{kind: spec.KindPlatform, schema: schemaOf("One ML platform and its choices: cloud, orchestrator, serving, environments, security, observability."+logicalNote,
		attributes{
			"name":         requiredText("Lower-case letters, digits and dashes, at most 40 characters. The prefix of its namespaces."),
			"owner":        requiredText("The team that owns the platform: code owners, labels, alerts."),
			"cloud":        choice("Where buckets, identities and pools live.", "cloud", "local"),
			"region":       text("The cloud's region; required where the cloud has regions."),
			"cluster":      nested("An existing Kubernetes cluster.", attributes{"name": text("Its name, as Argo CD knows it. Left out: the cluster that Argo CD runs in."), "oidc_issuer": text("Issuer of its service-account tokens.")}),
			"orchestrator": choice("What runs pipelines.", "orchestrator", "argo_workflows"),
			"serving":      choice("What serves models.", "serving", "kserve"),
			"mesh":         choice("Service mesh for traffic and mTLS.", "mesh", "none"),
			"autoscaling":  choice("What scales endpoints.", "autoscaling", "keda"),
			"gitops":       choice("What reconciles the repository.", "gitops", "argocd"),
			"ci":           choice("Continuous integration of the emitted repository.", "ci", "github_actions"),
			"secret_store": choice("Where secrets live; none when left out.", "secret_store", ""),
			"queueing":     choice("What queues work for scarce nodes.", "queueing", "none"),
			"observability": nested("Systems that watch the platform. Each is a set: several may run side by side.", attributes{
				"metrics":    textSet("Metrics and alerts. " + spec.OneOf("metrics") + "; default `prometheus`."),
				"dashboards": textSet("Dashboards. " + spec.OneOf("dashboards") + "; default `grafana`."),
				"drift":      textSet("Data drift, quality and model performance. " + spec.OneOf("drift") + "; default `evidently`."),
				"tracing":    textSet("Tracing. " + spec.OneOf("tracing") + "; default none."),
				"logs":       textSet("Logs. " + spec.OneOf("logs") + "; default none."),
				"cost":       textSet("Cost. " + spec.OneOf("cost") + "; default `opencost`."),
			}),
			"environments": environmentsAttribute(),
			"security": nested("What reviewers ask for first.", attributes{
				"pod_security":       choice("Pod Security Standard that namespaces enforce.", "pod_security", "restricted"),
				"network_policies":   flag("Deny traffic between namespaces unless allowed; default `true`."),
				"allowed_registries": texts("Image registries (with path) that pipelines and endpoints may use; all when left out."),
				"scan_severity":      choice("Lowest severity of a vulnerability that fails the image scan in CI.", "scan_severity", "HIGH"),
				"signed_images":      flag("Require signed images. Not supported yet: only `false`."),
			}),
			"packages": nestedMap("Settings of cluster components by name: `"+strings.Join(spec.Components, "`, `")+"`.", attributes{
				"version":  text("Version of the component's chart instead of the pinned one."),
				"values":   text("Helm values as YAML (`yamlencode`), over ours."),
				"existing": flag("The cluster has the component already: it is not deployed."),
			}),
			"tags": textMap("On every emitted workload; they win over the provider's."),
		})}
}

func environmentsAttribute() nestedMapAttribute {
	return nestedMap("Places where models serve, by name. The quota of the first one (promoted from nowhere) bounds training too.", attributes{
		"promote_from": text("The environment in which a version must be before it comes here."),
		"approvals":    integer("People who must approve a promotion, 0 to 6; default 0."),
		"approvers":    texts("Users and teams (`@acme/ml-leads`) who may approve."),
		"freeze": nestedList("Repeated times in which nothing is promoted.", attributes{
			"cron":     text("Start, as a five-field cron."),
			"duration": text("Length, such as `\"62h\"`."),
			"timezone": text("IANA time zone of the cron; default UTC."),
		}),
		"quota": nested("Upper bound of what the namespace may request.", attributes{
			"cpu":          text("Cores."),
			"memory":       text("Memory."),
			"accelerators": integerMap("Accelerators by portable type."),
		}),
		"budget": nested("Money per month in USD.", attributes{
			"monthly":  number("The budget."),
			"alert_at": numbers("Shares of it at which to warn, such as `0.8`."),
		}),
	})
}
