// Package mlflow is the model registry of an MLflow tracking server, over its REST
// API 2.0 (/api/2.0/mlflow/registered-models/*, model-versions/* and runs/get, read in
// MLflow 3.17). It knows registered models and their tags; it reads versions and
// aliases, and never touches them.
package mlflow

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/registry"
)

// Config says where a tracking server is. Token wins over Username and Password.
type Config struct {
	TrackingURI string
	Username    string
	Password    string
	Token       string
	Timeout     time.Duration // of one try; 0 is half a minute
	Attempts    int           // of one call; 0 is 5
}

const (
	attempts = 5
	timeout  = 30 * time.Second
	budget   = time.Minute // no further try of a call after it
	pause    = 250 * time.Millisecond
	maxBody  = 8 << 20
)

// New returns the registry of a tracking server. Nothing is sent before the first call.
func New(c Config) registry.Registry { return newClient(c) }

func newClient(c Config) *client {
	if c.Timeout <= 0 {
		c.Timeout = timeout
	}
	if c.Attempts <= 0 {
		c.Attempts = attempts
	}
	return &client{config: c, http: &http.Client{Timeout: c.Timeout}, pause: pause}
}

type client struct {
	config Config
	http   *http.Client
	pause  time.Duration
}

// Create asks once more what is there when an answer was lost: MLflow may have made the
// model all the same, and then refuses the next try.
func (c *client) Create(ctx context.Context, m registry.Model) error {
	unsure, err := c.send(ctx, http.MethodPost, "registered-models/create", create{Name: m.Name, Description: m.Description, Tags: tags(m.Tags)}, nil)
	if err == nil || !unsure {
		return err
	}
	is, problem := c.Read(ctx, m.Name)
	switch {
	case problem == nil && is.Description == m.Description && maps.Equal(is.Tags, m.Tags):
		return nil
	case problem == nil:
		return fmt.Errorf("MLflow at %s: %w, with another description or other tags", c.address(), registry.ErrExists)
	case errors.Is(problem, registry.ErrNotFound):
		return err
	}
	return fmt.Errorf("%w: %w", registry.ErrUnknown, err)
}

func (c *client) Read(ctx context.Context, name string) (registry.Model, error) {
	var out struct {
		Model struct {
			Name        string `json:"name"`
			Description string `json:"description"`
			Tags        []tag  `json:"tags"`
		} `json:"registered_model"`
	}
	err := c.call(ctx, http.MethodGet, "registered-models/get?name="+url.QueryEscape(name), nil, &out)
	m := registry.Model{Name: out.Model.Name, Description: out.Model.Description, Tags: map[string]string{}}
	for _, t := range out.Model.Tags {
		m.Tags[t.Key] = t.Value
	}
	return m, err
}

// Update writes what differs: the description and single tags, so that tags of
// others stay.
func (c *client) Update(ctx context.Context, before, after registry.Model) error {
	if before.Description != after.Description {
		if err := c.call(ctx, http.MethodPatch, "registered-models/update", create{Name: after.Name, Description: after.Description}, nil); err != nil {
			return err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(after.Tags)) {
		if value, there := before.Tags[key]; there && value == after.Tags[key] {
			continue
		}
		if err := c.call(ctx, http.MethodPost, "registered-models/set-tag", named{Name: after.Name, Key: key, Value: after.Tags[key]}, nil); err != nil {
			return err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(before.Tags)) {
		if _, kept := after.Tags[key]; kept {
			continue
		}
		if err := c.call(ctx, http.MethodDelete, "registered-models/delete-tag", named{Name: after.Name, Key: key}, nil); err != nil && !errors.Is(err, registry.ErrNotFound) {
			return err
		}
	}
	return nil
}

func (c *client) Delete(ctx context.Context, name string, force bool) error {
	if !force {
		n, err := c.versions(ctx, name)
		if err != nil {
			return err
		}
		if n > 0 {
			return fmt.Errorf("model %q: %w: deleting it would delete trained models; set force_destroy = true and apply first, or remove it from state", name, registry.ErrHasVersions)
		}
	}
	return c.call(ctx, http.MethodDelete, "registered-models/delete", named{Name: name}, nil)
}

func (c *client) versions(ctx context.Context, name string) (int, error) {
	var out struct {
		Versions []json.RawMessage `json:"model_versions"`
	}
	filter := "name='" + strings.ReplaceAll(name, "'", "\\'") + "'"
	err := c.call(ctx, http.MethodGet, "model-versions/search?max_results=1&filter="+url.QueryEscape(filter), nil, &out)
	return len(out.Versions), err
}

// call sends one request, again while the server is overloaded or does not answer.
func (c *client) call(ctx context.Context, method, path string, in, out any) error {
	_, err := c.send(ctx, method, path, in, out)
	return err
}

// send is call, and says whether a try may have been carried out without an answer.
func (c *client) send(ctx context.Context, method, path string, in, out any) (unsure bool, err error) {
	end := time.Now().Add(budget)
	for try := range c.config.Attempts {
		var again bool
		again, err = c.once(ctx, method, path, in, out)
		if errors.As(err, &lost{}) {
			unsure = true
		}
		wait := c.pause << try
		wait += rand.N(wait) //nolint:gosec // jitter needs no secrecy
		if !again || try == c.config.Attempts-1 || time.Now().Add(wait).After(end) {
			break
		}
		select {
		case <-ctx.Done():
			return unsure, errors.Join(err, ctx.Err())
		case <-time.After(wait):
		}
	}
	return unsure, err
}

// lost marks that a request may have been carried out, though nobody said so.
type lost struct{ error }

func (l lost) Unwrap() error { return l.error }

// notSent tells whether a request never left this machine.
func notSent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// address is where the server is, without what may be secret in it.
func (c *client) address() string {
	if u, err := url.Parse(c.config.TrackingURI); err == nil {
		u.User, u.RawQuery = nil, ""
		return u.String()
	}
	return "the tracking_uri"
}

func (c *client) once(ctx context.Context, method, path string, in, out any) (again bool, err error) {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return false, err
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.config.TrackingURI, "/")+"/api/2.0/mlflow/"+path, body)
	if err != nil {
		return false, fmt.Errorf("tracking_uri: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "terraform-provider-mlops")
	if c.config.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.config.Token)
	} else if c.config.Username != "" {
		req.SetBasicAuth(c.config.Username, c.config.Password)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		if with := (*url.Error)(nil); errors.As(err, &with) {
			err = with.Err // the rest is the whole address
		}
		err = fmt.Errorf("MLflow at %s %w: %w; is the server running, and mlflow.tracking_uri right?", c.address(), registry.ErrUnreachable, err)
		if !notSent(err) {
			err = lost{err}
		}
		return ctx.Err() == nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return true, lost{fmt.Errorf("MLflow at %s %w: its answer was cut off: %w", c.address(), registry.ErrUnreachable, err)}
	}
	if resp.StatusCode == http.StatusOK {
		if out == nil {
			return false, nil
		}
		if err := json.Unmarshal(data, out); err != nil {
			return false, fmt.Errorf("MLflow at %s: the answer is not MLflow's: %w", c.address(), err)
		}
		return false, nil
	}
	err = c.failure(resp.StatusCode, data)
	if resp.StatusCode >= 500 {
		return true, lost{err}
	}
	return resp.StatusCode == http.StatusTooManyRequests, err
}

// failure turns MLflow's error codes into ours.
func (c *client) failure(status int, data []byte) error {
	var body struct {
		Code    string `json:"error_code"`
		Message string `json:"message"`
	}
	_ = json.Unmarshal(data, &body)
	at := "MLflow at " + c.address()
	switch {
	case body.Code == "RESOURCE_DOES_NOT_EXIST":
		return fmt.Errorf("%s: %w", at, registry.ErrNotFound)
	case body.Code == "RESOURCE_ALREADY_EXISTS":
		return fmt.Errorf("%s: %w", at, registry.ErrExists)
	case status == http.StatusUnauthorized:
		return fmt.Errorf("%s: %w (HTTP 401): set username and password, or token, of the provider's mlflow block, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN", at, registry.ErrDenied)
	case status == http.StatusForbidden:
		return fmt.Errorf("%s: %w (HTTP 403): the user or token that the provider signs in with (its mlflow block, MLFLOW_TRACKING_USERNAME or MLFLOW_TRACKING_TOKEN) may not do this", at, registry.ErrDenied)
	case body.Message != "":
		return fmt.Errorf("%s: %s: %s", at, body.Code, body.Message)
	}
	return fmt.Errorf("%s: HTTP %d", at, status)
}

func tags(m map[string]string) []tag {
	out := make([]tag, 0, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		out = append(out, tag{key, m[key]})
	}
	return out
}

// The part of MLflow's REST API 2.0 this package sends.
type (
	create struct {
		Name        string `json:"name"`
		Description string `json:"description"`
		Tags        []tag  `json:"tags,omitempty"`
	}
	tag struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	}
	named struct {
		Name  string `json:"name"`
		Key   string `json:"key,omitempty"`
		Value string `json:"value,omitempty"`
	}
)
