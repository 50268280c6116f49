package provider_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// neighbours are as much of the big providers as the examples use: the attributes of their
// resources, each a text, and the attributes in a block, each a list of texts.
var neighbours = map[string]map[string]neighbour{
	"aws":     {"s3_bucket": {attributes: "bucket"}, "eks_cluster": {attributes: "name role_arn", block: "vpc_config", inside: "subnet_ids"}},
	"google":  {"storage_bucket": {attributes: "name location"}, "container_cluster": {attributes: "name location"}},
	"azurerm": {"kubernetes_cluster": {attributes: "name location resource_group_name"}, "storage_container": {attributes: "name storage_account_name"}},
}

type neighbour struct{ attributes, block, inside string }

// neighbourServer is a provider of that name.
func neighbourServer(name string) func() tfprotov6.ProviderServer {
	return providerserver.NewProtocol6(&neighbourProvider{name: name})
}

type neighbourProvider struct {
	provider.Provider // the methods that are not asked for
	name              string
}

func (p *neighbourProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = p.name
}
func (*neighbourProvider) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}
func (*neighbourProvider) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}
func (*neighbourProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }
func (p *neighbourProvider) Resources(context.Context) (out []func() resource.Resource) {
	for name, b := range neighbours[p.name] {
		out = append(out, func() resource.Resource { return &neighbourResource{name: p.name + "_" + name, neighbour: b} })
	}
	return out
}

type neighbourResource struct {
	resource.Resource // which is only planned
	name              string
	neighbour
}

func (r *neighbourResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = r.name
}

func (r *neighbourResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema.Attributes = map[string]schema.Attribute{"id": schema.StringAttribute{Computed: true}}
	for _, name := range strings.Fields(r.attributes) {
		resp.Schema.Attributes[name] = schema.StringAttribute{Required: true}
	}
	if r.block != "" {
		resp.Schema.Blocks = map[string]schema.Block{r.block: schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{
			Attributes: map[string]schema.Attribute{r.inside: schema.ListAttribute{Required: true, ElementType: types.StringType}},
		}}}
	}
}

// beside lets terraform find big providers beside ours.
func (f *folder) beside(names ...string) {
	f.t.Helper()
	self, err := os.Executable()
	if err != nil {
		f.t.Fatal(err)
	}
	dir := f.t.TempDir()
	overrides := fmt.Sprintf("    \"gitops-ml/mlops\" = %q\n", dir)
	for _, name := range append(names, "mlops") {
		if err := os.Symlink(self, filepath.Join(dir, "terraform-provider-"+name)); err != nil {
			f.t.Fatal(err)
		}
		overrides += fmt.Sprintf("    \"hashicorp/%s\" = %q\n", name, dir)
	}
	rc := filepath.Join(dir, "terraformrc")
	write(f.t, rc, "provider_installation {\n  dev_overrides {\n"+overrides+"  }\n  direct {}\n}\n")
	f.env = append(f.env, "TF_CLI_CONFIG_FILE="+rc)
}

// TestExamples_onClouds: the examples beside the big providers are planned as they stand,
// without an account, and show what they will make and what it costs.
func TestExamples_onClouds(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		big             []string
		machine, uri    string
		dataURI, bucket string // setting of the bucket
		owns            int
		apply           bool
	}{
		"aws":        {big: []string{"aws"}, machine: "g6.xlarge", uri: "s3://acme-fraud-artifacts", dataURI: "s3://acme-transactions", bucket: "versioning", owns: 6},
		"google":     {big: []string{"google"}, machine: "g2-standard-4", uri: "gs://acme-fraud-artifacts", dataURI: "gs://acme-transactions", bucket: "soft_delete_days", owns: 5},
		"azure":      {big: []string{"azurerm"}, machine: "Standard_NC4as_T4_v3", uri: "abfss://fraud-artifacts@fraud.dfs.core.windows.net", dataURI: "abfss://transactions@acmedata.dfs.core.windows.net", bucket: "isVersioningEnabled", owns: 5},
		"kubernetes": {machine: "kubernetes", uri: "pvc://fraud-artifacts", owns: 4, apply: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile("../../examples/" + name + "/main.tf")
			if err != nil {
				t.Fatal(err)
			}
			f := newFolder(t, "TF_VAR_tracker_api_key="+canary())
			f.beside(tt.big...)
			write(t, filepath.Join(f.dir, "main.tf"), string(text))
			f.exits(0, nil, "plan", "-out=next.tfplan")
			ours, seen := 0, map[string]change{}
			for _, c := range f.all() {
				seen[c.Address] = c
				if strings.HasPrefix(c.Address, "mlops_") {
					ours++
				}
				if c.action() != "create" {
					t.Errorf("the plan is to %s %s", c.action(), c.Address)
				}
			}
			if ours != tt.owns || len(seen) != tt.owns+2*len(tt.big) {
				t.Errorf("%d resources of ours among %d, want %d among %d", ours, len(seen), tt.owns, tt.owns+2*len(tt.big))
			}
			pool, bucket := seen["mlops_gpu_pool.train"], seen["mlops_bucket.artifacts"]
			if got := pool.ChangeOf.After["instance_type"]; got != tt.machine || pool.ChangeOf.After["monthly_cost"] == nil || pool.ChangeOf.After["choice"] == "" {
				t.Errorf("the pool is of %v: %v, %v", got, pool.ChangeOf.After["choice"], pool.ChangeOf.After["monthly_cost"])
			}
			if got := bucket.ChangeOf.After["uri"]; got != tt.uri || bucket.settings()[tt.bucket] == "" && tt.bucket != "" {
				t.Errorf("the bucket is %v with %v", got, bucket.settings())
			}
			if data, there := seen["mlops_bucket.data"]; there != (tt.dataURI != "") || there && data.ChangeOf.After["uri"] != tt.dataURI {
				t.Errorf("the bucket that exists is %v", data.ChangeOf.After["uri"])
			}
			if identity := seen["mlops_identity.trainer"]; len(fmt.Sprint(identity.ChangeOf.After["principal"])) < 10 {
				t.Errorf("the identity is %v", identity.ChangeOf.After)
			}
			if tt.apply {
				f.applied()
				f.exits(0, nil, "destroy", "-auto-approve")
			}
		})
	}
}
