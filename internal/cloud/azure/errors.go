package azure

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
)

const howToSignIn = "sign in with az login, or set AZURE_TENANT_ID and AZURE_CLIENT_ID with AZURE_FEDERATED_TOKEN_FILE or AZURE_CLIENT_SECRET"

// unsigned is a request that could not be signed in for.
type unsigned struct{ cause error }

func (u unsigned) Error() string {
	return fmt.Sprintf("no credentials of Azure: %v; %s", u.cause, howToSignIn)
}

func (u unsigned) Unwrap() []error { return []error{cloud.ErrDenied, u.cause} }

// NonRetriable keeps the pipeline from asking again.
func (unsigned) NonRetriable() {}

// failure is an answer of Azure in one sentence.
type failure struct {
	text  string
	kind  error // one of cloud's, or nil
	cause *azcore.ResponseError
}

func (f *failure) Error() string { return f.text }

func (f *failure) Unwrap() []error {
	if f.kind == nil {
		return []error{f.cause}
	}
	return []error{f.kind, f.cause}
}

// translate puts an error of the SDK into the terms of package cloud.
func translate(err error) error {
	var answer *azcore.ResponseError
	var done *failure
	if err == nil || errors.As(err, &done) || !errors.As(err, &answer) {
		return err
	}
	code, message := said(answer)
	f := &failure{text: strings.TrimSuffix(code+": "+message, ": "), cause: answer}
	switch {
	case answer.StatusCode == http.StatusUnauthorized:
		f.kind, f.text = cloud.ErrDenied, f.text+"; the credentials are expired or not valid: "+howToSignIn
	case code == "RequestDisallowedByPolicy":
		f.kind, f.text = cloud.ErrDenied, f.text+"; a policy of the subscription forbids it, and whoever keeps the policy can give the permission"
	case quota(code, message):
		f.text += "; ask for more of this quota on the subscription's page \"Usage + quotas\""
	case answer.StatusCode == http.StatusForbidden:
		f.kind, f.text = cloud.ErrDenied, f.text+"; needs permission "+permission(message, answer.RawResponse)
	case code == "MissingSubscriptionRegistration":
		f.text += "; register it once with az provider register --namespace " + namespace(answer.RawResponse)
	case code == "SubscriptionNotFound": // which says nothing of what is in it
		f.text += "; set subscription_id for Azure to a subscription that the credentials can see"
	case answer.StatusCode == http.StatusNotFound:
		f.kind = cloud.ErrNotFound
	case answer.StatusCode == http.StatusConflict && (strings.Contains(code, "AlreadyExists") || strings.Contains(code, "AlreadyTaken")):
		f.kind = cloud.ErrExists
	case answer.StatusCode == http.StatusConflict, answer.StatusCode == http.StatusPreconditionFailed:
		f.kind = cloud.ErrConflict
	}
	return f
}

// said is the code and the message of an answer, of Resource Manager or of a blob service.
func said(answer *azcore.ResponseError) (code, message string) {
	code = answer.ErrorCode
	if answer.RawResponse != nil {
		body, err := runtime.Payload(answer.RawResponse)
		if err == nil {
			code, message = read(body, code)
		}
	}
	if code == "" {
		code = fmt.Sprintf("HTTP %d", answer.StatusCode)
	}
	return code, message
}

// told is an error in the body of an answer: on its own, below "error", or in XML.
type told struct {
	Code    string `json:"code" xml:"Code"`
	Message string `json:"message" xml:"Message"`
	Details []told `json:"details" xml:"-"`
}

func read(body []byte, code string) (string, string) {
	var t struct {
		told
		Error *told `json:"error"`
	}
	if json.Unmarshal(body, &t) == nil {
		if t.Error != nil {
			t.told = *t.Error
		}
	} else if xml.Unmarshal(body, &t.told) != nil {
		return code, ""
	}
	if t.Code != "" {
		code = t.Code
	}
	parts := []string{line(t.Message)}
	for _, d := range t.Details {
		if text := line(d.Message); text != "" && !slices.Contains(parts, text) {
			parts = append(parts, text)
		}
	}
	return code, strings.Join(parts, " ")
}

// line is a text in one line: Azure adds the request's id and time in further ones.
func line(text string) string {
	text, _, _ = strings.Cut(text, "\nRequestId:")
	return strings.Join(strings.Fields(text), " ")
}

func quota(code, message string) bool {
	return strings.Contains(strings.ToLower(code+message), "quota")
}

var (
	// The message may name an action first that is allowed: only what follows counts.
	namedAction = pattern.New(`not have (?:authorization|permission) to perform action(?:\(s\))? '([^']+)'`)
	segments    = pattern.New(`/providers/(Microsoft\.[A-Za-z]+)/([^?]+)$`)
)

// permission is the action that is missing: the one that the message names, or the one
// that the request is of.
func permission(message string, resp *http.Response) string {
	if m := namedAction.FindStringSubmatch(message); m != nil {
		return m[1]
	}
	if resp == nil || resp.Request == nil {
		return "that the message names"
	}
	verb := map[string]string{http.MethodGet: "read", http.MethodDelete: "delete"}[resp.Request.Method]
	if verb == "" {
		verb = "write"
	}
	m := segments.FindStringSubmatch(lastProvider(resp.Request.URL.Path))
	if m == nil {
		return blobs + "/" + verb + " (role Storage Blob Data Reader)"
	}
	action := m[1]
	parts := strings.Split(m[2], "/")
	for i := 0; i < len(parts); i += 2 {
		action += "/" + parts[i]
	}
	return action + "/" + verb
}

// namespace is the resource provider that a request is of.
func namespace(resp *http.Response) string {
	if resp != nil && resp.Request != nil {
		if m := segments.FindStringSubmatch(lastProvider(resp.Request.URL.Path)); m != nil {
			return m[1]
		}
	}
	return "NAME"
}

// lastProvider is a path from its last resource provider on.
func lastProvider(path string) string {
	return path[max(strings.LastIndex(path, "/providers/"), 0):]
}

func code(err error) string {
	var answer *azcore.ResponseError
	if !errors.As(err, &answer) {
		return ""
	}
	code, _ := said(answer)
	return code
}

func status(err error) int {
	var answer *azcore.ResponseError
	if !errors.As(err, &answer) {
		return 0
	}
	return answer.StatusCode
}
