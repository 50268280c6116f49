// Package keyvaultfake is a key vault in memory, for tests only. Microsoft's own fake of the
// client reads requests and writes answers; how it behaves is ours.
package keyvaultfake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azfake "github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets/fake"
)

// Vault is one key vault.
type Vault struct {
	server *fake.ServerTransport
	url    string

	mu      sync.Mutex
	secrets map[string]*Secret // by name in lower case
	made    int
	// Slow is how many times a change that takes its time is seen under way: a secret that
	// is being deleted or recovered.
	Slow int
}

// Secret is a secret as it is kept.
type Secret struct {
	Name     string
	Versions []*Version
	Deleted  bool
	hidden   int // looks until a recovered secret is there
	dying    int // refusals until a deleted one may be recovered
}

// Version is one version.
type Version struct {
	ID, Value, Kind string
	Tags            map[string]*string
	Disabled        bool
	made            int
}

// New is an empty vault at a URL.
func New(url string) *Vault {
	f := &Vault{url: url, secrets: map[string]*Secret{}}
	f.server = fake.NewServerTransport(&fake.Server{
		GetSecret: f.get, SetSecret: f.set, UpdateSecretProperties: f.update, DeleteSecret: f.remove,
		GetDeletedSecret: f.getDeleted, RecoverDeletedSecret: f.recover, NewListSecretPropertiesVersionsPager: f.list,
	})
	return f
}

// Edit changes a secret by hand. It makes one that is not there.
func (f *Vault) Edit(name string, change func(*Secret)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := strings.ToLower(name)
	if f.secrets[key] == nil {
		f.secrets[key] = &Secret{Name: name}
		f.add(f.secrets[key], &Version{Value: "{}"})
	}
	change(f.secrets[key])
}

// Write adds a version by hand.
func (f *Vault) Write(name, value string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.secrets[strings.ToLower(name)]
	f.add(s, &Version{Value: value, Kind: "application/json", Tags: s.Newest().Tags})
}

// Newest is the version that readers get.
func (s *Secret) Newest() *Version { return s.Versions[len(s.Versions)-1] }

func (f *Vault) add(s *Secret, v *Version) {
	f.made++
	v.ID, v.made = fmt.Sprintf("%032x", f.made), f.made
	s.Versions = append(s.Versions, v)
}

// Count is how many secrets there are that are not deleted.
func (f *Vault) Count() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.secrets {
		if !s.Deleted {
			n++
		}
	}
	return n
}

// RoundTrip answers a request. Without a token it is a challenge.
func (f *Vault) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Header.Get("Authorization") == "" {
		return &http.Response{
			StatusCode: http.StatusUnauthorized, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody, Request: req,
			Header: http.Header{"Www-Authenticate": {`Bearer authorization="https://login.microsoftonline.com/tenant", resource="https://vault.azure.net"`}},
		}, nil
	}
	resp, err := f.server.Do(req)
	var no *azcore.ResponseError
	if !errors.As(err, &no) {
		return resp, err
	}
	code, inner, _ := strings.Cut(no.ErrorCode, "/")
	told := map[string]any{"code": code, "message": "the key vault says: " + no.ErrorCode}
	if inner != "" {
		told["innererror"] = map[string]any{"code": inner}
	}
	data, err := json.Marshal(map[string]any{"error": told})
	return &http.Response{
		StatusCode: no.StatusCode, Status: http.StatusText(no.StatusCode), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}, Body: io.NopCloser(bytes.NewReader(data)), ContentLength: int64(len(data)), Request: req,
	}, err
}

func (f *Vault) find(name string) *Secret {
	s := f.secrets[strings.ToLower(name)]
	if s == nil || s.Deleted {
		return nil
	}
	if s.hidden > 0 {
		s.hidden--
		return nil
	}
	return s
}

func (f *Vault) bundle(s *Secret, v *Version) azsecrets.Secret {
	out := azsecrets.Secret{ID: to.Ptr(azsecrets.ID(f.url + "/secrets/" + s.Name + "/" + v.ID)), Value: to.Ptr(v.Value), Tags: maps.Clone(v.Tags)}
	if v.Kind != "" {
		out.ContentType = to.Ptr(v.Kind)
	}
	out.Attributes = &azsecrets.SecretAttributes{Enabled: to.Ptr(!v.Disabled), Created: to.Ptr(time.Unix(946684800+int64(v.made), 0)), RecoverableDays: to.Ptr(int32(90)), RecoveryLevel: to.Ptr("Recoverable+Purgeable")}
	return out
}

const absent = "SecretNotFound"

func (f *Vault) get(_ context.Context, name, version string, _ *azsecrets.GetSecretOptions) (resp azfake.Responder[azsecrets.GetSecretResponse], no azfake.ErrorResponder) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := f.find(name); s != nil {
		for _, v := range s.Versions {
			if v.ID != version && (version != "" || v != s.Newest()) {
				continue
			}
			if v.Disabled {
				no.SetResponseError(http.StatusForbidden, "Forbidden/SecretDisabled")
			} else {
				resp.SetResponse(http.StatusOK, azsecrets.GetSecretResponse{Secret: f.bundle(s, v)}, nil)
			}
			return resp, no
		}
	}
	no.SetResponseError(http.StatusNotFound, absent)
	return resp, no
}

// list gives the versions in pages of one, in no order that says when they were made.
func (f *Vault) list(name string, _ *azsecrets.ListSecretPropertiesVersionsOptions) (resp azfake.PagerResponder[azsecrets.ListSecretPropertiesVersionsResponse]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.find(name)
	if s == nil {
		resp.AddResponseError(http.StatusNotFound, absent)
		return resp
	}
	for i := range s.Versions {
		b := f.bundle(s, s.Versions[len(s.Versions)-1-i])
		page := azsecrets.SecretPropertiesListResult{Value: []*azsecrets.SecretProperties{{ID: b.ID, Attributes: b.Attributes, ContentType: b.ContentType, Tags: b.Tags}}}
		resp.AddPage(http.StatusOK, azsecrets.ListSecretPropertiesVersionsResponse{SecretPropertiesListResult: page}, nil)
	}
	return resp
}

func (f *Vault) set(_ context.Context, name string, in azsecrets.SetSecretParameters, _ *azsecrets.SetSecretOptions) (resp azfake.Responder[azsecrets.SetSecretResponse], no azfake.ErrorResponder) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.secrets[strings.ToLower(name)]
	switch {
	case in.Value == nil || len(*in.Value) > 25*1024 || len(in.Tags) > 15:
		no.SetResponseError(http.StatusBadRequest, "BadParameter")
		return resp, no
	case s == nil:
		s = &Secret{Name: name}
		f.secrets[strings.ToLower(name)] = s
	case s.Deleted && s.dying > 0:
		s.dying--
		no.SetResponseError(http.StatusConflict, "Conflict/ObjectIsBeingDeleted")
		return resp, no
	case s.Deleted:
		no.SetResponseError(http.StatusConflict, "Conflict/ObjectIsDeletedButRecoverable")
		return resp, no
	}
	v := &Version{Value: *in.Value, Tags: maps.Clone(in.Tags)}
	if in.ContentType != nil {
		v.Kind = *in.ContentType
	}
	f.add(s, v)
	resp.SetResponse(http.StatusOK, azsecrets.SetSecretResponse{Secret: f.bundle(s, v)}, nil)
	return resp, no
}

func (f *Vault) update(_ context.Context, name, version string, in azsecrets.UpdateSecretPropertiesParameters, _ *azsecrets.UpdateSecretPropertiesOptions) (resp azfake.Responder[azsecrets.UpdateSecretPropertiesResponse], no azfake.ErrorResponder) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := f.find(name); s != nil {
		for _, v := range s.Versions {
			if v.ID != version {
				continue
			}
			if in.SecretAttributes != nil && in.SecretAttributes.Enabled != nil {
				v.Disabled = !*in.SecretAttributes.Enabled
			}
			if in.Tags != nil {
				v.Tags = maps.Clone(in.Tags)
			}
			if in.ContentType != nil {
				v.Kind = *in.ContentType
			}
			out := f.bundle(s, v)
			out.Value = nil
			resp.SetResponse(http.StatusOK, azsecrets.UpdateSecretPropertiesResponse{Secret: out}, nil)
			return resp, no
		}
	}
	no.SetResponseError(http.StatusNotFound, absent)
	return resp, no
}

func (f *Vault) deleted(s *Secret) azsecrets.DeletedSecret {
	b := f.bundle(s, s.Newest())
	return azsecrets.DeletedSecret{ID: b.ID, Tags: b.Tags, Attributes: b.Attributes, ContentType: b.ContentType, RecoveryID: to.Ptr(f.url + "/deletedsecrets/" + s.Name)}
}

func (f *Vault) remove(_ context.Context, name string, _ *azsecrets.DeleteSecretOptions) (resp azfake.Responder[azsecrets.DeleteSecretResponse], no azfake.ErrorResponder) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.find(name)
	if s == nil {
		no.SetResponseError(http.StatusNotFound, absent)
		return resp, no
	}
	s.Deleted, s.dying = true, f.Slow
	resp.SetResponse(http.StatusOK, azsecrets.DeleteSecretResponse{DeletedSecret: f.deleted(s)}, nil)
	return resp, no
}

func (f *Vault) getDeleted(_ context.Context, name string, _ *azsecrets.GetDeletedSecretOptions) (resp azfake.Responder[azsecrets.GetDeletedSecretResponse], no azfake.ErrorResponder) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.secrets[strings.ToLower(name)]
	if s == nil || !s.Deleted {
		no.SetResponseError(http.StatusNotFound, absent)
		return resp, no
	}
	resp.SetResponse(http.StatusOK, azsecrets.GetDeletedSecretResponse{DeletedSecret: f.deleted(s)}, nil)
	return resp, no
}

func (f *Vault) recover(_ context.Context, name string, _ *azsecrets.RecoverDeletedSecretOptions) (resp azfake.Responder[azsecrets.RecoverDeletedSecretResponse], no azfake.ErrorResponder) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.secrets[strings.ToLower(name)]
	if s == nil || !s.Deleted {
		no.SetResponseError(http.StatusNotFound, absent)
		return resp, no
	}
	s.Deleted, s.hidden = false, f.Slow
	resp.SetResponse(http.StatusOK, azsecrets.RecoverDeletedSecretResponse{Secret: f.bundle(s, s.Newest())}, nil)
	return resp, no
}
