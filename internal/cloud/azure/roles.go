package azure

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	"github.com/google/uuid"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// assigned are the role assignments of a principal in the resource group, in the vault
// where that lies elsewhere, and above them. Scopes are spelled as in wanted.
func (c *clients) assigned(ctx context.Context, principal string, wanted []assignment) ([]assignment, error) {
	if principal == "" { // a list of nobody's could be one of everybody's
		return nil, errors.New("role assignments of the identity: Azure names no principal for it: try again")
	}
	group := "/subscriptions/" + c.cfg.SubscriptionID + "/resourceGroups/" + c.cfg.ResourceGroup
	scopes := []string{group}
	if vault := c.cfg.VaultID; vault != "" && !strings.HasPrefix(strings.ToLower(vault), strings.ToLower(group)+"/") {
		scopes = append(scopes, vault)
	}
	// The SDK sends the filter as it stands.
	filter := url.PathEscape("principalId eq '" + principal + "'")
	seen := map[string]bool{}
	var out []assignment
	for _, scope := range scopes {
		list, err := c.listed(ctx, scope, &filter)
		if err != nil {
			return nil, fmt.Errorf("role assignments of the identity: %w", withoutKind(err))
		}
		for _, r := range list {
			if !strings.EqualFold(deref(r.Properties.PrincipalID), principal) {
				continue
			}
			if id := strings.ToLower(deref(r.ID)); !seen[id] {
				seen[id] = true
				out = append(out, readAssignment(r, wanted))
			}
		}
	}
	return out, nil
}

// listed are the role assignments at, below and above a scope.
func (c *clients) listed(ctx context.Context, scope string, filter *string) (out []*armauthorization.RoleAssignment, err error) {
	err = c.made(ctx, func(ctx context.Context) error {
		out = nil
		for pager := c.roles.NewListForScopePager(strings.TrimPrefix(scope, "/"), &armauthorization.RoleAssignmentsClientListForScopeOptions{Filter: filter}); pager.More(); {
			page, err := pager.NextPage(ctx)
			if err != nil {
				return err
			}
			for _, r := range page.Value {
				if r.Properties != nil {
					out = append(out, r)
				}
			}
		}
		return nil
	})
	return out, err
}

// roleID is the id of an assignment's role, without the scope in front of it.
func roleID(r *armauthorization.RoleAssignment) string {
	role := deref(r.Properties.RoleDefinitionID)
	return strings.ToLower(role[strings.LastIndex(role, "/")+1:])
}

func readAssignment(r *armauthorization.RoleAssignment, wanted []assignment) assignment {
	p, role := r.Properties, roleID(r)
	a := assignment{Role: roleName(role), RoleID: role, Scope: deref(p.Scope), Condition: spaced(deref(p.Condition)), id: deref(r.ID)}
	for _, w := range wanted {
		if strings.EqualFold(w.Scope, a.Scope) {
			a.Scope = w.Scope
		}
		if w.RoleID == a.RoleID {
			a.Role = w.Role
		}
	}
	return a
}

// assign makes the role assignments of a principal those wanted, and takes back others:
// whatever else the identity was given is more than its grants say. It gives what it took.
func (c *clients) assign(ctx context.Context, principal string, wanted []assignment) (back []assignment, err error) {
	have, err := c.assigned(ctx, principal, wanted)
	if err != nil {
		return nil, err
	}
	missing := []assignment{}
	for _, w := range wanted {
		if !holds(have, w) {
			missing = append(missing, w)
		}
	}
	for _, h := range have {
		if holds(wanted, h) || replaced(missing, h, principal) {
			continue
		}
		if err := c.unassign(ctx, h); err != nil {
			return nil, err
		}
		back = append(back, h)
	}
	for _, w := range missing {
		if err := c.grant(ctx, principal, w); err != nil {
			return nil, err
		}
	}
	return back, nil
}

// replaced reports whether writing one of the missing overwrites an assignment, which then
// has to be there until it is.
func replaced(missing []assignment, have assignment, principal string) bool {
	for _, w := range missing {
		if strings.HasSuffix(strings.ToLower(have.id), "/"+w.name(principal)) {
			return true
		}
	}
	return false
}

// name is the name of a role assignment, which follows from what it is.
func (a assignment) name(principal string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(strings.ToLower(a.Scope)+"|"+principal+"|"+a.RoleID)).String()
}

func holds(list []assignment, a assignment) bool {
	for _, b := range list {
		if a.Scope == b.Scope && a.RoleID == b.RoleID && a.Condition == b.Condition {
			return true
		}
	}
	return false
}

// grant makes one role assignment, once: its name is its own.
func (c *clients) grant(ctx context.Context, principal string, a assignment) error {
	properties := &armauthorization.RoleAssignmentProperties{
		PrincipalID:      to.Ptr(principal),
		PrincipalType:    to.Ptr(armauthorization.PrincipalTypeServicePrincipal),
		RoleDefinitionID: to.Ptr("/subscriptions/" + c.cfg.SubscriptionID + "/providers/Microsoft.Authorization/roleDefinitions/" + a.RoleID),
		Description:      to.Ptr("made by " + cloud.Manager),
	}
	if a.Condition != "" {
		properties.Condition, properties.ConditionVersion = to.Ptr(a.Condition), to.Ptr("2.0")
	}
	err := c.repeat(ctx, func(ctx context.Context) error {
		_, err := c.roles.Create(ctx, strings.TrimPrefix(a.Scope, "/"), a.name(principal), armauthorization.RoleAssignmentCreateParameters{Properties: properties}, nil)
		switch {
		case code(err) == otherName:
			return c.supersede(ctx, principal, a, err)
		case code(err) == undefined && a.definition != nil:
			// The last identity that had it may just have taken it along.
			if failed := c.define(ctx, *a.definition); failed != nil {
				return failed
			}
		}
		return err
	}, func(err error, n int) bool {
		return busy(err) || ((late(err) || code(err) == otherName) && n < looks) || (code(err) == undefined && n < learns)
	})
	switch {
	case errors.Is(err, cloud.ErrNotFound) && a.definition != nil:
		return fmt.Errorf("role %s on %s: %w; buckets and roles are in resource group %s: a bucket that exists is granted when its storage account is in it, too", a.Role, a.Scope, withoutKind(err), c.cfg.ResourceGroup)
	case errors.Is(err, cloud.ErrNotFound):
		return fmt.Errorf("role %s on %s: %w; the secret has to be there, in a key vault of that resource group", a.Role, a.Scope, withoutKind(err))
	case err != nil:
		return fmt.Errorf("role %s on %s: %w", a.Role, a.Scope, err)
	}
	return nil
}

// otherName is Azure's word for an assignment of the same role on the same scope that has
// another name, and may have another condition.
const otherName = "RoleAssignmentExists"

// supersede takes back what is in the way of an assignment, and gives err: it can be made
// then. It gives nil when the one that is there is the same.
func (c *clients) supersede(ctx context.Context, principal string, a assignment, err error) error {
	have, failed := c.assigned(ctx, principal, []assignment{a})
	if failed != nil {
		return failed
	}
	if holds(have, a) {
		return nil
	}
	for _, h := range have {
		if h.Scope == a.Scope && h.RoleID == a.RoleID {
			if failed := c.unassign(ctx, h); failed != nil {
				return failed
			}
		}
	}
	return err
}

func (c *clients) unassign(ctx context.Context, a assignment) error {
	err := c.try(ctx, func(ctx context.Context) error {
		_, err := c.roles.DeleteByID(ctx, strings.TrimPrefix(a.id, "/"), nil)
		return err
	})
	if err != nil && !errors.Is(err, cloud.ErrNotFound) {
		return fmt.Errorf("role %s on %s: %w", a.Role, a.Scope, err)
	}
	return nil
}
