package azurefake

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	authorizationfake "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2/fake"
)

var guid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func (a *Azure) authorization() *authorizationfake.ServerFactory {
	return &authorizationfake.ServerFactory{
		RoleAssignmentsServer: authorizationfake.RoleAssignmentsServer{Create: a.createRole, DeleteByID: a.deleteRole, NewListForScopePager: a.listRoles},
		RoleDefinitionsServer: authorizationfake.RoleDefinitionsServer{Get: a.getDefinition, CreateOrUpdate: a.putDefinition, Delete: a.deleteDefinition},
	}
}

func (a *Azure) createRole(_ context.Context, scope, name string, p armauthorization.RoleAssignmentCreateParameters, _ *armauthorization.RoleAssignmentsClientCreateOptions) (out fake.Responder[armauthorization.RoleAssignmentsClientCreateResponse], none fake.ErrorResponder) {
	want := p.Properties
	if refused := a.unassignable(name, want); refused != nil {
		return out, *refused
	}
	scope = "/" + strings.TrimPrefix(scope, "/")
	if refused := a.assignable(*want.RoleDefinitionID, scope); refused != nil {
		return out, *refused
	}
	id := scope + "/providers/Microsoft.Authorization/roleAssignments/" + name
	for other, r := range a.Roles {
		same := *r.Properties.PrincipalID == *want.PrincipalID && *r.Properties.RoleDefinitionID == *want.RoleDefinitionID && strings.EqualFold(*r.Properties.Scope, scope)
		if same && other != id {
			return out, refuse(http.StatusConflict, "RoleAssignmentExists", "The role assignment already exists. The ID of the existing role assignment is %s.", *r.Name)
		}
		if !same && other == id {
			return out, refuse(http.StatusConflict, "RoleAssignmentUpdateNotPermitted", "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.")
		}
	}
	properties := copied(*want)
	properties.Scope = to.Ptr(scope)
	a.Roles[id] = &armauthorization.RoleAssignment{ID: to.Ptr(id), Name: to.Ptr(name), Properties: &properties}
	return said(http.StatusCreated, armauthorization.RoleAssignmentsClientCreateResponse{RoleAssignment: copied(*a.Roles[id])}), none
}

// unassignable refuses a role assignment that says too little, or what is not so.
func (a *Azure) unassignable(name string, want *armauthorization.RoleAssignmentProperties) *fake.ErrorResponder {
	switch {
	case !guid.MatchString(name):
		return to.Ptr(refuse(http.StatusBadRequest, "InvalidRoleAssignmentId", "The role assignment ID '%s' is not valid. It must be a GUID.", name))
	case want.PrincipalID == nil || want.RoleDefinitionID == nil:
		return to.Ptr(refuse(http.StatusBadRequest, "BadRequestFormat", "The request was incorrectly formatted."))
	case want.PrincipalType == nil || *want.PrincipalType != armauthorization.PrincipalTypeServicePrincipal:
		// Azure looks a principal up that is not said to be one of a service, and a new one
		// may not be found yet. Here it never is.
		return to.Ptr(refuse(http.StatusBadRequest, "UnmatchedPrincipalType", "The PrincipalId '%s' has type 'ServicePrincipal', which is different from specified PrinciaplType.", *want.PrincipalID))
	case (want.Condition == nil) != (want.ConditionVersion == nil) || (want.ConditionVersion != nil && *want.ConditionVersion != "2.0"):
		return to.Ptr(refuse(http.StatusBadRequest, "InvalidRoleAssignmentConditionVersion", "A condition is of version 2.0."))
	case want.Condition != nil && strings.Count(*want.Condition, "(") != strings.Count(*want.Condition, ")"):
		return to.Ptr(refuse(http.StatusBadRequest, "InvalidConditionOrResource", "The condition is not valid."))
	case !a.principal(*want.PrincipalID):
		return to.Ptr(refuse(http.StatusBadRequest, "PrincipalNotFound", "Principal %s does not exist in the directory.", *want.PrincipalID))
	}
	return nil
}

func (a *Azure) principal(id string) bool {
	for _, identity := range a.Identities {
		if p := identity.Properties.PrincipalID; p != nil && *p == id {
			return true
		}
	}
	return false
}

func (a *Azure) deleteRole(_ context.Context, id string, _ *armauthorization.RoleAssignmentsClientDeleteByIDOptions) (out fake.Responder[armauthorization.RoleAssignmentsClientDeleteByIDResponse], none fake.ErrorResponder) {
	id = "/" + strings.TrimPrefix(id, "/")
	status := http.StatusNoContent
	if a.Roles[id] != nil {
		status = http.StatusOK
		delete(a.Roles, id)
	}
	return said(status, armauthorization.RoleAssignmentsClientDeleteByIDResponse{}), none
}

// listRoles gives those at, above and below the scope, of the principal of the filter when
// there is one.
func (a *Azure) listRoles(scope string, options *armauthorization.RoleAssignmentsClientListForScopeOptions) (out fake.PagerResponder[armauthorization.RoleAssignmentsClientListForScopeResponse]) {
	scope = strings.ToLower("/" + strings.TrimPrefix(scope, "/"))
	principal := ""
	if options != nil && options.Filter != nil {
		principal = strings.TrimSuffix(strings.TrimPrefix(*options.Filter, "principalId eq '"), "'")
	}
	if options != nil && options.Filter != nil && !guid.MatchString(principal) {
		out.AddError(refusal{http.StatusBadRequest, "UnsupportedQuery", "The filter is not supported."})
		return out
	}
	page := armauthorization.RoleAssignmentsClientListForScopeResponse{}
	page.Value = []*armauthorization.RoleAssignment{}
	for _, r := range a.Roles {
		there := strings.ToLower(*r.Properties.Scope)
		if (principal == "" || *r.Properties.PrincipalID == principal) && (strings.HasPrefix(there+"/", scope+"/") || strings.HasPrefix(scope+"/", there+"/")) {
			page.Value = append(page.Value, to.Ptr(copied(*r)))
		}
	}
	slices.SortFunc(page.Value, func(a, b *armauthorization.RoleAssignment) int { return strings.Compare(*a.ID, *b.ID) })
	out.AddPage(http.StatusOK, page, nil)
	return out
}
