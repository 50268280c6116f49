package main

import (
	"context"
	"slices"
)

// tool is one thing to install.
type tool struct {
	name string
	sets []string
	// pin identifies exactly what is to be installed, and gives its version for the reader; empty when the machine has it.
	pin     func(base) (pin, version string, err error)
	proof   string // a path below .tools/ that exists when it is installed
	install func(context.Context, base) error
}

// trainLock is the lock of the emitted repository itself: the tests run its programs in what its own `make setup` installs.
const trainLock = "internal/templates/repository/requirements.txt"

// catalog lists everything that can be installed, the quick ones first. Versions of Go programs stand in the go.mod of their folder below pins/
// or in that of their own folder, those of Python packages in the locks. The programs of pins/kube share one module, so that what they have in common is compiled once.
func catalog() []tool {
	return []tool{
		terraform("demo", "test", "check", "generate"),
		python("lint", "tools/python/lint.txt", "test", "check"),
		python("train", trainLock, "test", "check"),
		python("mlflow", "tools/python/mlflow.txt", "test", "check"),
		python("evidently", "tools/python/evidently.txt", "test", "check"),
		python("airflow", "tools/python/airflow.txt", "test", "check"),
		python("airflow2", "tools/python/airflow2.txt", "test", "check"),
		python("prefect", "tools/python/prefect.txt", "test", "check"),
		python("dagster", "tools/python/dagster.txt", "test", "check"),
		python("kfp", "tools/python/kfp.txt", "test", "check"),
		python("google", "tools/python/google.txt", "test", "check"),
		python("sagemaker", "tools/python/sagemaker.txt", "test", "check"),
		python("azure", "tools/python/azure.txt", "test", "check"),
		python("dvc", "tools/python/dvc.txt", "test", "check"),
		python("moto", "tools/python/moto.txt", "test", "check"),
		python("wandb", "tools/python/wandb.txt", "test", "check"),
		python("clearml", "tools/python/clearml.txt", "test", "check"),
		python("neptune", "tools/python/neptune.txt", "test", "check"),
		python("lakefs", "tools/python/lakefs.txt", "test", "check"),
		node("gitlab-ci-local", []string{"rsync"}, "test", "check"),
		node("azurite", nil, "test", "check"),
		definitions("test", "check"),
		program{name: "actionlint", pins: "actionlint", pkg: "github.com/rhysd/actionlint/cmd/actionlint", module: "github.com/rhysd/actionlint"}.tool("test", "check"),
		program{name: "kustomize", pins: "kube", pkg: "sigs.k8s.io/kustomize/kustomize/v5", module: "sigs.k8s.io/kustomize/kustomize/v5"}.tool("test", "check"),
		program{name: "argolint", pins: "kube", pkg: "./argolint", module: "github.com/argoproj/argo-workflows/v4"}.tool("test", "check"),
		program{name: "kubevalidate", pins: "kube", pkg: "./kubevalidate", module: "k8s.io/kubernetes"}.tool("test", "check"),
		program{name: "kservevalidate", pins: "kube", pkg: "./kservevalidate", module: "github.com/kserve/kserve"}.tool("test", "check"),
		program{name: "eventslint", pins: "events", pkg: "./eventslint", module: "github.com/argoproj/argo-events"}.tool("test", "check"),
		program{name: "lakefsstandin", pins: "lakefs", pkg: "./lakefsstandin", module: "github.com/getkin/kin-openapi"}.tool("test", "check"),
		program{name: "vaultserver", own: "vaultserver", pkg: ".", module: "github.com/hashicorp/vault"}.tool("test", "check"),
		// Its rule checks need no service discovery, which is most of Prometheus' dependencies.
		program{name: "promtool", pins: "kube", pkg: "github.com/prometheus/prometheus/cmd/promtool", module: "github.com/prometheus/prometheus", tags: "remove_all_sd"}.tool("test", "check"),
		program{name: "golangci-lint", pins: "golangci-lint", pkg: "github.com/golangci/golangci-lint/v2/cmd/golangci-lint", module: "github.com/golangci/golangci-lint/v2"}.tool("check"),
		program{name: "govulncheck", pins: "govulncheck", pkg: "golang.org/x/vuln/cmd/govulncheck", module: "golang.org/x/vuln"}.tool("check"),
		program{name: "tfplugindocs", pins: "tfplugindocs", pkg: "github.com/hashicorp/terraform-plugin-docs/cmd/tfplugindocs", module: "github.com/hashicorp/terraform-plugin-docs"}.tool("check", "generate"),
	}
}

// sets lists the names that -set takes.
func sets(tools []tool) []string {
	all := []string{"all"}
	for _, t := range tools {
		all = append(all, t.sets...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
