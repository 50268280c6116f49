package provider

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/awssecretsmanager"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/azurekeyvault"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/googlesecretmanager"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/vault"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// secretStore opens the store of a platform, and says where the cluster finds it.
func (s *settings) secretStore(ctx context.Context, p *spec.Platform) (secrets.Store, *spec.SecretStore, error) {
	store, at, err := s.openStore(ctx, p)
	if err == nil {
		store = s.reachedStore(at, store)
	}
	return store, at, err
}

func (s *settings) openStore(ctx context.Context, p *spec.Platform) (secrets.Store, *spec.SecretStore, error) {
	at := &spec.SecretStore{Type: p.SecretStore}
	switch p.SecretStore {
	case "vault":
		c := s.vault()
		if c.Address == "" {
			return secrets.Store{}, nil, errors.New("secret_store is vault, and nothing says where it is: set vault.address in the provider's configuration, or VAULT_ADDR")
		}
		if err := safeAddress("the address of Vault (vault.address or VAULT_ADDR)", c.Address, "https://vault.example.com:8200", "unix"); err != nil {
			return secrets.Store{}, nil, err
		}
		at.Address, at.Namespace = c.Address, c.Namespace
		return vault.New(c), at, nil
	case "aws_secrets_manager":
		c := s.aws(ctx, p)
		at.Region = first(c.Region, os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"))
		if at.Region == "" {
			return secrets.Store{}, nil, errors.New("secret_store is aws_secrets_manager, and nothing says in which region: set aws.region in the provider's configuration, or AWS_REGION")
		}
		c.Region = at.Region
		return awssecretsmanager.New(c), at, nil
	case "google_secret_manager":
		c := s.google(ctx, p)
		if at.Project = c.Project; at.Project == "" {
			return secrets.Store{}, nil, errors.New("secret_store is google_secret_manager, and nothing says in which project: set google.project in the provider's configuration, or GOOGLE_PROJECT")
		}
		return googlesecretmanager.New(c), at, nil
	case "azure_key_vault":
		a := s.azureSettings()
		if at.Address, at.Tenant = vaultURL(a), tenant(a); at.Address == "" {
			return secrets.Store{}, nil, errors.New("secret_store is azure_key_vault, and nothing says which: set azure.vault_url in the provider's configuration, or AZURE_KEY_VAULT_URL")
		}
		if err := safeAddress("the address of the key vault (azure.vault_url or AZURE_KEY_VAULT_URL)", at.Address, "https://acme-ml.vault.azure.net"); err != nil {
			return secrets.Store{}, nil, err
		}
		return azurekeyvault.New(azurekeyvault.Config{VaultURL: at.Address, Tenant: at.Tenant, UserAgent: agent}), at, nil
	}
	return secrets.Store{}, nil, fmt.Errorf("platform %q has no secret_store to write to: set one, or name a Secret of the cluster in existing", p.Name)
}

func (s *settings) vault() vault.Config {
	v := vaultSettings{}
	if s.Vault != nil {
		v = *s.Vault
	}
	out := vault.Config{
		Shared:  s.login,
		Address: first(v.Address.ValueString(), os.Getenv("VAULT_ADDR")), Namespace: first(v.Namespace.ValueString(), os.Getenv("VAULT_NAMESPACE")),
		Token: v.Token.ValueString(), CACertificate: v.CACertificate.ValueString(), UserAgent: agent,
	}
	if r := v.AppRole; r != nil {
		out.AppRole = &vault.AppRole{RoleID: r.RoleID.ValueString(), SecretID: r.SecretID.ValueString(), Mount: r.Mount.ValueString()}
	}
	if r := v.Kubernetes; r != nil {
		out.Kubernetes = &vault.Kubernetes{Role: r.Role.ValueString(), Mount: r.Mount.ValueString(), JWT: r.Token.ValueString()}
	}
	if r := v.JWT; r != nil {
		out.JWT = &vault.JWT{Role: r.Role.ValueString(), Mount: r.Mount.ValueString(), Token: r.Token.ValueString()}
	}
	if r := v.Userpass; r != nil {
		out.Userpass = &vault.Userpass{Username: r.Username.ValueString(), Password: r.Password.ValueString(), Mount: r.Mount.ValueString()}
	}
	return out
}

// withAccess adds what Vault must let an identity do to how a cloud keeps it. Where Vault
// is was asked before, for the references of its grants.
func (s *settings) withAccess(kind cloud.Kind[cloud.Identity], i cloud.Identity) cloud.Kind[cloud.Identity] {
	if i.On.Platform.SecretStore != "vault" || !slices.ContainsFunc(i.Grants, ofStore) || i.Subject == nil || i.Subject.Kubernetes == nil {
		return kind
	}
	c := s.vault()
	return cloud.Join(kind, vault.Access(c), vault.AccessID(c, i.On.Platform.Name, i.Name))
}
