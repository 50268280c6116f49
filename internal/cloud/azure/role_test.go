package azure_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/azure/azurefake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// called is an identity that reads and writes.
func called(name string, accesses ...string) cloud.Identity {
	i := identity(serviceAccount(name), nil)
	i.Name = name
	for _, access := range accesses {
		i.Grants = append(i.Grants, cloud.Grant{Access: access, Bucket: artifacts()})
	}
	return i
}

// named are the role definitions that there are, such as "reader writer".
func named(fake *azurefake.Azure) string {
	var out []string
	fake.Do(func() {
		for _, kind := range []string{"reader", "writer"} {
			for _, d := range fake.Definitions {
				if strings.HasPrefix(*d.Properties.RoleName, "mlops "+kind+" fraud ") {
					out = append(out, kind)
				}
			}
		}
	})
	return strings.Join(out, " ")
}

// The identities of a platform share its roles, which go with the last that has them.
func TestRoles_shared(t *testing.T) {
	t.Parallel()
	r := open(t, plain)
	store, fake := r.Cloud.Identities.Store, fakeOf(r)
	ids := make([]string, 3)
	var all sync.WaitGroup
	for n, name := range []string{"one", "two", "three"} {
		all.Go(func() {
			var err error
			if ids[n], err = store.Create(t.Context(), called(name, "read", "write")); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	all.Wait()
	steps := []struct {
		name string
		do   func(context.Context) error
		want string
	}{
		{"three", func(context.Context) error { return nil }, "reader writer"},
		{"one only reads", func(ctx context.Context) error { return store.Update(ctx, ids[0], called("one", "read")) }, "reader writer"},
		{"another goes", func(ctx context.Context) error { return store.Delete(ctx, ids[1], called("two", "read", "write")) }, "reader writer"},
		{"the last writer only reads", func(ctx context.Context) error { return store.Update(ctx, ids[2], called("three", "read")) }, "reader"},
		{"it reads a secret only", func(ctx context.Context) error {
			i := called("three")
			i.Grants = []cloud.Grant{secret("db")}
			return store.Update(ctx, ids[2], i)
		}, "reader"},
		{"an imported one goes, known by its name", func(ctx context.Context) error {
			return store.Delete(ctx, ids[0], cloud.Identity{Identity: &spec.Identity{Name: "one"}})
		}, ""},
	}
	for _, step := range steps {
		if err := step.do(t.Context()); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if got := named(fake); got != step.want {
			t.Errorf("%s: the roles are %q, want %q", step.name, got, step.want)
		}
	}
	if n := deletions(fake); n != 2 {
		t.Errorf("%d roles were asked to go, want each once", n)
	}
}

// deletions are how often a role was asked to go.
func deletions(fake *azurefake.Azure) (n int) {
	for _, request := range fake.Requests {
		if strings.HasPrefix(request, "DELETE ") && strings.Contains(request, "/roleDefinitions/") {
			n++
		}
	}
	return n
}

// Whatever is changed of a role is seen and repaired; its description is not compared.
func TestRoles_changed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(d *armauthorization.RoleDefinitionProperties)
		same   bool
	}{
		"data action": {func(d *armauthorization.RoleDefinitionProperties) {
			d.Permissions[0].DataActions[1] = to.Ptr(blob + "/delete")
		}, false},
		"wildcard": {func(d *armauthorization.RoleDefinitionProperties) { d.Permissions[0].Actions = to.SliceOfPtrs("*") }, false},
		"taken off": {func(d *armauthorization.RoleDefinitionProperties) {
			d.Permissions[0].NotDataActions = to.SliceOfPtrs(blob + "/write")
		}, false},
		"more": {func(d *armauthorization.RoleDefinitionProperties) {
			d.Permissions = append(d.Permissions, d.Permissions[0])
		}, false},
		"nothing": {func(d *armauthorization.RoleDefinitionProperties) { d.Permissions = nil }, false},
		"name":    {func(d *armauthorization.RoleDefinitionProperties) { d.RoleName = to.Ptr("mlops writer fraud") }, false},
		"wider": {func(d *armauthorization.RoleDefinitionProperties) {
			d.AssignableScopes = append(d.AssignableScopes, to.Ptr("/subscriptions/x"))
		}, false},
		"description": {func(d *armauthorization.RoleDefinitionProperties) { *d.Description = "Ours. " + *d.Description }, true},
		"upper case": {func(d *armauthorization.RoleDefinitionProperties) {
			*d.AssignableScopes[0] = strings.ToUpper(*d.AssignableScopes[0])
		}, true},
		"order": {func(d *armauthorization.RoleDefinitionProperties) {
			a := d.Permissions[0].DataActions
			a[0], a[2] = a[2], a[0]
		}, true},
		"lists left out": {func(d *armauthorization.RoleDefinitionProperties) {
			d.Permissions[0].Actions, d.Permissions[0].NotActions = nil, nil
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := open(t, plain)
			store, fake, i := r.Cloud.Identities.Store, fakeOf(r), called("trainer", "write")
			id, err := store.Create(t.Context(), i)
			if err != nil {
				t.Fatal(err)
			}
			want, err := r.Cloud.Identities.Plan.Settings(i)
			if err != nil {
				t.Fatal(err)
			}
			fake.Do(func() {
				for _, d := range fake.Definitions {
					c.change(d.Properties)
				}
			})
			got, err := store.Read(t.Context(), id, i)
			if err != nil || (got["roleDefinitions"] == want["roleDefinitions"]) != c.same || got["policy"] != want["policy"] {
				t.Errorf("after the change: %v, %q, %q", err, got["roleDefinitions"], got["policy"])
			}
			if err := store.Update(t.Context(), id, i); err != nil {
				t.Fatal(err)
			}
			if got, err = store.Read(t.Context(), id, i); err != nil || got["roleDefinitions"] != want["roleDefinitions"] {
				t.Errorf("repaired: %v, %q, want %q", err, got["roleDefinitions"], want["roleDefinitions"])
			}
		})
	}
}

// A role of somebody else is neither written nor assigned nor deleted.
func TestRoles_others(t *testing.T) {
	t.Parallel()
	i := called("trainer", "write")
	policy, err := azure.New(config(nil)).Policy(i)
	if err != nil {
		t.Fatal(err)
	}
	ours := shownAs(t, policy).RoleDefinitions[0]
	for name, id := range map[string]string{"id": ours.RoleDefinitionID, "name": "99999999-9999-9999-9999-999999999999"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := open(t, plain)
			fake := fakeOf(r)
			theirs := &azurefake.Definition{}
			theirs.Properties = &armauthorization.RoleDefinitionProperties{
				RoleName: to.Ptr(ours.RoleName), RoleType: to.Ptr("CustomRole"),
				// The mark of another platform, whose name starts the same.
				Description: to.Ptr("(managed-by=terraform-provider-mlops, mlops-platform=fraud-2, mlops-name=writer)"),
			}
			fake.Do(func() { fake.Definitions[id] = theirs })
			before := r.Count()
			got, err := r.Cloud.Identities.Store.Create(t.Context(), i)
			if !errors.Is(err, cloud.ErrExists) || got != "" || !strings.Contains(err.Error(), ours.RoleName) || !strings.Contains(err.Error(), "delete it") {
				t.Errorf("create: id %q, %v; want ErrExists", got, err)
			}
			if r.Count() != before {
				t.Errorf("the refused create left %d objects more", r.Count()-before)
			}
			reader := called("reader", "read")
			other, err := r.Cloud.Identities.Store.Create(t.Context(), reader)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Cloud.Identities.Store.Delete(t.Context(), other, reader); err != nil || r.Count() != before || fake.Definitions[id] != theirs {
				t.Errorf("delete beside it: %v, %d objects, want %d", err, r.Count(), before)
			}
		})
	}
}
