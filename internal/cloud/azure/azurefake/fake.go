// Package azurefake is an Azure in memory, for tests only: state behind the fake servers
// that Microsoft generates from the specification of Azure Resource Manager, so requests
// that are not of that specification fail. It knows the rules of names and immutable
// properties that tests need; of the blob service it has List Blobs only, by hand.
package azurefake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	authorizationfake "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v6"
	containerfake "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v6/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"
	msifake "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage"
	storagefake "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage/fake"
)

// Azure is one subscription with one resource group and its clusters.
type Azure struct {
	mu sync.Mutex
	// Group is the resource group there is.
	Group string
	// Accounts by name.
	Accounts map[string]*Account
	// Taken are names of storage accounts of other subscriptions.
	Taken map[string]bool
	// Identities by name.
	Identities map[string]*Identity
	// Roles are role assignments by id.
	Roles map[string]*armauthorization.RoleAssignment
	// Definitions are custom roles by their GUID.
	Definitions map[string]*Definition
	// Late is how often role assignments do not find a new definition.
	Late int
	// Clusters by name.
	Clusters map[string]*Cluster
	// Refuse makes the provisioning of an agent pool end in a failure with this message.
	Refuse string
	// Requests that came, as METHOD path.
	Requests []string

	next    int
	running map[string]policyTransport // of long-running operations by path
	ended   map[string][]byte          // what such an operation ended with, and goes on saying
}

// Account is a storage account with what is in it.
type Account struct {
	armstorage.Account
	Service    armstorage.BlobServicePropertiesProperties
	Containers map[string]*Container
	Policy     *armstorage.ManagementPolicyProperties
}

// Container is a container, with the names of its blobs, and of those that have older
// versions only.
type Container struct {
	armstorage.ContainerProperties
	Blobs    []string
	Versions []string
}

// Identity is a user-assigned identity with its federated credentials by name.
type Identity struct {
	armmsi.Identity
	Credentials map[string]*armmsi.FederatedIdentityCredentialProperties
}

// Cluster is an AKS cluster with its agent pools by name.
type Cluster struct {
	Issuer string
	Group  string // the one of the subscription when it is empty
	Pools  map[string]*Pool
}

// Pool is an agent pool that is ready after some looks at it.
type Pool struct {
	armcontainerservice.ManagedClusterAgentPoolProfileProperties
	left   int
	leaves bool
}

// New returns an empty subscription with the resource group "rg".
func New() *Azure {
	return &Azure{
		Group: "rg", Accounts: map[string]*Account{}, Taken: map[string]bool{}, Identities: map[string]*Identity{},
		Roles: map[string]*armauthorization.RoleAssignment{}, Definitions: map[string]*Definition{}, Clusters: map[string]*Cluster{}, running: map[string]policyTransport{}, ended: map[string][]byte{},
	}
}

// Count is how many objects there are.
func (a *Azure) Count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := len(a.Accounts) + len(a.Identities) + len(a.Roles) + len(a.Definitions)
	for _, account := range a.Accounts {
		n += len(account.Containers)
		if account.Policy != nil {
			n += len(account.Policy.Policy.Rules)
		}
	}
	for _, identity := range a.Identities {
		n += len(identity.Credentials)
	}
	for _, cluster := range a.Clusters {
		n += len(cluster.Pools)
	}
	return n
}

// Do lets a test change the state.
func (a *Azure) Do(change func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change()
}

type policyTransport interface {
	Do(*http.Request) (*http.Response, error)
}

const statusSuffix = "/get/fake/status"

// RoundTrip answers a request to Resource Manager or to a blob service.
func (a *Azure) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	// The generated servers send on a closed channel when a request ends while they answer.
	req = req.WithContext(context.WithoutCancel(req.Context()))
	a.mu.Lock()
	defer a.mu.Unlock()
	a.Requests = append(a.Requests, req.Method+" "+req.URL.Path)
	if account, _, blob := strings.Cut(req.URL.Host, ".blob."); blob {
		return a.blobs(req, account)
	}
	path := strings.TrimSuffix(req.URL.Path, statusSuffix)
	a.tick(path)
	transport, polls := a.running[path], path != req.URL.Path
	if body, over := a.ended[path]; polls && over && transport == nil {
		return polled(reply(req, http.StatusOK, "application/json", string(body))), nil
	}
	if !polls || transport == nil {
		// A fresh one for each operation: they answer a path that they have under way
		// without asking the state again.
		transport = a.server(path)
	}
	resp, err := transport.Do(req)
	if err != nil {
		return answer(req, err)
	}
	return resp, a.keep(path, transport, resp)
}

func polled(resp *http.Response) *http.Response {
	resp.Header.Set("Fake-Poller-Status", "Succeeded")
	return resp
}

// keep remembers how far the operation of a path is.
func (a *Azure) keep(path string, transport policyTransport, resp *http.Response) error {
	switch resp.Header.Get("Fake-Poller-Status") {
	case "":
		return nil
	case "InProgress":
		a.running[path] = transport
		return nil
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	delete(a.running, path)
	a.ended[path] = body
	return err
}

// server is the generated server for a path.
func (a *Azure) server(path string) policyTransport {
	provider := path[strings.LastIndex(path, "/providers/")+1:]
	switch {
	case strings.HasPrefix(provider, "providers/Microsoft.Storage/"):
		return storagefake.NewServerFactoryTransport(a.storage())
	case strings.HasPrefix(provider, "providers/Microsoft.ManagedIdentity/"):
		return msifake.NewServerFactoryTransport(a.msi())
	case strings.HasPrefix(provider, "providers/Microsoft.Authorization/"):
		return authorizationfake.NewServerFactoryTransport(a.authorization())
	case strings.HasPrefix(provider, "providers/Microsoft.ContainerService/"):
		return containerfake.NewServerFactoryTransport(a.containers())
	}
	return nowhere{}
}

type nowhere struct{}

func (nowhere) Do(*http.Request) (*http.Response, error) {
	return nil, refusal{http.StatusNotFound, "InvalidResourceType", "There is no such resource type."}
}

// refusal is an answer that is an error.
type refusal struct {
	status        int
	code, message string
}

func (r refusal) Error() string { return r.code + ": " + r.message }

func refuse(status int, code, message string, a ...any) fake.ErrorResponder {
	var out fake.ErrorResponder
	out.SetError(refusal{status, code, fmt.Sprintf(message, a...)})
	return out
}

func absent(kind, name string) fake.ErrorResponder {
	return refuse(http.StatusNotFound, "ResourceNotFound", "The Resource '%s/%s' under resource group 'rg' was not found.", kind, name)
}

// answer puts an error of a generated server into the form in which Azure sends it.
func answer(req *http.Request, err error) (*http.Response, error) {
	var r refusal
	if !errors.As(err, &r) {
		return nil, fmt.Errorf("azurefake: %s %s: %w", req.Method, req.URL.Path, err)
	}
	body, err := json.Marshal(map[string]any{"error": map[string]any{"code": r.code, "message": r.message}})
	if err != nil {
		return nil, err
	}
	return reply(req, r.status, "application/json", string(body)), nil
}

func reply(req *http.Request, status int, contentType, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Status: strconv.Itoa(status) + " " + http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}
}

// tag is a new ETag.
func (a *Azure) tag() string {
	a.next++
	return fmt.Sprintf("\"%d\"", a.next)
}

// copied is a value without shared pointers: what the SDK marshals, it reads back.
func copied[T any](v T) (out T) {
	data, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(data, &out)
	}
	if err != nil {
		panic("azurefake: " + err.Error())
	}
	return out
}

func said[T any](status int, v T) (out fake.Responder[T]) {
	out.SetResponse(status, v, nil)
	return out
}
