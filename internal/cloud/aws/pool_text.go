package aws

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// templateTag starts the tags that tell the cluster autoscaler what a node has while
// there is none. It reads labels and taints from the node group itself. Source:
// buildNodeFromTemplate in cloudprovider/aws of the cluster autoscaler.
const templateTag = "k8s.io/cluster-autoscaler/node-template/resources/"

// poolTags are the tags of each node group of a pool.
func poolTags(p cloud.Pool) (map[string]string, error) {
	out := marked(p.On, p.Name)
	has := accelerator(p)
	count := has.Count
	strategy := ""
	if p.Sharing != nil {
		strategy = p.Sharing.Strategy
	}
	if strategy == "time_slicing" || strategy == "mps" {
		count *= p.Sharing.Replicas
	}
	if has.Resource() != "" && strategy != "mig" { // what a slice is called and how many there are only the node knows
		out[templateTag+has.Resource()] = strconv.FormatInt(count, 10)
	}
	return out, checkTags(out)
}

// poolTagsOf are the tags among has that are ours, those for the autoscaler included that
// are wanted no more.
func poolTagsOf(has, want map[string]string) map[string]string {
	out := cloud.Managed(has, want)
	for key, value := range has {
		if strings.HasPrefix(key, templateTag) {
			out[key] = value
		}
	}
	return out
}

func scalingText(low, high int32) string { return fmt.Sprintf("%d-%d", low, high) }

func sizes(s *types.NodegroupScalingConfig) (low, high, desired int32) {
	if s == nil {
		return 0, 0, 0
	}
	return sdk.ToInt32(s.MinSize), sdk.ToInt32(s.MaxSize), sdk.ToInt32(s.DesiredSize)
}

func taintTexts(taints []types.Taint) string {
	out := []string{}
	for _, t := range slices.SortedFunc(slices.Values(taints), byKey) {
		out = append(out, fmt.Sprintf("%s=%s:%s", sdk.ToString(t.Key), sdk.ToString(t.Value), t.Effect))
	}
	return jsonText(out)
}

func rollingText(u *types.NodegroupUpdateConfig) string {
	out := map[string]any{}
	if u == nil {
		return jsonText(out)
	}
	if u.MaxUnavailable != nil {
		out["maxUnavailable"] = *u.MaxUnavailable
	}
	if u.MaxUnavailablePercentage != nil {
		out["maxUnavailablePercentage"] = *u.MaxUnavailablePercentage
	}
	if u.UpdateStrategy != "" {
		out["updateStrategy"] = string(u.UpdateStrategy)
	}
	return jsonText(out)
}

// statusText is the state of a group, with what is wrong with it.
func statusText(n *types.Nodegroup) string {
	if n.Status == types.NodegroupStatusActive || n.Health == nil || len(n.Health.Issues) == 0 {
		return string(n.Status)
	}
	var issues []string
	for _, i := range n.Health.Issues {
		issues = append(issues, issueText(string(i.Code), i.Message, i.ResourceIds))
	}
	return string(n.Status) + ": " + strings.Join(issues, "; ")
}

func issueText(code string, message *string, resources []string) string {
	out := code
	if text := sdk.ToString(message); text != "" {
		out += ": " + text
	}
	if len(resources) > 0 {
		out += " (" + strings.Join(resources, ", ") + ")"
	}
	return out
}

func updateText(u *types.Update) string {
	var out []string
	for _, e := range u.Errors {
		out = append(out, issueText(string(e.ErrorCode), e.ErrorMessage, e.ResourceIds))
	}
	return strings.Join(out, "; ")
}
