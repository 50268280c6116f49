// Package awsfake answers as AWS does, in memory: an account with buckets, roles and pod
// identities, and clusters with node groups. It is for tests only, and checks every
// request against the snapshots that come with the SDK.
package awsfake

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
)

// Account is an account with buckets, roles and pod identities, in memory. It answers in
// the words of S3, IAM, STS and EKS; node groups are those of EKS in this package.
type Account struct {
	ID string
	// Fill is what others put into each bucket that is made.
	Fill func(*Bucket)
	// Page is how many items a list has on a page.
	Page int

	mu        sync.Mutex
	buckets   map[string]*Bucket
	roles     map[string]*Role
	pods      map[string]*Pod
	providers map[string]bool
	clusters  map[string]bool
	next      int
}

// NewAccount has clusters, and OIDC providers by their hosts.
func NewAccount(id string, clusters, providers []string) *Account {
	out := &Account{ID: id, Page: 2, buckets: map[string]*Bucket{}, roles: map[string]*Role{}, pods: map[string]*Pod{}, providers: map[string]bool{}, clusters: map[string]bool{}}
	for _, name := range clusters {
		out.clusters[name] = true
	}
	for _, host := range providers {
		out.providers["arn:aws:iam::"+id+":oidc-provider/"+host] = true
	}
	return out
}

// Count is how many buckets, roles, associations and versions of objects there are.
func (a *Account) Count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := len(a.buckets) + len(a.roles) + len(a.pods)
	for _, b := range a.buckets {
		n += len(b.Versions) + len(b.Uploads)
	}
	return n
}

// fault is an answer that is an error of the service.
type fault struct {
	status        int
	code, message string
	header        http.Header
}

// RoundTrip answers a request without a network.
func (a *Account) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := bodyOf(req)
	if err != nil {
		return nil, err
	}
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	op, err := OperationOf(req, body)
	if err != nil {
		return word(req, &fault{status: 501, code: "NotImplemented", message: err.Error()}), nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	out := httptest.NewRecorder()
	var failed *fault
	switch op.Service {
	case "s3":
		failed = a.s3(out, req, op.Name, body)
	case "eks":
		failed = a.eks(out, req, op.Name, body)
	default:
		failed = a.query(out, op.Name, body)
	}
	if failed != nil {
		return word(req, failed), nil
	}
	answer := out.Result()
	answer.Request = req
	return answer, nil
}

// word is a fault as the service of the request words it.
func word(req *http.Request, f *fault) *http.Response {
	var out *http.Response
	switch ServiceOf(req) {
	case "s3":
		out = cloudtest.Reply(req, f.status, "application/xml", "<Error><Code>"+f.code+"</Code><Message>"+escape(f.message)+"</Message><RequestId>R1</RequestId></Error>")
		out.Header.Set("X-Amz-Request-Id", "R1")
	case "eks":
		out = cloudtest.Reply(req, f.status, "application/json", `{"message":`+quote(f.message)+`}`)
		out.Header.Set("X-Amzn-Errortype", f.code)
		out.Header.Set("X-Amzn-Requestid", "R1")
	default:
		out = cloudtest.Reply(req, f.status, "text/xml", "<ErrorResponse><Error><Type>Sender</Type><Code>"+f.code+"</Code><Message>"+escape(f.message)+"</Message></Error><RequestId>R1</RequestId></ErrorResponse>")
	}
	for key, values := range f.header {
		out.Header[key] = values
	}
	if req.Method == http.MethodHead {
		out.Body = io.NopCloser(bytes.NewReader(nil))
	}
	return out
}

// Answer is how AWS words a fault at a request, nil where it has no such answer.
func (a *Account) Answer(f cloudtest.Fault, req *http.Request) *http.Response {
	body, err := bodyOf(req)
	if err != nil {
		return nil
	}
	op, err := OperationOf(req, body)
	if err != nil {
		return nil
	}
	if out := a.wording(f, op); out != nil {
		return word(req, out)
	}
	return nil
}

func (a *Account) wording(f cloudtest.Fault, op *Operation) *fault {
	s3 := op.Service == "s3"
	pick := func(ofS3, other fault) *fault {
		if s3 {
			return &ofS3
		}
		return &other
	}
	switch f {
	case cloudtest.Throttled, cloudtest.ThrottledUntil:
		out := pick(fault{status: 503, code: "SlowDown"}, fault{status: 400, code: "Throttling"})
		if op.Service == "eks" {
			out = &fault{status: 429, code: "ThrottlingException"}
		}
		if f == cloudtest.ThrottledUntil {
			out.header = http.Header{"Retry-After": {"0"}}
		}
		return out
	case cloudtest.Internal:
		return pick(fault{status: 500, code: "InternalError"}, fault{status: 500, code: "ServiceFailure"})
	case cloudtest.Unavailable:
		return pick(fault{status: 503, code: "ServiceUnavailable"}, fault{status: 503, code: "ServiceUnavailableException"})
	case cloudtest.Expired:
		out := pick(fault{status: 400, code: "ExpiredToken"}, fault{status: 403, code: "ExpiredToken"})
		if op.Service == "eks" {
			out.code = "ExpiredTokenException"
		}
		out.message = "The security token included in the request is expired"
		return out
	case cloudtest.Denied:
		if s3 {
			return &fault{status: 403, code: "AccessDenied", message: "Access Denied"}
		}
		code := "AccessDenied"
		if op.Service == "eks" {
			code = "AccessDeniedException"
		}
		return &fault{status: 403, code: code, message: "User: arn:aws:iam::" + a.ID + ":user/ci is not authorized to perform: " + op.Service + ":" + op.Name}
	case cloudtest.Busy:
		return busyWording(op)
	case cloudtest.Absent:
		return absentWording(op)
	default: // of the network, not of the cloud
		return nil
	}
}

// reads are the starts of names of operations that change nothing.
var reads = []string{"Get", "List", "Head", "Describe"}

func busyWording(op *Operation) *fault {
	if slices.ContainsFunc(reads, func(start string) bool { return strings.HasPrefix(op.Name, start) }) {
		return nil
	}
	switch op.Service {
	case "s3":
		return &fault{status: 409, code: "OperationAborted", message: "A conflicting conditional operation is currently in progress against this resource."}
	case "iam":
		return &fault{status: 409, code: "ConcurrentModification"}
	}
	return nil
}

// absentWording is what a service says of what was made a moment ago.
func absentWording(op *Operation) *fault {
	switch {
	case op.Service == "s3" && op.Name != "CreateBucket":
		return &fault{status: 404, code: "NoSuchBucket", message: "The specified bucket does not exist"}
	case op.Service == "iam" && op.Name != "CreateRole":
		return &fault{status: 404, code: "NoSuchEntity", message: "The role cannot be found."}
	case op.Name == "CreatePodIdentityAssociation":
		return &fault{status: 400, code: "InvalidParameterException", message: "The role provided in the request does not exist or EKS cannot assume it."}
	}
	return nil
}

// Refuse is the shortest answer that a service has for a request that is not allowed: it
// does not say what would have been needed.
func (a *Account) Refuse(req *http.Request) *http.Response {
	code := "AccessDenied"
	if ServiceOf(req) == "eks" {
		code = "AccessDeniedException"
	}
	return word(req, &fault{status: 403, code: code, message: "Access Denied"})
}
