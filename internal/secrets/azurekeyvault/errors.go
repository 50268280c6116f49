package azurekeyvault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
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

// failure is an answer of the vault that is an error. The SDK's own is not kept, since its
// text is the whole answer.
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
	var answer *azcore.ResponseError
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

func failed(answer *azcore.ResponseError, needs string) *failure {
	code, inner, message := said(answer)
	f := &failure{status: answer.StatusCode, code: inner, text: strings.TrimSuffix(code+": "+message, ": ")}
	switch {
	case answer.StatusCode == http.StatusUnauthorized:
		f.kind, f.text = cloud.ErrDenied, f.text+"; the credentials are expired or not valid: "+howToSignIn
	case inner == "SecretDisabled" || strings.Contains(message, "disabled secret"):
		f.text += "; enable it with az keyvault secret set-attributes --enabled true"
	case answer.StatusCode == http.StatusForbidden:
		f.kind, f.text = cloud.ErrDenied, fmt.Sprintf("%s; needs permission Microsoft.KeyVault/vaults/secrets/%s, such as the role Key Vault Secrets Officer gives it", f.text, needs)
	case answer.StatusCode == http.StatusNotFound:
		f.kind = cloud.ErrNotFound
	case answer.StatusCode == http.StatusConflict, answer.StatusCode == http.StatusPreconditionFailed:
		f.kind = cloud.ErrConflict
	}
	return f
}

// said is what an answer says of itself: its code, the innermost one, and the message.
func said(answer *azcore.ResponseError) (code, inner, message string) {
	type told struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Inner   *told  `json:"innererror"`
	}
	code = answer.ErrorCode
	var body struct{ Error told }
	if answer.RawResponse != nil {
		if data, err := runtime.Payload(answer.RawResponse); err == nil && json.Unmarshal(data, &body) == nil {
			code, message = body.Error.Code, strings.Join(strings.Fields(body.Error.Message), " ")
		}
	}
	if code == "" {
		code = fmt.Sprintf("HTTP %d", answer.StatusCode)
	}
	inner = code
	for t := body.Error.Inner; t != nil && t.Code != ""; t = t.Inner {
		inner = t.Code
	}
	return code, inner, message
}
