package spec_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func TestGPUPool_nodes(t *testing.T) {
	t.Parallel()
	for patch, want := range map[string]spec.Nodes{
		`{"nodes": null}`:                            {Max: 1},
		`{"nodes": {"max": null}}`:                   {Max: 1},
		`{"nodes": {"min": 5, "max": null}}`:         {Min: 5, Max: 5},
		`{"nodes": {"min": 0, "max": 7}}`:            {Max: 7},
		`{"nodes": {"min": 3, "max": "<unknown>"}}`:  {Min: 3, Max: 3},
		`{"nodes": {"min": "<unknown>", "max": 12}}`: {Max: 12},
	} {
		d := decode(t, spec.KindGPUPool, patch)
		same(t, d.Faults, nil)
		if g, ok := d.Spec.(*spec.GPUPool); !ok || *g.Nodes != want {
			t.Errorf("%s: %+v, want %+v", patch, *g.Nodes, want)
		}
	}
	try(t, map[string]rule{
		"none":     {spec.KindGPUPool, `{"nodes": {"min": 2, "max": 0}}`, one("nodes.max", "0 must be at least 1: min = 0 lets a pool be empty")},
		"negative": {spec.KindGPUPool, `{"nodes": {"min": -1, "max": null}}`, one("nodes.min", "-1 must not be negative")},
	})
}

func TestGPUPool_sharing(t *testing.T) {
	t.Parallel()
	const kind = spec.KindGPUPool
	of := func(accelerator, sharing string) string {
		return `{"accelerator": {"type": "` + accelerator + `"}, "sharing": ` + sharing + `}`
	}
	mig := func(profile string) string { return `{"strategy": "mig", "profile": "` + profile + `"}` }
	rules := map[string]rule{
		"mps at most":      {kind, of("nvidia-l4", `{"strategy": "mps", "replicas": 48}`), nil},
		"mps above":        {kind, of("nvidia-l4", `{"strategy": "mps", "replicas": 49}`), one("sharing.replicas", "at most 48 pods")},
		"mps of Volta":     {kind, of("nvidia-v100", `{"strategy": "mps", "replicas": 17}`), one("sharing.replicas", "at most 16 pods")},
		"slices of time":   {kind, of("nvidia-v100", `{"strategy": "time_slicing", "replicas": 100}`), nil},
		"alone":            {kind, of("nvidia-l4", `{"strategy": "time_slicing", "replicas": 1}`), one("sharing.replicas", "at least 2")},
		"not cut":          {kind, of("nvidia-l4", mig("1g.5gb")), one("sharing.strategy", "MIG does not cut nvidia-l4; it cuts: nvidia-a100, nvidia-a100-80gb, nvidia-b200")},
		"of Amazon":        {kind, of("aws-trainium", mig("1g.5gb")), one("sharing.strategy", "MIG does not cut aws-trainium")},
		"of the smaller":   {kind, of("nvidia-a100-80gb", mig("1g.5gb")), one("sharing.profile", `"1g.5gb" is no slice of nvidia-a100-80gb; there are: 1g.10gb, 1g.10gb+me, 1g.20gb, 2g.20gb, 3g.40gb, 4g.40gb, 7g.80gb`)},
		"garbage":          {kind, of("nvidia-h200", mig("banana")), one("sharing.profile", `"banana" is no slice of nvidia-h200`)},
		"of a type to be":  {kind, of("<unknown>", mig("9g.99gb")), nil},
		"of a pinned type": {kind, `{"accelerator": null, "instance_type": "p4d.24xlarge", "sharing": ` + mig("9g.99gb") + `}`, nil},
	}
	for accelerator, profile := range map[string]string{
		"nvidia-a100": "1g.5gb+me", "nvidia-a100-80gb": "7g.80gb", "nvidia-h100": "1g.12gb", "nvidia-h100-mega": "3g.40gb", "nvidia-h200": "1g.18gb",
		"nvidia-b200": "7g.180gb", "nvidia-b300": "7g.269gb", "nvidia-gb200": "7g.186gb", "nvidia-rtx-pro-6000": "2g.48gb+gfx",
	} {
		rules[accelerator] = rule{kind, of(accelerator, mig(profile)), nil}
	}
	try(t, rules)
}

// A pool that pins a type of machine gets its accelerators from the list of machines.
func TestGPUPool_Equip(t *testing.T) {
	t.Parallel()
	d := decode(t, spec.KindGPUPool, `{"accelerator": null, "instance_type": "p4d.24xlarge", "sharing": {"strategy": "mig", "profile": "1g.5gb"}}`)
	same(t, d.Faults, nil)
	g, ok := d.Spec.(*spec.GPUPool)
	if !ok || g.Accelerator != nil || g.Taints != nil {
		t.Fatalf("%+v", d.Spec)
	}
	if selector, tolerations := g.Place(); selector["mlops.dev/pool"] != "l4" || len(tolerations) != 0 {
		t.Error(selector, tolerations)
	}
	same(t, g.Equip(spec.Accelerator{Type: "nvidia-a100", Count: 8}), nil)
	if *g.Accelerator != (spec.Accelerator{Type: "nvidia-a100", Count: 8}) || !slices.Equal(g.Taints, []spec.Taint{{Key: "nvidia.com/gpu", Value: "present", Effect: "NoSchedule"}}) {
		t.Errorf("%+v", g)
	}
	same(t, g.Equip(spec.Accelerator{Type: "nvidia-l4", Count: 1}), one("sharing.strategy", "does not cut nvidia-l4"))
	same(t, g.Equip(spec.Accelerator{Type: "nvidia-a100"}), one("accelerator.count", "from 1 to 64"))
	for name, r := range map[string]rule{
		"local":      {spec.KindGPUPool, `{}`, one("accelerator", `cloud "local" has no list of machines`)},
		"kubernetes": {spec.KindGPUPool, `{"cloud": "kubernetes"}`, one("accelerator", `cloud "kubernetes" has no list of machines`)},
		"aws":        {spec.KindGPUPool, `{"cloud": "aws", "region": "eu-west-1"}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			patch := `{"accelerator": null, "instance_type": "g6.xlarge", "platform": ` + encoded(t, spec.KindPlatform, r.patch) + `}`
			same(t, decode(t, r.kind, patch).Faults, r.want)
		})
	}
	try(t, map[string]rule{
		"neither":       {spec.KindGPUPool, `{"accelerator": null}`, one("accelerator", "or pin a type of machine with instance_type")},
		"not known yet": {spec.KindGPUPool, `{"accelerator": null, "instance_type": "<unknown>"}`, nil},
	})
}

// Every group of a pool can grow to nodes.max; what Karpenter makes is bounded as a whole.
func TestGPUPool_Monthly(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		capacity    []string
		price       *spec.Price
		aws         *spec.AWSPool
		least, most spec.Number
	}{
		"on demand":     {[]string{"on_demand"}, &spec.Price{OnDemand: "2", Spot: "1"}, nil, "1460", "4380"},
		"spot":          {[]string{"spot"}, &spec.Price{OnDemand: "2", Spot: "1"}, nil, "730", "2190"},
		"both":          {[]string{"spot", "on_demand"}, &spec.Price{OnDemand: "2", Spot: "1"}, nil, "730", "6570"},
		"both, turned":  {[]string{"on_demand", "spot"}, &spec.Price{OnDemand: "2", Spot: "1"}, nil, "1460", "6570"},
		"spot unknown":  {[]string{"spot", "on_demand"}, &spec.Price{OnDemand: "2"}, nil, "1460", "8760"},
		"no price":      {[]string{"spot", "on_demand"}, nil, nil, "", ""},
		"only of spot":  {[]string{"spot", "on_demand"}, &spec.Price{Spot: "1"}, nil, "730", ""},
		"Karpenter":     {[]string{"spot", "on_demand"}, &spec.Price{OnDemand: "2", Spot: "1"}, &spec.AWSPool{Provisioner: "karpenter"}, "730", "4380"},
		"managed group": {[]string{"spot", "on_demand"}, &spec.Price{OnDemand: "2", Spot: "1"}, &spec.AWSPool{Provisioner: "managed_node_group"}, "730", "6570"},
	} {
		g := spec.GPUPool{Name: "g", Nodes: &spec.Nodes{Min: 1, Max: 3}, Capacity: tt.capacity, Price: tt.price, AWS: tt.aws}
		if least, most := g.Monthly(); least != tt.least || most != tt.most {
			t.Errorf("%s: %s to %s, want %s to %s", name, least, most, tt.least, tt.most)
		}
	}
}

func TestGPUPool_zones(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ platform, zones, why string }{
		"aws":            {`{"cloud": "aws", "region": "us-east-1"}`, `["us-east-1a", "us-east-1f"]`, ""},
		"local zone":     {`{"cloud": "aws", "region": "us-east-1"}`, `["us-east-1-bos-1a", "us-east-1-wl1-bos-wlz-1"]`, ""},
		"another region": {`{"cloud": "aws", "region": "us-east-1"}`, `["us-east-2a"]`, `"us-east-2a" is no zone of region "us-east-1", where the platform is, such as us-east-1a`},
		"a region":       {`{"cloud": "aws", "region": "us-east-1"}`, `["us-east-1"]`, "is no zone of region"},
		"an id":          {`{"cloud": "aws", "region": "us-east-1"}`, `["use1-az1"]`, "is no zone of region"},
		"google":         {`{"cloud": "google", "region": "europe-west1"}`, `["europe-west1-b"]`, ""},
		"beginning":      {`{"cloud": "google", "region": "europe-west1"}`, `["europe-west12-b"]`, "such as europe-west1-b"},
		"google's other": {`{"cloud": "google", "region": "europe-west1"}`, `["us-central1-a"]`, `no zone of region "europe-west1"`},
		"azure":          {`{"cloud": "azure", "region": "westeurope"}`, `["1", "3"]`, ""},
		"azure's fourth": {`{"cloud": "azure", "region": "westeurope"}`, `["4"]`, "calls them 1, 2 and 3"},
		"azure's name":   {`{"cloud": "azure", "region": "westeurope"}`, `["westeurope-1"]`, "calls them 1, 2 and 3"},
		"kubernetes":     {`{"cloud": "kubernetes"}`, `["rack-7"]`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var want []fault
			if tt.why != "" {
				want = one("zones[0]", tt.why)
			}
			same(t, decode(t, spec.KindGPUPool, `{"platform": `+encoded(t, spec.KindPlatform, tt.platform)+`, "zones": `+tt.zones+`}`).Faults, want)
			_, faults := spec.Link(spec.Repository{}, nil, extra(t, map[string]spec.Kind{tt.platform: spec.KindPlatform, `{"zones": ` + tt.zones + `}`: spec.KindGPUPool}))
			if tt.why != "" {
				want = one("gpu_pool/l4: zones[0]", tt.why)
			}
			same(t, faults, want)
		})
	}
}

// GKE bounds both ways of sharing; elsewhere slices of time have no bound.
func TestGPUPool_sharingOnGKE(t *testing.T) {
	t.Parallel()
	shared := func(platform, replicas string) spec.Faults {
		return decode(t, spec.KindGPUPool, `{"platform": `+encoded(t, spec.KindPlatform, platform)+`, "sharing": {"strategy": "time_slicing", "replicas": `+replicas+`}}`).Faults
	}
	const google = `{"cloud": "google", "region": "europe-west1"}`
	same(t, shared(google, "48"), nil)
	same(t, shared(google, "49"), one("sharing.replicas", "49 is more than GKE allows"))
	same(t, shared(google, `"<unknown>"`), nil)
	same(t, shared(`{"cloud": "aws", "region": "eu-west-1"}`, "49"), nil)
}

func TestPlatform_nearestRegions(t *testing.T) {
	t.Parallel()
	for cloud, names := range map[string]map[string]string{
		"aws":    {"eu-moon-1": "nearest names are: eu-", "eu-west1": "are: eu-west-1,", "eu-west-1a": "are: eu-west-1,", "us-gov-west1": "are: us-gov-west-1,"},
		"google": {"europe-west99": "are: europe-west9,", "europe_west4": "are: europe-west4,"},
		"azure":  {"West Europe": "are: westeurope,", "atlantis": "nearest names are: "},
	} {
		for region, want := range names {
			d := decode(t, spec.KindPlatform, `{"cloud": "`+cloud+`", "region": "`+region+`"}`)
			same(t, d.Faults, one("region", want))
			if strings.Count(d.Faults.Error(), ", ") < 2 {
				t.Errorf("%s: fewer than three proposals: %v", region, d.Faults)
			}
		}
	}
}
