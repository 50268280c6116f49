package azure

import (
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v6"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

var slice = pattern.New(`^([12347])g(\.[0-9]+gb)?$`)

// smallest are the slices of one seventh that AKS cuts: it takes a number of sevenths and
// no memory, and a slice of one that has twice the memory has no word. nvidia-h100 is of 80
// and of 94 GB. Source: "Supported MIG Profiles" of NVIDIA's MIG user guide.
var smallest = map[string][]string{
	"nvidia-a100": {"1g.5gb"}, "nvidia-a100-80gb": {"1g.10gb"}, "nvidia-h100": {"1g.10gb", "1g.12gb"}, "nvidia-h200": {"1g.18gb"}, "nvidia-gb200": {"1g.23gb"},
}

// mig cuts every accelerator of a node the same way. Other sharing is the device
// plug-in's, which the emitted repository configures.
func mig(out *profile, p cloud.Pool) error {
	if p.Sharing == nil || p.Sharing.Strategy != "mig" {
		return nil
	}
	wanted := p.Sharing.Profile
	m := slice.FindStringSubmatch(wanted)
	if m == nil {
		return spec.Misfit("sharing.profile", "%q: AKS cuts accelerators into 1g, 2g, 3g, 4g or 7g, such as \"1g.10gb\", without media extensions", wanted)
	}
	if has := smallest[p.Accelerator.Type]; m[1] == "1" && m[2] != "" && has != nil && !slices.Contains(has, wanted) {
		return spec.Misfit("sharing.profile", "%q: of the slices 1g of %s AKS cuts only %s", wanted, p.Accelerator.Type, strings.Join(has, " or "))
	}
	out.GpuInstanceProfile = to.Ptr(armcontainerservice.GPUInstanceProfile("MIG" + m[1] + "g"))
	return nil
}
