package googlefake

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Pool is a node pool as the API shows it.
type Pool struct{ Meta map[string]any }

// Broken is how an operation ends badly: with Message, and with its pool in Status and
// under Conditions; the pool is gone when Status is "". An Old one says so in its status
// message only. What an operation would have changed is as before.
type Broken struct {
	Message    string
	Status     string
	Conditions []string
	Old        bool
}

// operation is one change of a cluster under way. Time passes with requests.
type operation struct {
	name string
	left int
	done func()
	end  *Broken
}

// At is a pool's config or the pool itself, for tests that change it by hand.
func (p *Pool) At(path ...string) map[string]any {
	at := p.Meta
	for _, name := range path {
		inner, _ := at[name].(map[string]any)
		if inner == nil {
			inner = map[string]any{}
			at[name] = inner
		}
		at = inner
	}
	return at
}

func (f *Fake) serveContainer(c call) (any, *refusal) {
	f.pass()
	name := c.path["name"]
	if name == "" {
		name = c.path["parent"]
	}
	switch verb := c.id[strings.LastIndex(c.id, ".")+1:]; {
	case c.id == "container.projects.locations.operations.get":
		return f.showOperation(name)
	case c.id == "container.projects.locations.clusters.get":
		return map[string]any{"name": name, "status": "RUNNING", "locations": f.Zones}, nil
	case verb == "get":
		p, there := f.Pools[name]
		if !there {
			return nil, absent("Not found: %s.", name)
		}
		return p.Meta, nil
	case verb == "list":
		return f.listPools(name), nil
	case verb == "create" && f.Pools[name+"/nodePools/"+poolName(c)] != nil:
		return nil, refuse(http.StatusConflict, "ALREADY_EXISTS", "alreadyExists", "Already exists: %s.", name)
	case f.operation != nil:
		return nil, refuse(http.StatusBadRequest, "FAILED_PRECONDITION", "failedPrecondition", "Cluster is running incompatible operation %s.", f.operation.name)
	case verb == "create":
		return f.createPool(c, name)
	default:
		return f.changePool(c, verb, name)
	}
}

func (f *Fake) listPools(cluster string) any {
	items := []any{}
	for _, name := range slices.Sorted(maps.Keys(f.Pools)) {
		if strings.HasPrefix(name, cluster+"/nodePools/") {
			items = append(items, f.Pools[name].Meta)
		}
	}
	return map[string]any{"nodePools": items}
}

// pass lets time go by.
func (f *Fake) pass() {
	if o := f.operation; o != nil {
		if o.left--; o.left < 0 {
			o.done()
			f.operation = nil
		}
	}
}

func (f *Fake) begin(done func()) map[string]any {
	f.serial++
	o := &operation{name: fmt.Sprintf("operation-%d-%08x", 1700000000000+f.serial, f.serial), left: f.Polls, done: done, end: f.Break}
	f.Break = nil
	f.operation, f.operations[o.name] = o, o
	return map[string]any{"name": o.name, "status": "RUNNING", "operationType": "UPGRADE_NODES"}
}

func (f *Fake) showOperation(name string) (any, *refusal) {
	o, there := f.operations[name[strings.LastIndex(name, "/")+1:]]
	if !there {
		return nil, absent("Not found: %s.", name)
	}
	if f.operation == o {
		return map[string]any{"name": o.name, "status": "RUNNING"}, nil
	}
	out := map[string]any{"name": o.name, "status": "DONE"}
	switch {
	case o.end == nil:
	case o.end.Old:
		out["statusMessage"] = o.end.Message
	default:
		out["error"] = map[string]any{"code": 8, "message": o.end.Message}
	}
	return out, nil
}

func poolName(c call) string {
	meta, _ := c.body["nodePool"].(map[string]any)
	name, _ := meta["name"].(string)
	return name
}

func (f *Fake) createPool(c call, parent string) (any, *refusal) {
	meta, _ := c.body["nodePool"].(map[string]any)
	id := poolName(c)
	name := parent + "/nodePools/" + id
	if len(id) > 40 || !strings.Contains(parent, "/clusters/") {
		return nil, refuse(http.StatusBadRequest, "INVALID_ARGUMENT", "badRequest", "The name %q is too long.", id)
	}
	p := &Pool{Meta: meta}
	if no := p.check(); no != nil {
		return nil, no
	}
	p.defaults()
	if p.Meta["locations"] == nil {
		p.Meta["locations"] = f.Zones
	}
	p.Meta["status"] = "PROVISIONING"
	f.Pools[name] = p
	return f.finish(name, p, func() {}), nil
}

// finish begins an operation at whose end the pool runs, or is broken.
func (f *Fake) finish(name string, p *Pool, done func()) map[string]any {
	end := f.Break
	return f.begin(func() {
		p.Meta["status"] = "RUNNING"
		if end == nil {
			done()
			return
		}
		if p.Meta["status"] = end.Status; end.Status == "" {
			delete(f.Pools, name)
		}
		var conditions []any
		for _, text := range end.Conditions {
			conditions = append(conditions, map[string]any{"canonicalCode": "RESOURCE_EXHAUSTED", "message": text})
		}
		if conditions != nil {
			p.Meta["conditions"] = conditions
		}
	})
}

func (f *Fake) changePool(c call, verb, name string) (any, *refusal) {
	p, there := f.Pools[name]
	if !there {
		return nil, absent("Not found: %s.", name)
	}
	switch verb {
	case "delete":
		p.Meta["status"] = "STOPPING"
		return f.finish(name, p, func() { delete(f.Pools, name) }), nil
	case "setAutoscaling", "setManagement":
		field := map[string]string{"setAutoscaling": "autoscaling", "setManagement": "management"}[verb]
		next := &Pool{Meta: clone(p.Meta)}
		next.Meta[field] = c.body[field]
		if no := next.check(); no != nil {
			return nil, no
		}
		return f.finish(name, p, func() { p.Meta[field] = c.body[field] }), nil
	case "update":
		if _, zones := c.body["locations"]; zones && len(c.body) > 1 {
			return nil, refuse(http.StatusBadRequest, "INVALID_ARGUMENT", "badRequest", "Locations cannot be updated together with other fields.")
		}
		return f.finish(name, p, func() { p.apply(c.body) }), nil
	}
	f.tb.Errorf("the fake does not have %s", c.id)
	return nil, absent("%s", c.id)
}

// apply puts an update where it is read later.
func (p *Pool) apply(body map[string]any) {
	config := p.At("config")
	for field, value := range body {
		inner, _ := value.(map[string]any)
		switch field {
		case "locations":
			p.Meta["locations"] = value
		case "labels", "taints", "resourceLabels":
			config[field] = inner[map[string]string{"labels": "labels", "resourceLabels": "labels", "taints": "taints"}[field]]
		case "diskSizeGb": // a text in the request, a number in the pool
			var size json.Number
			_ = json.Unmarshal([]byte(fmt.Sprint(value)), &size)
			config[field] = size
		default:
			config[field] = value
		}
	}
	p.defaults()
}

// check is what GKE refuses.
func (p *Pool) check() *refusal {
	bad := func(text string) *refusal {
		return refuse(http.StatusBadRequest, "INVALID_ARGUMENT", "badRequest", "%s", text)
	}
	a, c := p.At("autoscaling"), p.At("config")
	_, total := a["totalMaxNodeCount"]
	_, zonal := a["maxNodeCount"]
	if total && zonal {
		return bad("The total_*_node_count fields are mutually exclusive with the *_node_count fields.")
	}
	if c["flexStart"] == true && (c["spot"] == true || a["totalMinNodeCount"] != nil && a["totalMinNodeCount"] != float64(0)) {
		return bad("Flex start needs on-demand nodes and a minimum of zero.")
	}
	if machine, _ := c["machineType"].(string); machine == "" {
		return bad("No machine type is given.")
	}
	return nil
}

// defaults are what GKE adds by itself.
func (p *Pool) defaults() {
	c := p.At("config")
	for field, value := range map[string]any{"diskSizeGb": 100, "diskType": "pd-balanced", "imageType": "COS_CONTAINERD", "serviceAccount": "default"} {
		if c[field] == nil {
			c[field] = value
		}
	}
	p.Meta["version"], p.Meta["etag"] = "1.36.2-gke.1500000", "e1"
	labels := p.At("config", "labels")
	labels["cloud.google.com/gke-accelerator"] = "nvidia-l4"
	if c["spot"] == true {
		labels["cloud.google.com/gke-spot"] = "true"
	}
	taints, _ := c["taints"].([]any)
	for _, taint := range taints {
		if t, _ := taint.(map[string]any); t["key"] == "nvidia.com/gpu" {
			return
		}
	}
	if c["accelerators"] != nil {
		c["taints"] = append(taints, map[string]any{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"})
	}
}

func clone(v map[string]any) map[string]any {
	data, _ := json.Marshal(v)
	var out map[string]any
	_ = json.Unmarshal(data, &out)
	return out
}
