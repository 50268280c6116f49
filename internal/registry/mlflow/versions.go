package mlflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/registry"
)

// NewVersions returns the versions that a tracking server has. Nothing is sent before
// the first call.
func NewVersions(c Config) registry.Versions { return newClient(c) }

// statusTag is set by the emitted registration program; these values say that it did
// not complete a version.
const statusTag = "validation_status"

var incomplete = []string{"pending", "failed"}

// pages bounds a search: 100 pages of 1000 versions.
const pages = 100

func (c *client) ByAlias(ctx context.Context, model, alias string) (registry.Version, error) {
	var out struct {
		Model struct {
			Aliases []struct {
				Alias   string      `json:"alias"`
				Version json.Number `json:"version"`
			} `json:"aliases"`
		} `json:"registered_model"`
	}
	if err := c.call(ctx, http.MethodGet, "registered-models/get?name="+url.QueryEscape(model), nil, &out); err != nil {
		return registry.Version{}, fmt.Errorf("model %q: %w", model, err)
	}
	var names []string
	for _, a := range out.Model.Aliases {
		if a.Alias == alias {
			return c.ByNumber(ctx, model, a.Version.String())
		}
		names = append(names, a.Alias)
	}
	slices.Sort(names)
	return registry.Version{}, fmt.Errorf("model %q has no alias %q: %w; its aliases are: %s", model, alias, registry.ErrNotFound, orNone(names))
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

func (c *client) ByNumber(ctx context.Context, model, number string) (registry.Version, error) {
	var out struct {
		Version version `json:"model_version"`
	}
	query := url.Values{"name": {model}, "version": {number}}
	if err := c.call(ctx, http.MethodGet, "model-versions/get?"+query.Encode(), nil, &out); err != nil {
		return registry.Version{}, fmt.Errorf("version %s of model %q: %w", number, model, err)
	}
	return c.measured(ctx, out.Version)
}

func (c *client) Best(ctx context.Context, model, metric string, least bool) (registry.Version, error) {
	all, err := c.all(ctx, model)
	if err != nil {
		return registry.Version{}, fmt.Errorf("model %q: %w", model, err)
	}
	var best registry.Version
	for _, v := range all {
		if v.Status != "READY" || slices.Contains(incomplete, v.tag(statusTag)) {
			continue
		}
		candidate, err := c.measured(ctx, v)
		if err != nil {
			return registry.Version{}, err
		}
		if value, there := candidate.Metrics[metric]; there && (best.Number == "" || better(value, best.Metrics[metric], least)) {
			best = candidate
		}
	}
	if best.Number == "" {
		return best, fmt.Errorf("model %q: %w: none of its %d versions is ready and has metric %q", model, registry.ErrNotFound, len(all), metric)
	}
	return best, nil
}

// better compares two decimals.
func better(a, b string, least bool) bool {
	x, _ := new(big.Rat).SetString(a)
	y, _ := new(big.Rat).SetString(b)
	if least {
		return x.Cmp(y) < 0
	}
	return x.Cmp(y) > 0
}

// all lists the versions of a model, the newest first.
func (c *client) all(ctx context.Context, model string) (list []version, err error) {
	filter := "name='" + strings.ReplaceAll(model, "'", "\\'") + "'"
	query := url.Values{"filter": {filter}, "max_results": {"1000"}}
	for range pages {
		var out struct {
			Versions []version `json:"model_versions"`
			Next     string    `json:"next_page_token"`
		}
		if err := c.call(ctx, http.MethodGet, "model-versions/search?"+query.Encode(), nil, &out); err != nil {
			return nil, err
		}
		list = append(list, out.Versions...)
		if out.Next == "" {
			break
		}
		query.Set("page_token", out.Next)
	}
	number := func(v version) int {
		n, _ := strconv.Atoi(v.Number.String())
		return n
	}
	slices.SortFunc(list, func(a, b version) int { return number(b) - number(a) })
	return list, nil
}

// measured adds the metrics of the run that a version comes from, and its aliases.
func (c *client) measured(ctx context.Context, v version) (registry.Version, error) {
	out := registry.Version{
		Model: v.Name, Number: v.Number.String(), RunID: v.RunID, Source: v.Source, Status: v.Status, Aliases: v.Aliases,
		Tags: map[string]string{}, Metrics: map[string]string{},
	}
	for _, t := range v.Tags {
		out.Tags[t.Key] = t.Value
	}
	slices.Sort(out.Aliases)
	if v.RunID == "" {
		return out, nil
	}
	var answer struct {
		Run struct {
			Data struct {
				Metrics []struct {
					Key   string          `json:"key"`
					Value json.RawMessage `json:"value"`
				} `json:"metrics"`
			} `json:"data"`
		} `json:"run"`
	}
	err := c.call(ctx, http.MethodGet, "runs/get?run_id="+url.QueryEscape(v.RunID), nil, &answer)
	if errors.Is(err, registry.ErrNotFound) {
		return out, nil // the run was deleted for good: the version has no metrics any more
	}
	if err != nil {
		return out, fmt.Errorf("run %s of version %s of model %q: %w", v.RunID, out.Number, v.Name, err)
	}
	for _, m := range answer.Run.Data.Metrics {
		if _, finite := new(big.Rat).SetString(string(m.Value)); finite { // "NaN" and "Infinity" come as texts
			out.Metrics[m.Key] = string(m.Value)
		}
	}
	return out, nil
}

// version is MLflow's own form.
type version struct {
	Name    string      `json:"name"`
	Number  json.Number `json:"version"` // written as a text
	RunID   string      `json:"run_id"`
	Source  string      `json:"source"`
	Status  string      `json:"status"`
	Aliases []string    `json:"aliases"`
	Tags    []tag       `json:"tags"`
}

func (v version) tag(key string) string {
	for _, t := range v.Tags {
		if t.Key == key {
			return t.Value
		}
	}
	return ""
}
