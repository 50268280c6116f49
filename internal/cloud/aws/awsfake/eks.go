package awsfake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sort"
	"sync"
)

// Epoch is the time of everything in the fakes, in seconds.
const Epoch = 946684800

// EKS is the part of Amazon EKS that keeps node groups, in memory. It knows the states
// that a group goes through and refuses what the service refuses; it starts no machine.
type EKS struct {
	mux *http.ServeMux

	mu       sync.Mutex
	script   Script
	clusters map[string]*cluster
	updates  map[string]*Update
	made     int // for ids
}

// Script is how the service behaves from now on.
type Script struct {
	// Polls is how many times a change is seen under way before it is done.
	Polls int
	// Hidden is how many times a new group is not found.
	Hidden int
	// Busy is how many changes are refused because of another one.
	Busy int
	// CreateFails is what a group that is made now comes up with.
	CreateFails []Issue
	// UpdateFails is how an update that starts now ends.
	UpdateFails []UpdateError
	// DeleteFails is what keeps a group that is deleted now.
	DeleteFails []Issue
}

type cluster struct {
	subnets []string
	groups  map[string]*group
}

type group struct {
	NodeGroup
	token   string
	updates map[string]*Update // by their tokens
	seeded  bool               // not made through the API
	hidden  int
	polls   int
	then    func() // what becomes of the group after so many polls
}

// NewEKS returns a service with one cluster and its subnets.
func NewEKS(name string, subnets ...string) *EKS {
	f := &EKS{mux: http.NewServeMux(), clusters: map[string]*cluster{}, updates: map[string]*Update{}}
	f.AddCluster(name, subnets...)
	for pattern, do := range map[string]func(*http.Request) (any, *failure){
		"GET /clusters/{cluster}":                                    f.describeCluster,
		"GET /clusters/{cluster}/node-groups":                        f.list,
		"POST /clusters/{cluster}/node-groups":                       f.create,
		"GET /clusters/{cluster}/node-groups/{group}":                f.describe,
		"DELETE /clusters/{cluster}/node-groups/{group}":             f.remove,
		"POST /clusters/{cluster}/node-groups/{group}/update-config": f.update,
		"GET /clusters/{cluster}/updates/{update}":                   f.describeUpdate,
		"POST /tags/{arn}":                                           f.tag,
		"DELETE /tags/{arn}":                                         f.untag,
	} {
		f.mux.HandleFunc(pattern, f.answer(do))
	}
	return f
}

// AddCluster adds a cluster without node groups.
func (f *EKS) AddCluster(name string, subnets ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.clusters[name] = &cluster{subnets, map[string]*group{}}
}

// AddGroup adds a node group that nobody made through the API.
func (f *EKS) AddGroup(g NodeGroup) {
	f.mu.Lock()
	defer f.mu.Unlock()
	g.NodegroupArn = f.arn(g.ClusterName, g.NodegroupName)
	f.clusters[g.ClusterName].groups[g.NodegroupName] = &group{NodeGroup: g, seeded: true, updates: map[string]*Update{}}
}

// Play sets how the service behaves from now on.
func (f *EKS) Play(s Script) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.script = s
}

// Edit changes a node group by hand.
func (f *EKS) Edit(cluster, name string, change func(*NodeGroup)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.clusters[cluster].groups[name].NodeGroup)
}

// Hold puts a node group into a state for the polls of the script, and then back to ACTIVE.
func (f *EKS) Hold(cluster, name, state string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	g := f.clusters[cluster].groups[name]
	g.Status, g.polls = state, f.script.Polls
	g.then = func() { g.Status = Active }
}

// Drop removes a node group at once.
func (f *EKS) Drop(cluster, name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.clusters[cluster].groups, name)
}

// Groups are the names of the node groups that were made through the API.
func (f *EKS) Groups() (out []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.clusters {
		for name, g := range c.groups {
			if !g.seeded {
				out = append(out, name)
			}
		}
	}
	sort.Strings(out)
	return out
}

// ServeHTTP answers one request of the service.
func (f *EKS) ServeHTTP(w http.ResponseWriter, r *http.Request) { f.mux.ServeHTTP(w, r) }

// failure is an answer of the service that says no.
type failure struct {
	status  int
	Type    string `json:"__type"`
	Cluster string `json:"clusterName,omitempty"`
	Group   string `json:"nodegroupName,omitempty"`
	Message string `json:"message"`
}

func invalid(format string, args ...any) *failure {
	return &failure{status: http.StatusBadRequest, Type: "InvalidParameterException", Message: fmt.Sprintf(format, args...)}
}

func absent(format string, args ...any) *failure {
	return &failure{status: http.StatusNotFound, Type: "ResourceNotFoundException", Message: fmt.Sprintf(format, args...)}
}

func inUse(format string, args ...any) *failure {
	return &failure{status: http.StatusConflict, Type: "ResourceInUseException", Message: fmt.Sprintf(format, args...)}
}

func (f *EKS) answer(do func(*http.Request) (any, *failure)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		body, no := do(r)
		status := http.StatusOK
		if no != nil {
			status, body = no.status, no
			no.Cluster, no.Group = r.PathValue("cluster"), r.PathValue("group")
		}
		data := []byte{}
		if body != nil {
			data, _ = json.Marshal(body) // of our own types
		}
		f.mu.Unlock()
		if body != nil {
			w.Header().Set("Content-Type", "application/json")
		}
		w.WriteHeader(status)
		_, _ = w.Write(data)
	}
}

// decode reads a body and refuses what the operation does not take.
func decode(r *http.Request, into any) *failure {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return invalid("%v", err)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return invalid("%v", err)
	}
	return nil
}

func (f *EKS) id() string {
	f.made++
	return fmt.Sprintf("00000000-0000-4000-8000-%012d", f.made)
}

func (f *EKS) arn(cluster, group string) string {
	return "arn:aws:eks:eu-central-1:111122223333:nodegroup/" + cluster + "/" + group + "/" + f.id()
}
