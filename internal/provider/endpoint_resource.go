package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// NewEndpointResource declares a monitored model server.
func NewEndpointResource() resource.Resource {
	return &logicalResource{kind: spec.KindEndpoint, schema: schemaOf("A monitored model server in each environment that its model may reach. It stays stopped until a version is promoted."+logicalNote,
		attributes{
			"name":        requiredText("Lower-case letters, digits and dashes, starting with a letter, at most 40 characters."),
			"model":       requiredText("Name of an `mlops_registered_model`."),
			"runtime":     choice("The server.", "runtime", "mlserver"),
			"custom":      nested("The team's own server, for runtime `custom`.", attributes{"image": text("Image."), "port": integer("Port."), "command": texts("Command.")}),
			"resources":   resourcesAttribute("What one replica asks for."),
			"pool":        text("Name of an `mlops_gpu_pool`. Not supported yet."),
			"replicas":    replicasAttribute("Number of pods; default 1 to 3."),
			"autoscaling": autoscalingAttribute("What the number of replicas follows; default `concurrency` of 10."),
			"rollout": nested("How a new version takes over.", attributes{
				"strategy": choice("The way.", "rollout", "rolling"),
				"steps":    nestedList("Shares of traffic, rising, for `canary`.", attributes{"weight": integer("Percent."), "pause": text("How long it stays.")}),
				"analysis": nestedList("Conditions that the new version must keep, for `canary`.", attributes{"metric": choice("Metric.", "analysis", ""), "op": choice("Comparison.", "op", ""), "threshold": number("Bound.")}),
				"rollback": flag("Go back by itself when the new version fails; default `true`."),
			}),
			"fallback": nested("What answers when the model does not. Needs a mesh; not supported yet.", attributes{"model": text("Another registered model."), "static": textMap("A fixed answer.")}),
			"shadow":   nested("A model that gets a copy of the traffic. Needs a mesh; not supported yet.", attributes{"model": text("The model."), "percent": integer("Share of the traffic.")}),
			"slo": nested("What callers may expect. Gives burn-rate alerts and a dashboard.", attributes{
				"availability":   number("Percentage of requests that succeed, such as `99.9`."),
				"latency_p95_ms": number("95th percentile of the latency in milliseconds."),
				"window":         text("Over which time; default `\"30d\"`."),
			}),
			"monitors": monitorsAttribute(),
			"alerts": nested("Who is told.", attributes{
				"receivers": texts("`slack:#channel`, `email:address`, `pagerduty:SERVICE`, `webhook:NAME`."),
				"runbook":   text("Web address of what to do."),
			}),
			"access": nested("Who may call. Needs a mesh; not supported yet.", attributes{"callers": texts("`namespace/service-account`."), "public": flag("Reachable from outside.")}),
			"environments": nestedMap("Settings of single environments, over the others.", attributes{
				"replicas": replicasAttribute("Number of pods."), "resources": resourcesAttribute("What one replica asks for."), "autoscaling": autoscalingAttribute("What the number of replicas follows."),
			}),
		})}
}

func replicasAttribute(doc string) nestedAttribute {
	return nested(doc, attributes{"min": integer("Least."), "max": integer("Most.")})
}

func autoscalingAttribute(doc string) nestedAttribute {
	return nested(doc, attributes{
		"metric":        choice("Metric.", "autoscale", "concurrency"),
		"target":        number("Value per replica; percent for `cpu` and `gpu_utilization`."),
		"prometheus":    nested("For metric `prometheus`.", attributes{"query": text("PromQL.")}),
		"scale_to_zero": flag("Stop when nobody calls. Not supported yet: only `false`."),
	})
}

func monitorsAttribute() nestedAttribute {
	return nested("What watches the data that flows through.", attributes{
		"drift": nested("Compares served data with a reference.", attributes{
			"dataset":   text("Name of the reference `mlops_dataset`."),
			"method":    choice("Measure.", "drift_method", "psi"),
			"threshold": number("Score above which a column has drifted; default 0.2."),
			"schedule":  text("Five-field cron in UTC; default hourly."),
			"retrain":   text("Name of the pipeline that the alert tells to run."),
		}),
		"quality": nested("Bounds missing values.", attributes{"max_null_ratio": number("Greatest share of missing values in a column, 0 to 1.")}),
		"performance": nested("Compares answers with labels that arrive later.", attributes{
			"metric": text("Metric, such as `auc_roc`."), "op": choice("Comparison.", "op", ""), "threshold": number("Bound."), "labels": text("Name of the `mlops_dataset` that holds the labels."),
		}),
	})
}
