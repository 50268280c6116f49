package aws

import (
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// partition is a group of regions with accounts of its own.
type partition struct{ name, suffix string }

// partitions are found by the start of a region's name, the longer first. Source: the
// partitions of the SDK's endpoint rules.
var partitions = []struct {
	start string
	partition
}{
	{"cn-", partition{"aws-cn", "amazonaws.com.cn"}},
	{"eusc-", partition{"aws-eusc", "amazonaws.eu"}},
	{"us-isob-", partition{"aws-iso-b", "sc2s.sgov.gov"}},
	{"us-isof-", partition{"aws-iso-f", "csp.hci.ic.gov"}},
	{"us-iso-", partition{"aws-iso", "c2s.ic.gov"}},
	{"eu-isoe-", partition{"aws-iso-e", "cloud.adc-e.uk"}},
	{"us-gov-", partition{"aws-us-gov", "amazonaws.com"}},
}

func partitionOf(region string) partition {
	for _, p := range partitions {
		if strings.HasPrefix(region, p.start) {
			return p.partition
		}
	}
	return partition{"aws", "amazonaws.com"}
}

// region is where an object is: the platform's region, or else the provider's.
func (c *clients) region(on cloud.On) string {
	if on.Platform != nil && on.Platform.Region != "" {
		return on.Platform.Region
	}
	return c.Region
}
