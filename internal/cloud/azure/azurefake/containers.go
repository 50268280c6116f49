package azurefake

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage"
	storagefake "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage/fake"
)

var (
	containerName = regexp.MustCompile(`^[a-z0-9](-?[a-z0-9])+$`)
	metadataName  = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)
)

func (a *Azure) blobContainers() storagefake.BlobContainersServer {
	return storagefake.BlobContainersServer{
		Get: a.getContainer, Create: a.createContainer, Update: a.updateContainer, Delete: a.deleteContainer, NewListPager: a.listContainers,
	}
}

func (a *Azure) getContainer(_ context.Context, group, name, container string, _ *armstorage.BlobContainersClientGetOptions) (out fake.Responder[armstorage.BlobContainersClientGetResponse], none fake.ErrorResponder) {
	account, none := a.account(group, name)
	switch {
	case account == nil:
		return out, none
	case account.Containers[container] == nil:
		return out, refuse(http.StatusNotFound, "ContainerNotFound", "The specified container does not exist.")
	}
	properties := copied(account.Containers[container].ContainerProperties)
	return said(http.StatusOK, armstorage.BlobContainersClientGetResponse{BlobContainer: armstorage.BlobContainer{Name: to.Ptr(container), ContainerProperties: &properties}}), none
}

// public reports whether a container would be open to everybody in an account that is not.
func public(account *Account, p armstorage.BlobContainer) bool {
	access, allowed := p.ContainerProperties.PublicAccess, account.Properties.AllowBlobPublicAccess
	return access != nil && *access != armstorage.PublicAccessNone && allowed != nil && !*allowed
}

func checkContainer(name string, p *armstorage.ContainerProperties) (string, bool) {
	if len(name) < 3 || len(name) > 63 || !containerName.MatchString(name) {
		return "The specified resource name contains invalid characters.", false
	}
	for key, value := range p.Metadata {
		if !metadataName.MatchString(key) || value == nil || strings.ContainsFunc(*value, func(r rune) bool { return r > '~' || r < ' ' }) {
			return "The metadata specified is invalid. It has characters that are not permitted: " + key, false
		}
	}
	return "", true
}

func (a *Azure) createContainer(_ context.Context, group, name, container string, p armstorage.BlobContainer, _ *armstorage.BlobContainersClientCreateOptions) (out fake.Responder[armstorage.BlobContainersClientCreateResponse], none fake.ErrorResponder) {
	account, none := a.account(group, name)
	if account == nil {
		return out, none
	}
	if account.Containers[container] != nil {
		return out, refuse(http.StatusConflict, "ContainerAlreadyExists", "The specified container already exists.")
	}
	if why, good := checkContainer(container, p.ContainerProperties); !good {
		return out, refuse(http.StatusBadRequest, "InvalidResourceName", "%s", why)
	}
	if public(account, p) {
		return out, refuse(http.StatusConflict, "PublicAccessNotPermitted", "Public access is not permitted on this storage account.")
	}
	account.Containers[container] = &Container{ContainerProperties: copied(*p.ContainerProperties)}
	return said(http.StatusCreated, armstorage.BlobContainersClientCreateResponse{BlobContainer: copied(p)}), none
}

func (a *Azure) updateContainer(_ context.Context, group, name, container string, p armstorage.BlobContainer, _ *armstorage.BlobContainersClientUpdateOptions) (out fake.Responder[armstorage.BlobContainersClientUpdateResponse], none fake.ErrorResponder) {
	account, none := a.account(group, name)
	switch {
	case account == nil:
		return out, none
	case account.Containers[container] == nil:
		return out, refuse(http.StatusNotFound, "ContainerNotFound", "The specified container does not exist.")
	}
	if why, good := checkContainer(container, p.ContainerProperties); !good {
		return out, refuse(http.StatusBadRequest, "InvalidResourceName", "%s", why)
	}
	if public(account, p) {
		return out, refuse(http.StatusConflict, "PublicAccessNotPermitted", "Public access is not permitted on this storage account.")
	}
	account.Containers[container].ContainerProperties = copied(*p.ContainerProperties)
	return said(http.StatusOK, armstorage.BlobContainersClientUpdateResponse{BlobContainer: copied(p)}), none
}

func (a *Azure) deleteContainer(_ context.Context, group, name, container string, _ *armstorage.BlobContainersClientDeleteOptions) (out fake.Responder[armstorage.BlobContainersClientDeleteResponse], none fake.ErrorResponder) {
	account, none := a.account(group, name)
	if account == nil {
		return out, none
	}
	status := http.StatusNoContent
	if account.Containers[container] != nil {
		status = http.StatusOK
		delete(account.Containers, container)
	}
	return said(status, armstorage.BlobContainersClientDeleteResponse{}), none
}

func (a *Azure) listContainers(_, name string, _ *armstorage.BlobContainersClientListOptions) (out fake.PagerResponder[armstorage.BlobContainersClientListResponse]) {
	account := a.Accounts[name]
	if account == nil {
		out.AddError(refusal{http.StatusNotFound, "ResourceNotFound", "The storage account was not found."})
		return out
	}
	items := []*armstorage.ListContainerItem{}
	for container := range account.Containers {
		items = append(items, &armstorage.ListContainerItem{Name: to.Ptr(container)})
	}
	slices.SortFunc(items, func(a, b *armstorage.ListContainerItem) int { return strings.Compare(*a.Name, *b.Name) })
	out.AddPage(http.StatusOK, armstorage.BlobContainersClientListResponse{ListContainerItems: armstorage.ListContainerItems{Value: items}}, nil)
	return out
}
