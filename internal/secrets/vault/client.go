package vault

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/hashicorp/vault/api"
)

const (
	attempt = 30 * time.Second
	pace    = time.Second
	longest = 15 // waits are at most that many times the first
	tries   = 7
)

// client is Vault's own, with the settings of c over those of the environment.
func (c Config) client() (*api.Client, error) {
	conf := api.DefaultConfig()
	if conf.Error != nil {
		return nil, conf.Error
	}
	if c.Address != "" {
		conf.Address, conf.AgentAddress = c.Address, ""
	}
	if err := plainAddress(or(conf.AgentAddress, conf.Address)); err != nil {
		return nil, err
	}
	if err := conf.ConfigureTLS(c.authority()); err != nil {
		return nil, errors.New("the CA certificate cannot be read: give a PEM text, or the path of a file with one")
	}
	c.patience(conf)
	client, err := api.NewClient(conf)
	if err != nil {
		return nil, err
	}
	// A response that is wrapped (VAULT_WRAP_TTL) holds nothing that could be read here.
	client.SetWrappingLookupFunc(func(string, string) string { return "" })
	if c.Namespace != "" {
		client.SetNamespace(c.Namespace)
	}
	if c.UserAgent != "" {
		client.AddHeader("User-Agent", c.UserAgent)
	}
	if c.Transport != nil {
		conf.HttpClient.Transport = c.Transport(conf.HttpClient.Transport)
	}
	return client, nil
}

// authority adds to what the environment says; an empty one changes nothing.
func (c Config) authority() *api.TLSConfig {
	if strings.Contains(c.CACertificate, "-----BEGIN") {
		return &api.TLSConfig{CACertBytes: []byte(c.CACertificate)}
	}
	return &api.TLSConfig{CACert: c.CACertificate}
}

// patience is how long and how often a request is tried.
func (c Config) patience(conf *api.Config) {
	conf.Timeout = 0 // it would hold for all tries together: the caller's context does that
	conf.HttpClient.Timeout = attempt
	if c.Attempt != 0 {
		conf.HttpClient.Timeout = c.Attempt
	}
	conf.MinRetryWait = pace
	if c.Pace != 0 {
		conf.MinRetryWait = c.Pace
	}
	conf.MaxRetryWait = longest * conf.MinRetryWait
	if os.Getenv(api.EnvVaultMaxRetries) == "" {
		conf.MaxRetries = tries - 1
	}
	conf.Backoff = retryablehttp.DefaultBackoff // longer each time, or as long as Retry-After says
	conf.CheckRetry = passing
}

// plainAddress refuses an address that errors could not name.
func plainAddress(address string) error {
	if strings.HasPrefix(address, "unix://") {
		return nil
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"):
		return errors.New("the address of Vault is no URL, such as https://vault.example.com:8200")
	case u.User != nil:
		return errors.New("the address of Vault holds a user or a password: leave them out, and log in with a token or a login method")
	}
	return nil
}

// passing reports whether an answer passes by itself. Beside what the client knows
// (throttling, 5xx, lost connections) that is an answer that was cut, an engine that is
// being made ready, and a node that has not seen the last write yet.
func passing(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if errors.Is(err, context.Canceled) {
		return false, err
	}
	if resp != nil && err == nil {
		if body, whole := buffer(resp); !whole || unready(resp.StatusCode, body) {
			return true, nil
		}
	}
	return retryablehttp.DefaultRetryPolicy(ctx, resp, err)
}

// buffer reads an answer and puts it back.
func buffer(resp *http.Response) (body []byte, whole bool) {
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return body, err == nil
}

func unready(status int, body []byte) bool {
	return status == http.StatusPreconditionFailed ||
		status == http.StatusBadRequest && bytes.Contains(body, []byte("Upgrading from non-versioned to versioned data"))
}
