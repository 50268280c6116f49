package provider_test

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// change is what a plan says of one resource.
type change struct {
	Address  string `json:"address"`
	Previous string `json:"previous_address"`
	Why      string `json:"action_reason"`
	ChangeOf diff   `json:"change"`
}

type diff struct {
	Actions  []string       `json:"actions"`
	Before   map[string]any `json:"before"`
	After    map[string]any `json:"after"`
	Unknown  map[string]any `json:"after_unknown"`
	Replaced [][]any        `json:"replace_paths"`
}

func (c change) action() string { return strings.Join(c.ChangeOf.Actions, " then ") }

// differs lists the attributes that the plan changes.
func (c change) differs() (out []string) {
	for _, name := range slices.Sorted(maps.Keys(c.ChangeOf.After)) {
		if !reflect.DeepEqual(c.ChangeOf.Before[name], c.ChangeOf.After[name]) {
			out = append(out, name)
		}
	}
	out = append(out, c.late()...)
	slices.Sort(out)
	return slices.Compact(out)
}

// late lists the attributes that the plan does not know.
func (c change) late() (out []string) {
	for _, name := range slices.Sorted(maps.Keys(c.ChangeOf.Unknown)) {
		if c.ChangeOf.Unknown[name] == true {
			out = append(out, name)
		}
	}
	return out
}

// settings are those that are planned, and before those that refreshing has found.
func (c change) settings() map[string]string { return texts(c.ChangeOf.After["settings"]) }
func (c change) before() map[string]string   { return texts(c.ChangeOf.Before["settings"]) }

// shown is what terraform prints as JSON.
func (f *folder) shown(into any, args ...string) {
	f.t.Helper()
	cmd := exec.CommandContext(f.t.Context(), os.Getenv("TF_ACC_TERRAFORM_PATH"), args...)
	cmd.Dir, cmd.Env = f.dir, append(os.Environ(), f.env...)
	out, err := cmd.Output()
	if err != nil {
		f.t.Fatalf("terraform %v: %v", args, err)
	}
	if err := json.Unmarshal(out, into); err != nil {
		f.t.Fatalf("terraform %v: %v", args, err)
	}
}

// planned plans, and says what becomes of a resource.
func (f *folder) planned(address string) change {
	f.t.Helper()
	f.exits(0, nil, "plan", "-out=next.tfplan")
	all := f.all()
	i := slices.IndexFunc(all, func(c change) bool { return c.Address == address })
	if i < 0 {
		f.t.Fatalf("the plan has no %s", address)
	}
	return all[i]
}

// all is what was planned last.
func (f *folder) all() []change {
	f.t.Helper()
	var plan struct {
		Changes []change `json:"resource_changes"`
	}
	f.shown(&plan, "show", "-json", "next.tfplan")
	return plan.Changes
}

// apply what was planned, after which there is nothing to do.
func (f *folder) applied() {
	f.t.Helper()
	f.exits(0, nil, "apply", "next.tfplan")
	f.unchanged()
}

// edit changes the attributes of a resource in the state file.
func (f *folder) edit(kind string, change func(attributes map[string]any)) {
	f.t.Helper()
	path := filepath.Join(f.dir, "terraform.tfstate")
	data, err := os.ReadFile(path)
	if err != nil {
		f.t.Fatal(err)
	}
	var state map[string]any
	if err := json.Unmarshal(data, &state); err != nil {
		f.t.Fatal(err)
	}
	found := false
	for _, r := range state["resources"].([]any) {
		r := r.(map[string]any)
		if r["type"] != kind {
			continue
		}
		instance := r["instances"].([]any)[0].(map[string]any)
		if instance["schema_version"] != 0.0 {
			f.t.Fatalf("schema version %v", instance["schema_version"])
		}
		delete(instance, "private")
		change(instance["attributes"].(map[string]any))
		found = true
	}
	if !found {
		f.t.Fatalf("no %s in the state", kind)
	}
	if data, err = json.Marshal(state); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// attribute is one of a resource in the state file.
func (f *folder) attribute(kind, name string) any {
	f.t.Helper()
	var state struct {
		Values struct {
			Root struct {
				Resources []struct {
					Type   string
					Values map[string]any
				}
			} `json:"root_module"`
		}
	}
	f.shown(&state, "show", "-json")
	for _, r := range state.Values.Root.Resources {
		if r.Type == kind {
			return r.Values[name]
		}
	}
	f.t.Fatalf("no %s in the state", kind)
	return nil
}
