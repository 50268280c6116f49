package aws_test

import (
	"bytes"
	"io"

	"net/http"
	"net/http/httptest"

	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws/awsfake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// whole is all of AWS that a driver talks to, with what was asked of it. A request that
// deny names is refused in the fewest words that AWS has for it.
type whole struct {
	account *awsfake.Account
	groups  *awsfake.EKS

	mu    sync.Mutex
	asked []string // SERVICE OPERATION
	sent  []string // the same with all that was sent
	deny  int      // number of the request to refuse, counted from 1
}

func openWhole(t *testing.T, change func(*aws.Config)) (cloud.Cloud, *whole) {
	t.Helper()
	w := &whole{account: awsfake.NewAccount(account, []string{"ml"}, []string{"token.actions.githubusercontent.com"}), groups: awsfake.NewEKS("ml", "subnet-b", "subnet-a")}
	logBuckets(w.account)
	w.groups.AddGroup(awsfake.NodeGroup{ClusterName: "ml", NodegroupName: "system", Status: awsfake.Active, NodeRole: "arn:aws:iam::123456789012:role/nodes"})
	config := aws.Config{Region: "eu-west-1", Keys: keys, HTTPClient: awsfake.Checked(t, w), Attempt: 5 * time.Second, Pace: time.Millisecond}
	if change != nil {
		change(&config)
	}
	return aws.New(config), w
}

func (w *whole) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	op, err := awsfake.OperationOf(req, body)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.asked = append(w.asked, op.Service+" "+op.Name)
	w.sent = append(w.sent, op.Service+" "+op.Name+"\n"+written(req, body))
	denied := len(w.asked) == w.deny
	w.mu.Unlock()
	switch {
	case denied:
		return w.account.Refuse(req), nil
	case ofGroups(op, req):
		answer := httptest.NewRecorder()
		w.groups.ServeHTTP(answer, req)
		out := answer.Result()
		out.Request = req
		return out, nil
	}
	return w.account.RoundTrip(req)
}

// begin forgets what was asked, and refuses the request of that number from now on.
func (w *whole) begin(deny int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked, w.sent, w.deny = nil, nil, deny
}

func ofGroups(op *awsfake.Operation, req *http.Request) bool {
	return op.Service == "eks" && !strings.Contains(op.Name, "PodIdentity") && !strings.Contains(req.URL.Path, ":podidentityassociation/")
}

func pool(change func(*spec.GPUPool)) cloud.Pool {
	repair := true
	g := &spec.GPUPool{
		Name: "gpu", Accelerator: &spec.Accelerator{Type: "nvidia-l4", Count: 1}, Nodes: &spec.Nodes{Max: 4}, Capacity: []string{"spot", "on_demand"},
		Sharing: &spec.Sharing{Strategy: "time_slicing", Replicas: 4}, Driver: "managed", NodeRepair: &repair,
	}
	if change != nil {
		change(g)
	}
	return cloud.Pool{GPUPool: g, On: on(), Machine: "g6.xlarge", Accelerator: spec.Accelerator{Type: "nvidia-l4", Count: 1}}
}
