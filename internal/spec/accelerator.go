package spec

import "strings"

// Accelerator is a portable kind of accelerator and how many of them one node or step needs.
type Accelerator struct {
	Type  string `json:"type"`
	Count int64  `json:"count"`
}

// accelerators maps the portable types to the extended resource that Kubernetes
// counts them by. Sources: the device plug-ins' own documentation.
var accelerators = map[string]string{
	"nvidia-t4": nvidia, "nvidia-v100": nvidia, "nvidia-p100": nvidia, "nvidia-a10": nvidia, "nvidia-a10g": nvidia, "nvidia-a100": nvidia,
	"nvidia-a100-80gb": nvidia, "nvidia-l4": nvidia, "nvidia-l40s": nvidia, "nvidia-h100": nvidia, "nvidia-h200": nvidia, "nvidia-b200": nvidia,
	"nvidia-b300": nvidia, "nvidia-gb200": nvidia, "nvidia-rtx-pro-6000": nvidia, "nvidia-h100-mega": nvidia, "nvidia-v100-32gb": nvidia,
	"amd-mi300x": "amd.com/gpu", "aws-trainium": neuron, "aws-trainium2": neuron, "aws-inferentia2": neuron,
}

const (
	nvidia = "nvidia.com/gpu"
	neuron = "aws.amazon.com/neuron"
)

// Resource is the extended resource of a's type, such as "nvidia.com/gpu".
func (a Accelerator) Resource() string { return accelerators[a.Type] }

// AcceleratorTypes lists the portable types.
func AcceleratorTypes() []string { return sorted(accelerators) }

func (a *Accelerator) preset() { a.Count = 1 }

func (c *checker) acceleratorType(at Path, name string) {
	if c.required(at, name) && accelerators[name] == "" {
		c.fault(at, "%q is not an accelerator; there are: %s", name, strings.Join(AcceleratorTypes(), ", "))
	}
}

func (c *checker) accelerator(at Path, a Accelerator) {
	c.acceleratorType(at.Attr("type"), a.Type)
	if a.Count < 1 || a.Count > 64 {
		c.fault(at.Attr("count"), "%d must be from 1 to 64", a.Count)
	}
}

// Resources is what a step or a replica asks for.
type Resources struct {
	CPU         Quantity     `json:"cpu,omitempty"`
	Memory      Quantity     `json:"memory,omitempty"`
	Accelerator *Accelerator `json:"accelerator,omitempty"`
}

func (c *checker) resources(at Path, r *Resources) {
	if r == nil {
		return
	}
	c.cpu(at.Attr("cpu"), r.CPU)
	c.memory(at.Attr("memory"), r.Memory)
	if r.Accelerator != nil {
		c.accelerator(at.Attr("accelerator"), *r.Accelerator)
	}
}
