package azurefake

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"
	msifake "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi/fake"
)

var identityName = regexp.MustCompile(`^[A-Za-z0-9][-A-Za-z0-9_]{2,127}$`)

const kindIdentity = "Microsoft.ManagedIdentity/userAssignedIdentities"

func (a *Azure) msi() *msifake.ServerFactory {
	return &msifake.ServerFactory{
		UserAssignedIdentitiesServer: msifake.UserAssignedIdentitiesServer{Get: a.getIdentity, CreateOrUpdate: a.putIdentity, Delete: a.deleteIdentity},
		FederatedIdentityCredentialsServer: msifake.FederatedIdentityCredentialsServer{
			NewListPager: a.listCredentials, CreateOrUpdate: a.putCredential, Delete: a.deleteCredential,
		},
	}
}

func (a *Azure) getIdentity(_ context.Context, _, name string, _ *armmsi.UserAssignedIdentitiesClientGetOptions) (out fake.Responder[armmsi.UserAssignedIdentitiesClientGetResponse], none fake.ErrorResponder) {
	if a.Identities[name] == nil {
		return out, absent(kindIdentity, name)
	}
	return said(http.StatusOK, armmsi.UserAssignedIdentitiesClientGetResponse{Identity: copied(a.Identities[name].Identity)}), none
}

func (a *Azure) putIdentity(_ context.Context, group, name string, p armmsi.Identity, _ *armmsi.UserAssignedIdentitiesClientCreateOrUpdateOptions) (out fake.Responder[armmsi.UserAssignedIdentitiesClientCreateOrUpdateResponse], none fake.ErrorResponder) {
	switch {
	case group != a.Group:
		return out, refuse(http.StatusNotFound, "ResourceGroupNotFound", "Resource group '%s' could not be found.", group)
	case !identityName.MatchString(name):
		return out, refuse(http.StatusBadRequest, "InvalidResourceName", "%s is no name of an identity.", name)
	}
	have, status := a.Identities[name], http.StatusOK
	if p.Location == nil || (have != nil && *have.Location != *p.Location) {
		return out, refuse(http.StatusConflict, "InvalidResourceLocation", "The location is missing, or another than that of the resource.")
	}
	if have == nil {
		status = http.StatusCreated
		a.next++
		have = &Identity{Credentials: map[string]*armmsi.FederatedIdentityCredentialProperties{}}
		have.Identity = armmsi.Identity{
			ID: to.Ptr("/subscriptions/s/resourcegroups/" + group + "/providers/" + kindIdentity + "/" + name), Name: to.Ptr(name), Location: p.Location,
			Properties: &armmsi.UserAssignedIdentityProperties{ClientID: to.Ptr(fmt.Sprintf("00000000-0000-0000-0001-%012d", a.next)), PrincipalID: to.Ptr(fmt.Sprintf("00000000-0000-0000-0002-%012d", a.next))},
		}
		a.Identities[name] = have
	}
	have.Tags = copied(p).Tags
	return said(status, armmsi.UserAssignedIdentitiesClientCreateOrUpdateResponse{Identity: copied(have.Identity)}), none
}

func (a *Azure) deleteIdentity(_ context.Context, _, name string, _ *armmsi.UserAssignedIdentitiesClientDeleteOptions) (out fake.Responder[armmsi.UserAssignedIdentitiesClientDeleteResponse], none fake.ErrorResponder) {
	status := http.StatusNoContent
	if a.Identities[name] != nil {
		status = http.StatusOK
		delete(a.Identities, name)
	}
	return said(status, armmsi.UserAssignedIdentitiesClientDeleteResponse{}), none
}

func (a *Azure) listCredentials(_, name string, _ *armmsi.FederatedIdentityCredentialsClientListOptions) (out fake.PagerResponder[armmsi.FederatedIdentityCredentialsClientListResponse]) {
	if a.Identities[name] == nil {
		out.AddError(refusal{http.StatusNotFound, "ParentResourceNotFound", "Failed to perform 'read' on resource(s) of type 'federatedIdentityCredentials', because the parent resource could not be found."})
		return out
	}
	page := armmsi.FederatedIdentityCredentialsClientListResponse{}
	page.Value = []*armmsi.FederatedIdentityCredential{}
	for credential, p := range a.Identities[name].Credentials {
		page.Value = append(page.Value, &armmsi.FederatedIdentityCredential{Name: to.Ptr(credential), Properties: to.Ptr(copied(*p))})
	}
	slices.SortFunc(page.Value, func(a, b *armmsi.FederatedIdentityCredential) int { return strings.Compare(*a.Name, *b.Name) })
	out.AddPage(http.StatusOK, page, nil)
	return out
}

func (a *Azure) putCredential(_ context.Context, _, name, credential string, p armmsi.FederatedIdentityCredential, _ *armmsi.FederatedIdentityCredentialsClientCreateOrUpdateOptions) (out fake.Responder[armmsi.FederatedIdentityCredentialsClientCreateOrUpdateResponse], none fake.ErrorResponder) {
	have := a.Identities[name]
	if have == nil {
		return out, absent(kindIdentity, name)
	}
	want := p.Properties
	switch {
	case want == nil || want.Issuer == nil || !strings.HasPrefix(*want.Issuer, "https://") || want.Subject == nil || *want.Subject == "" || len(want.Audiences) != 1:
		return out, refuse(http.StatusBadRequest, "BadRequest", "Issuer, subject and one audience are needed.")
	case strings.Contains(*want.Subject, "*"):
		return out, refuse(http.StatusBadRequest, "BadRequest", "A subject has no wildcards.")
	case len(have.Credentials) >= 20 && have.Credentials[credential] == nil:
		return out, refuse(http.StatusBadRequest, "TooManyFederatedIdentityCredentials", "Too many federated identity credentials (20).")
	}
	for other, there := range have.Credentials {
		if other != credential && *there.Issuer == *want.Issuer && *there.Subject == *want.Subject {
			return out, refuse(http.StatusConflict, "FederatedIdentityCredentialAlreadyExists", "Issuer and subject combination already exists for this Managed Identity.")
		}
	}
	have.Credentials[credential] = to.Ptr(copied(*want))
	return said(http.StatusOK, armmsi.FederatedIdentityCredentialsClientCreateOrUpdateResponse{FederatedIdentityCredential: copied(p)}), none
}

func (a *Azure) deleteCredential(_ context.Context, _, name, credential string, _ *armmsi.FederatedIdentityCredentialsClientDeleteOptions) (out fake.Responder[armmsi.FederatedIdentityCredentialsClientDeleteResponse], none fake.ErrorResponder) {
	if have := a.Identities[name]; have != nil {
		delete(have.Credentials, credential)
	}
	return said(http.StatusOK, armmsi.FederatedIdentityCredentialsClientDeleteResponse{}), none
}
