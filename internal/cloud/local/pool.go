package local

import (
	"fmt"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// pools are the nodes of a cluster on this machine, which are there.
type pools struct{ cloud.Declared[cloud.Pool] }

// Settings are none. What says how nodes are made is refused by its name.
func (pools) Settings(p cloud.Pool) (cloud.Settings, error) {
	for _, s := range []struct {
		name string
		set  bool
	}{{"zones", len(p.Zones) > 0}, {"disk", p.Disk != nil}, {"reservation", p.Reservation != ""}, {"driver", p.Driver == "latest"}} {
		if s.set {
			return nil, fmt.Errorf("pool %q: %s: nobody makes nodes on cloud \"local\", they are there: leave it out", p.Name, s.name)
		}
	}
	return cloud.Settings{}, nil
}
