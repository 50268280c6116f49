// Package externalsecrets writes what brings secrets of a store into namespaces: stores
// and secrets of External Secrets (external-secrets.io/v1), and the values of its chart.
// It knows where a store is and whose right to read is used; it knows no value. Facts:
// the definitions of External Secrets v1.3.2 and the values.yaml of its chart.
package externalsecrets

import (
	"slices"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/components"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/outcome"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// Target writes platform/secrets, and platform/external-secrets/values.yaml where the
// chart is deployed from here.
type Target struct{}

// Name is the target's folder.
func (Target) Name() string { return "externalsecrets" }

const folder = "platform/secrets/"

// Render returns the files.
func (Target) Render(p *spec.Project) ([]tree.File, error) {
	synced := components.Synced(p)
	if len(synced) == 0 {
		return nil, nil
	}
	w := writer{p: p, doors: map[place]door{}}
	for _, s := range synced {
		for i := range s.Sync.Namespaces {
			w.secret(s, i)
		}
	}
	w.out.Commented(folder+"stores.yaml", []string{
		"One store for each service account whose right to read is used. A store without one uses the",
		"operator's own rights: give the service account external-secrets in namespace external-secrets",
		"the right to read these secrets, and no others.",
	}, w.stores()...)
	w.out.YAML(folder+"secrets.yaml", w.secrets...)
	w.out.Kustomization(folder, "secrets.yaml", "stores.yaml")
	if components.Deploys(p, "external_secrets") {
		w.out.YAML("platform/external-secrets/values.yaml", chartValues(slices.Contains(p.Platform.Observability.Metrics, "prometheus"), p.Platform.SecretStore == "azure_key_vault"))
	}
	return w.out.Files()
}

// writer gathers files and everything that is wrong.
type writer struct {
	p       *spec.Project
	doors   map[place]door
	secrets []any
	out     outcome.Outcome
}

func (w *writer) metadata(name, namespace string) metadata {
	return metadata{Name: name, Namespace: namespace, Labels: w.p.Labels(name), Annotations: w.p.Annotations()}
}

// secret brings a secret into its i-th namespace. Everything that the API server would
// fill in stands there: what it added would be a difference for ever.
func (w *writer) secret(s *spec.Secret, i int) {
	at, namespace := spec.At("sync", "namespaces").Index(i), s.Sync.Namespaces[i]
	if slices.Index(s.Sync.Namespaces, namespace) < i {
		return
	}
	d, why := w.door(s, namespace)
	if why != "" {
		w.out.Faults = append(w.out.Faults, spec.Refuse(s, at, "%s", why))
		return
	}
	in := place{namespace, d.name()}
	if other, taken := w.doors[in]; taken && other != d {
		w.out.Faults = append(w.out.Faults, spec.Refuse(s, at, "would be read through store %q of namespace %q, but another secret of that namespace is in another place: give both the same mount and the same provider configuration", in.name, namespace))
		return
	}
	w.doors[in] = d
	w.secrets = append(w.secrets, externalSecret{
		APIVersion: apiVersion, Kind: "ExternalSecret", Metadata: w.metadata(s.Object(), namespace),
		Spec: externalSecretSpec{
			RefreshInterval: "1h0m0s", RefreshPolicy: "Periodic",
			Store:    storeRef{Kind: "SecretStore", Name: in.name},
			Target:   target{Name: s.Object(), CreationPolicy: "Owner", DeletionPolicy: "Retain"},
			DataFrom: []dataFrom{{extract{Key: s.StoreName(s.Store.Type), ConversionStrategy: "Default", DecodingStrategy: "None", MetadataPolicy: "None"}}},
		},
	})
}
