package vault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode"

	"github.com/hashicorp/vault/api"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// podToken is where every pod finds the token of its service account.
const podToken = "/var/run/secrets/kubernetes.io/serviceaccount/token" //nolint:gosec // a path

// login is one way to a token.
type login struct {
	by   string // in words
	path string
	// body is made at each login, for a token in a file is replaced now and then.
	body func() (map[string]string, error)
}

// logins are those that are set; the token is none of them.
func (c Config) logins() (out []login) {
	add := func(by, mount, suffix string, body func() (map[string]string, error)) {
		out = append(out, login{by, "auth/" + strings.Trim(mount, "/") + "/login" + suffix, body})
	}
	fixed := func(body map[string]string) func() (map[string]string, error) {
		return func() (map[string]string, error) { return body, nil }
	}
	if r := c.AppRole; r != nil {
		add("AppRole", or(r.Mount, "approle"), "", fixed(map[string]string{"role_id": r.RoleID, "secret_id": r.SecretID}))
	}
	if k := c.Kubernetes; k != nil {
		add("Kubernetes", or(k.Mount, "kubernetes"), "", k.body)
	}
	if j := c.JWT; j != nil {
		add("JWT", or(j.Mount, "jwt"), "", fixed(map[string]string{"role": j.Role, "jwt": j.Token}))
	}
	if u := c.Userpass; u != nil {
		add("user name and password", or(u.Mount, "userpass"), "/"+u.Username, fixed(map[string]string{"password": u.Password}))
	}
	return out
}

func (k Kubernetes) body() (map[string]string, error) {
	if k.JWT != "" {
		return map[string]string{"role": k.Role, "jwt": k.JWT}, nil
	}
	token, err := os.ReadFile(or(k.Path, podToken))
	if err != nil {
		return nil, fmt.Errorf("the token of the service account: %w", err)
	}
	return map[string]string{"role": k.Role, "jwt": strings.TrimSpace(string(token))}, nil
}

// errNoCredentials says how to get some.
var errNoCredentials = fmt.Errorf("there are no credentials for Vault: set a token (VAULT_TOKEN) or one of the logins AppRole, Kubernetes, JWT, user name and password: %w", cloud.ErrDenied)

// renew gives a token that is not used, which Vault refuses: that of the configuration,
// or that of a login, which is then asked for at most once by all who wait.
func (s *session) renew(ctx context.Context, used string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	client, err := s.client()
	if err != nil {
		return "", err
	}
	if s.token != "" && s.token != used {
		return s.token, nil
	}
	if err := namespaces(ctx, client); err != nil {
		return "", err
	}
	ways := s.config.logins()
	if s.config.Token != "" && len(ways) > 0 || len(ways) > 1 {
		return "", errors.New("more than one way to log in to Vault is set: choose one")
	}
	token, holds := or(s.config.Token, client.Token()), lease{}
	if len(ways) == 1 {
		if token, holds, err = s.ask(ctx, ways[0]); err != nil {
			return "", ended(used, err)
		}
	}
	switch {
	case token == "":
		return "", errNoCredentials
	case token == used:
		return "", fmt.Errorf("the credentials were refused: the token is expired, revoked or not known in this namespace: log in to Vault again, or set a login instead of a token: %w", cloud.ErrDenied)
	case strings.ContainsFunc(token, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "", fmt.Errorf("the credentials cannot be used: the token holds a line break or another character that no token has: %w", cloud.ErrDenied)
	}
	s.token = token
	client.SetToken(token)
	if len(ways) == 0 {
		holds = s.lookUp(ctx)
	}
	s.keep(ctx, token, holds)
	return token, nil
}

// namespaces refuses a namespace where there are none: Vault's community edition leaves
// the header unread, and everything would be in another place than was said.
func namespaces(ctx context.Context, client *api.Client) error {
	n := strings.Trim(client.Namespace(), "/")
	if n == "" || n == "root" {
		return nil
	}
	resp, err := client.WithNamespace("").Logical().ReadRawWithContext(ctx, "sys/health")
	if resp != nil {
		defer resp.Body.Close()
	}
	var health struct {
		Enterprise *bool `json:"enterprise"`
	}
	// Where the state cannot be asked for, the next request tells what is wrong.
	if err == nil && json.NewDecoder(resp.Body).Decode(&health) == nil && health.Enterprise != nil && !*health.Enterprise {
		return fmt.Errorf("namespace %q: this Vault is the community edition, which has no namespaces and takes every one for the same: leave it out (VAULT_NAMESPACE), or give the address of Vault Enterprise", n)
	}
	return nil
}

// ask logs in.
func (s *session) ask(ctx context.Context, l login) (string, lease, error) {
	body, err := l.body()
	if err != nil {
		return "", lease{}, fmt.Errorf("log in to Vault by %s: %w", l.by, err)
	}
	var hidden []string
	for key, text := range body {
		if key != "role" {
			hidden = append(hidden, text)
		}
	}
	var answer struct {
		Auth struct {
			Token string `json:"client_token"`
			lease
		} `json:"auth"`
	}
	err = s.send(ctx, call{method: write, path: l.path, body: body, hidden: hidden}, &answer)
	var f *failure
	switch {
	case errors.As(err, &f) && f.status == 403:
		return "", lease{}, fmt.Errorf("log in to Vault by %s at %s: the credentials were refused, or no such login is mounted there (vault auth list): %s: %w", l.by, l.path, f.said, cloud.ErrDenied)
	case errors.As(err, &f) && f.status == 400:
		return "", lease{}, fmt.Errorf("log in to Vault by %s at %s: the credentials were refused: %s: %w", l.by, l.path, f.said, cloud.ErrDenied)
	case err != nil:
		return "", lease{}, fmt.Errorf("log in to Vault by %s at %s: %w", l.by, l.path, err)
	case answer.Auth.Token == "":
		return "", lease{}, fmt.Errorf("log in to Vault by %s at %s: the answer holds no token", l.by, l.path)
	}
	return answer.Auth.Token, answer.Auth.lease, nil
}
