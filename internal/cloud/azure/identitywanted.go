package azure

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// wantedIdentity is an identity in Azure's terms.
type wantedIdentity struct {
	name  string
	tags  map[string]string
	trust federated
	roles []assignment
	later bool // roles name what is known only after apply

	definitions []definition // of its roles
	shared      []definition // all those of its platform
}

func (s identities) wanted(i cloud.Identity, name string) (w wantedIdentity, err error) {
	if i.On.Platform == nil { // an imported identity has a name only
		i.On.Platform = &spec.Platform{}
	}
	if name == "" {
		name = i.On.Platform.Name + "-" + i.Name
	}
	w.name, w.tags = name, i.Marked(i.Name)
	if err = checkTags(w.tags); err != nil {
		return w, err
	}
	if w.trust, err = trust(i); err != nil {
		return w, err
	}
	if w.shared, err = s.definitionsOf(platformOf(i)); err != nil {
		return w, err
	}
	w.definitions = needed(w.shared, i.Grants)
	w.roles, err = s.assignments(i)
	if errors.Is(err, cloud.ErrLater) {
		w.later, err = true, nil
	}
	return w, err
}

func (w wantedIdentity) describe(location string, tags map[string]string, credentials []federated, roles []assignment, definitions []definition) cloud.Settings {
	return cloud.Settings{
		"name": w.name, "location": place(location), "tags": canonical(cloud.Managed(tags, w.tags)),
		"issuer": issuers(credentials), "federatedCredentials": canonical(credentials),
		"policy": canonical(map[string]any{"roleAssignments": ordered(roles)}), "roleDefinitions": canonical(definitions),
	}
}

// resolve finds out what only the cloud knows, before anything is made.
func (w *wantedIdentity) resolve(ctx context.Context, c *clients, i cloud.Identity) (err error) {
	if w.later {
		return fmt.Errorf("identity %s: a secret that it may read has no address yet: %w", w.name, cloud.ErrLater)
	}
	if w.trust.issuer == "" && w.trust.Name == "kubernetes" {
		w.trust.issuer, err = c.clusterIssuer(ctx, i)
	}
	return err
}

// given are the roles of ours that were taken back and are not needed on any other scope.
func (w wantedIdentity) given(back []assignment) (out []definition) {
	for _, d := range w.shared {
		if slices.ContainsFunc(back, d.of) && !slices.ContainsFunc(w.roles, d.of) {
			out = append(out, d)
		}
	}
	return out
}
