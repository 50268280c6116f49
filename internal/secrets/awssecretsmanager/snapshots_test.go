package awssecretsmanager_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/awssecretsmanager/secretsmanagerfake"
)

// used are the operations that the fake has.
var used = []string{
	"CreateSecret", "DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecret",
	"TagResource", "UntagResource", "DeleteSecret", "RestoreSecret",
}

// snapshots are the requests and answers that the SDK's module ships for its own tests,
// with every member set.
type snapshots struct{ requests, answers map[string]any }

var readSnapshots = sync.OnceValues(func() (snapshots, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/secretsmanager").Output()
	if err != nil {
		return snapshots{}, err
	}
	s := snapshots{map[string]any{}, map[string]any{}}
	dir := strings.TrimSpace(string(out))
	for _, operation := range used {
		if s.requests[operation], err = body(filepath.Join(dir, "request_snapshot", operation+".request.snap")); err != nil {
			return s, err
		}
		if s.answers[operation], err = body(filepath.Join(dir, "response_snapshot", operation+".response.snap")); err != nil {
			return s, err
		}
	}
	for _, code := range []string{"InvalidParameterException", "InvalidRequestException", "ResourceExistsException", "ResourceNotFoundException"} {
		if s.answers[code], err = body(filepath.Join(dir, "response_snapshot", code+".error.snap")); err != nil {
			return s, err
		}
	}
	return s, nil
})

func snapshotsOf(t *testing.T) snapshots {
	t.Helper()
	s, err := readSnapshots()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// body is the JSON at the end of a snapshot.
func body(path string) (out any, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	at := strings.Index(string(data), "{")
	if at < 0 {
		return nil, fmt.Errorf("%s has no body", path)
	}
	return out, json.Unmarshal(data[at:], &out)
}

// check says why a request is none of the operations.
func (s snapshots) check(req *http.Request) error {
	operation, service := strings.CutPrefix(req.Header.Get("X-Amz-Target"), "secretsmanager.")
	want, there := s.requests[operation]
	if !service || !there || req.Method != http.MethodPost || req.URL.Path != "/" || req.Header.Get("Content-Type") != "application/x-amz-json-1.1" {
		return fmt.Errorf("%s %s %s", req.Method, req.URL.Path, req.Header.Get("X-Amz-Target"))
	}
	data, err := io.ReadAll(req.Body)
	if err != nil {
		return err
	}
	req.Body = io.NopCloser(bytes.NewReader(data))
	var got any
	if err := json.Unmarshal(data, &got); err != nil {
		return err
	}
	return within(got, want)
}

// ask sends a body to the fake, and gives the status and the answer.
func ask(t *testing.T, f http.Handler, operation string, in any) (int, any) {
	t.Helper()
	data, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1:1/", strings.NewReader(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Target", "secretsmanager."+operation)
	resp, err := through{f}.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, out
}

// The fake reads every request that the SDK ships, and its answers have no member that
// the SDK does not know.
func TestFake_snapshots(t *testing.T) {
	t.Parallel()
	s := snapshotsOf(t)
	for _, operation := range used {
		f := secretsmanagerfake.New()
		f.Edit("__SecretId__", func(v *secretsmanagerfake.Secret) {
			v.KmsKeyID, v.Tags["__Key__"] = "k", "v"
			v.Versions["__VersionId__"] = &secretsmanagerfake.Version{Text: "{}", Stages: []string{"AWSCURRENT"}}
			v.Deleted = operation == "DescribeSecret" || operation == "RestoreSecret"
		})
		in := s.requests[operation].(map[string]any)
		switch operation { // what the placeholders of a snapshot contradict
		case "CreateSecret", "PutSecretValue", "UpdateSecret":
			in = with(in, "ClientRequestToken", strings.Repeat("t", 32))
		case "DeleteSecret":
			if status, _ := ask(t, f, operation, in); status != 400 {
				t.Errorf("one day of recovery is taken")
			}
			in = map[string]any{"SecretId": "__SecretId__", "RecoveryWindowInDays": 7}
		}
		status, got := ask(t, f, operation, in)
		if status != 200 {
			t.Errorf("%s: the fake answers %d: %v", operation, status, got)
			continue
		}
		if err := within(got, s.answers[operation]); err != nil {
			t.Errorf("%s: the answer: %v", operation, err)
		}
	}
	if status, _ := ask(t, secretsmanagerfake.New(), "DescribeSecret", map[string]any{"SecretId": "a", "Name": "a"}); status != 400 {
		t.Error("the fake takes a member that the operation has not")
	}
	status, got := ask(t, secretsmanagerfake.New(), "DescribeSecret", map[string]any{"SecretId": "a"})
	if err := within(got, s.answers["ResourceNotFoundException"]); err != nil || status != 400 || got.(map[string]any)["__type"] != "ResourceNotFoundException" {
		t.Errorf("absent: %d %v, %v", status, got, err)
	}
}

func with(m map[string]any, key string, value any) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		out[k] = v
	}
	out[key] = value
	return out
}

// within says where got has what want has not. A map with a key that is free has key0 in a
// snapshot, which stands for any.
func within(got, want any) error {
	if fmt.Sprintf("%T", got) != fmt.Sprintf("%T", want) {
		return fmt.Errorf("%T where %T is", got, want)
	}
	switch got := got.(type) {
	case map[string]any:
		members := want.(map[string]any)
		for key, value := range got {
			inner, there := members[key]
			if free, isFree := members["key0"]; isFree {
				inner, there = free, true
			}
			if !there {
				return fmt.Errorf("no member %q", key)
			}
			if err := within(value, inner); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		}
	case []any:
		for _, item := range got {
			if err := within(item, want.([]any)[0]); err != nil {
				return err
			}
		}
	}
	return nil
}
