package azurekeyvault

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/document"
)

const howToSignIn = "sign in with az login, or set AZURE_TENANT_ID and AZURE_CLIENT_ID with AZURE_FEDERATED_TOKEN_FILE or AZURE_CLIENT_SECRET"

// unsigned is a request that nobody could be found to sign.
type unsigned struct{ cause error }

func (u unsigned) Error() string {
	return fmt.Sprintf("no credentials of Azure: %v; %s", u.cause, howToSignIn)
}

func (u unsigned) Unwrap() error { return cloud.ErrDenied }

// NonRetriable keeps the pipeline from asking again.
func (unsigned) NonRetriable() {}

// What the vault adds to a refusal of status 409.
const (
	deleted      = "ObjectIsDeletedButRecoverable"
	beingDeleted = "ObjectIsBeingDeleted"
)

// refusal is an answer of the vault that is an error.
type refusal struct {
	status        int
	code, message string
	inner         string // the innermost code
}

func (r refusal) Error() string { return fmt.Sprintf("HTTP %d", r.status) }

// mute takes an answer that is an error out of the SDK's hands, which writes all of it into
// its log (AZURE_SDK_GO_LOGGING): it may repeat what was sent.
type mute struct{}

// Do sends a request, with all its tries.
func (mute) Do(req *policy.Request) (*http.Response, error) {
	resp, err := req.Next()
	if err != nil || resp.StatusCode < http.StatusBadRequest {
		return resp, err
	}
	return nil, said(resp)
}

// failure is a refusal in the words of package cloud.
type failure struct {
	status int
	code   string // the innermost
	text   string
	kind   error // nil when package cloud has no word for it
}

func (f *failure) Error() string { return f.text }

func (f *failure) Unwrap() error { return f.kind }

// busy reports whether the same request may succeed later.
func (f *failure) busy() bool {
	return f.status == http.StatusConflict && strings.Contains(f.code, "Being")
}

// translate puts an error into the words of package cloud. No value and no token gets into
// it. needs is the action that the request needs.
func (s session) translate(err error, needs string) error {
	if err == nil {
		return nil
	}
	object := "secret"
	if s.sec.Secret != nil {
		object = fmt.Sprintf("secret %q", s.sec.Name)
	}
	var answer refusal
	if errors.As(err, &answer) {
		f := failed(answer, needs)
		f.text = object + ": " + f.text
		if shown := document.Hide(f, s.sec.Values, s.signer.last()); !errors.Is(shown, f) {
			f.text = shown.Error()
		}
		return f
	}
	if !unanswered(err) {
		return fmt.Errorf("%s: the answer of %s cannot be read: look at the URL, and at proxies before it", object, s.place.vault) // the cause may show values
	}
	return document.Hide(fmt.Errorf("%s: %w", object, err), s.sec.Values, s.signer.last())
}

// unanswered reports whether an error is one of getting an answer, and not of reading it.
func unanswered(err error) bool {
	var network net.Error
	var system syscall.Errno
	var no unsigned
	return errors.As(err, &network) || errors.As(err, &system) || errors.As(err, &no) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		strings.Contains(err.Error(), "challenge")
}

func failed(answer refusal, needs string) *failure {
	code, inner, message := answer.code, answer.inner, answer.message
	f := &failure{status: answer.status, code: inner, text: strings.TrimSuffix(code+": "+message, ": ")}
	switch {
	case answer.status == http.StatusUnauthorized:
		f.kind, f.text = cloud.ErrDenied, f.text+"; the credentials are expired or not valid: "+howToSignIn
	case inner == disabled || strings.Contains(message, "disabled secret"):
		f.code = disabled
		f.text += "; enable it with az keyvault secret set-attributes --enabled true"
	case answer.status == http.StatusForbidden && strings.Contains(message, "trusted service"):
		f.kind, f.text = cloud.ErrDenied, f.text+"; the network of the key vault keeps this machine out, whatever its permissions are: let its address in (az keyvault network-rule add), or apply from where a private endpoint of the vault is"
	case answer.status == http.StatusForbidden:
		f.kind, f.text = cloud.ErrDenied, fmt.Sprintf("%s; needs permission Microsoft.KeyVault/vaults/secrets/%s, such as the role Key Vault Secrets Officer gives it", f.text, needs)
	case answer.status == http.StatusNotFound:
		f.kind = cloud.ErrNotFound
	case answer.status == http.StatusConflict, answer.status == http.StatusPreconditionFailed:
		f.kind = cloud.ErrConflict
	}
	return f
}

// quiet takes away what a vault said when it failed to answer a request for values.
func quiet(err error) error {
	var f *failure
	if errors.As(err, &f) && f.status >= http.StatusInternalServerError {
		f.text = document.Failed("the key vault", f.status).Error()
	}
	return err
}

// said is what an answer says of itself.
func said(resp *http.Response) refusal {
	type told struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Inner   *told  `json:"innererror"`
	}
	var body struct{ Error told }
	out := refusal{status: resp.StatusCode, code: resp.Header.Get("x-ms-error-code")}
	if data, err := runtime.Payload(resp); err == nil && json.Unmarshal(data, &body) == nil {
		out.code, out.message = cmp.Or(body.Error.Code, out.code), strings.Join(strings.Fields(body.Error.Message), " ")
	}
	out.code = cmp.Or(out.code, fmt.Sprintf("HTTP %d", resp.StatusCode))
	out.inner = out.code
	for t := body.Error.Inner; t != nil && t.Code != ""; t = t.Inner {
		out.inner = t.Code
	}
	return out
}
