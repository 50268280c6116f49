package provider_test

import (
	"fmt"
	"strings"
	"testing"
)

const onlyPlatform = `
provider "mlops" {
  %s
}
resource "mlops_platform" "p" {
  name         = "p"
  owner        = "x"
  cloud        = %q
  %s
  environments = { staging = {} }
}
%s
`

// TestSettings_malformed: what is malformed in the provider's configuration is refused at
// plan, by the name of the value, and what may hold a password is not shown.
func TestSettings_malformed(t *testing.T) {
	t.Parallel()
	const role = "arn:aws:iam::123456789012:role/mlops/deployer"
	for name, tt := range map[string]struct {
		section string
		says    []string // none is a configuration that is right
	}{
		"http to another machine, vault":  {`vault = { address = "http://vault.example.com:8200" }`, []string{"vault.address: the address \"http://vault.example.com:8200\": http is for this machine only", "use https"}},
		"http to another machine, aws":    {`aws = { endpoints = { secretsmanager = "http://sm.example.com" } }`, []string{"aws.endpoints.secretsmanager: ", "http is for this machine only"}},
		"http to another machine, google": {`google = { endpoints = { storage = "http://storage.example.com/" } }`, []string{"google.endpoints.storage: ", "http is for this machine only"}},
		"http to another machine, azure":  {`azure = { endpoints = { resource_manager = "http://10.0.0.1" } }`, []string{"azure.endpoints.resource_manager: ", "http is for this machine only"}},
		"http to another machine, key":    {`azure = { vault_url = "http://acme.vault.azure.net" }`, []string{"azure.vault_url: ", "http is for this machine only"}},
		"http to this machine":            {`vault = { address = "http://127.0.0.1:8200" }` + "\n" + `aws = { endpoints = { s3 = "http://localhost:5000", sts = "http://[::1]:5000" } }`, nil},
		"https":                           {`vault = { address = "https://vault.example.com" }` + "\n" + `azure = { endpoints = { blob = "https://b.example.com", authority = "https://login.example.com" } }`, nil},
		"a password in an address":        {`vault = { address = "https://user:hidden-word@vault.example.com" }`, []string{"vault.address: the address must not carry user:password@"}},
		"a password without a scheme":     {`vault = { address = "user:hidden-word@vault.example.com:8200" }`, []string{"vault.address: the address must not carry user:password@"}},
		"a password in an endpoint":       {`google = { endpoints = { container = "https://u:hidden-word@c.example.com" } }`, []string{"google.endpoints.container: the address must not carry user:password@"}},
		"no scheme":                       {`vault = { address = "vault:8200" }`, []string{`vault.address: the address "vault:8200" must be a URL with its scheme, such as https://vault.example.com:8200`}},
		"no address":                      {`aws = { endpoints = { s3 = "not a url" } }`, []string{`aws.endpoints.s3: the address "not a url" must be a URL`}},
		"no such service, aws":            {`aws = { endpoints = { secretmanager = "http://127.0.0.1:1" } }`, []string{"aws.endpoints.secretmanager: there is no such service here; there are: eks, iam, s3, secretsmanager, sts"}},
		"no such service, google":         {`google = { endpoints = { secretsmanager = "http://127.0.0.1:1" } }`, []string{"google.endpoints.secretsmanager: ", "cloudresourcemanager, container, secretmanager, storage"}},
		"no such service, azure":          {`azure = { endpoints = { "a.b" = "http://127.0.0.1:1" } }`, []string{"azure.endpoints.a.b: ", "authority, blob, resource_manager"}},
		"null endpoint":                   {`aws = { endpoints = { s3 = null } }`, nil},
		"half an AppRole":                 {`vault = { app_role = { role_id = "r" } }`, []string{"vault.app_role.secret_id: secret_id is missing"}},
		"the other half":                  {`vault = { app_role = { secret_id = "hidden-word" } }`, []string{"vault.app_role.role_id: role_id is missing"}},
		"half a user":                     {`vault = { userpass = { username = "u" } }`, []string{"vault.userpass.password: password is missing"}},
		"a pod without a role":            {`vault = { kubernetes = {} }`, []string{"vault.kubernetes.role: role is missing"}},
		"no web token":                    {`vault = { jwt = { role = "r" } }`, []string{"vault.jwt.token: token is missing"}},
		"two logins":                      {`vault = { token = "hidden-word", app_role = { role_id = "r", secret_id = "s" } }`, []string{"vault: there is more than one way to log in (token, app_role)"}},
		"access key alone":                {`aws = { access_key = "x" }`, []string{"aws.secret_key: secret_key is missing"}},
		"secret key alone":                {`aws = { secret_key = "hidden-word" }`, []string{"aws.access_key: access_key is missing"}},
		"session token alone":             {`aws = { token = "hidden-word" }`, []string{"aws.access_key: access_key is missing"}},
		"account":                         {`aws = { account_id = "12" }`, []string{`aws.account_id: "12" must be the 12 digits of an account`}},
		"role":                            {`aws = { assume_role = { role_arn = "foo" } }`, []string{`aws.assume_role.role_arn: "foo" must be the ARN of a role`}},
		"role of a policy":                {`aws = { assume_role = { role_arn = "arn:aws:iam::123456789012:policy/x" } }`, []string{"aws.assume_role.role_arn: "}},
		"no role":                         {`aws = { assume_role = { session_name = "x" } }`, []string{"aws.assume_role.role_arn: role_arn is missing"}},
		"boundary":                        {fmt.Sprintf(`aws = { permissions_boundary = %q }`, role), []string{"aws.permissions_boundary: ", "must be the ARN of a policy"}},
		"ARNs that are right":             {fmt.Sprintf(`aws = { assume_role = { role_arn = %q }, permissions_boundary = "arn:aws-cn:iam::aws:policy/PowerUserAccess", account_id = "123456789012" }`, role), nil},
		"project number":                  {`google = { project_number = "acme" }`, []string{`google.project_number: "acme" must be the number of a project`}},
		"pool of another form":            {`google = { workload_identity_pool = "github" }`, []string{"google.workload_identity_pool: ", "projects/NUMBER/locations/global/workloadIdentityPools/POOL"}},
		"key identity":                    {`azure = { key_identity = "me" }`, []string{`azure.key_identity: "me" must be the resource id of a user-assigned identity`}},
		"key vault id":                    {`azure = { key_vault_id = "v" }`, []string{`azure.key_vault_id: "v" must be the resource id of a key vault`}},
		"all at once":                     {`aws = { account_id = "1", access_key = "x", endpoints = { foo = "x", s3 = "y" } }`, []string{"aws.account_id", "aws.secret_key", "aws.endpoints.foo", "aws.endpoints.s3"}},
		"nothing":                         {`aws = {}` + "\ngoogle = {}\nazure = {}\nvault = {}", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFolder(t)
			f.write(fmt.Sprintf(onlyPlatform, tt.section, "local", "", ""))
			code := 0
			if tt.says != nil {
				code = 1
			}
			f.exits(code, tt.says, "plan")
			if said, _ := f.run("plan"); strings.Contains(strings.ReplaceAll(said, tt.section, ""), "hidden-word") {
				t.Errorf("the plan shows what is hidden: %s", said)
			}
		})
	}
}

// TestSettings_missing: what a cloud needs and nobody set is missed at plan, by its name; a
// variable of the cloud's own tools is as good, and what exists needs nothing.
func TestSettings_missing(t *testing.T) {
	t.Parallel()
	kinds := map[string]string{
		"mlops_bucket":   `name = "acme-artifacts"`,
		"mlops_gpu_pool": "name = \"train\"\n  accelerator = { type = \"nvidia-t4\" }",
		"mlops_identity": "name = \"trainer\"\n  subject = { kubernetes = { namespace = \"p-training\", service_account = \"trainer\" } }",
	}
	for cloud, tt := range map[string]struct {
		region string
		says   []string
		env    []string
	}{
		"google": {"europe-west1", []string{"google.project is not set", "GOOGLE_CLOUD_PROJECT"}, []string{"GOOGLE_CLOUD_PROJECT=acme"}},
		"azure":  {"westeurope", []string{"azure.subscription_id is not set", "ARM_SUBSCRIPTION_ID", "azure.resource_group is not set"}, []string{"AZURE_SUBSCRIPTION_ID=00000000-0000-0000-0000-000000000000", "AZURE_RESOURCE_GROUP=ml"}},
		"aws":    {"eu-west-1", nil, nil},
	} {
		for kind, body := range kinds {
			t.Run(cloud+" "+kind, func(t *testing.T) {
				t.Parallel()
				config := func(more string) string {
					return fmt.Sprintf(onlyPlatform, "", cloud, fmt.Sprintf("region = %q\n  cluster = { name = \"ml\" }", tt.region), story{kind: kind}.resource("x", body+"\n  "+more))
				}
				f := newFolder(t)
				f.write(config(""))
				if tt.says != nil {
					f.exits(1, tt.says, "plan")
				}
				f.env = append(f.env, tt.env...)
				f.exits(0, nil, "plan")
			})
		}
		t.Run(cloud+" existing", func(t *testing.T) {
			t.Parallel()
			f := newFolder(t)
			existing := map[string]string{"aws": "theirs", "google": "theirs", "azure": "abfss://theirs@acmedata.dfs.core.windows.net"}[cloud]
			f.write(fmt.Sprintf(onlyPlatform, "", cloud, fmt.Sprintf("region = %q", tt.region), story{kind: "mlops_bucket"}.resource("x", fmt.Sprintf("name = \"data\"\n  existing = %q", existing))))
			f.exits(0, nil, "plan")
		})
	}
}

// TestSettings_variables: the address of a store that a variable says is held to the same
// rules, and nothing of it is shown.
func TestSettings_variables(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ store, env, says string }{
		"vault, http":     {"vault", "VAULT_ADDR=http://vault.example.com:8200", "http is for this machine only"},
		"vault, password": {"vault", "VAULT_ADDR=https://u:hidden-word@vault.example.com", "must not carry user:password@"},
		"key vault":       {"azure_key_vault", "AZURE_KEY_VAULT_URL=acme", "must be a URL with its scheme"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFolder(t, tt.env)
			f.write(fmt.Sprintf(onlyPlatform, "", "local", fmt.Sprintf("secret_store = %q", tt.store), story{kind: "mlops_secret"}.resource("s", "name = \"s\"\n  value_wo = { k = \"v\" }\n  value_wo_version = 1")))
			f.exits(1, []string{tt.says}, "plan")
			if said, _ := f.run("plan"); strings.Contains(said, "hidden-word") {
				t.Errorf("the plan shows what is hidden: %s", said)
			}
		})
	}
}

// TestSettings_unreachable: an error of a request without an answer says where it went.
func TestSettings_unreachable(t *testing.T) {
	t.Parallel()
	timeouts := "timeouts = { create = \"2s\" }"
	for name, tt := range map[string]struct {
		cloud, region, section, more, resource string
		says                                   []string
	}{
		"aws":    {"aws", "eu-west-1", `aws = { access_key = "x", secret_key = "x", endpoints = { s3 = "http://127.0.0.1:1" } }`, "", story{kind: "mlops_bucket"}.resource("b", "name = \"acme-artifacts\"\n  "+timeouts), []string{"aws.endpoints.s3 = http://127.0.0.1:1", "check the address"}},
		"google": {"google", "europe-west1", `google = { project = "acme", access_token = "x", endpoints = { storage = "http://127.0.0.1:1/" } }`, "", story{kind: "mlops_bucket"}.resource("b", "name = \"acme-artifacts\"\n  "+timeouts), []string{"google.endpoints.storage = http://127.0.0.1:1/", "check the address"}},
		"azure":  {"azure", "westeurope", `azure = { subscription_id = "s", resource_group = "rg", access_token = "x", endpoints = { resource_manager = "http://127.0.0.1:1" } }`, "", story{kind: "mlops_bucket"}.resource("b", "name = \"acme-artifacts\"\n  "+timeouts), []string{"azure.endpoints.resource_manager = http://127.0.0.1:1", "check the address"}},
		"vault":  {"local", "", `vault = { address = "http://127.0.0.1:1", token = "x" }`, `secret_store = "vault"`, story{kind: "mlops_secret"}.resource("s", "name = \"s\"\n  value_wo = { k = \"v\" }\n  value_wo_version = 1\n  "+timeouts), []string{"http://127.0.0.1:1 (vault.address or VAULT_ADDR)"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFolder(t)
			if tt.region != "" {
				tt.more += fmt.Sprintf("\n  region = %q", tt.region)
			}
			f.write(fmt.Sprintf(onlyPlatform, tt.section, tt.cloud, tt.more, tt.resource))
			f.refused(tt.says...)
		})
	}
}

// TestSettings_prices: a fault of the file of prices is one of the provider's configuration.
func TestSettings_prices(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	write(t, f.dir+"/own.csv", "cloud,instance_type,on_demand\naws,g6.xlarge,cheap\n")
	config := func(file string) string {
		return fmt.Sprintf(onlyPlatform, fmt.Sprintf("prices = %q", file), "aws", "region = \"eu-west-1\"\n  cluster = { name = \"ml\" }", story{kind: "mlops_gpu_pool"}.resource("g", "name = \"train\"\n  accelerator = { type = \"nvidia-l4\" }"))
	}
	f.write(config("own.csv"))
	f.exits(1, []string{"prices of the provider: own.csv: line 2, column on_demand"}, "plan")
	f.write(config("absent.csv"))
	f.exits(1, []string{"prices of the provider: open absent.csv"}, "plan")
}

// TestSettings_keyIdentity: a bucket of Azure with a key is planned with the identity that
// reads it, and the error without one names the setting that there is.
func TestSettings_keyIdentity(t *testing.T) {
	t.Parallel()
	config := func(more string) string {
		section := fmt.Sprintf("azure = {\n    subscription_id = \"00000000-0000-0000-0000-000000000000\", resource_group = \"ml\"%s\n  }", more)
		return fmt.Sprintf(onlyPlatform, section, "azure", `region = "westeurope"`, story{kind: "mlops_bucket"}.resource("b", "name = \"data\"\n  kms_key = \"https://acme.vault.azure.net/keys/ml\""))
	}
	f := newFolder(t)
	f.write(config(""))
	f.exits(1, []string{"set key_identity for Azure"}, "plan")
	const identity = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/ml/providers/Microsoft.ManagedIdentity/userAssignedIdentities/keys"
	f.write(config(fmt.Sprintf(", key_identity = %q, cluster_resource_group = \"aks\"", identity)))
	if got := fmt.Sprint(f.planned("mlops_bucket.b").settings()); !strings.Contains(got, identity) {
		t.Errorf("the settings are %s", got)
	}
}
