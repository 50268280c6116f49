package vault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/vault/api"
)

// session is a client of Vault that logs in when it is used first, and again when its
// token has expired.
type session struct {
	config Config
	client func() (*api.Client, error)
	keeps  bool // it has its token renewed

	mu     sync.Mutex
	token  string
	places map[string]place
}

// Shared is one login for all stores that are made with one configuration. Its token is
// renewed for as long as the process lives. The zero value is ready to be used.
type Shared struct {
	once sync.Once
	of   *session
}

func newSession(c Config) *session {
	if c.Shared == nil {
		return freshSession(c)
	}
	c.Shared.once.Do(func() {
		c.Shared.of = freshSession(c)
		c.Shared.of.keeps = true
	})
	return c.Shared.of
}

func freshSession(c Config) *session {
	return &session{config: c, client: sync.OnceValues(c.client), places: map[string]place{}}
}

// The methods of a call.
const (
	read   = "read"
	write  = "write"
	remove = "delete"
)

// call is one request. Its path is without /v1/, its needs are the capability that a
// policy must have for it, and what is hidden never gets into an error. The answer to one
// that reveals has values in it that nobody here knows yet.
type call struct {
	method string
	path   string
	query  url.Values
	body   any
	needs  string
	hidden []string

	reveals bool
}

// do makes a request with a token that holds, and puts the answer into out.
func (s *session) do(ctx context.Context, c call, out any) error {
	token, err := s.renew(ctx, "")
	if err != nil {
		return err
	}
	err = s.send(ctx, c, out)
	if err == nil || !s.expired(ctx, err) {
		return err
	}
	if _, err := s.renew(ctx, token); err != nil {
		return err
	}
	return s.send(ctx, c, out)
}

// expired tells a token that holds no longer from one that may not do what was asked.
func (s *session) expired(ctx context.Context, err error) bool {
	var f *failure
	if !errors.As(err, &f) || f.status != 403 {
		return false
	}
	if strings.Contains(f.said, "invalid token") || strings.Contains(f.said, "bad token") {
		return true
	}
	// Vault before 1.16 words both alike. Every token may look at itself.
	self := s.send(ctx, call{method: read, path: "auth/token/lookup-self"}, nil)
	return errors.As(self, &f) && f.status == 403
}

// send makes a request with the token that there is.
func (s *session) send(ctx context.Context, c call, out any) error {
	client, err := s.client()
	if err != nil {
		return err
	}
	var resp *api.Response
	switch c.method {
	case write:
		var body []byte
		if body, err = json.Marshal(c.body); err != nil {
			return fmt.Errorf("%s: the request cannot be written", c.path)
		}
		resp, err = client.Logical().WriteRawWithContext(ctx, c.path, body)
	case remove:
		resp, err = client.Logical().DeleteRawWithContext(ctx, c.path)
	default:
		resp, err = client.Logical().ReadRawWithDataWithContext(ctx, c.path, c.query)
	}
	if resp != nil {
		defer resp.Body.Close()
	}
	if err != nil {
		return s.translate(ctx, c, err)
	}
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		// The decoder's words may be those of the answer, which holds values.
		return fmt.Errorf("%s: the answer is not Vault's: is the address that of a Vault, and nothing before it that answers itself?", c.path)
	}
	return nil
}

// secrets are all texts that no error may show.
func (s *session) secrets(c call) []string {
	k := s.config
	out := slices.Clone(c.hidden)
	if client, err := s.client(); err == nil {
		out = append(out, client.Token())
	}
	if k.AppRole != nil {
		out = append(out, k.AppRole.SecretID)
	}
	if k.Kubernetes != nil {
		out = append(out, k.Kubernetes.JWT)
	}
	if k.JWT != nil {
		out = append(out, k.JWT.Token)
	}
	if k.Userpass != nil {
		out = append(out, k.Userpass.Password)
	}
	return out
}
