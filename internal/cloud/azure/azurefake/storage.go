package azurefake

import (
	"context"
	"encoding/xml"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage"
	storagefake "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage/fake"
)

var accountName = regexp.MustCompile(`^[a-z0-9]{3,24}$`)

func (a *Azure) storage() *storagefake.ServerFactory {
	return &storagefake.ServerFactory{
		AccountsServer: storagefake.AccountsServer{
			GetProperties: a.getAccount, BeginCreate: a.createAccount, Update: a.updateAccount, Delete: a.deleteAccount,
		},
		BlobServicesServer:   storagefake.BlobServicesServer{GetServiceProperties: a.getService, SetServiceProperties: a.setService},
		BlobContainersServer: a.blobContainers(),
		ManagementPoliciesServer: storagefake.ManagementPoliciesServer{
			Get: a.getPolicy, CreateOrUpdate: a.setPolicy, Delete: a.deletePolicy,
		},
	}
}

// account finds an account; the responder is the answer when there is none.
func (a *Azure) account(group, name string) (*Account, fake.ErrorResponder) {
	if group != a.Group {
		return nil, refuse(http.StatusNotFound, "ResourceGroupNotFound", "Resource group '%s' could not be found.", group)
	}
	if account := a.Accounts[name]; account != nil {
		return account, fake.ErrorResponder{}
	}
	return nil, absent("Microsoft.Storage/storageAccounts", name)
}

func (a *Azure) getAccount(_ context.Context, group, name string, _ *armstorage.AccountsClientGetPropertiesOptions) (out fake.Responder[armstorage.AccountsClientGetPropertiesResponse], none fake.ErrorResponder) {
	account, none := a.account(group, name)
	if account == nil {
		return out, none
	}
	return said(http.StatusOK, armstorage.AccountsClientGetPropertiesResponse{Account: copied(account.Account)}), none
}

func (a *Azure) createAccount(_ context.Context, group, name string, p armstorage.AccountCreateParameters, _ *armstorage.AccountsClientBeginCreateOptions) (out fake.PollerResponder[armstorage.AccountsClientCreateResponse], none fake.ErrorResponder) {
	switch {
	case group != a.Group:
		return out, refuse(http.StatusNotFound, "ResourceGroupNotFound", "Resource group '%s' could not be found.", group)
	case !accountName.MatchString(name):
		return out, refuse(http.StatusBadRequest, "AccountNameInvalid", "%s is not a valid storage account name.", name)
	case a.Taken[name]:
		return out, refuse(http.StatusConflict, "StorageAccountAlreadyTaken", "The storage account named %s is already taken.", name)
	case p.Kind == nil || p.SKU == nil || p.SKU.Name == nil || p.Location == nil || p.Properties == nil:
		return out, refuse(http.StatusBadRequest, "InvalidRequestPropertyValue", "Kind, SKU and location are required.")
	}
	account := a.Accounts[name]
	if account != nil && *account.Location != *p.Location {
		return out, refuse(http.StatusConflict, "InvalidResourceLocation", "The resource '%s' already exists in location '%s'.", name, *account.Location)
	}
	if why := keyless(p.Properties.Encryption, p.Identity); why != "" {
		return out, refuse(http.StatusBadRequest, "InvalidValuesForRequestParameters", "%s", why)
	}
	if account == nil {
		account = &Account{Containers: map[string]*Container{}, Service: armstorage.BlobServicePropertiesProperties{Cors: &armstorage.CorsRules{CorsRules: []*armstorage.CorsRule{}}}}
		a.Accounts[name] = account
	}
	q := copied(p)
	account.Account = armstorage.Account{
		ID: to.Ptr("/subscriptions/s/resourceGroups/" + group + "/providers/Microsoft.Storage/storageAccounts/" + name), Name: to.Ptr(name),
		Kind: q.Kind, SKU: q.SKU, Location: q.Location, Tags: q.Tags, Identity: q.Identity,
		Properties: &armstorage.AccountProperties{
			ProvisioningState:            to.Ptr(armstorage.ProvisioningStateSucceeded),
			PrimaryEndpoints:             &armstorage.Endpoints{Blob: to.Ptr("https://" + name + ".blob.core.windows.net/")},
			AllowBlobPublicAccess:        q.Properties.AllowBlobPublicAccess,
			AllowSharedKeyAccess:         q.Properties.AllowSharedKeyAccess,
			AllowCrossTenantReplication:  q.Properties.AllowCrossTenantReplication,
			MinimumTLSVersion:            q.Properties.MinimumTLSVersion,
			EnableHTTPSTrafficOnly:       q.Properties.EnableHTTPSTrafficOnly,
			DefaultToOAuthAuthentication: q.Properties.DefaultToOAuthAuthentication,
			Encryption:                   q.Properties.Encryption,
		},
	}
	out.AddNonTerminalResponse(http.StatusAccepted, nil)
	out.SetTerminalResponse(http.StatusOK, armstorage.AccountsClientCreateResponse{Account: copied(account.Account)}, nil)
	return out, none
}

func (a *Azure) updateAccount(_ context.Context, group, name string, p armstorage.AccountUpdateParameters, _ *armstorage.AccountsClientUpdateOptions) (out fake.Responder[armstorage.AccountsClientUpdateResponse], none fake.ErrorResponder) {
	account, none := a.account(group, name)
	if account == nil {
		return out, none
	}
	q, properties := copied(p), account.Properties
	if q.Identity == nil {
		q.Identity = account.Identity
	}
	if q.Properties != nil {
		if why := keyless(q.Properties.Encryption, q.Identity); why != "" {
			return out, refuse(http.StatusBadRequest, "InvalidValuesForRequestParameters", "%s", why)
		}
	}
	if q.Tags != nil {
		account.Tags = q.Tags
	}
	account.Identity = q.Identity
	if q.Properties != nil {
		keepVersion(properties.Encryption, q.Properties.Encryption)
		put(&properties.AllowBlobPublicAccess, q.Properties.AllowBlobPublicAccess)
		put(&properties.AllowSharedKeyAccess, q.Properties.AllowSharedKeyAccess)
		put(&properties.AllowCrossTenantReplication, q.Properties.AllowCrossTenantReplication)
		put(&properties.MinimumTLSVersion, q.Properties.MinimumTLSVersion)
		put(&properties.EnableHTTPSTrafficOnly, q.Properties.EnableHTTPSTrafficOnly)
		put(&properties.DefaultToOAuthAuthentication, q.Properties.DefaultToOAuthAuthentication)
		put(&properties.Encryption, q.Properties.Encryption)
	}
	return said(http.StatusOK, armstorage.AccountsClientUpdateResponse{Account: copied(account.Account)}), none
}

// keyless says why an account cannot read its key: it does so as an identity that it has.
func keyless(e *armstorage.Encryption, identity *armstorage.Identity) string {
	switch {
	case e == nil || e.KeySource == nil || *e.KeySource != armstorage.KeySourceMicrosoftKeyvault:
		return ""
	case e.KeyVaultProperties == nil || e.KeyVaultProperties.KeyName == nil || e.KeyVaultProperties.KeyVaultURI == nil:
		return "The name and the vault of the key are required."
	case e.EncryptionIdentity == nil || identity == nil || identity.UserAssignedIdentities[*e.EncryptionIdentity.EncryptionUserAssignedIdentity] == nil:
		return "The encryption identity is not one of the account."
	}
	return ""
}

// keepVersion is what a change that leaves the version of a key out means: it stays.
func keepVersion(have, want *armstorage.Encryption) {
	if have != nil && want != nil && have.KeyVaultProperties != nil && want.KeyVaultProperties != nil && want.KeyVaultProperties.KeyVersion == nil {
		want.KeyVaultProperties.KeyVersion = have.KeyVaultProperties.KeyVersion
	}
}

func put[T any](to **T, value *T) {
	if value != nil {
		*to = value
	}
}

func (a *Azure) deleteAccount(_ context.Context, _, name string, _ *armstorage.AccountsClientDeleteOptions) (out fake.Responder[armstorage.AccountsClientDeleteResponse], none fake.ErrorResponder) {
	status := http.StatusNoContent
	if a.Accounts[name] != nil {
		status = http.StatusOK
		delete(a.Accounts, name)
	}
	return said(status, armstorage.AccountsClientDeleteResponse{}), none
}

func (a *Azure) getService(_ context.Context, group, name string, _ *armstorage.BlobServicesClientGetServicePropertiesOptions) (out fake.Responder[armstorage.BlobServicesClientGetServicePropertiesResponse], none fake.ErrorResponder) {
	account, none := a.account(group, name)
	if account == nil {
		return out, none
	}
	service := copied(account.Service)
	return said(http.StatusOK, armstorage.BlobServicesClientGetServicePropertiesResponse{BlobServiceProperties: armstorage.BlobServiceProperties{BlobServiceProperties: &service}}), none
}

func (a *Azure) setService(_ context.Context, group, name string, p armstorage.BlobServiceProperties, _ *armstorage.BlobServicesClientSetServicePropertiesOptions) (out fake.Responder[armstorage.BlobServicesClientSetServicePropertiesResponse], none fake.ErrorResponder) {
	account, none := a.account(group, name)
	if account == nil {
		return out, none
	}
	for _, r := range []*armstorage.DeleteRetentionPolicy{p.BlobServiceProperties.DeleteRetentionPolicy, p.BlobServiceProperties.ContainerDeleteRetentionPolicy} {
		if r != nil && r.Enabled != nil && *r.Enabled && (r.Days == nil || *r.Days < 1 || *r.Days > 365) {
			return out, refuse(http.StatusBadRequest, "InvalidXmlNodeValue", "Days must be from 1 to 365.")
		}
	}
	if r := p.BlobServiceProperties.ContainerDeleteRetentionPolicy; r != nil && r.AllowPermanentDelete != nil {
		return out, refuse(http.StatusBadRequest, "InvalidRequestPropertyValue", "allowPermanentDelete does not apply to containers.")
	}
	account.Service = copied(*p.BlobServiceProperties)
	return said(http.StatusOK, armstorage.BlobServicesClientSetServicePropertiesResponse{BlobServiceProperties: copied(p)}), none
}

func (a *Azure) getPolicy(_ context.Context, group, name string, _ armstorage.ManagementPolicyName, _ *armstorage.ManagementPoliciesClientGetOptions) (out fake.Responder[armstorage.ManagementPoliciesClientGetResponse], none fake.ErrorResponder) {
	account, none := a.account(group, name)
	switch {
	case account == nil:
		return out, none
	case account.Policy == nil:
		return out, refuse(http.StatusNotFound, "ManagementPolicyNotFound", "No ManagementPolicy found for account %s", name)
	}
	policy := copied(*account.Policy)
	return said(http.StatusOK, armstorage.ManagementPoliciesClientGetResponse{ManagementPolicy: armstorage.ManagementPolicy{Properties: &policy}}), none
}

var ruleName = regexp.MustCompile(`^[A-Za-z0-9-]{1,256}$`)

// badRule says what is wrong with one rule of a management policy, or "".
func badRule(r *armstorage.ManagementPolicyRule) string {
	switch {
	case r.Name == nil || !ruleName.MatchString(*r.Name):
		return "name"
	case r.Type == nil || *r.Type != armstorage.RuleTypeLifecycle:
		return "type"
	case r.Definition == nil || r.Definition.Actions == nil || (r.Definition.Actions.BaseBlob == nil && r.Definition.Actions.Version == nil):
		return "actions"
	case r.Definition.Filters == nil || len(r.Definition.Filters.BlobTypes) == 0 || len(r.Definition.Filters.PrefixMatch) > 10:
		return "filters"
	}
	for _, kind := range r.Definition.Filters.BlobTypes {
		if *kind != "blockBlob" && *kind != "appendBlob" {
			return "blobTypes"
		}
	}
	for _, prefix := range r.Definition.Filters.PrefixMatch {
		if container, _, _ := strings.Cut(*prefix, "/"); !containerName.MatchString(container) {
			return "prefixMatch" // it starts with the name of a container
		}
	}
	return ""
}

func (a *Azure) setPolicy(_ context.Context, group, name string, _ armstorage.ManagementPolicyName, p armstorage.ManagementPolicy, _ *armstorage.ManagementPoliciesClientCreateOrUpdateOptions) (out fake.Responder[armstorage.ManagementPoliciesClientCreateOrUpdateResponse], none fake.ErrorResponder) {
	account, none := a.account(group, name)
	if account == nil {
		return out, none
	}
	names := map[string]bool{}
	for _, r := range p.Properties.Policy.Rules {
		if why := badRule(r); why != "" || names[*r.Name] {
			return out, refuse(http.StatusBadRequest, "InvalidRequestPropertyValue", "The value for one of the properties in the request is not valid. %s", why)
		}
		names[*r.Name] = true
	}
	if n := len(names); n == 0 || n > 100 {
		return out, refuse(http.StatusBadRequest, "InvalidRequestPropertyValue", "A policy has from 1 to 100 rules.")
	}
	account.Policy = to.Ptr(copied(*p.Properties))
	return said(http.StatusOK, armstorage.ManagementPoliciesClientCreateOrUpdateResponse{ManagementPolicy: copied(p)}), none
}

func (a *Azure) deletePolicy(_ context.Context, group, name string, _ armstorage.ManagementPolicyName, _ *armstorage.ManagementPoliciesClientDeleteOptions) (out fake.Responder[armstorage.ManagementPoliciesClientDeleteResponse], none fake.ErrorResponder) {
	account, none := a.account(group, name)
	if account == nil {
		return out, none
	}
	status := http.StatusNoContent
	if account.Policy != nil {
		status, account.Policy = http.StatusOK, nil
	}
	return said(status, armstorage.ManagementPoliciesClientDeleteResponse{}), none
}

// blobs is List Blobs, as far as the question goes whether there is one.
func (a *Azure) blobs(req *http.Request, account string) (*http.Response, error) {
	name := strings.Trim(req.URL.Path, "/")
	query := req.URL.Query()
	if req.Method != http.MethodGet || query.Get("restype") != "container" || query.Get("comp") != "list" || req.Header.Get("x-ms-version") == "" || req.Header.Get("Authorization") == "" {
		return reply(req, http.StatusBadRequest, "application/xml", `<?xml version="1.0"?><Error><Code>InvalidUri</Code><Message>only List Blobs is here</Message></Error>`), nil
	}
	if a.Accounts[account] == nil || a.Accounts[account].Containers[name] == nil {
		return reply(req, http.StatusNotFound, "application/xml", `<?xml version="1.0"?><Error><Code>ContainerNotFound</Code><Message>The specified container does not exist.</Message></Error>`), nil
	}
	type blob struct{ Name string }
	var page struct {
		XMLName    xml.Name `xml:"EnumerationResults"`
		Blobs      []blob   `xml:"Blobs>Blob"`
		NextMarker string
	}
	names := slices.Clone(a.Accounts[account].Containers[name].Blobs)
	if strings.Contains(query.Get("include"), "versions") {
		names = append(names, a.Accounts[account].Containers[name].Versions...)
	}
	// A page may be empty though more follow, and the first one is so here. A marker is how
	// many names came before.
	most, from := len(names), 0
	if n, err := strconv.Atoi(query.Get("maxresults")); err == nil {
		most = n
		if query.Get("marker") == "" {
			most = 0
		}
	}
	if n, err := strconv.Atoi(query.Get("marker")); err == nil {
		from = n
	}
	for _, b := range names[min(from, len(names)):min(from+most, len(names))] {
		page.Blobs = append(page.Blobs, blob{b})
	}
	if from+most < len(names) {
		page.NextMarker = strconv.Itoa(from + most)
	}
	body, err := xml.Marshal(page)
	return reply(req, http.StatusOK, "application/xml", xml.Header+string(body)), err
}
