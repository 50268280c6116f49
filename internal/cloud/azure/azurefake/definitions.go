package azurefake

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
)

// Definition is a custom role that assignments may find late.
type Definition struct {
	armauthorization.RoleDefinition
	late int
}

// builtIn are roles that every directory has: Storage Blob Data Reader and Contributor, Key
// Vault Secrets User, Owner.
var builtIn = []string{
	"2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "ba92f5b4-2d11-453d-a403-e96b0029c9fe", "4633458b-17de-408a-b874-0445c86b69e6", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
}

// operations are those of blob storage that a role can name, as far as tests need them.
var operations = map[string]bool{ // whether it is a data action
	storageContainers + "/read": false, storageContainers + "/write": false, storageContainers + "/delete": false,
	storageContainers + "/blobs/read": true, storageContainers + "/blobs/write": true, storageContainers + "/blobs/delete": true,
	storageContainers + "/blobs/add/action": true, storageContainers + "/blobs/move/action": true, storageContainers + "/blobs/permanentDelete/action": true,
}

const storageContainers = "Microsoft.Storage/storageAccounts/blobServices/containers"

func noDefinition(status int, id string) fake.ErrorResponder {
	return refuse(status, "RoleDefinitionDoesNotExist", "The specified role definition with ID '%s' does not exist.", id)
}

func (a *Azure) getDefinition(_ context.Context, _, id string, _ *armauthorization.RoleDefinitionsClientGetOptions) (out fake.Responder[armauthorization.RoleDefinitionsClientGetResponse], none fake.ErrorResponder) {
	if a.Definitions[id] == nil {
		return out, noDefinition(http.StatusNotFound, id)
	}
	return said(http.StatusOK, armauthorization.RoleDefinitionsClientGetResponse{RoleDefinition: copied(a.Definitions[id].RoleDefinition)}), none
}

func (a *Azure) putDefinition(_ context.Context, scope, id string, d armauthorization.RoleDefinition, _ *armauthorization.RoleDefinitionsClientCreateOrUpdateOptions) (out fake.Responder[armauthorization.RoleDefinitionsClientCreateOrUpdateResponse], none fake.ErrorResponder) {
	scope = "/" + strings.TrimPrefix(scope, "/")
	want := d.Properties
	switch {
	case !guid.MatchString(id):
		return out, refuse(http.StatusBadRequest, "InvalidRoleDefinitionId", "The role definition ID '%s' is not valid.", id)
	case want == nil || want.RoleName == nil || *want.RoleName == "" || len(*want.RoleName) > 512 || want.RoleType == nil || *want.RoleType != "CustomRole":
		return out, refuse(http.StatusBadRequest, "RoleDefinitionNameNullOrEmpty", "The role definition name or type is not valid.")
	case want.Description != nil && len(*want.Description) > 1024:
		return out, refuse(http.StatusBadRequest, "RoleDefinitionDescriptionTooLong", "The description has more than 1024 characters.")
	case !slices.ContainsFunc(want.AssignableScopes, func(s *string) bool { return strings.EqualFold(*s, scope) }) || !strings.HasSuffix(scope, "/resourceGroups/"+a.Group):
		return out, refuse(http.StatusBadRequest, "LinkedInvalidPropertyId", "The assignable scopes are not valid.")
	}
	for other, there := range a.Definitions {
		if other != id && *there.Properties.RoleName == *want.RoleName {
			return out, refuse(http.StatusConflict, "RoleDefinitionWithSameNameExists", "A role definition cannot be updated with a name that already exists.")
		}
	}
	for _, p := range want.Permissions {
		if bad := unknown(p.Actions, false) + unknown(p.DataActions, true); bad != "" {
			return out, refuse(http.StatusBadRequest, "InvalidActionOrNotAction", "'%s' does not match any of the actions supported by the providers.", bad)
		}
	}
	have := a.Definitions[id]
	if have == nil {
		have = &Definition{late: a.Late}
		a.Definitions[id] = have
	}
	have.RoleDefinition = copied(d)
	subscription, _, _ := strings.Cut(scope, "/resourceGroups/")
	have.ID, have.Name = to.Ptr(subscription+"/providers/Microsoft.Authorization/roleDefinitions/"+id), to.Ptr(id)
	return said(http.StatusCreated, armauthorization.RoleDefinitionsClientCreateOrUpdateResponse{RoleDefinition: copied(have.RoleDefinition)}), none
}

// unknown is an action that is none, or none of that kind.
func unknown(actions []*string, data bool) string {
	for _, action := range actions {
		if is, known := operations[*action]; !known || is != data {
			return *action
		}
	}
	return ""
}

func (a *Azure) deleteDefinition(_ context.Context, _, id string, _ *armauthorization.RoleDefinitionsClientDeleteOptions) (out fake.Responder[armauthorization.RoleDefinitionsClientDeleteResponse], none fake.ErrorResponder) {
	for _, r := range a.Roles {
		if strings.HasSuffix(*r.Properties.RoleDefinitionID, "/"+id) {
			return out, refuse(http.StatusBadRequest, "RoleDefinitionHasAssignments", "There are existing role assignments referencing role.")
		}
	}
	if a.Definitions[id] == nil {
		return said(http.StatusNoContent, armauthorization.RoleDefinitionsClientDeleteResponse{}), none
	}
	delete(a.Definitions, id)
	return said(http.StatusOK, armauthorization.RoleDefinitionsClientDeleteResponse{}), none
}

// assignable refuses a role that there is not, not yet, or not for a scope.
func (a *Azure) assignable(role, scope string) *fake.ErrorResponder {
	id := role[strings.LastIndex(role, "/")+1:]
	if slices.Contains(builtIn, id) {
		return nil
	}
	have := a.Definitions[id]
	if have == nil {
		return to.Ptr(noDefinition(http.StatusNotFound, id))
	}
	if have.late > 0 {
		have.late--
		return to.Ptr(noDefinition(http.StatusBadRequest, id))
	}
	for _, s := range have.Properties.AssignableScopes {
		if strings.HasPrefix(strings.ToLower(scope)+"/", strings.ToLower(*s)+"/") {
			return nil
		}
	}
	return to.Ptr(refuse(http.StatusBadRequest, "RoleAssignmentScopeNotAssignableToRoleDefinition", "The role assignment scope '%s' is not assignable to role definition '%s'.", scope, id))
}
