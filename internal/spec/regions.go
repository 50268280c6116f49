package spec

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
)

// regionList is what is known of the regions of a cloud, and of the zones within one.
type regionList struct {
	names []string
	// zone is the form of a zone after the name of its region; "" is a zone without it.
	zone    *pattern.Pattern
	example string // of what stands after the name
}

// regions are those of all partitions of a cloud, as of November 2026. They know no day
// on which a region opened, and not who may use it. Sources: for aws, endpoints.json and
// partitions.json of botocore 1.44.5; for google, the places of regional endpoints that
// twenty or more of its APIs have, by the discovery documents of google.golang.org/api
// v0.311.0; for azure, Microsoft's list of Azure regions, and where its own cluster
// extensions are registered for the regions of governments, of China and of previews.
var regions = map[string]regionList{
	"aws": {
		zone: pattern.New(`^([a-z]|-[a-z0-9]+(-[a-z0-9]+)*-[0-9]+[a-z]?)$`), example: "a",
		names: strings.Fields(`
			af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2 ap-southeast-1 ap-southeast-2 ap-southeast-3
			ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 ca-central-1 ca-west-1 cn-north-1 cn-northwest-1 eu-central-1 eu-central-2 eu-isoe-west-1
			eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 eusc-de-east-1 il-central-1 me-central-1 me-south-1 me-west-1 mx-central-1 sa-east-1
			sa-west-1 us-east-1 us-east-2 us-gov-east-1 us-gov-west-1 us-iso-east-1 us-iso-west-1 us-isob-east-1 us-isob-west-1 us-isof-east-1 us-isof-south-1
			us-west-1 us-west-2`),
	},
	"google": {
		zone: pattern.New(`^-[a-z]$`), example: "-b",
		names: strings.Fields(`
			africa-south1 asia-east1 asia-east2 asia-northeast1 asia-northeast2 asia-northeast3 asia-south1 asia-south2 asia-southeast1 asia-southeast2
			asia-southeast3 australia-southeast1 australia-southeast2 europe-central2 europe-north1 europe-north2 europe-southwest1 europe-west1 europe-west10
			europe-west12 europe-west15 europe-west2 europe-west3 europe-west4 europe-west6 europe-west8 europe-west9 me-central1 me-central2 me-west1
			northamerica-northeast1 northamerica-northeast2 northamerica-south1 southamerica-east1 southamerica-west1 us-central1 us-central2 us-east1 us-east4
			us-east5 us-east7 us-south1 us-west1 us-west2 us-west3 us-west4 us-west8`),
	},
	"azure": {
		names: strings.Fields(`
			australiacentral australiacentral2 australiaeast australiasoutheast austriaeast belgiumcentral brazilsouth brazilsoutheast canadacentral canadaeast
			centralindia centralus centraluseuap chilecentral chinaeast chinaeast2 chinaeast3 chinanorth chinanorth2 chinanorth3 denmarkeast eastasia eastus
			eastus2 eastus2euap francecentral francesouth germanynorth germanywestcentral indiasouthcentral indonesiacentral israelcentral israelnorthwest
			italynorth japaneast japanwest jioindiacentral jioindiawest koreacentral koreasouth malaysiasouth malaysiawest mexicocentral newzealandnorth
			northcentralus northeurope norwayeast norwaywest polandcentral qatarcentral southafricanorth southafricawest southcentralus southeastasia southindia
			spaincentral swedencentral swedensouth switzerlandnorth switzerlandwest taiwannorth uaecentral uaenorth uksouth ukwest usdodcentral usdodeast
			usgovarizona usgoviowa usgovtexas usgovvirginia usseceast ussecwest westcentralus westeurope westindia westus westus2 westus3`),
	},
}

// sells reports whether a cloud sells machines, in regions.
func sells(cloud string) bool { return regions[cloud].names != nil }

func (p *Platform) checkRegion(c *checker) {
	if !c.knows(At("cloud")) {
		return
	}
	known := regions[p.Cloud].names
	switch {
	case sells(p.Cloud) && p.Region == "":
		c.fault(At("region"), "must be set for cloud %q", p.Cloud)
	case sells(p.Cloud) && !slices.Contains(known, p.Region):
		c.fault(At("region"), "%q is not the name of a region of cloud %q, as of November 2026; the nearest names are: %s", p.Region, p.Cloud, strings.Join(nearest(p.Region, known), ", "))
	case p.Cloud == "local" && p.Region != "":
		c.fault(At("region"), "cloud \"local\" has no regions: leave it out")
	}
}

// misplacedZone says why a zone is none of a region, or "". On aws local zones and
// wavelength zones count. It does not know which zones a region has.
func misplacedZone(cloud, region, zone string) string {
	switch within, of := strings.CutPrefix(zone, region); {
	case !sells(cloud) || !slices.Contains(regions[cloud].names, region):
		return ""
	case cloud == "azure":
		if zone != "1" && zone != "2" && zone != "3" {
			return "is no zone of cloud \"azure\", which calls them 1, 2 and 3"
		}
	case !of || !regions[cloud].zone.MatchString(within):
		return "is no zone of region \"" + region + "\", where the platform is, such as " + region + regions[cloud].example
	}
	return ""
}

// nearest are three of the names that differ least from a text, the nearest first.
func nearest(text string, names []string) []string {
	out := slices.Clone(names)
	text = strings.ToLower(strings.TrimSpace(text))
	slices.SortStableFunc(out, func(a, b string) int { return cmp.Compare(distance(text, a), distance(text, b)) })
	return out[:min(3, len(out))]
}

// distance is how many letters must be put in, left out or exchanged to turn one text
// into the other (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0] // of the row above, one to the left
		row[0] = i + 1
		for j := range len(b) {
			swap := before
			if a[i] != b[j] {
				swap++
			}
			before = row[j+1]
			row[j+1] = min(swap, row[j]+1, before+1)
		}
	}
	return row[len(b)]
}
