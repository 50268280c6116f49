package awsfake

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// used are the operations that the fake has.
var used = []string{
	"CreateNodegroup", "DescribeNodegroup", "DeleteNodegroup", "ListNodegroups", "UpdateNodegroupConfig",
	"DescribeUpdate", "DescribeCluster", "TagResource", "UntagResource",
}

// taken is the request of an operation with every member set.
func taken(t *testing.T, operation string) *http.Request {
	t.Helper()
	all, err := Operations("eks")
	if err != nil || all[operation] == nil {
		t.Fatalf("%s: %v", operation, err)
	}
	return request(t, all[operation].Request.Method, all[operation].Request.URL.RequestURI(), string(all[operation].Body))
}

func request(t *testing.T, method, target, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://127.0.0.1"+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// given is the answer of the SDK's snapshot: "CreateNodegroup.response" with every member
// set, or "ResourceInUseException.error". It is nil when there is no body.
func given(t *testing.T, name string) (body any) {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/eks").Output()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "response_snapshot", name+".snap"))
	if err != nil {
		t.Fatal(err)
	}
	if at := bytes.IndexByte(data, '{'); at >= 0 {
		if err := json.Unmarshal(data[at:], &body); err != nil {
			t.Fatal(err)
		}
	}
	return body
}

// stage is a service with everything that the requests of the snapshots name.
func stage(t *testing.T, operation string) *EKS {
	t.Helper()
	f := NewEKS("__ClusterName__", "subnet-a", "subnet-b")
	f.AddCluster("__Name__", "subnet-a")
	if operation == "CreateNodegroup" {
		return f
	}
	var in createRequest
	if err := json.NewDecoder(taken(t, "CreateNodegroup").Body).Decode(&in); err != nil {
		t.Fatal(err)
	}
	issue := Issue{"AsgInstanceLaunchFailures", "no capacity", []string{"asg"}}
	for _, cluster := range []string{"__ClusterName__", "__Name__"} {
		g := f.fresh(cluster, in)
		g.Status, g.Health.Issues = Active, []Issue{issue}
		f.AddGroup(g)
	}
	f.Edit("__ClusterName__", "__NodegroupName__", func(g *NodeGroup) {
		g.NodegroupArn = "__ResourceArn__"
		if operation == "UpdateNodegroupConfig" { // which must change something
			g.Labels = nil
		}
	})
	f.updates["__UpdateId__"] = &Update{
		Cancellation: &Cancellation{"r", "InProgress"}, CreatedAt: Epoch, ID: "u", Status: "InProgress", Type: "ConfigUpdate",
		Errors: []UpdateError{{"SubnetNotFound", "m", []string{"subnet-a"}}}, Params: []Param{{"Version", "1"}},
	}
	f.AddGroup(NodeGroup{ClusterName: "__ClusterName__", NodegroupName: "other"})
	return f
}

func ask(t *testing.T, f http.Handler, r *http.Request) (int, any) {
	t.Helper()
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	resp := w.Result()
	defer resp.Body.Close()
	var body any
	if resp.Header.Get("Content-Type") == "application/json" {
		if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
			t.Fatal(err)
		}
	}
	return resp.StatusCode, body
}

// whole are the operations whose answers have every member; the others have what is used.
var whole = map[string]bool{"CreateNodegroup": true, "DescribeNodegroup": true, "DeleteNodegroup": true, "ListNodegroups": true, "DescribeUpdate": true}

func TestEKSAnswersAsTheSDKExpects(t *testing.T) {
	t.Parallel()
	for _, operation := range used {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			f := stage(t, operation)
			if operation == "CreateNodegroup" {
				f.script.CreateFails = []Issue{{"c", "m", []string{"r"}}}
			}
			status, got := ask(t, f, taken(t, operation))
			want := given(t, operation+".response")
			if status != http.StatusOK {
				t.Fatalf("%d: %v", status, got)
			}
			if want == nil {
				if got != nil {
					t.Errorf("the answer has no body, got %v", got)
				}
				return
			}
			if err := within(got, want); err != nil {
				t.Errorf("the answer has more than the snapshot: %v", err)
			}
			if !whole[operation] {
				return
			}
			if operation == "CreateNodegroup" { // what is created has no issue yet
				delete(want.(map[string]any)["nodegroup"].(map[string]any), "health")
			}
			if err := within(want, got); err != nil {
				t.Errorf("the answer has less than the snapshot: %v", err)
			}
		})
	}
}

func TestEKSErrorsAsTheSDKExpects(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(f *EKS){
		"ResourceNotFoundException": func(f *EKS) { f.Drop("__ClusterName__", "__NodegroupName__") },
		"ResourceInUseException": func(f *EKS) {
			f.Edit("__ClusterName__", "__NodegroupName__", func(g *NodeGroup) { g.Status = Updating })
		},
		"InvalidParameterException": func(f *EKS) {
			f.Edit("__ClusterName__", "__NodegroupName__", func(g *NodeGroup) { var five int32 = 5; g.ScalingConfig.Desired = &five })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := taken(t, "UpdateNodegroupConfig")
			if name == "InvalidParameterException" {
				r = request(t, http.MethodPost, r.URL.RequestURI(), `{"scalingConfig":{"maxSize":2}}`)
			}
			f := stage(t, "UpdateNodegroupConfig")
			change(f)
			_, got := ask(t, f, r)
			want := given(t, name+".error")
			if said := got.(map[string]any)["__type"]; said != name {
				t.Errorf("__type is %v", said)
			}
			if err := within(got, want); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEKSStates(t *testing.T) {
	t.Parallel()
	f := NewEKS("c", "subnet-a")
	f.Play(Script{Polls: 2})
	do := func(method, path, body string) (int, any) {
		return ask(t, f, request(t, method, path, body))
	}
	state := func() any {
		status, body := do(http.MethodGet, "/clusters/c/node-groups/g", "")
		if status != http.StatusOK {
			return status
		}
		return body.(map[string]any)["nodegroup"].(map[string]any)["status"]
	}
	expect := func(want ...any) {
		t.Helper()
		for i, w := range want {
			if got := state(); got != w {
				t.Fatalf("look %d: %v, want %v", i+1, got, w)
			}
		}
	}
	create := `{"clientRequestToken":"t","nodegroupName":"g","nodeRole":"r","subnets":["s"],"scalingConfig":{"minSize":0,"maxSize":2,"desiredSize":1}}`
	if status, body := do(http.MethodPost, "/clusters/c/node-groups", create); status != http.StatusOK {
		t.Fatal(status, body)
	}
	expect(Creating, Creating, Active)
	for body, want := range map[string]int{create: http.StatusOK, strings.Replace(create, `"t"`, `"u"`, 1): http.StatusConflict, `{"nope":1}`: http.StatusBadRequest} {
		if status, _ := do(http.MethodPost, "/clusters/c/node-groups", body); status != want {
			t.Errorf("again with %s: %d, want %d", body, status, want)
		}
	}
	for body, want := range map[string]int{
		`{"scalingConfig":{"maxSize":2}}`:                       http.StatusBadRequest, // as it is
		`{"scalingConfig":{"maxSize":4,"minSize":3}}`:           http.StatusBadRequest, // desired stays 1
		`{"labels":{"addOrUpdateLabels":{"empty":""}}}`:         http.StatusBadRequest,
		`{"labels":{"addOrUpdateLabels":{"a":"b"},"other":{}}}`: http.StatusBadRequest,
	} {
		if status, answer := do(http.MethodPost, "/clusters/c/node-groups/g/update-config", body); status != want {
			t.Errorf("update %s: %d %v, want %d", body, status, answer, want)
		}
	}
	change := `{"labels":{"addOrUpdateLabels":{"a":"b"}}}`
	if status, body := do(http.MethodPost, "/clusters/c/node-groups/g/update-config", change); status != http.StatusOK {
		t.Fatal(status, body)
	}
	if status, _ := do(http.MethodPost, "/clusters/c/node-groups/g/update-config", change); status != http.StatusConflict {
		t.Errorf("a second update: %d", status)
	}
	expect(Updating, Updating, Active)
	f.Play(Script{Polls: 1, Busy: 1})
	for _, want := range []int{http.StatusConflict, http.StatusOK} {
		if status, _ := do(http.MethodDelete, "/clusters/c/node-groups/g", ""); status != want {
			t.Errorf("delete: %d, want %d", status, want)
		}
	}
	expect(Deleting, http.StatusNotFound)
}

func TestEKSChecks(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"labels":{"addOrUpdateLabels":{"a.b/c":"d"}},"scalingConfig":{"maxSize":2}}`: "",
		`{"scalingConfig":{"maxSize":"2"}}`:                                            "maxSize: string where float64 is",
		`{"scalingConfig":{"size":2}}`:                                                 `scalingConfig: no member "size"`,
		`{"taints":{"removeTaints":[{"effect":1}]}}`:                                   "effect: float64 where string is",
		`{"taints":[]}`:  "taints: a list where map[string]interface {} is",
		`{"labels":"a"}`: "labels: string where map[string]interface {} is",
		`{`:              "unexpected end of JSON",
	} {
		r := request(t, http.MethodPost, "/clusters/c/node-groups/g/update-config", body)
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20000101/eu-central-1/eks/aws4_request")
		err := checkEKS(r, []byte(body))
		if (err == nil) != (want == "") || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
}
