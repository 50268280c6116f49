package provider_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// late is a text that is known only after apply: each round makes it anew.
func late(round int, text string) (value, resource string) {
	return "terraform_data.late.output", fmt.Sprintf("resource \"terraform_data\" \"late\" {\n  input            = %q\n  triggers_replace = %d\n}\n", text, round)
}

const whole = "mlops_gitops_repository.this"

// TestSettings_late: whatever value of the provider's configuration is known only after
// apply, the platform is planned, applied, planned again without a change, and all of that
// once more with a value that is there and not known. What does not depend on it is shown.
func TestSettings_late(t *testing.T) {
	t.Parallel()
	onThisMachine := func(t *testing.T) *site {
		t.Helper()
		return &site{cloud: "local", section: fmt.Sprintf("local = { root = %q }", t.TempDir())}
	}
	inVault := func(t *testing.T) keeper {
		t.Helper()
		k := keeper{store: withPods(t, onVault(t))}
		k.section = fmt.Sprintf("vault = { address = %q, token = %q }", strings.TrimPrefix(k.env[0], "VAULT_ADDR="), strings.TrimPrefix(k.env[1], "VAULT_TOKEN="))
		k.env = nil
		return k
	}
	inAWS := func(t *testing.T) keeper { t.Helper(); return keeper{store: onAWS(t)} }
	const pool, bucket, identity, secret = "mlops_gpu_pool.train", "mlops_bucket.artifacts", "mlops_identity.trainer", "mlops_secret.tracker"
	costs := []string{"candidates", "choice", "hourly_cost", "instance_type", "monthly_cost", "price_as_of", "settings", "spec"}
	for name, tt := range map[string]struct {
		site    func(t *testing.T) *site
		keeper  func(t *testing.T) keeper
		found   string              // the value, by a group of an expression
		section string              // instead: more of the provider's configuration, %s is the late value
		value   string              // of that section
		late    map[string][]string // the attributes that the first plan does not know, beside id, version and reference
		known   map[string][]string // those that it must know
	}{
		"tags.team":             {onAmazon, inVault, "", "tags = { team = %s }", "risk", map[string][]string{whole: {"commit"}}, map[string][]string{bucket: {"uri", "spec"}, pool: {"instance_type", "hourly_cost", "spec"}, secret: {"spec"}, whole: {"cost"}}},
		"tags":                  {onGoogle, onSecretManager, "", "tags = { (%s) = \"risk\" }", "team", map[string][]string{whole: {"commit"}}, map[string][]string{bucket: {"uri", "spec"}, pool: {"instance_type", "spec"}}},
		"prices":                {onAmazon, inAWS, "", "prices = %s", "prices.csv", map[string][]string{pool: costs}, map[string][]string{pool: {"node_selector", "tolerations", "resource_name"}, bucket: {"uri", "settings", "spec"}, secret: {"settings", "spec"}}},
		"local.root":            {onThisMachine, inVault, `root = ("[^"]+")`, "", "", map[string][]string{bucket: {"uri"}}, map[string][]string{bucket: {"spec"}, pool: {"settings", "spec", "monthly_cost"}, secret: {"settings", "spec"}, identity: {"policy", "spec"}}},
		"local":                 {onThisMachine, inVault, `local = (\{ root = "[^"]+" \})`, "", "", map[string][]string{bucket: {"uri"}}, map[string][]string{secret: {"settings", "spec"}}},
		"vault.address":         {onThisMachine, inVault, `address = ("[^"]+")`, "", "", map[string][]string{secret: {"spec"}}, map[string][]string{bucket: {"uri", "settings", "spec"}, pool: {"settings", "spec"}}},
		"vault.token":           {onAmazon, inVault, `, token = ("[^"]+")`, "", "", nil, map[string][]string{secret: {"settings", "spec"}, whole: {"files", "changes", "cost"}}},
		"vault":                 {onAzure, inVault, `vault = (\{[^}]*\})`, "", "", map[string][]string{secret: {"spec"}}, map[string][]string{bucket: {"uri", "settings", "spec"}}},
		"aws.region of a store": {onThisMachine, inAWS, "", "aws = { region = %s }", "eu-west-1", map[string][]string{secret: {"spec"}}, map[string][]string{bucket: {"uri", "settings", "spec"}}},
		"aws.region":            {onAmazon, inVault, `region     = ("[^"]+")`, "", "", nil, map[string][]string{bucket: {"uri", "settings", "spec"}, identity: {"policy", "settings", "spec"}, whole: {"files", "changes", "cost"}}},
		"aws.account_id":        {onAmazon, inVault, `account_id = ("[^"]+")`, "", "", nil, map[string][]string{bucket: {"uri", "settings", "spec"}, identity: {"policy", "spec"}, pool: {"spec"}}},
		"aws.secret_key":        {onAmazon, inVault, `secret_key = ("[^"]+")`, "", "", nil, map[string][]string{bucket: {"uri", "settings", "spec"}, identity: {"policy", "settings"}, whole: {"files", "changes", "cost"}}},
		"aws.endpoints.s3":      {onAmazon, inVault, `s3 = ("[^"]+")`, "", "", nil, map[string][]string{bucket: {"uri", "settings", "spec"}, identity: {"policy", "settings"}, whole: {"files", "changes", "cost"}}},
		"aws.endpoints":         {onAmazon, inVault, `endpoints  = (\{[^}]*\})`, "", "", nil, map[string][]string{bucket: {"uri", "settings", "spec"}, identity: {"policy", "settings"}, whole: {"files", "changes", "cost"}}},
		"aws":                   {onAmazon, inVault, `aws = (\{(?s:.*)\n  \})`, "", "", nil, map[string][]string{bucket: {"uri", "spec"}, pool: {"instance_type", "hourly_cost", "spec"}, secret: {"settings", "spec"}}},
		"google.project":        {onGoogle, onSecretManager, `project      = ("[^"]+")`, "", "", map[string][]string{secret: {"spec"}}, map[string][]string{bucket: {"uri", "spec"}, pool: {"instance_type", "hourly_cost"}}},
		"google.endpoints":      {onGoogle, inVault, `endpoints    = (\{[^}]*\})`, "", "", nil, map[string][]string{bucket: {"uri", "settings", "spec"}, secret: {"settings", "spec"}, whole: {"files", "changes", "cost"}}},
		"google":                {onGoogle, inVault, `google = (\{(?s:.*)\n  \})`, "", "", nil, map[string][]string{bucket: {"uri", "spec"}, pool: {"instance_type", "hourly_cost", "spec"}}},
		"azure.vault_url":       {onThisMachine, onKeyVault, `vault_url = ("[^"]+")`, "", "", map[string][]string{secret: {"spec"}}, map[string][]string{bucket: {"uri", "settings", "spec"}}},
		"azure.subscription_id": {onAzure, inVault, `subscription_id = ("[^"]+")`, "", "", nil, map[string][]string{bucket: {"uri", "spec"}, pool: {"instance_type", "hourly_cost", "spec"}}},
		"azure.resource_group":  {onAzure, inVault, `resource_group = ("[^"]+")`, "", "", nil, map[string][]string{bucket: {"uri", "spec"}, pool: {"instance_type", "hourly_cost", "spec"}}},
		"azure.endpoints":       {onAzure, inVault, `endpoints       = (\{[^}]*\})`, "", "", nil, map[string][]string{bucket: {"uri", "settings", "spec"}, secret: {"settings", "spec"}}},
		"azure":                 {onAzure, inVault, `azure = (\{(?s:.*)\n  \})`, "", "", nil, map[string][]string{bucket: {"uri", "spec"}, pool: {"instance_type", "hourly_cost", "spec"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, k := tt.site(t), tt.keeper(t)
			remote := newRemote(t)
			f := newFolder(t, append(k.env, "TF_VAR_value="+canary())...)
			write(t, f.dir+"/prices.csv", "cloud,instance_type,on_demand\naws,g4dn.xlarge,0.40\n")
			config := func(round int) string {
				provider := s.section
				if k.section != "" {
					provider = joined(t, s, k)
				}
				text := tt.value
				if tt.found != "" {
					at := regexp.MustCompile(tt.found).FindStringSubmatchIndex(provider)
					if at == nil {
						t.Fatalf("no %s in %s", tt.found, provider)
					}
					text = strings.Trim(provider[at[2]:at[3]], `"`)
					value, _ := late(round, text)
					if strings.HasPrefix(text, "{") { // only whether it is there at all is late
						value, text = value+` == "yes" ? `+text+" : null", "yes"
					}
					provider = provider[:at[2]] + value + provider[at[3]:]
				}
				value, resource := late(round, text)
				if tt.section != "" {
					provider += "\n  " + fmt.Sprintf(tt.section, value)
				}
				region := ""
				if s.regions[0] != "" {
					region = fmt.Sprintf("region = %q", s.regions[0])
				}
				return fmt.Sprintf(platformFraud, provider, fmt.Sprintf("cloud = %q\n  %s", s.cloud, region), k.store.platform, remote.url()) + resource
			}
			f.write(config(1))
			f.exits(0, nil, "plan", "-out=next.tfplan")
			f.shows(tt.late, tt.known)
			f.applied()

			f.write(config(2))
			f.exits(0, nil, "plan", "-out=next.tfplan")
			for _, c := range f.all() {
				if strings.HasPrefix(c.Address, "mlops_") && c.action() != "no-op" && c.action() != "update" {
					t.Errorf("once more the plan is to %s %s", c.action(), c.Address)
				}
			}
			f.applied()
			f.exits(0, nil, "destroy", "-auto-approve")
		})
	}
}

// shows checks what a plan knows of resources.
func (f *folder) shows(late, known map[string][]string) {
	f.t.Helper()
	for _, c := range f.all() {
		got := c.late()
		for _, name := range late[c.Address] {
			if !slices.Contains(got, name) && !anyLate(c.ChangeOf.Unknown[name]) {
				f.t.Errorf("the plan knows %s of %s: %v", name, c.Address, c.ChangeOf.After[name])
			}
		}
		for _, name := range known[c.Address] {
			if slices.Contains(got, name) || anyLate(c.ChangeOf.Unknown[name]) {
				f.t.Errorf("the plan does not know %s of %s: %v", name, c.Address, c.ChangeOf.Unknown[name])
			}
		}
	}
}

// anyLate reports whether an element is unknown.
func anyLate(unknown any) bool {
	elements, _ := unknown.(map[string]any)
	for _, is := range elements {
		if is == true || anyLate(is) {
			return true
		}
	}
	return unknown == true
}

// TestSettings_lateLogin: nothing is asked of a store whose login is not known yet: an
// ephemeral secret and an import wait for the apply, and the state stays with a warning.
func TestSettings_lateLogin(t *testing.T) {
	t.Parallel()
	s := onVault(t)
	address, token := strings.TrimPrefix(s.env[0], "VAULT_ADDR="), strings.TrimPrefix(s.env[1], "VAULT_TOKEN=")
	f := newFolder(t)
	config := func(round int, more string) string {
		value, resource := late(round, token)
		return fmt.Sprintf(onlyPlatform, fmt.Sprintf("vault = { address = %q, token = %s }", address, value), "local", s.platform, resource+
			story{kind: "mlops_secret"}.resource("s", "name = \"tracker\"\n  path = \"p/tracker\"\n  value_wo = { k = \"canary\" }\n  value_wo_version = 1")+more)
	}
	again := `
ephemeral "mlops_secret" "s" {
  platform = mlops_platform.p.spec
  secret   = mlops_secret.s.spec
  id       = mlops_secret.s.id
}` + story{kind: "mlops_secret"}.resource("again", "name = \"again\"\n  value_wo = { k = ephemeral.mlops_secret.s.values[\"k\"] }\n  value_wo_version = 1")
	f.write(config(1, again))
	f.apply()
	f.unchanged()
	f.write(config(2, again))
	f.exits(0, []string{"Unable to Refresh Secret", "vault.token in the provider's configuration is known only after apply"}, "plan", "-out=next.tfplan")
	f.applied()

	f.exits(0, nil, "state", "rm", "mlops_secret.s")
	f.write(config(3, "\nimport {\n  to = mlops_secret.s\n  id = \"vault:secret/p/tracker\"\n}\n"))
	f.exits(0, nil, "plan", "-out=next.tfplan")
	f.applied()
	f.exits(0, nil, "destroy", "-auto-approve")
}

// TestSettings_lateImport: an import waits for credentials as well.
func TestSettings_lateImport(t *testing.T) {
	t.Parallel()
	s, f := onAmazon(t), newFolder(t)
	bucket := story{kind: "mlops_bucket"}.resource("b", `name = "acme-artifacts"`)
	f.write(s.platform(0) + bucket)
	f.apply()
	f.exits(0, nil, "state", "rm", "mlops_bucket.b")
	value, resource := late(1, "not-a-secret")
	f.write(strings.Replace(s.platform(0), `"not-a-secret"`, value, 1) + resource + bucket + "import {\n  to = mlops_bucket.b\n  id = \"aws:acme-artifacts\"\n}\n")
	f.exits(0, []string{"aws.secret_key in the provider's configuration is known only after apply"}, "plan", "-out=next.tfplan")
	f.applied()
	if n := s.count(); n == 0 {
		t.Error("the bucket is gone")
	}
}

// TestSettings_lateMachine: while prices are late, no limit of a price and no machine is
// held against them, and what they decide is known after apply. A pinned machine stays.
func TestSettings_lateMachine(t *testing.T) {
	t.Parallel()
	s, f := onAmazon(t), newFolder(t)
	write(t, f.dir+"/own.csv", "cloud,instance_type,on_demand\naws,g6.xlarge,0.40\n")
	config := func(round int, limit string) string {
		value, resource := late(round, "own.csv")
		return strings.Replace(s.platform(0), "provider \"mlops\" {", "provider \"mlops\" {\n  prices = "+value, 1) + resource +
			story{kind: "mlops_gpu_pool"}.resource("free", "name = \"free\"\n  accelerator = { type = \"nvidia-l4\" }\n  nodes = { min = 1, max = 2 }\n  max_hourly_price = "+limit) +
			story{kind: "mlops_gpu_pool"}.resource("pinned", "name = \"pinned\"\n  accelerator = { type = \"nvidia-l4\" }\n  instance_type = \"g6.2xlarge\"")
	}
	f.write(config(1, "0.5")) // the list price is 0.80
	f.exits(0, nil, "plan", "-out=next.tfplan")
	f.shows(map[string][]string{
		"mlops_gpu_pool.free":   {"instance_type", "hourly_cost", "monthly_cost", "settings", "spec"},
		"mlops_gpu_pool.pinned": {"hourly_cost", "monthly_cost", "spec"},
	}, map[string][]string{
		"mlops_gpu_pool.free": {"node_selector", "tolerations", "resource_name"}, "mlops_gpu_pool.pinned": {"instance_type", "node_selector"},
	})
	f.applied()
	f.write(config(2, "0.5"))
	f.exits(0, nil, "plan", "-out=next.tfplan")
	f.applied()
	f.write(config(3, "0.1"))
	f.exits(0, nil, "plan", "-out=next.tfplan")
	f.exits(1, []string{"g6.xlarge costs 0.40 USD an hour, which is above 0.1"}, "apply", "next.tfplan")
}

// TestSettings_lateTags: what the tags decide about is a hole of its own size.
func TestSettings_lateTags(t *testing.T) {
	t.Parallel()
	s, f := onAmazon(t), newFolder(t)
	value, resource := late(1, "risk")
	f.write(strings.Replace(s.platform(0), "provider \"mlops\" {", "provider \"mlops\" {\n  tags = { team = "+value+", none = null }", 1) + resource +
		story{kind: "mlops_bucket"}.resource("b", `name = "acme-artifacts"`))
	c := f.planned("mlops_bucket.b")
	holes, _ := c.ChangeOf.Unknown["settings"].(map[string]any)
	if len(holes) != 1 || holes["tags"] != true || len(c.settings()) < 5 {
		t.Errorf("the plan does not know %v of the settings, and knows %v", holes, c.settings())
	}
	f.applied()
	if tags := fmt.Sprint(f.attribute("mlops_bucket", "settings")); !strings.Contains(tags, `"team":"risk"`) || strings.Contains(tags, `"none"`) {
		t.Errorf("the tags are %s", tags)
	}
}
