package main

import (
	"maps"
	"slices"

	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
)

// builtin is the registry of what is compiled in. Vault's own would bring every engine and cloud.
type builtin struct{ logins, secrets map[string]logical.Factory }

func (b builtin) kind(of consts.PluginType) map[string]logical.Factory {
	switch of {
	case consts.PluginTypeCredential:
		return b.logins
	case consts.PluginTypeSecrets:
		return b.secrets
	default:
		return nil
	}
}

func (b builtin) Get(name string, of consts.PluginType) (func() (any, error), bool) {
	factory, there := b.kind(of)[name]
	return func() (any, error) { return factory, nil }, there
}

func (b builtin) Contains(name string, of consts.PluginType) bool {
	_, there := b.kind(of)[name]
	return there
}

func (b builtin) Keys(of consts.PluginType) []string { return slices.Sorted(maps.Keys(b.kind(of))) }

func (b builtin) DeprecationStatus(name string, of consts.PluginType) (consts.DeprecationStatus, bool) {
	if !b.Contains(name, of) {
		return consts.Unknown, false
	}
	return consts.Supported, true
}

func (builtin) IsBuiltinEntPlugin(string, consts.PluginType) bool { return false }
