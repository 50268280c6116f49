package prices

import (
	"fmt"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// ByMachine is the accelerators that a type of machine of a cloud has, for a pool that
// pins the type and names no accelerators. The error says why the list cannot tell, and
// the way out.
func (c *Catalog) ByMachine(cloud, instanceType string) (spec.Accelerator, error) {
	same := c.named(Machine{Cloud: cloud, InstanceType: instanceType})
	if len(same) == 0 {
		return spec.Accelerator{}, fmt.Errorf("the list of prices has no %q of %s: set accelerator to what one of its nodes has", instanceType, cloud)
	}
	m := same[0]
	switch {
	case attached(cloud, instanceType):
		have := names(same, func(m Machine) string { return m.Accelerator })
		return spec.Accelerator{}, fmt.Errorf("accelerators are attached to %q one by one, and its name does not tell which and how many: set accelerator, such as to 1 %s", instanceType, strings.Join(have, " or 1 "))
	case m.noted(fraction):
		return spec.Accelerator{}, fmt.Errorf("%q of %s has a fraction of one %s, which the language has no count for: pin another type of machine", instanceType, cloud, m.Accelerator)
	case m.Accelerator == "" || m.Count == 0 || (spec.Accelerator{Type: m.Accelerator}).Resource() == "":
		return spec.Accelerator{}, fmt.Errorf("the list of prices does not say which accelerators %q of %s has%s: set accelerator to what one of its nodes has", instanceType, cloud, remark(m))
	}
	return spec.Accelerator{Type: m.Accelerator, Count: m.Count}, nil
}
