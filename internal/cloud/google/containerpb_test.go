package google_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

func init() { strict = asServed }

// gke is the generated server of GKE, as far as the driver asks it. It gives the answers of
// the fake in Google's types; every other call of it is not implemented.
type gke struct {
	containerpb.UnimplementedClusterManagerServer
	answer []byte // nil where the fake refuses
}

var errRefused = errors.New("refused")

func typed[M proto.Message](g gke, into M) (M, error) {
	if g.answer == nil {
		return into, errRefused
	}
	return into, protojson.Unmarshal(g.answer, into)
}

func (g gke) CreateNodePool(context.Context, *containerpb.CreateNodePoolRequest) (*containerpb.Operation, error) {
	return typed(g, &containerpb.Operation{})
}

func (g gke) GetNodePool(context.Context, *containerpb.GetNodePoolRequest) (*containerpb.NodePool, error) {
	return typed(g, &containerpb.NodePool{})
}

func (g gke) GetCluster(context.Context, *containerpb.GetClusterRequest) (*containerpb.Cluster, error) {
	return typed(g, &containerpb.Cluster{})
}

func (g gke) ListNodePools(context.Context, *containerpb.ListNodePoolsRequest) (*containerpb.ListNodePoolsResponse, error) {
	return typed(g, &containerpb.ListNodePoolsResponse{})
}

func (g gke) UpdateNodePool(context.Context, *containerpb.UpdateNodePoolRequest) (*containerpb.Operation, error) {
	return typed(g, &containerpb.Operation{})
}

func (g gke) SetNodePoolAutoscaling(context.Context, *containerpb.SetNodePoolAutoscalingRequest) (*containerpb.Operation, error) {
	return typed(g, &containerpb.Operation{})
}

func (g gke) SetNodePoolManagement(context.Context, *containerpb.SetNodePoolManagementRequest) (*containerpb.Operation, error) {
	return typed(g, &containerpb.Operation{})
}

func (g gke) DeleteNodePool(context.Context, *containerpb.DeleteNodePoolRequest) (*containerpb.Operation, error) {
	return typed(g, &containerpb.Operation{})
}

func (g gke) GetOperation(context.Context, *containerpb.GetOperationRequest) (*containerpb.Operation, error) {
	return typed(g, &containerpb.Operation{})
}

// route is how a call of the server is reached over HTTP (google.api.http).
type route struct {
	call, method string
	form         *regexp.Regexp
	body         bool
}

var (
	variable = regexp.MustCompile(`\\\{([a-z_]+)=([^}]*)\\\}`)
	extra    = []string{"alt", "prettyPrint", "fields"} // of every request of the client
)

// routes are those that the file of the service itself declares.
var routes = sync.OnceValue(func() (out []route) {
	methods := containerpb.File_google_container_v1_cluster_service_proto.Services().ByName("ClusterManager").Methods()
	for i := range methods.Len() {
		m := methods.Get(i)
		rule := option(m.Options(), "google.api.http").Message()
		more := rule.Get(rule.Descriptor().Fields().ByName("additional_bindings")).List()
		out = append(out, routeOf(string(m.Name()), rule))
		for n := range more.Len() {
			out = append(out, routeOf(string(m.Name()), more.Get(n).Message()))
		}
	}
	return out
})

func option(of proto.Message, name protoreflect.FullName) protoreflect.Value {
	extension, err := protoregistry.GlobalTypes.FindExtensionByName(name)
	if err != nil {
		panic(err)
	}
	return of.ProtoReflect().Get(extension.TypeDescriptor())
}

func routeOf(call string, rule protoreflect.Message) route {
	out := route{call: call, body: rule.Get(rule.Descriptor().Fields().ByName("body")).String() == "*"}
	pattern := rule.WhichOneof(rule.Descriptor().Oneofs().ByName("pattern"))
	out.method = strings.ToUpper(string(pattern.Name()))
	form := regexp.QuoteMeta(strings.ReplaceAll(rule.Get(pattern).String(), "*", "STAR"))
	form = variable.ReplaceAllString(form, `(?P<$1>$2)`)
	out.form = regexp.MustCompile("^" + strings.ReplaceAll(form, "STAR", "[^/]+") + "$")
	return out
}

// asServed puts a request to GKE before the generated server, and the fake's answer into the
// type that the server gives.
func asServed(req *http.Request, body, answer []byte) error {
	if !strings.HasPrefix(req.URL.Host, "container.") {
		return nil
	}
	for _, r := range routes() {
		values := r.form.FindStringSubmatch(req.URL.Path)
		if r.method != req.Method || values == nil {
			continue
		}
		for _, m := range containerpb.ClusterManager_ServiceDesc.Methods {
			if m.MethodName != r.call {
				continue
			}
			_, err := m.Handler(gke{answer: answer}, req.Context(), func(in any) error { return r.decode(in.(proto.Message), values, body, req) }, nil)
			if errors.Is(err, errRefused) {
				err = nil
			}
			return err
		}
	}
	return fmt.Errorf("the service has no %s %s", req.Method, req.URL.Path)
}

// decode makes the message that a request is.
func (r route) decode(into proto.Message, values []string, body []byte, req *http.Request) error {
	switch {
	case r.body:
		if err := protojson.Unmarshal(body, into); err != nil {
			return err
		}
	case len(body) > 0:
		return fmt.Errorf("%s takes no body", r.call)
	}
	for name := range req.URL.Query() {
		if !slices.Contains(extra, name) {
			return fmt.Errorf("%s has no parameter %q", r.call, name)
		}
	}
	m := into.ProtoReflect()
	for i, name := range r.form.SubexpNames() {
		if f := m.Descriptor().Fields().ByName(protoreflect.Name(name)); f != nil {
			if m.Has(f) {
				return fmt.Errorf("%s is in the path, and in the body", name)
			}
			m.Set(f, protoreflect.ValueOfString(values[i]))
		}
	}
	return behaves(m)
}

// unrequired are fields that are called required, and are so in the old form of requests only.
var unrequired = []protoreflect.FullName{
	"google.container.v1.UpdateNodePoolRequest.node_version", "google.container.v1.UpdateNodePoolRequest.image_type",
}

// behaves checks google.api.field_behavior: what must be in a request, and what must not.
func behaves(m protoreflect.Message) (err error) {
	const required, outputOnly = 2, 3
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		list := option(f.Options(), "google.api.field_behavior").List()
		for n := range list.Len() {
			switch b := list.Get(n).Enum(); {
			case b == required && !m.Has(f) && !slices.Contains(unrequired, f.FullName()):
				return fmt.Errorf("%s is required", f.FullName())
			case b == outputOnly && m.Has(f):
				return fmt.Errorf("%s is for reading only", f.FullName())
			}
		}
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.Message() == nil || f.IsMap():
		case f.IsList():
			for n := range v.List().Len() {
				err = errors.Join(err, behaves(v.List().Get(n).Message()))
			}
		default:
			err = errors.Join(err, behaves(v.Message()))
		}
		return err == nil
	})
	return err
}

// The server sees what is wrong, or it would be no witness.
func TestServer_hasTeeth(t *testing.T) {
	t.Parallel()
	const pools, one = "/v1/projects/p/locations/l/clusters/c/nodePools", "/v1/projects/p/locations/l/clusters/c/nodePools/n"
	tests := map[string]struct{ method, path, body, answer, want string }{
		"create":             {"POST", pools, `{"nodePool":{"name":"n","config":{"spot":true}}}`, `{"name":"operation-1","status":"RUNNING"}`, ""},
		"refused":            {"DELETE", one, "", "", ""},
		"unknown field":      {"POST", pools, `{"nodePool":{"title":"n"}}`, "", `unknown field "title"`},
		"unknown value":      {"POST", pools, `{"nodePool":{"autoscaling":{"locationPolicy":"SOME"}}}`, "", `invalid value for enum field locationPolicy: "SOME"`},
		"only read":          {"POST", pools, `{"nodePool":{"status":"RUNNING"}}`, "", "NodePool.status is for reading only"},
		"something missing":  {"POST", pools, "{}", "", "CreateNodePoolRequest.node_pool is required"},
		"twice":              {"PUT", one, `{"name":"projects/p"}`, "", "name is in the path, and in the body"},
		"parameter":          {"GET", one + "?view=FULL", "", "{}", `no parameter "view"`},
		"body":               {"DELETE", one, "{}", "", "takes no body"},
		"no such call":       {"PATCH", one, "{}", "", "has no PATCH"},
		"not asked so far":   {"POST", one + ":rollback", "{}", "", "method RollbackNodePoolUpgrade not implemented"},
		"another answer":     {"POST", pools, `{"nodePool":{"name":"n"}}`, `{"nodePools":[]}`, `unknown field "nodePools"`},
		"a state of no pool": {"GET", one, "", `{"status":"FINE"}`, `invalid value for enum field status: "FINE"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req, err := http.NewRequestWithContext(t.Context(), tt.method, "https://container.googleapis.com"+tt.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			var answer []byte
			if tt.answer != "" {
				answer = []byte(tt.answer)
			}
			err = asServed(req, []byte(tt.body), answer)
			// protobuf puts one of two spaces into its errors, so that nobody relies on them.
			if got := strings.ReplaceAll(fmt.Sprint(err), "\u00a0", " "); (err == nil) != (tt.want == "") || !strings.Contains(got, tt.want) && tt.want != "" {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
