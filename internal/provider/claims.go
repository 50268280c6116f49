package provider

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// claims are what the resources of one command have for themselves: the names of their
// objects. A provider is not told which resource it plans. It knows one from another by
// its configuration, so that of two resources with the same configuration only creating
// shows that they are two.
type claims struct {
	mu     sync.Mutex
	names  map[string]claim
	made   map[string]bool  // ids that were created, by kind
	shared map[string]claim // settings that objects have together
}

type claim struct {
	by    [sha256.Size]byte // the configuration of the resource
	name  string            // of the resource
	value string            // of a shared setting
}

// naming are the settings that name an object, by kind: what the cloud has only one of.
var naming = map[spec.Kind][]string{
	spec.KindBucket: {"container"}, spec.KindGPUPool: {"agentPools", "node_pools"},
	spec.KindIdentity: {"role", "pod_identity"}, spec.KindSecret: {"name", "path"},
}

// owner is a resource that claims, and where its objects are.
type owner struct {
	kind   spec.Kind
	name   string
	on     *spec.Platform
	config tftypes.Value
}

func (o owner) claim() claim {
	return claim{by: sha256.Sum256([]byte(o.config.String())), name: o.name}
}

// names are what an owner claims: its name on the platform, and how the cloud will call
// its objects.
func (o owner) names(planned cloud.Settings) map[string]string {
	cluster := ""
	if o.on.Cluster != nil {
		cluster = o.on.Cluster.Name
	}
	place := strings.Join([]string{o.on.Cloud, o.on.SecretStore, cluster}, "|")
	out := map[string]string{string(o.kind) + "|" + o.on.Name + "|" + place + "|" + o.name: o.name}
	for _, setting := range naming[o.kind] {
		for _, name := range elements(planned[setting]) {
			out[strings.Join([]string{string(o.kind), place, planned["account"], planned["mount"], setting, name}, "|")] = name
		}
	}
	return out
}

// elements are those of a setting that is a list as JSON, or the setting itself. What is
// not known, and what is none, is nobody's.
func elements(value string) []string {
	var list []string
	if json.Unmarshal([]byte(value), &list) == nil {
		return list
	}
	if value == "" || value == "none" {
		return nil
	}
	return []string{value}
}

// plan claims what a resource that is planned has for itself, and has with others.
func (c *claims) plan(o owner, plan any, planned cloud.Settings) error {
	if err := c.take(o, planned); err != nil {
		return err
	}
	return c.agree(o, plan, planned)
}

// settingsIn are the planned settings that are known.
func settingsIn(planned types.Map) cloud.Settings {
	out := cloud.Settings{}
	for name, value := range planned.Elements() {
		if text, ok := value.(types.String); ok && !text.IsUnknown() {
			out[name] = text.ValueString()
		}
	}
	return out
}

// take claims names for a resource that is planned, unless another has one of them.
func (c *claims) take(o owner, planned cloud.Settings) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	mine, names := o.claim(), o.names(planned)
	for key, name := range names {
		other, there := c.names[key]
		switch {
		case !there || other.by == mine.by:
		case other.name == o.name && name == o.name:
			return attributeError{path.Root("name"), fmt.Errorf("another mlops_%s of platform %q is called %q: give each its own name", o.kind, o.on.Name, o.name)}
		default:
			return attributeError{path.Root("name"), fmt.Errorf("%s %q and %q would both be %q: change what they are made from", o.kind, other.name, o.name, name)}
		}
	}
	if c.names == nil {
		c.names = map[string]claim{}
	}
	for key := range names {
		c.names[key] = mine
	}
	return nil
}

// agree refuses a setting that another object has otherwise, and both have together.
func (c *claims) agree(o owner, plan any, planned cloud.Settings) error {
	sharing, ok := plan.(cloud.Sharing)
	if !ok {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shared == nil {
		c.shared = map[string]claim{}
	}
	of, names := sharing.Shared()
	mine := o.claim()
	for _, name := range slices.Sorted(slices.Values(names)) {
		key := strings.Join([]string{string(o.kind), o.on.Cloud, planned[of], name}, "|")
		if other, there := c.shared[key]; there && other.value != planned[name] && other.name != o.name {
			return fmt.Errorf("%s %q has %s %q, and %q has %q: on %s both have it with their %s %q: give both the same", o.kind, o.name, name, planned[name], other.name, other.value, o.on.Cloud, of, planned[of])
		}
		mine.value = planned[name]
		c.shared[key] = mine
	}
	return nil
}

// created is the id of an object that a store made, with the store's error. It fails when
// another resource of this command made it before: an object of ours is taken up when an
// apply was cut short, and of two resources with one name each would take up what the other
// made.
func (c *claims) created(kind spec.Kind, id string, err error) (string, error) {
	if id == "" {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key := string(kind) + "|" + id
	if c.made[key] {
		return "", fmt.Errorf("another mlops_%s of this configuration has just made %s: give each its own name", kind, id)
	}
	if c.made == nil {
		c.made = map[string]bool{}
	}
	c.made[key] = true
	return id, err
}

// remove fails for an object that another resource of this command has made or taken up:
// it is that one's now.
func (c *claims) remove(kind spec.Kind, id string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.made[string(kind)+"|"+id] {
		return nil
	}
	return fmt.Errorf("another mlops_%s of this configuration has just taken up %s, so it stays: take the old resource out of the state (terraform state rm), and next time rename it with a moved block", kind, id)
}
