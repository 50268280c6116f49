package spec_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// encoded is the spec of base with a patch, as users hand it to another resource.
func encoded(t testing.TB, kind spec.Kind, patch string) string {
	t.Helper()
	d := decode(t, kind, patch)
	if err := d.Faults.Err(); err != nil {
		t.Fatal(err)
	}
	text, err := spec.Encode(d.Spec)
	if err != nil {
		t.Fatal(err)
	}
	quoted, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(quoted)
}

// An optional text that is empty or blank is neither a default nor a value.
func TestDecode_blankTexts(t *testing.T) {
	t.Parallel()
	rules := map[string]rule{}
	for _, at := range []struct {
		kind  spec.Kind
		path  string
		patch string // with % for the text
	}{
		{spec.KindGPUPool, "instance_type", `{"instance_type": %}`},
		{spec.KindGPUPool, "reservation", `{"reservation": %}`},
		{spec.KindGPUPool, "disk.type", `{"disk": {"type": %}}`},
		{spec.KindGPUPool, "zones[1]", `{"zones": ["a", %]}`},
		{spec.KindGPUPool, "aws.node_role", `{"aws": {"node_role": %}}`},
		{spec.KindGPUPool, "aws.subnet_ids[0]", `{"aws": {"subnet_ids": [%]}}`},
		{spec.KindGPUPool, "aws.ami_type", `{"aws": {"ami_type": %}}`},
		{spec.KindGPUPool, "aws.ami_alias", `{"aws": {"ami_alias": %}}`},
		{spec.KindGPUPool, "google.service_account", `{"google": {"service_account": %}}`},
		{spec.KindGPUPool, "azure.subnet_id", `{"azure": {"subnet_id": %}}`},
		{spec.KindGPUPool, "azure.os_sku", `{"azure": {"os_sku": %}}`},
		{spec.KindBucket, "existing", `{"existing": %}`},
		{spec.KindBucket, "kms_key", `{"kms_key": %}`},
		{spec.KindIdentity, "existing", `{"existing": %}`},
		{spec.KindIdentity, "grants[0].bucket", `{"grants": [{"access": "read", "bucket": %}]}`},
		{spec.KindIdentity, "subject.github.environment", `{"subject": {"kubernetes": null, "github": {"repository": "a/b", "environment": %}}}`},
		{spec.KindIdentity, "subject.gitlab.branch", `{"subject": {"kubernetes": null, "gitlab": {"project": "a/b", "branch": %}}}`},
		{spec.KindSecret, "existing", `{"existing": %}`},
		{spec.KindSecret, "path", `{"existing": null, "path": %}`},
		{spec.KindSecret, "kms_key", `{"existing": null, "kms_key": %}`},
		{spec.KindSecret, "vault.mount", `{"existing": null, "vault": {"mount": %}}`},
		{spec.KindPlatform, "cluster.oidc_issuer", `{"cluster": {"name": "ml", "oidc_issuer": %}}`},
	} {
		for name, text := range map[string]string{"empty": `""`, "blank": `" \t"`} {
			rules[string(at.kind)+" "+at.path+" "+name] = rule{at.kind, strings.ReplaceAll(at.patch, "%", text), one(at.path, "must not be empty; leave it out")}
		}
	}
	try(t, rules)
}

// Empty collections and objects are what is left out, or a fault.
func TestDecode_emptyCollections(t *testing.T) {
	t.Parallel()
	left := map[spec.Kind]string{
		spec.KindGPUPool:  `{"capacity": [], "zones": [], "labels": {}, "sharing": {}, "disk": {}, "nodes": {"min": null, "max": null}}`,
		spec.KindBucket:   `{"lifecycle": []}`,
		spec.KindIdentity: `{"grants": []}`,
		spec.KindSecret:   `{"generate": {}}`,
	}
	for kind, patch := range left {
		d, bare := decode(t, kind, patch), decode(t, kind, `{"nodes": null}`)
		if kind != spec.KindGPUPool {
			bare = decode(t, kind, `{}`)
		}
		same(t, d.Faults, nil)
		if kind == spec.KindGPUPool {
			g, ok := d.Spec.(*spec.GPUPool)
			if !ok || len(g.Groups()) != 1 || g.Groups()[0].Capacity != "on_demand" || *g.Nodes != (spec.Nodes{Max: 1}) {
				t.Errorf("%+v", d.Spec)
			}
			g.Disk = nil // an object that says nothing
			g.Monthly()
			g.Hourly()
			g.Place()
		}
		got, err := spec.Encode(d.Spec)
		if err != nil {
			t.Fatal(err)
		}
		if want, err := spec.Encode(bare.Spec); err != nil || got != want {
			t.Errorf("%s: %v\ngot  %s\nwant %s", kind, err, got, want)
		}
	}
	try(t, map[string]rule{
		"accelerator": {spec.KindGPUPool, `{"accelerator": {"type": null}}`, one("accelerator.type", "must be set")},
		"taints":      {spec.KindGPUPool, `{"taints": []}`, nil},
		"sections":    {spec.KindGPUPool, `{"aws": {}, "google": {}, "azure": {}}`, nil},
		"rule":        {spec.KindBucket, `{"lifecycle": [{}]}`, one("lifecycle[0]", "does nothing")},
		"access logs": {spec.KindBucket, `{"access_logs": {}}`, one("access_logs.bucket", "must be set")},
		"subject":     {spec.KindIdentity, `{"subject": {"kubernetes": null}}`, one("subject", "0 are set")},
		"grant":       {spec.KindIdentity, `{"grants": [{}]}`, []fault{{"grants[0]", "exactly one of"}, {"grants[0].access", "must be set"}}},
		"vault":       {spec.KindSecret, `{"existing": null, "vault": {}}`, nil},
		"sync":        {spec.KindSecret, `{"sync": {}}`, one("sync.namespaces", "at least one namespace")},
		"namespaces":  {spec.KindSecret, `{"sync": {"namespaces": []}}`, one("sync.namespaces", "at least one namespace")},
		"not known":   {spec.KindSecret, `{"sync": {"namespaces": "<unknown>"}}`, nil},
	})
	// A pool that was made by hand, and one that an older release wrote.
	g := spec.GPUPool{Name: "l4", Nodes: &spec.Nodes{Max: 2}, Price: &spec.Price{OnDemand: "1"}}
	if least, most := g.Monthly(); least != "0" || most != "1460" || g.Hourly() != "0" {
		t.Error(least, most, g.Hourly())
	}
}

// A reference takes the spec of its kind, and says of which kind another is.
func TestDecode_referencesOfAnotherKind(t *testing.T) {
	t.Parallel()
	secret, bucket := encoded(t, spec.KindSecret, `{}`), encoded(t, spec.KindBucket, `{}`)
	wrong := func(kind, want string) string {
		return "must be the spec or name of a mlops_" + want + "; this is the spec of a mlops_" + kind
	}
	rules := map[string]rule{
		"bucket of a grant": {spec.KindIdentity, `{"grants": [{"access": "read", "bucket": ` + secret + `}]}`, one("grants[0].bucket", wrong("secret", "bucket"))},
		"secret of a grant": {spec.KindIdentity, `{"grants": [{"access": "read", "secret": ` + bucket + `}]}`, one("grants[0].secret", wrong("bucket", "secret"))},
		"registry":          {spec.KindModel, `{"registry": ` + bucket + `}`, one("registry", wrong("bucket", "model_registry"))},
		"secret of a step":  {spec.KindPipeline, `{"steps": {"train": {"secret_env": {"K": {"secret": ` + bucket + `, "key": "k"}}}}}`, one(`steps["train"].secret_env["K"].secret`, wrong("bucket", "secret"))},
		"tracking":          {spec.KindPipeline, `{"tracking": ` + secret + `}`, one("tracking", wrong("secret", "model_registry"))},
		"model":             {spec.KindEndpoint, `{"model": ` + secret + `}`, one("model", wrong("secret", "registered_model"))},
		"dataset":           {spec.KindEndpoint, `{"monitors": {"drift": {"dataset": ` + bucket + `}}}`, one("monitors.drift.dataset", wrong("bucket", "dataset"))},
		"bucket of data":    {spec.KindDataset, `{"local": null, "bucket": {"name": ` + secret + `, "prefix": "p"}}`, one("bucket.name", wrong("secret", "bucket"))},
		"logs":              {spec.KindBucket, `{"access_logs": {"bucket": ` + secret + `}}`, one("access_logs.bucket", wrong("secret", "bucket"))},
	}
	for _, kind := range []spec.Kind{spec.KindBucket, spec.KindGPUPool, spec.KindIdentity, spec.KindSecret} {
		rules["platform of "+string(kind)] = rule{kind, `{"platform": ` + bucket + `}`, one("platform", wrong("bucket", "platform"))}
	}
	try(t, rules)
	d := decode(t, spec.KindPipeline, `{"artifacts": `+bucket+`, "trains": {"model": `+encoded(t, spec.KindModel, `{}`)+`}}`)
	same(t, d.Faults, nil)
	if p, ok := d.Spec.(*spec.Pipeline); !ok || p.Artifacts != "artifacts" || p.Trains.Model != "detector" {
		t.Errorf("%+v", d.Spec)
	}
}

func TestSecret_generatedLength(t *testing.T) {
	t.Parallel()
	d := decode(t, spec.KindSecret, `{"existing": null, "generate": {"a": {}, "b": {"length": 64}, "c": {"length": null}}}`)
	same(t, d.Faults, nil)
	if s, ok := d.Spec.(*spec.Secret); !ok || s.Generate["a"].Length != 32 || s.Generate["b"].Length != 64 || s.Generate["c"].Length != 32 {
		t.Errorf("%+v", d.Spec)
	}
	same(t, decode(t, spec.KindSecret, `{"existing": null, "generate": {"a": {"length": 0}}}`).Faults, one(`generate["a"].length`, "0 must be from 16 to 1024"))
}

// A name is proposed only where something of the given one is left.
func TestDecode_proposals(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"My Data": true, "*": false, "__": false, "é": false} {
		d := decode(t, spec.KindBucket, `{"name": "`+name+`"}`)
		if d.Faults.Err() == nil || strings.Contains(d.Faults.Error(), "would do") != want {
			t.Errorf("%q: %v", name, d.Faults)
		}
	}
}
