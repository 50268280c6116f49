package azure

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

type rule = armstorage.ManagementPolicyRule

// rulesOf are the lifecycle rules of a container. An account has one policy for all its
// containers: the rules of one carry its name and a number. They are of every type of blob
// that Azure lets expire; page blobs, which are disks, do not.
func rulesOf(container string, lifecycle []spec.LifecycleRule) []*rule {
	out := []*rule{}
	for i, l := range lifecycle {
		actions := &armstorage.ManagementPolicyAction{}
		if l.ExpireAfterDays > 0 {
			actions.BaseBlob = &armstorage.ManagementPolicyBaseBlob{
				Delete: &armstorage.DateAfterModification{DaysAfterModificationGreaterThan: to.Ptr(float32(l.ExpireAfterDays))},
			}
		}
		if l.NoncurrentExpireAfterDays > 0 {
			actions.Version = &armstorage.ManagementPolicyVersion{
				Delete: &armstorage.DateAfterCreation{DaysAfterCreationGreaterThan: to.Ptr(float32(l.NoncurrentExpireAfterDays))},
			}
		}
		out = append(out, &rule{
			Name:    to.Ptr(container + "-" + strconv.Itoa(i)),
			Type:    to.Ptr(armstorage.RuleTypeLifecycle),
			Enabled: to.Ptr(true),
			Definition: &armstorage.ManagementPolicyDefinition{
				Actions: actions,
				Filters: &armstorage.ManagementPolicyFilter{BlobTypes: to.SliceOfPtrs("appendBlob", "blockBlob"), PrefixMatch: []*string{to.Ptr(container + "/" + l.Prefix)}},
			},
		})
	}
	return out
}

var numbered = pattern.New(`^(.+)-[0-9]+$`)

// owner is the container whose rule has a name, "" for a rule of somebody else.
func owner(r *rule) string {
	if m := numbered.FindStringSubmatch(deref(r.Name)); m != nil {
		return m[1]
	}
	return ""
}

// of are the rules of one container, in order.
func of(container string, rules []*rule) []*rule {
	out := []*rule{}
	for _, r := range rules {
		if owner(r) == container {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *rule) int {
		return strings.Compare(fmt.Sprintf("%200s", deref(a.Name)), fmt.Sprintf("%200s", deref(b.Name)))
	})
	return out
}

// describeRules is canonical: Azure keeps the order of rules, not that of filters.
func describeRules(container string, rules []*rule) string {
	out := of(container, rules)
	for _, r := range out {
		if r.Definition == nil || r.Definition.Filters == nil {
			continue
		}
		byText := func(a, b *string) int { return strings.Compare(deref(a), deref(b)) }
		slices.SortFunc(r.Definition.Filters.BlobTypes, byText)
		slices.SortFunc(r.Definition.Filters.PrefixMatch, byText)
	}
	return canonical(out)
}

// rules are those of every container of an account.
func (c *clients) rules(ctx context.Context, account string) ([]*rule, error) {
	var got armstorage.ManagementPoliciesClientGetResponse
	err := c.try(ctx, func(ctx context.Context) (err error) {
		got, err = c.policies.Get(ctx, c.cfg.ResourceGroup, account, armstorage.ManagementPolicyNameDefault, nil)
		return err
	})
	switch {
	case errors.Is(err, cloud.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("management policy of %s: %w", account, err)
	case got.Properties == nil || got.Properties.Policy == nil:
		return nil, nil
	}
	return got.Properties.Policy.Rules, nil
}

// setRules writes the rules of one container into the policy of its account and looks
// whether they stayed: the policy has no ETag, and others may write it at the same time.
func (c *clients) setRules(ctx context.Context, account, container string, want []*rule) error {
	var err error
	for n := range tries {
		var have []*rule
		if have, err = c.rules(ctx, account); err != nil {
			return err
		}
		if describeRules(container, have) == describeRules(container, want) {
			return nil
		}
		next := slices.DeleteFunc(slices.Clone(have), func(r *rule) bool { return owner(r) == container })
		if err = c.writeRules(ctx, account, append(next, want...)); err != nil && !errors.Is(err, cloud.ErrConflict) {
			return err
		}
		if err := cloud.Pause(ctx, c.delay(n)/4); err != nil {
			return err
		}
	}
	return fmt.Errorf("management policy of %s: the rules of container %s do not stay: %w", account, container, errors.Join(cloud.ErrConflict, err))
}

func (c *clients) writeRules(ctx context.Context, account string, rules []*rule) error {
	if len(rules) > 100 {
		return fmt.Errorf("the %d lifecycle rules of the buckets in storage account %s are more than Azure's 100: join some", len(rules), account)
	}
	err := c.made(ctx, func(ctx context.Context) error {
		if len(rules) == 0 { // a policy has at least one rule
			_, err := c.policies.Delete(ctx, c.cfg.ResourceGroup, account, armstorage.ManagementPolicyNameDefault, nil)
			if status(err) == http.StatusNotFound {
				return nil
			}
			return err
		}
		_, err := c.policies.CreateOrUpdate(ctx, c.cfg.ResourceGroup, account, armstorage.ManagementPolicyNameDefault,
			armstorage.ManagementPolicy{Properties: &armstorage.ManagementPolicyProperties{Policy: &armstorage.ManagementPolicySchema{Rules: rules}}}, nil)
		return err
	})
	if err != nil {
		return fmt.Errorf("management policy of %s: %w", account, err)
	}
	return nil
}
