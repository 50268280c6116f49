package vault

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/hashicorp/vault/api"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/document"
)

// failure is an answer of Vault that is an error, in the words of package cloud. It holds
// nothing of the client's own error, whose text may be all that Vault sent.
type failure struct {
	status int
	said   string // by Vault, without secrets
	text   string
	kind   error // nil when package cloud has no word for it
}

func (f *failure) Error() string { return f.text }

func (f *failure) Unwrap() error { return f.kind }

// translate puts an error of a call into our words.
func (s *session) translate(ctx context.Context, c call, err error) error {
	var answer *api.ResponseError
	if !errors.As(err, &answer) {
		return s.unanswered(ctx, c, err)
	}
	f := &failure{status: answer.StatusCode, said: s.clean(c, answer)}
	at := c.path + s.inNamespace()
	says := ""
	switch {
	case f.status == http.StatusForbidden:
		f.kind = cloud.ErrDenied
		says = fmt.Sprintf("the token has no permission: its policies need capability %q on %s", or(c.needs, c.method), at)
	case f.status == http.StatusNotFound && strings.Contains(f.said, "no handler for route"):
		says = "nothing is mounted there" + s.namespaceHint() + ": " + enable(c.path)
	case f.status == http.StatusNotFound:
		f.kind = cloud.ErrNotFound
	case mismatch(f):
		f.kind = cloud.ErrConflict
	case f.status == http.StatusTooManyRequests:
		says = "a rate limit or lease quota of Vault is used up"
	case f.status == http.StatusServiceUnavailable && strings.Contains(f.said, "sealed"):
		says = "Vault is sealed, somebody with the keys must unseal it (vault operator unseal)"
	case f.status >= http.StatusInternalServerError && (strings.Contains(f.said, "standby") || strings.Contains(f.said, "active")):
		says = "this node of Vault is a standby that reaches no active node: look at `vault status` of the cluster, or name the address of the active node"
	}
	if c.reveals && f.status >= http.StatusInternalServerError {
		f.said = document.LeftOut // whatever failed may have had the answer already
	}
	f.text = join(at, says, fmt.Sprintf("%s (%d %s)", f.said, f.status, http.StatusText(f.status)))
	if f.kind != nil {
		f.text += ": " + f.kind.Error()
	}
	return f
}

// unanswered is an error without an answer: of the network, or of the context.
func (s *session) unanswered(ctx context.Context, c call, err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // the rest is the address
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", c.path, ctx.Err())
	}
	if text := s.scrub(c, err.Error()); text != err.Error() {
		return fmt.Errorf("%s: Vault does not answer: %s", c.path, text)
	}
	return fmt.Errorf("%s: Vault does not answer: %w", c.path, err)
}

func mismatch(f *failure) bool {
	return f.status == http.StatusBadRequest && strings.Contains(f.said, "check-and-set parameter did not match")
}

// enable is how to mount what a path needs.
func enable(path string) string {
	if login, ok := strings.CutPrefix(path, "auth/"); ok {
		mount, _, _ := strings.Cut(login, "/role/")
		mount = strings.TrimSuffix(mount, "/login")
		return fmt.Sprintf("enable the login method (vault auth enable -path=%s TYPE), or name the mount of one that exists", mount)
	}
	return "enable an engine (vault secrets enable -path=MOUNT -version=2 kv), or name the mount of one that exists"
}

func (s *session) namespace() string {
	client, err := s.client()
	if err != nil {
		return ""
	}
	return strings.Trim(client.Namespace(), "/")
}

func (s *session) inNamespace() string {
	if n := s.namespace(); n != "" {
		return " in namespace " + n
	}
	return ""
}

func (s *session) namespaceHint() string {
	if n := s.namespace(); n != "" {
		return fmt.Sprintf(", or there is no namespace %q (Vault's community edition has none)", n)
	}
	return ""
}

// clean is what Vault said, on one line and without secrets. What is not in its own form
// is left out.
func (s *session) clean(c call, answer *api.ResponseError) string {
	if answer.RawError {
		return "an answer that is not in Vault's form"
	}
	return s.scrub(c, strings.Join(strings.Fields(strings.Join(answer.Errors, "; ")), " "))
}

// scrub takes the place of a text that shows a secret.
func (s *session) scrub(c call, text string) string {
	if document.Shows(text, s.secrets(c)...) {
		return "(Vault's message is left out: it holds a secret)"
	}
	return text
}

func join(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, ": ")
}
