package aws

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
)

var roleForm = pattern.New(`^arn:aws[a-z-]*:iam::\d{12}:role/.+$`)

// unable names what a managed node group cannot have, and the way out.
func unable(p cloud.Pool) error {
	var faults []error
	refuse := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if p.Reservation != "" {
		refuse("reservation: a managed node group takes one through a launch template only; set aws.provisioner = \"karpenter\", or leave it out")
	}
	if p.Disk != nil && p.Disk.Type != "" {
		refuse("disk.type: a managed node group takes %q through a launch template only; set aws.provisioner = \"karpenter\", or leave it out", p.Disk.Type)
	}
	if p.Driver == "latest" {
		refuse("driver: \"latest\" is not possible, because the AMI brings its driver; use \"managed\", or \"none\" with an aws.ami_type without a driver")
	}
	if len(p.Zones) > 0 && (p.AWS == nil || len(p.AWS.Subnets) == 0) {
		refuse("zones: nodes are where their subnets are; set aws.subnet_ids to subnets in %s", strings.Join(p.Zones, ", "))
	}
	if p.AWS != nil && p.AWS.AMIAlias != "" {
		refuse("aws.ami_alias: belongs to aws.provisioner = \"karpenter\"; a managed node group has aws.ami_type")
	}
	if p.AWS != nil && p.AWS.NodeRole != "" && !roleForm.MatchString(p.AWS.NodeRole) {
		refuse("aws.node_role: %q must be the ARN of a role, such as arn:aws:iam::111122223333:role/nodes", p.AWS.NodeRole)
	}
	return errors.Join(faults...)
}

// amiType is the one that the user chose, or that has the driver of the accelerator.
func amiType(p cloud.Pool) (types.AMITypes, error) {
	has := accelerator(p)
	if p.AWS != nil && p.AWS.AMIType != "" {
		return chosenAMI(types.AMITypes(p.AWS.AMIType), p.Driver)
	}
	switch {
	case p.Driver == "none":
		return "", fmt.Errorf("driver: \"none\" needs an AMI without a driver; set aws.ami_type, such as %q", types.AMITypesAl2023X8664Standard)
	case p.Machine == "":
		return "", nil
	case has.Resource() == "aws.amazon.com/neuron":
		return types.AMITypesAl2023X8664Neuron, nil
	case has.Resource() == "nvidia.com/gpu" && arm(p.Machine):
		return types.AMITypesAl2023Arm64Nvidia, nil
	case has.Resource() == "nvidia.com/gpu":
		return types.AMITypesAl2023X8664Nvidia, nil
	}
	return "", fmt.Errorf("accelerator: no AMI of EKS has a driver for %q; set aws.ami_type and driver = \"none\"", has.Type)
}

// arm reports whether machines with accelerators have a processor of ARM: Graviton
// (g5g) or Grace (GB200, GB300).
func arm(machine string) bool {
	return strings.HasPrefix(machine, "g5g.") || strings.HasPrefix(machine, "p6e-gb")
}

func chosenAMI(ami types.AMITypes, driver string) (types.AMITypes, error) {
	has := strings.Contains(string(ami), "NVIDIA") || strings.Contains(string(ami), "NEURON") || strings.HasSuffix(string(ami), "_GPU")
	switch {
	case ami == types.AMITypesCustom:
		return "", errors.New("aws.ami_type: CUSTOM needs a launch template; set aws.provisioner = \"karpenter\", or name another type")
	case !slices.Contains(ami.Values(), ami):
		return "", fmt.Errorf("aws.ami_type: EKS has no %q; there are: %s", ami, strings.Join(texts(ami.Values()), ", "))
	case has && driver == "none":
		return "", fmt.Errorf("driver: \"none\" contradicts aws.ami_type: %q has a driver", ami)
	case !has && driver != "none":
		return "", fmt.Errorf("aws.ami_type: %q has no driver for the accelerator; set driver = \"none\" when something else installs it", ami)
	}
	return ami, nil
}
