package gitlabci

import (
	"maps"
	"slices"

	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
)

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// The part of GitLab's CI/CD syntax this package writes, in output order.
type (
	job struct {
		Stage         string       `yaml:"stage"`
		Image         *image       `yaml:"image,omitempty"`
		Tags          []string     `yaml:"tags,omitempty"`
		Rules         []rule       `yaml:"rules,omitempty"`
		Timeout       string       `yaml:"timeout,omitempty"`
		Interruptible *bool        `yaml:"interruptible,omitempty"`
		Group         string       `yaml:"resource_group,omitempty"`
		Environment   *environment `yaml:"environment,omitempty"`
		Tokens        encode.Map   `yaml:"id_tokens,omitempty"`
		Variables     encode.Map   `yaml:"variables,omitempty"`
		Cache         *cache       `yaml:"cache,omitempty"`
		Script        []string     `yaml:"script"`
		Artifacts     *artifacts   `yaml:"artifacts,omitempty"`
	}
	image struct {
		Name       string   `yaml:"name"`
		Entrypoint []string `yaml:"entrypoint,omitempty"`
	}
	rule struct {
		If      string   `yaml:"if,omitempty"`
		Changes []string `yaml:"changes,omitempty"`
		When    string   `yaml:"when,omitempty"`
	}
	environment struct {
		Name   string `yaml:"name"`
		Action string `yaml:"action,omitempty"`
	}
	cache struct {
		Key   cacheKey `yaml:"key"`
		Paths []string `yaml:"paths"`
	}
	cacheKey struct {
		Files []string `yaml:"files"`
	}
	artifacts struct {
		When   string   `yaml:"when"`
		Paths  []string `yaml:"paths"`
		Expire string   `yaml:"expire_in"`
	}
	audience struct {
		Aud string `yaml:"aud"`
	}
	variable struct {
		Value       string   `yaml:"value"`
		Description string   `yaml:"description"`
		Options     []string `yaml:"options,omitempty"`
		Expand      *bool    `yaml:"expand,omitempty"`
	}
)
