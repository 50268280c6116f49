package cloud

import "fmt"

// Extra is the first setting of a bucket that only a cloud's own buckets have, by its name,
// or "".
func (b Bucket) Extra() string {
	return firstSet([]set{{"kms_key", b.KMSKey != ""}, {"access_logs", b.AccessLogs != nil}, {"soft_delete_days", b.SoftDeleteDays != 0}})
}

// GivenNodes is the plan of pools on a cloud where nobody makes nodes: they are there.
type GivenNodes struct {
	Declared[Pool]
	Cloud string
}

// Settings are none. What says how nodes are made is refused by its name.
func (n GivenNodes) Settings(p Pool) (Settings, error) {
	if name := firstSet([]set{{"zones", len(p.Zones) > 0}, {"disk", p.Disk != nil}, {"reservation", p.Reservation != ""}, {"driver", p.Driver == "latest"}}); name != "" {
		return nil, fmt.Errorf("pool %q: %s: nobody makes nodes on cloud %q, they are there: leave it out", p.Name, name, n.Cloud)
	}
	return Settings{}, nil
}

// set is a setting, and whether a configuration sets it.
type set struct {
	name string
	is   bool
}

func firstSet(all []set) string {
	for _, s := range all {
		if s.is {
			return s.name
		}
	}
	return ""
}
