package awsfake_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws/awsfake"
)

// used are the operations of the driver of buckets and identities.
var used = map[string][]string{
	"s3": {
		"CreateBucket", "GetBucketLocation", "DeleteBucket", "ListObjectVersions", "ListMultipartUploads", "AbortMultipartUpload", "DeleteObjects",
		"PutPublicAccessBlock", "GetPublicAccessBlock", "PutBucketOwnershipControls", "GetBucketOwnershipControls", "PutBucketVersioning", "GetBucketVersioning",
		"PutBucketEncryption", "GetBucketEncryption", "PutBucketPolicy", "GetBucketPolicy", "PutBucketLifecycleConfiguration", "GetBucketLifecycleConfiguration",
		"PutBucketTagging", "GetBucketTagging", "PutBucketLogging", "GetBucketLogging",
	},
	"iam": {
		"GetOpenIDConnectProvider", "CreateRole", "GetRole", "GetRolePolicy", "UpdateAssumeRolePolicy", "PutRolePolicy", "DeleteRolePolicy", "TagRole", "PutRolePermissionsBoundary",
		"ListRolePolicies", "ListAttachedRolePolicies", "ListInstanceProfilesForRole", "DetachRolePolicy", "RemoveRoleFromInstanceProfile", "DeleteRole",
	},
	"sts": {"GetCallerIdentity", "AssumeRole"},
	"eks": {"ListPodIdentityAssociations", "DescribePodIdentityAssociation", "CreatePodIdentityAssociation", "UpdatePodIdentityAssociation", "DeletePodIdentityAssociation"},
}

func signed(t *testing.T, op *awsfake.Operation) *http.Request {
	t.Helper()
	req := op.Request.Clone(t.Context())
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/eu-west-1/"+op.Service+"/aws4_request, SignedHeaders=host, Signature=0")
	if op.Service == "s3" {
		req.URL.Host = "artifacts.s3.eu-west-1.amazonaws.com"
	}
	req.Body = io.NopCloser(strings.NewReader(string(op.Body)))
	return req
}

// Each snapshot is found again as what it is, has nothing that it may not have, and is an
// operation that the fake knows.
func TestSnapshotsAreAccepted(t *testing.T) {
	t.Parallel()
	fake := awsfake.NewAccount("123456789012", []string{"__ClusterName__"}, nil)
	fake.AddRole("__RoleName__", awsfake.Role{Path: "/", Trust: "{}", Tags: map[string]string{}})
	for service, names := range used {
		all, err := awsfake.Operations(service)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			op := all[name]
			if op == nil {
				t.Errorf("%s:%s has no snapshot", service, name)
				continue
			}
			fake.AddBucket("artifacts", "eu-west-1", map[string]string{})
			req := signed(t, op)
			found, err := awsfake.OperationOf(req, op.Body)
			if err != nil || found.Name != name || len(found.Deviations(req, op.Body)) > 0 {
				t.Errorf("%s:%s is taken for %+v, %v", service, name, found, err)
				continue
			}
			answer, err := fake.RoundTrip(req)
			if err != nil || answer.StatusCode == http.StatusNotImplemented {
				t.Errorf("%s:%s: the fake answers %v, %v", service, name, answer, err)
				continue
			}
			_ = answer.Body.Close()
		}
	}
}

func TestDeviationsAreSeen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		service, operation string
		change             func(*http.Request) (body string)
		want               string
	}{
		"a header":         {"s3", "PutBucketTagging", func(r *http.Request) string { r.Header.Set("X-Amz-Odd", "1"); return "" }, "header X-Amz-Odd"},
		"an element":       {"s3", "PutBucketTagging", func(*http.Request) string { return "<Tagging><TagSet><Tag><Name>x</Name></Tag></TagSet></Tagging>" }, "element /Tagging/TagSet/Tag/Name"},
		"a form's element": {"iam", "TagRole", func(*http.Request) string { return "Action=TagRole&Version=2010-05-08&RoleName=x&Tags.member.1.Name=y" }, "element /Tags.member.N.Name"},
		"no bool": {"s3", "PutPublicAccessBlock", func(*http.Request) string {
			return "<PublicAccessBlockConfiguration><BlockPublicAcls>yes</BlockPublicAcls></PublicAccessBlockConfiguration>"
		}, `element /PublicAccessBlockConfiguration/BlockPublicAcls is "yes", which is not true or false`},
		"no number":      {"iam", "CreateRole", func(*http.Request) string { return "Action=CreateRole&Version=2010-05-08&MaxSessionDuration=long" }, `element /MaxSessionDuration is "long", which is not a number`},
		"no text":        {"eks", "CreatePodIdentityAssociation", func(*http.Request) string { return `{"roleArn":1}` }, "roleArn: float64 where string is"},
		"a JSON element": {"eks", "CreatePodIdentityAssociation", func(*http.Request) string { return `{"role":"x"}` }, "element /role"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all, err := awsfake.Operations(c.service)
			if err != nil {
				t.Fatal(err)
			}
			req := signed(t, all[c.operation])
			body := c.change(req)
			op, err := awsfake.OperationOf(req, []byte(body))
			if err != nil {
				t.Fatal(err)
			}
			if got := op.Deviations(req, []byte(body)); len(got) != 1 || got[0] != c.want {
				t.Errorf("%v, want %s", got, c.want)
			}
		})
	}
}

func TestUnknownRequestsAreRefused(t *testing.T) {
	t.Parallel()
	all, err := awsfake.Operations("s3")
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"/?odd=", "/?tagging=&odd=1"} {
		req := signed(t, all["GetBucketTagging"])
		if req.URL, err = req.URL.Parse(target); err != nil {
			t.Fatal(err)
		}
		if op, err := awsfake.OperationOf(req, nil); err == nil {
			t.Errorf("%s is taken for %s", target, op.Name)
		}
	}
}

// What the fake says of pod identities has the names of the SDK's own answers.
func TestAnswersAreLikeSnapshots(t *testing.T) {
	t.Parallel()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/eks").Output()
	if err != nil {
		t.Fatal(err)
	}
	fake := awsfake.NewAccount("123456789012", []string{"ml"}, nil)
	fake.AddRole("r", awsfake.Role{Path: "/", Tags: map[string]string{}})
	all, err := awsfake.Operations("eks")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ operation, target, body string }{
		{"CreatePodIdentityAssociation", "/clusters/ml/pod-identity-associations", `{"namespace":"n","serviceAccount":"s","roleArn":"arn:aws:iam::123456789012:role/r","tags":{"key0":"v"}}`},
		{"ListPodIdentityAssociations", "/clusters/ml/pod-identity-associations?namespace=n&serviceAccount=s", ""},
		{"DescribePodIdentityAssociation", "/clusters/ml/pod-identity-associations/a-00000001", ""},
		{"DeletePodIdentityAssociation", "/clusters/ml/pod-identity-associations/a-00000001", ""},
	} {
		req := signed(t, all[c.operation])
		if req.URL, err = req.URL.Parse(c.target); err != nil {
			t.Fatal(err)
		}
		req.Body = io.NopCloser(strings.NewReader(c.body))
		answer, err := fake.RoundTrip(req)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: %v, %v", c.operation, answer, err)
		}
		defer answer.Body.Close()
		text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "response_snapshot", c.operation+".response.snap"))
		if err != nil {
			t.Fatal(err)
		}
		var got, want map[string]any
		_, snapshot, _ := strings.Cut(string(text), "\n\n")
		if err := json.NewDecoder(answer.Body).Decode(&got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(snapshot), &want); err != nil {
			t.Fatal(err)
		}
		if odd := unknown(got, want); odd != "" {
			t.Errorf("%s answers with %s", c.operation, odd)
		}
	}
}

// unknown names what got has and want has not.
func unknown(got, want any) string {
	switch got := got.(type) {
	case map[string]any:
		want, _ := want.(map[string]any)
		for key, value := range got {
			if _, there := want[key]; !there {
				return key
			}
			if odd := unknown(value, want[key]); odd != "" {
				return key + "." + odd
			}
		}
	case []any:
		want, _ := want.([]any)
		for _, item := range got {
			if len(want) == 0 {
				return "items"
			}
			if odd := unknown(item, want[0]); odd != "" {
				return odd
			}
		}
	}
	return ""
}
