package azure_test

import (
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// What an object is set to when nothing is asked for, setting by setting: private, only by
// https and TLS 1.2, without keys that are shared, and with what is deleted kept for a while.
func TestSettings(t *testing.T) {
	t.Parallel()
	c := azure.New(config(nil))
	const marks = `{"managed-by":"terraform-provider-mlops","mlops-name":"%","mlops-platform":"fraud"}`
	of := func(name string) string { return strings.ReplaceAll(marks, "%", name) }
	bucketSettings, err := c.Buckets.Plan.Settings(cloud.Bucket{On: on(nil), Bucket: &spec.Bucket{Platform: "fraud", Name: "data"}})
	compare(t, "bucket", bucketSettings, err, cloud.Settings{
		"account": "fraud", "container": "data", "location": "westeurope", "tags": of("fraud"), "metadata": `{"managed_by":"terraform-provider-mlops","mlops_name":"data","mlops_platform":"fraud"}`,
		"allowBlobPublicAccess": "false", "allowCrossTenantReplication": "false", "allowSharedKeyAccess": "false", "defaultToOAuthAuthentication": "true",
		"minimumTlsVersion": "TLS1_2", "supportsHttpsTrafficOnly": "true", "encryption": "Microsoft.Storage", "publicAccess": "None",
		"isVersioningEnabled": "true", "deleteRetentionPolicy": "7 days", "containerDeleteRetentionPolicy": "7 days", "managementPolicy": "[]",
	})
	encrypted, err := c.Buckets.Plan.Settings(keyed(key + "/0123"))
	if want := key + "/0123 as " + config(nil).KeyIdentity; err != nil || encrypted["encryption"] != want {
		t.Errorf("encryption is %q, %v; want %q", encrypted["encryption"], err, want)
	}
	poolSettings, err := c.Pools.Plan.Settings(spot(nil))
	compare(t, "pool", poolSettings, err, cloud.Settings{
		"cluster": "aks", "agentPools": `["train"]`, "vmSize": "Standard_NC24ads_A100_v4", "tags": of("train"), "provisioningState": "Succeeded",
		"scaleSetPriority": "Spot", "scaleSetEvictionPolicy": "Delete", "spotMaxPrice": "-1", "enableAutoScaling": "true", "minCount": "0", "maxCount": "4",
		"mode": "User", "osType": "Linux", "gpuDriver": "Install", "gpuInstanceProfile": "none", "availabilityZones": "[]", "capacityReservationGroupID": "none",
		"nodeLabels": `{"mlops.dev/accelerator":"nvidia-a100-80gb","mlops.dev/pool":"train"}`, "nodeTaints": `["nvidia.com/gpu=present:NoSchedule"]`,
	})
	identitySettings, err := c.Identities.Plan.Settings(identity(spec.Subject{GitHub: &spec.GitHubSubject{Repository: "acme/fraud", Environment: "production"}}, nil))
	compare(t, "identity", identitySettings, err, cloud.Settings{
		"name": "fraud-trainer", "location": "westeurope", "tags": of("trainer"), "issuer": "https://token.actions.githubusercontent.com",
		"federatedCredentials": `[{"audiences":["api://AzureADTokenExchange"],"name":"github","subject":"repo:acme/fraud:environment:production"}]`,
		"policy":               `{"roleAssignments":[]}`, "roleDefinitions": "[]",
	})
}

func compare(t *testing.T, what string, got cloud.Settings, err error, want cloud.Settings) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s: %s is %q, want %q", what, name, got[name], want[name])
		}
	}
	for name := range got {
		if _, there := want[name]; !there {
			t.Errorf("%s: %s is %q, and nobody wants it", what, name, got[name])
		}
	}
}

// Sharing that the accelerator does not know is refused in the plan.
func TestPools_unshared(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		accelerator string
		sharing     spec.Sharing
		want        string
	}{
		{"amd-mi300x", spec.Sharing{Strategy: "time_slicing", Replicas: 2}, "for accelerators of NVIDIA"},
		{"nvidia-a10", spec.Sharing{Strategy: "time_slicing", Replicas: 2}, ""},
		{"nvidia-a100", spec.Sharing{Strategy: "mig", Profile: "1g.5gb"}, ""},
		{"nvidia-a100", spec.Sharing{Strategy: "mig", Profile: "1g.10gb"}, "only 1g.5gb"},
		{"nvidia-a100-80gb", spec.Sharing{Strategy: "mig", Profile: "1g.10gb"}, ""},
		{"nvidia-a100-80gb", spec.Sharing{Strategy: "mig", Profile: "1g.20gb"}, "only 1g.10gb"},
		{"nvidia-a100-80gb", spec.Sharing{Strategy: "mig", Profile: "1g.10gb+me"}, "sharing.profile"},
		{"nvidia-a100-80gb", spec.Sharing{Strategy: "mig", Profile: "3g.40gb"}, ""},
		{"nvidia-h100", spec.Sharing{Strategy: "mig", Profile: "1g.12gb"}, ""},
		{"nvidia-h100", spec.Sharing{Strategy: "mig", Profile: "1g.24gb"}, "only 1g.10gb or 1g.12gb"},
		{"nvidia-h200", spec.Sharing{Strategy: "mig", Profile: "7g.141gb"}, ""},
	} {
		p := spot(func(g *spec.GPUPool) { g.Sharing = &c.sharing })
		p.Accelerator.Type = c.accelerator
		if _, err := azure.New(config(nil)).Pools.Plan.Settings(p); (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%+v of %s: %v, want %q", c.sharing, c.accelerator, err, c.want)
		}
	}
}

// The limits of tags are characters, not bytes.
func TestTags_characters(t *testing.T) {
	t.Parallel()
	p := spot(nil)
	p.Tags = map[string]string{"Straße": strings.Repeat("ö", 256)}
	if _, err := azure.New(config(nil)).Pools.Plan.Settings(p); err != nil {
		t.Error(err)
	}
	p.Tags["Straße"] += "ö"
	if _, err := azure.New(config(nil)).Pools.Plan.Settings(p); err == nil || !strings.Contains(err.Error(), "has 257 characters") {
		t.Errorf("%v; want how many there are", err)
	}
}
