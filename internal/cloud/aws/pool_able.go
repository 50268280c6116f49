package aws

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

var roleForm = pattern.New(`^arn:aws[a-z-]*:iam::\d{12}:role/.+$`)

// unable names what a managed node group cannot have, and the way out.
func unable(p cloud.Pool) error {
	var faults spec.Faults
	if p.Reservation != "" {
		faults.Misfit("reservation", "a managed node group takes one through a launch template only; set aws.provisioner = \"karpenter\", or leave it out")
	}
	if p.Disk != nil && p.Disk.Type != "" {
		faults.Misfit("disk.type", "a managed node group takes %q through a launch template only; set aws.provisioner = \"karpenter\", or leave it out", p.Disk.Type)
	}
	if p.Driver == "latest" {
		faults.Misfit("driver", "\"latest\" is not possible, because the AMI brings its driver; use \"managed\", or \"none\" with an aws.ami_type without a driver")
	}
	if len(p.Zones) > 0 { // EKS says of no subnet where it is
		faults.Misfit("zones", "a managed node group is where its subnets are: leave zones out and name subnets of %s in aws.subnet_ids, or set aws.provisioner = \"karpenter\"", strings.Join(p.Zones, ", "))
	}
	if p.AWS != nil && p.AWS.AMIAlias != "" {
		faults.Misfit("aws.ami_alias", "belongs to aws.provisioner = \"karpenter\"; a managed node group has aws.ami_type")
	}
	if p.AWS != nil && p.AWS.NodeRole != "" && !roleForm.MatchString(p.AWS.NodeRole) {
		faults.Misfit("aws.node_role", "%q must be the ARN of a role, such as arn:aws:iam::111122223333:role/nodes", p.AWS.NodeRole)
	}
	return faults.Err()
}

// amiType is the one that the user chose, or that has the driver of the accelerator.
func amiType(p cloud.Pool) (types.AMITypes, error) {
	has := accelerator(p)
	if p.AWS != nil && p.AWS.AMIType != "" {
		ami := types.AMITypes(p.AWS.AMIType)
		if out, err := chosenAMI(ami, p.Driver); err != nil {
			return out, err
		}
		return ami, misfit(ami, p.Machine, has)
	}
	switch {
	case p.Driver == "none":
		return "", spec.Misfit("driver", "\"none\" needs an AMI without a driver; set aws.ami_type, such as %q", types.AMITypesAl2023X8664Standard)
	case p.Machine == "":
		return "", nil
	case has.Resource() == "aws.amazon.com/neuron":
		return types.AMITypesAl2023X8664Neuron, nil
	case has.Resource() == "nvidia.com/gpu" && arm(p.Machine):
		return types.AMITypesAl2023Arm64Nvidia, nil
	case has.Resource() == "nvidia.com/gpu":
		return types.AMITypesAl2023X8664Nvidia, nil
	}
	return "", spec.Misfit("accelerator", "no AMI of EKS has a driver for %q; set aws.ami_type and driver = \"none\"", has.Type)
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
		return "", spec.Misfit("aws.ami_type", "CUSTOM needs a launch template; set aws.provisioner = \"karpenter\", or name another type")
	case !slices.Contains(ami.Values(), ami):
		return "", spec.Misfit("aws.ami_type", "EKS has no %q; there are: %s", ami, strings.Join(texts(ami.Values()), ", "))
	case has && driver == "none":
		return "", spec.Misfit("driver", "\"none\" contradicts aws.ami_type: %q has a driver", ami)
	case !has && driver != "none":
		return "", spec.Misfit("aws.ami_type", "%q has no driver for the accelerator; set driver = \"none\" when something else installs it", ami)
	}
	return ami, nil
}

// misfit says why an AMI does not run on a machine, or not with its accelerators.
func misfit(ami types.AMITypes, machine string, has spec.Accelerator) error {
	name, resource := string(ami), has.Resource()
	ofARM := strings.Contains(name, "ARM_64")
	nvidia := strings.Contains(name, "NVIDIA") || strings.HasSuffix(name, "_GPU")
	switch {
	case strings.HasPrefix(name, "WINDOWS"):
		return spec.Misfit("aws.ami_type", "%q is Windows, and the pods of the platform run on Linux", ami)
	case ofARM && machine != "" && !arm(machine):
		return spec.Misfit("aws.ami_type", "%q is for processors of ARM, and %s has none: name one of x86_64", ami, machine)
	case !ofARM && arm(machine):
		return spec.Misfit("aws.ami_type", "%q is for x86, and %s has a processor of ARM: name one of ARM_64", ami, machine)
	case nvidia && resource != "nvidia.com/gpu":
		return spec.Misfit("aws.ami_type", "%q has a driver for accelerators of NVIDIA, and not for %s", ami, has.Type)
	case strings.Contains(name, "NEURON") && resource != "aws.amazon.com/neuron":
		return spec.Misfit("aws.ami_type", "%q has a driver for accelerators of AWS, and not for %s", ami, has.Type)
	}
	return nil
}

// ownByKubelet are the labels of Kubernetes that a node gives itself, and namespaces of such.
// With any other of Kubernetes its kubelet does not start. Source: well_known_labels.go of
// k8s.io/kubelet.
var (
	ownByKubelet = []string{
		"kubernetes.io/hostname", "topology.kubernetes.io/zone", "topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region",
		"beta.kubernetes.io/instance-type", "node.kubernetes.io/instance-type", "kubernetes.io/os", "kubernetes.io/arch", "beta.kubernetes.io/os", "beta.kubernetes.io/arch",
	}
	spacesOfKubelet = []string{"kubelet.kubernetes.io", "node.kubernetes.io"}
)

// labelUnable says why no node group can give its nodes a label.
func labelUnable(key string) error {
	space, _, prefixed := strings.Cut(key, "/")
	in := func(of string) bool { return space == of || strings.HasSuffix(space, "."+of) }
	switch {
	case !prefixed || slices.Contains(ownByKubelet, key) || slices.ContainsFunc(spacesOfKubelet, in):
		return nil
	case in("eks.amazonaws.com"):
		return spec.Misfit("labels", "%s is of those that EKS writes itself: leave it out", key)
	case in("kubernetes.io") || in("k8s.io"):
		return spec.Misfit("labels", "%s is of Kubernetes, and nodes do not start with it: take a prefix of your own, or one of %s", key, strings.Join(spacesOfKubelet, ", "))
	}
	return nil
}
