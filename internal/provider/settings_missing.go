package provider

import (
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// lacks is what must be set before a platform's cloud can be asked for anything. What the
// cloud's own tools find elsewhere, such as credentials, is not missed.
func (s *settings) lacks(p *spec.Platform) error {
	var faults []error
	need := func(value, attribute, variables string) {
		if value == "" {
			faults = append(faults, fmt.Errorf("cloud is %s, and %s is not set: set it in the provider's configuration, or %s", p.Cloud, attribute, variables))
		}
	}
	switch p.Cloud {
	case "google":
		need(s.googleProject(), "google.project", "GOOGLE_PROJECT or GOOGLE_CLOUD_PROJECT")
	case "azure":
		a := s.azureSettings()
		need(subscription(a), "azure.subscription_id", "ARM_SUBSCRIPTION_ID or AZURE_SUBSCRIPTION_ID")
		need(resourceGroup(a), "azure.resource_group", "AZURE_RESOURCE_GROUP")
	}
	if len(faults) == 0 {
		return nil
	}
	return attributeError{path.Root("platform"), errors.Join(faults...)}
}
