package awsfake

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
)

func (f *EKS) update(r *http.Request) (any, *failure) {
	g, no := f.find(r)
	if no != nil {
		return nil, no
	}
	var in updateRequest
	if no := decode(r, &in); no != nil {
		return nil, no
	}
	if u := g.updates[in.Token]; u != nil {
		return map[string]any{"update": u}, nil
	}
	if g.Status != Active && g.Status != Degraded {
		return nil, inUse("Nodegroup cannot be updated as it is currently not in Active State")
	}
	if no := f.busy(); no != nil {
		return nil, no
	}
	next, no := changed(g.NodeGroup, in)
	if no != nil {
		return nil, no
	}
	u := &Update{
		CreatedAt: Epoch, Errors: []UpdateError{}, ID: f.id(), Status: "InProgress", Type: "ConfigUpdate",
		Params: params(in),
	}
	f.updates[u.ID] = u
	if in.Token != "" {
		g.updates[in.Token] = u
	}
	before, fails := g.Status, f.script.UpdateFails
	g.Status, g.polls = Updating, f.script.Polls
	g.then = func() {
		if fails != nil {
			g.Status, u.Status, u.Errors = before, "Failed", fails
			return
		}
		next.Tags, next.Status = g.Tags, before
		g.NodeGroup, u.Status = next, "Successful"
	}
	return map[string]any{"update": u}, nil
}

// changed is a group after an update, which must change something.
func changed(g NodeGroup, in updateRequest) (NodeGroup, *failure) {
	before, _ := json.Marshal(g) // of our own types
	g.Labels, g.Taints = maps.Clone(g.Labels), slices.Clone(g.Taints)
	if in.Labels != nil {
		if no := checkLabels(in.Labels.Set); no != nil {
			return g, no
		}
		if g.Labels == nil {
			g.Labels = map[string]string{}
		}
		for _, key := range in.Labels.Remove {
			delete(g.Labels, key)
		}
		maps.Copy(g.Labels, in.Labels.Set)
	}
	if in.Taints != nil {
		for _, t := range slices.Concat(in.Taints.Remove, in.Taints.Set) {
			g.Taints = slices.DeleteFunc(g.Taints, func(have Taint) bool { return have.Key == t.Key && have.Effect == t.Effect })
		}
		g.Taints = append(g.Taints, in.Taints.Set...)
	}
	if in.ScalingConfig != nil {
		g.ScalingConfig = scaled(g.ScalingConfig, *in.ScalingConfig)
	}
	if in.UpdateConfig != nil {
		g.UpdateConfig = in.UpdateConfig
	}
	if in.NodeRepairConfig != nil {
		g.NodeRepairConfig = in.NodeRepairConfig
	}
	if in.WarmPoolConfig != nil {
		g.WarmPoolConfig = in.WarmPoolConfig
	}
	if after, _ := json.Marshal(g); string(after) == string(before) {
		return g, invalid("No changes needed for the nodegroup")
	}
	return g, checkScaling(g.ScalingConfig)
}

func scaled(have *Scaling, in Scaling) *Scaling {
	out := Scaling{}
	if have != nil {
		out = *have
	}
	if in.Min != nil {
		out.Min = in.Min
	}
	if in.Max != nil {
		out.Max = in.Max
	}
	if in.Desired != nil {
		out.Desired = in.Desired
	}
	return &out
}

// params says what an update is about, a part at a time.
func params(in updateRequest) []Param {
	out := []Param{}
	if in.Labels != nil {
		out = append(out, Param{"LabelsToAdd", "{}"})
	}
	if in.Taints != nil {
		out = append(out, Param{"TaintsToAdd", "[]"})
	}
	if in.ScalingConfig != nil {
		out = append(out, Param{"MaxSize", "0"})
	}
	return out
}

func (f *EKS) describeUpdate(r *http.Request) (any, *failure) {
	c, no := f.cluster(r)
	if no != nil {
		return nil, no
	}
	u := f.updates[r.PathValue("update")]
	g := c.groups[r.URL.Query().Get("nodegroupName")]
	if u == nil || g == nil {
		return nil, absent("No update found for ID: %s", r.PathValue("update"))
	}
	g.look()
	return map[string]any{"update": u}, nil
}

func (f *EKS) byARN(r *http.Request) (*group, *failure) {
	for _, c := range f.clusters {
		for _, g := range c.groups {
			if g.NodegroupArn == r.PathValue("arn") {
				return g, nil
			}
		}
	}
	return nil, &failure{status: http.StatusNotFound, Type: "NotFoundException", Message: "Resource was not found: " + r.PathValue("arn")}
}

func (f *EKS) tag(r *http.Request) (any, *failure) {
	g, no := f.byARN(r)
	if no != nil {
		return nil, no
	}
	var in struct {
		Tags map[string]string `json:"tags"`
	}
	if no := decode(r, &in); no != nil {
		return nil, no
	}
	next := maps.Clone(g.Tags)
	if next == nil {
		next = map[string]string{}
	}
	maps.Copy(next, in.Tags)
	if len(in.Tags) == 0 || len(next) > 50 {
		return nil, &failure{status: http.StatusBadRequest, Type: "BadRequestException", Message: "1 to 50 tags are possible"}
	}
	g.Tags = next
	return nil, nil
}

func (f *EKS) untag(r *http.Request) (any, *failure) {
	g, no := f.byARN(r)
	if no != nil {
		return nil, no
	}
	keys := r.URL.Query()["tagKeys"]
	if len(keys) == 0 || len(keys) > 50 {
		return nil, &failure{status: http.StatusBadRequest, Type: "BadRequestException", Message: "1 to 50 keys are possible"}
	}
	next := maps.Clone(g.Tags)
	for _, key := range keys {
		delete(next, key)
	}
	g.Tags = next
	return nil, nil
}
