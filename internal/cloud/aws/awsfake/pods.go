package awsfake

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
)

// Pod is a pod identity association.
type Pod struct {
	ClusterName    string            `json:"clusterName"`
	Namespace      string            `json:"namespace"`
	ServiceAccount string            `json:"serviceAccount"`
	RoleArn        string            `json:"roleArn,omitempty"`
	AssociationID  string            `json:"associationId"`
	AssociationArn string            `json:"associationArn"`
	Tags           map[string]string `json:"tags,omitempty"`
	// What only a hand sets: another role after this one, and a session that says less.
	TargetRoleArn      string `json:"targetRoleArn,omitempty"`
	DisableSessionTags bool   `json:"disableSessionTags,omitempty"`
	Policy             string `json:"policy,omitempty"`
}

// AddPod makes an association of somebody.
func (a *Account) AddPod(p Pod) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.newPod(&p)
}

// EditPods changes associations by hand, and removes those of which keep is false.
func (a *Account) EditPods(change func(*Pod) (keep bool)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for id, p := range a.pods {
		if !change(p) {
			delete(a.pods, id)
		}
	}
}

func (a *Account) newPod(p *Pod) {
	a.next++
	p.AssociationID = fmt.Sprintf("a-%08d", a.next)
	p.AssociationArn = "arn:aws:eks:eu-west-1:" + a.ID + ":podidentityassociation/" + p.ClusterName + "/" + p.AssociationID
	a.pods[p.AssociationID] = p
}

// eks answers what EKS has of pod identities.
func (a *Account) eks(w http.ResponseWriter, req *http.Request, op string, body []byte) *fault {
	if op == "TagResource" {
		return a.tagPod(strings.TrimPrefix(req.URL.Path, "/tags/"), body)
	}
	parts := strings.Split(strings.Trim(req.URL.Path, "/"), "/") // clusters/NAME/pod-identity-associations/ID
	cluster := parts[1]
	if !a.clusters[cluster] {
		return &fault{status: 404, code: "ResourceNotFoundException", message: "No cluster found for name: " + cluster + "."}
	}
	var in Pod
	if len(body) > 0 {
		if err := json.Unmarshal(body, &in); err != nil {
			return &fault{status: 400, code: "InvalidRequestException", message: err.Error()}
		}
	}
	var out any
	switch op {
	case "ListPodIdentityAssociations":
		out = a.listPods(req, cluster)
	case "CreatePodIdentityAssociation":
		for _, p := range a.pods {
			if p.ClusterName == cluster && p.Namespace == in.Namespace && p.ServiceAccount == in.ServiceAccount {
				return &fault{status: 409, code: "ResourceInUseException", message: "Association already exists: " + p.AssociationID}
			}
		}
		if f := a.checkRole(in.RoleArn); f != nil {
			return f
		}
		in.ClusterName = cluster
		a.newPod(&in)
		out = map[string]any{"association": in}
	default:
		p := a.pods[parts[3]]
		if p == nil {
			return &fault{status: 404, code: "ResourceNotFoundException", message: "No association found with ID: " + parts[3]}
		}
		switch op {
		case "UpdatePodIdentityAssociation":
			if f := a.checkRole(in.RoleArn); f != nil {
				return f
			}
			p.RoleArn = in.RoleArn
		case "DeletePodIdentityAssociation":
			delete(a.pods, parts[3])
		}
		out = map[string]any{"association": p}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out)
	return nil
}

func (a *Account) tagPod(arn string, body []byte) *fault {
	var in struct {
		Tags map[string]string `json:"tags"`
	}
	if err := json.Unmarshal(body, &in); err != nil || len(in.Tags) == 0 {
		return &fault{status: 400, code: "BadRequestException", message: "1 to 50 tags are possible"}
	}
	for _, p := range a.pods {
		if p.AssociationArn == arn {
			p.Tags = maps.Clone(p.Tags)
			if p.Tags == nil {
				p.Tags = map[string]string{}
			}
			maps.Copy(p.Tags, in.Tags)
			return nil
		}
	}
	return &fault{status: 404, code: "NotFoundException", message: "Resource was not found: " + arn}
}

func (a *Account) checkRole(arn string) *fault {
	for name, r := range a.roles {
		if a.roleARN(name, r) == arn {
			return nil
		}
	}
	return &fault{status: 400, code: "InvalidParameterException", message: "Role provided in the request does not exist."}
}

// listPods gives summaries, which do not say the role.
func (a *Account) listPods(req *http.Request, cluster string) any {
	out := []Pod{}
	for _, p := range a.pods {
		if p.ClusterName == cluster && p.Namespace == req.URL.Query().Get("namespace") && p.ServiceAccount == req.URL.Query().Get("serviceAccount") {
			summary := *p
			summary.RoleArn, summary.Tags = "", nil
			out = append(out, summary)
		}
	}
	return map[string]any{"associations": out}
}
