package azure

import (
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	"github.com/google/uuid"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// definition is a role definition of ours, as a plan shows it. The identities of a
// platform share two, that of readers and that of writers.
//
// Both take the place of built-in roles, which let their holders do more. Storage Blob
// Data Contributor has management actions that no condition narrows: whoever may write
// one blob could delete the container, or make others. Storage Blob Data Reader has less
// to spare, the properties of the container and keys of delegation, and none of it is
// needed: listing and reading blobs are one data action. So ours have no actions at all.
// A client that asks for the container itself before it reads, or makes it before it
// writes, is refused.
type definition struct {
	AssignableScopes []string      `json:"assignableScopes"`
	Permissions      []permissions `json:"permissions"`
	ID               string        `json:"roleDefinitionId"`
	Name             string        `json:"roleName"`

	access, scope, description, mark string // of what is wanted
}

// permissions are what a role allows, and what is taken off that.
type permissions struct {
	Actions        []string `json:"actions"`
	DataActions    []string `json:"dataActions"`
	NotActions     []string `json:"notActions"`
	NotDataActions []string `json:"notDataActions"`
}

// definition is the role of a platform for an access, read or write. Its id follows from
// its name and the resource group. Azure wants the name once in a whole directory, where
// other resource groups may have a platform of the same name, so it ends as the id begins.
func (d *driver) definition(platform, access string) (definition, error) {
	group, err := d.group(d.cfg.ResourceGroup)
	kind, does, actions := "reader", "Lists and reads blobs", []string{blobs + "/read"}
	if access == "write" {
		kind, does, actions = "writer", "Lists, reads and writes blobs, and deletes none", []string{blobs + "/add/action", blobs + "/read", blobs + "/write"}
	}
	name := "mlops " + kind + " " + platform
	id := uuid.NewSHA1(uuid.NameSpaceURL, []byte(strings.ToLower(group)+"|"+name)).String()
	mark := "(" + cloud.MarkManager + "=" + cloud.Manager + ", " + cloud.MarkPlatform + "=" + platform + ", " + cloud.MarkName + "=" + kind + ")"
	return definition{
		AssignableScopes: []string{group},
		Permissions:      []permissions{{Actions: []string{}, DataActions: actions, NotActions: []string{}, NotDataActions: []string{}}},
		ID:               id, Name: name + " " + id[:8],
		access: access, scope: group, mark: mark, description: does + " " + mark,
	}, err
}

// definitionsOf are those of a platform, none of no platform.
func (d *driver) definitionsOf(platform string) ([]definition, error) {
	if platform == "" {
		return nil, nil
	}
	reader, err := d.definition(platform, "read")
	if err != nil {
		return nil, err
	}
	writer, err := d.definition(platform, "write")
	return []definition{reader, writer}, err
}

// needed are those that grants need.
func needed(shared []definition, grants []cloud.Grant) []definition {
	out := []definition{}
	for _, d := range shared {
		if slices.ContainsFunc(grants, func(g cloud.Grant) bool { return g.Bucket != nil && access(g) == d.access }) {
			out = append(out, d)
		}
	}
	return out
}

// access is read for everything but a grant that writes.
func access(g cloud.Grant) string {
	if g.Access == "write" {
		return "write"
	}
	return "read"
}

// of reports whether a role assignment is of the role.
func (d definition) of(a assignment) bool { return a.RoleID == d.ID }

// platformOf is the name of an identity's platform, "" when it is only known by its name.
func platformOf(i cloud.Identity) string {
	platform := i.On.Platform
	if platform == nil {
		platform = &spec.Platform{}
	}
	return platform.Name
}

// body is a definition as Azure takes it.
func (d definition) body() armauthorization.RoleDefinition {
	out := &armauthorization.RoleDefinitionProperties{
		AssignableScopes: to.SliceOfPtrs(d.AssignableScopes...), Description: to.Ptr(d.description), RoleName: to.Ptr(d.Name), RoleType: to.Ptr("CustomRole"),
	}
	for _, p := range d.Permissions {
		out.Permissions = append(out.Permissions, &armauthorization.Permission{
			Actions: to.SliceOfPtrs(p.Actions...), DataActions: to.SliceOfPtrs(p.DataActions...),
			NotActions: to.SliceOfPtrs(p.NotActions...), NotDataActions: to.SliceOfPtrs(p.NotDataActions...),
		})
	}
	return armauthorization.RoleDefinition{Properties: out}
}

// read is a definition as it is, spelled like the one that is wanted where Azure does not
// tell upper and lower case apart. ours reports whether it has the marks of d.
func (d definition) read(have armauthorization.RoleDefinition) (out definition, ours bool) {
	p := have.Properties
	if p == nil {
		p = &armauthorization.RoleDefinitionProperties{}
	}
	out = definition{ID: d.ID, Name: deref(p.RoleName), AssignableScopes: spelled(p.AssignableScopes, d.AssignableScopes), Permissions: []permissions{}}
	like := d.Permissions[0]
	for _, one := range p.Permissions {
		if one != nil {
			out.Permissions = append(out.Permissions, permissions{
				Actions: spelled(one.Actions, like.Actions), DataActions: spelled(one.DataActions, like.DataActions),
				NotActions: spelled(one.NotActions, like.NotActions), NotDataActions: spelled(one.NotDataActions, like.NotDataActions),
			})
		}
	}
	return out, strings.Contains(deref(p.Description), d.mark)
}

func spelled(have []*string, like []string) []string {
	out := []string{}
	for _, text := range have {
		one := deref(text)
		if i := slices.IndexFunc(like, func(other string) bool { return strings.EqualFold(one, other) }); i >= 0 {
			one = like[i]
		}
		out = append(out, one)
	}
	slices.Sort(out)
	return out
}
