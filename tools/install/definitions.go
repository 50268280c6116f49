package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// definition is a folder of custom resource definitions in a project's module.
type definition struct {
	name   string
	module module
	folder string
}

// projects are those whose kinds we emit or may emit, at the version that the pinned chart installs where that version is served.
var projects = []definition{
	{"argo-cd", module{"github.com/argoproj/argo-cd/v3", "v3.4.4", "h1:PmYfvrLRecuOXjoUjBVx0nRwtJv/Wc9a3jaWs37EyyI="}, "manifests/crds"},
	{"argo-events", module{"github.com/argoproj/argo-events", "v1.9.7", "h1:x+JOTsU3rzXSrzDwrUlLza4kmxp5zc1NMlgTgaLF678="}, "manifests/base/crds"},
	{"argo-rollouts", module{"github.com/argoproj/argo-rollouts", "v1.9.0", "h1:bXgBpwCByXyAUcgBnyP0fxkSW2CEot78InTFjFlag5g="}, "manifests/crds"},
	{"argo-workflows", module{"github.com/argoproj/argo-workflows/v4", "v4.0.7", "h1:O76Plk/nYI+gFax3vvE7elvA3BNAp0r0aJ24VmjsjLE="}, "manifests/base/crds/full"},
	{"cert-manager", module{"github.com/cert-manager/cert-manager", "v1.21.1", "h1:0LttV37Q5c2CBNoHkjuI8sLKTXWZDC2SwQkxrBMKV9w="}, "deploy/crds"},
	{"external-secrets", module{"github.com/external-secrets/external-secrets", "v1.3.2", "h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ="}, "config/crds/bases"},
	{"flux-kustomize", module{"github.com/fluxcd/kustomize-controller", "v1.9.6", "h1:XB+G3A0mky0j5uVHZWv4oSlS2RvZBoNIUhstIvY0JKE="}, "config/crd/bases"},
	{"flux-source", module{"github.com/fluxcd/source-controller", "v1.9.6", "h1:nG534/bI6nVpyHra7ONAk6xDB3xPsVT+EOLHZHXPrrc="}, "config/crd/bases"},
	{"gateway-api", module{"sigs.k8s.io/gateway-api", "v1.6.3", "h1:lKpJa5bGlraC/QeACvCpsHLdmO6y0iKfzVl6gzaFEYc="}, "config/crd/standard"},
	{"istio", module{"istio.io/istio", "v0.0.0-20260827124520-eed52ebb66ad", "h1:ui9TJjRMAV/hb5ehQaZDq7IUGxuQP6dra9lapT/VjHI="}, "manifests/charts/base/files"},
	{"karpenter", module{"github.com/aws/karpenter-provider-aws", "v1.14.1", "h1:WGtIQTQcxpElYMdWfWuPwaF2+9muR+hYhPZsTtoY8Gs="}, "pkg/apis/crds"},
	{"keda", module{"github.com/kedacore/keda/v2", "v2.20.2", "h1:SR60v8uIcelbveS8n/1jcl8tLdBBIbHMxmdOHw8tKqA="}, "config/crd/bases"},
	{"knative", module{"knative.dev/serving", "v0.51.0", "h1:yN2Q7eYqJgoPfZkATjoBZyGbZ2P1Qhns9HIMU4mF+to="}, "config/core/300-resources"},
	{"kserve", module{"github.com/kserve/kserve", "v0.20.0", "h1:Bs7HxmGV4KFqqptDcWseKv+mwD4YOYHJWcuVgPG2Gug="}, "config/crd/full"},
	{"kueue", module{"sigs.k8s.io/kueue", "v0.19.2", "h1:mPNzr37u0nwI7ikST5QQl5gg6EgtYOAvC9ZbTgywdN8="}, "config/components/crd/bases"},
	{"kyverno", module{"github.com/kyverno/kyverno", "v1.19.0", "h1:KV42j5lv9lN6WgFlt4X+Mhn0aQD0wLWzlJ/5jdWVdqI="}, "config/crds"},
	{"opentelemetry", module{"github.com/open-telemetry/opentelemetry-operator", "v0.140.0", "h1:yHwVEn1vjQ7n9OoOZX/rsgur+YozIKNjCoWSk6EAhvw="}, "config/crd/bases"},
	{"prometheus-operator", module{"github.com/prometheus-operator/prometheus-operator", "v0.93.1", "h1:4Juk8v93RdG1DSGD/mGp+SeQKPmnlLIj2iq3blLZgFY="}, "example/prometheus-operator-crd"},
}

// definitions copies the custom resource definitions of all projects to .tools/crds/<project>/.
func definitions(in ...string) tool {
	return tool{
		name: "crds", sets: in, proof: "crds/" + projects[len(projects)-1].name,
		pin: func(base) (string, string, error) {
			var all []string
			for _, d := range projects {
				all = append(all, d.name, d.module.String(), d.folder)
			}
			pin, err := digest(nil, all...)
			return pin, fmt.Sprintf("of %d projects", len(projects)), err
		},
		install: copyDefinitions,
	}
}

func copyDefinitions(ctx context.Context, b base) error {
	var modules []module
	for _, d := range projects {
		modules = append(modules, d.module)
	}
	dirs, err := download(ctx, b, modules...)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(b.tools("crds")); err != nil {
		return err
	}
	for i, d := range projects {
		if err := copyFolder(filepath.Join(dirs[i], filepath.FromSlash(d.folder)), b.tools("crds", d.name)); err != nil {
			return err
		}
	}
	return nil
}

// copyFolder copies the files below from that hold definitions. A module's files cannot be written to, ours can.
func copyFolder(from, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	copied := 0
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(data, []byte("\nkind: CustomResourceDefinition\n")) {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		copied++
		return os.WriteFile(filepath.Join(to, strings.ReplaceAll(filepath.ToSlash(rel), "/", "_")), data, 0o644)
	})
	if err == nil && copied == 0 {
		err = fmt.Errorf("no definition in %s", from)
	}
	return err
}
