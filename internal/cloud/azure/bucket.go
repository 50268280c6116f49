package azure

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// buckets keeps buckets as containers of the platform's storage account. What is set on
// the account and its blob service is the same for every bucket of the platform. The id
// is ACCOUNT/CONTAINER.
type buckets struct{ *driver }

// wantedBucket is a bucket in Azure's terms.
type wantedBucket struct {
	name    string // of the account
	account *armstorage.Account
	service *armstorage.BlobServicePropertiesProperties
	marks   map[string]string
	rules   []*rule
}

func (s buckets) wanted(b cloud.Bucket, account string) (w wantedBucket, err error) {
	if b.AccessLogs != nil {
		return w, spec.Misfit("access_logs", "Azure logs requests through a diagnostic setting of the storage account, which is not made here: leave access_logs out, and send the logs of the account to a workspace with az monitor diagnostic-settings create")
	}
	if b.On.Platform == nil { // an imported bucket has a name only
		b.On.Platform = &spec.Platform{}
	}
	w.name = account
	if w.account, err = s.wantedAccount(b, account); err != nil {
		return w, err
	}
	if w.marks, err = metadata(b.Marked(b.Name)); err != nil {
		return w, err
	}
	w.service, w.rules = wantedService(b), rulesOf(b.Name, b.Lifecycle)
	return w, nil
}

func (w wantedBucket) describe(container string, account *armstorage.Account, service *armstorage.BlobServicePropertiesProperties, properties *armstorage.ContainerProperties, rules []*rule) cloud.Settings {
	out := describeAccount(account, w.account)
	maps.Copy(out, describeService(service))
	maps.Copy(out, describeContainer(container, properties, w.marks))
	out["managementPolicy"] = describeRules(container, rules)
	return out
}

// Settings are those of the container, and of the account and blob service it shares.
func (s buckets) Settings(b cloud.Bucket) (cloud.Settings, error) {
	w, err := s.wanted(b, spec.StorageAccount(b.On.Platform.Name))
	if err != nil {
		return nil, err
	}
	return w.describe(b.Name, w.account, w.service, &armstorage.ContainerProperties{Metadata: pointers(w.marks)}, w.rules), nil
}

// Fixed are the names and the place.
func (buckets) Fixed() []string { return []string{"account", "container", "location"} }

func (s buckets) Create(ctx context.Context, b cloud.Bucket) (string, error) {
	account := spec.StorageAccount(b.On.Platform.Name)
	w, err := s.wanted(b, account)
	if err != nil {
		return "", err
	}
	c, err := s.clients()
	if err != nil {
		return "", err
	}
	defer s.alone("account " + account)()
	have, err := c.account(ctx, account)
	switch {
	case errors.Is(err, cloud.ErrNotFound):
		have, err = c.create(ctx, w.account)
	case err == nil && !b.Ours(values(have.Tags), account):
		err = fmt.Errorf("storage account %s of resource group %s: %w: name the platform otherwise, or name containers of the account in existing", account, s.cfg.ResourceGroup, cloud.ErrExists)
	case err == nil && place(deref(have.Location)) != deref(w.account.Location):
		err = fmt.Errorf("storage account %s is in %s, and the buckets of the platform are to be in %s; an account does not move: destroy all its buckets first, or name the platform otherwise", account, place(deref(have.Location)), deref(w.account.Location))
	}
	if err != nil {
		return "", err
	}
	properties, err := s.takeUp(ctx, c, b, w, have)
	if err != nil {
		return "", err
	}
	if err := s.apply(ctx, c, b, w, have, properties); err != nil {
		return "", err
	}
	return account + "/" + b.Name, nil
}

// takeUp finds or makes the container.
func (s buckets) takeUp(ctx context.Context, c *clients, b cloud.Bucket, w wantedBucket, account *armstorage.Account) (*armstorage.ContainerProperties, error) {
	properties, err := s.found(ctx, c, b, w)
	if err == nil || !errors.Is(err, cloud.ErrNotFound) {
		return properties, err
	}
	if account != w.account {
		if err := s.agree(ctx, c, b, w, account); err != nil {
			return nil, err
		}
	}
	err = c.createContainer(ctx, w.name, b.Name, w.marks)
	if errors.Is(err, cloud.ErrExists) { // the answer to the first try was lost, or somebody was faster
		return s.found(ctx, c, b, w)
	}
	return &armstorage.ContainerProperties{Metadata: pointers(w.marks)}, err
}

// found is the container of a bucket when it is there and ours.
func (s buckets) found(ctx context.Context, c *clients, b cloud.Bucket, w wantedBucket) (*armstorage.ContainerProperties, error) {
	properties, err := c.container(ctx, w.name, b.Name)
	if err == nil && !oursIn(b.On, lowered(values(properties.Metadata)), b.Name) {
		return nil, fmt.Errorf("container %s of storage account %s: %w: import it with %s/%s, or name it in existing", b.Name, w.name, cloud.ErrExists, w.name, b.Name)
	}
	return properties, err
}

// agree refuses a new bucket that would change what the other buckets of its account have.
func (s buckets) agree(ctx context.Context, c *clients, b cloud.Bucket, w wantedBucket, account *armstorage.Account) error {
	service, err := c.service(ctx, w.name)
	if err != nil {
		return err
	}
	have, want := describeAccount(account, w.account), describeAccount(w.account, w.account)
	maps.Copy(have, describeService(service))
	maps.Copy(want, describeService(w.service))
	for setting, attribute := range map[string]string{"encryption": "kms_key", "containerDeleteRetentionPolicy": "soft_delete_days"} {
		if have[setting] == want[setting] {
			continue
		}
		others, err := c.others(ctx, w.name, b.Name)
		if err != nil {
			return err
		}
		if len(others) > 0 && have[setting] != "disabled" {
			return fmt.Errorf("%s: bucket %q shares storage account %s with %s, for which it is %s; an account has one: give every bucket of the platform the same",
				attribute, b.Name, w.name, strings.Join(others, ", "), have[setting])
		}
	}
	return nil
}

// apply brings about what differs.
func (s buckets) apply(ctx context.Context, c *clients, b cloud.Bucket, w wantedBucket, account *armstorage.Account, properties *armstorage.ContainerProperties) error {
	if !maps.Equal(describeAccount(account, w.account), describeAccount(w.account, w.account)) {
		if err := c.amend(ctx, account, w.account); err != nil {
			return err
		}
	}
	service, err := c.service(ctx, w.name)
	if err != nil {
		return err
	}
	if !maps.Equal(describeService(service), describeService(w.service)) {
		if err := c.amendService(ctx, w.name, service, w.service); err != nil {
			return err
		}
	}
	marked := &armstorage.ContainerProperties{Metadata: pointers(w.marks)}
	if !maps.Equal(describeContainer(b.Name, properties, w.marks), describeContainer(b.Name, marked, w.marks)) {
		if err := c.amendContainer(ctx, w.name, b.Name, properties, w.marks); err != nil {
			return err
		}
	}
	return c.setRules(ctx, w.name, b.Name, w.rules)
}

// at is an id in its two parts.
func at(id string) (account, container string, err error) {
	account, container, two := strings.Cut(id, "/")
	if !two || account == "" || container == "" || strings.Contains(container, "/") {
		return "", "", fmt.Errorf("%q is no id of a bucket on Azure: it is ACCOUNT/CONTAINER", id)
	}
	return account, container, nil
}

func (s buckets) Read(ctx context.Context, id string, b cloud.Bucket) (cloud.Settings, error) {
	name, container, err := at(id)
	if err != nil {
		return nil, err
	}
	c, err := s.clients()
	if err != nil {
		return nil, err
	}
	w, err := s.wanted(b, name)
	if err != nil {
		return nil, err
	}
	account, err := c.account(ctx, name)
	if err != nil {
		return nil, err
	}
	properties, err := c.container(ctx, name, container)
	if err != nil {
		return nil, err
	}
	service, err := c.service(ctx, name)
	if err != nil {
		return nil, err
	}
	rules, err := c.rules(ctx, name)
	if err != nil {
		return nil, err
	}
	return w.describe(container, account, service, properties, rules), nil
}

func (s buckets) Update(ctx context.Context, id string, b cloud.Bucket) error {
	name, container, err := at(id)
	if err != nil {
		return err
	}
	w, err := s.wanted(b, name)
	if err != nil {
		return err
	}
	c, err := s.clients()
	if err != nil {
		return err
	}
	defer s.alone("account " + name)()
	account, err := c.account(ctx, name)
	if err != nil {
		return err
	}
	properties, err := c.container(ctx, name, container)
	if err != nil {
		return err
	}
	return s.apply(ctx, c, b, w, account, properties)
}

// Delete takes the account along when the bucket was its last and it was made here.
func (s buckets) Delete(ctx context.Context, id string, b cloud.Bucket) error {
	name, container, err := at(id)
	if err != nil {
		return err
	}
	c, err := s.clients()
	if err != nil {
		return err
	}
	defer s.alone("account " + name)()
	account, err := c.account(ctx, name)
	if err != nil {
		return err
	}
	_, absent := c.container(ctx, name, container)
	if absent == nil {
		err = s.remove(ctx, c, b, account, container)
	} else if !errors.Is(absent, cloud.ErrNotFound) {
		return absent
	}
	if tags := values(account.Tags); err == nil && b.Ours(tags, name) && tags[markMade] == name {
		err = s.tidy(ctx, c, name, container)
	}
	if err != nil {
		return err
	}
	return absent
}

func (s buckets) remove(ctx context.Context, c *clients, b cloud.Bucket, account *armstorage.Account, container string) error {
	name := deref(account.Name)
	if !b.ForceDestroy {
		empty, err := c.empty(ctx, account, container)
		if err != nil {
			return fmt.Errorf("%w; whether a container is empty is asked from here and as the one who applies: give that one the role Storage Blob Data Reader and let the network rules of the account pass this machine, or set force_destroy", err)
		}
		if !empty {
			return fmt.Errorf("container %s of %s: %w: it has blobs or older versions of them; delete them, or set force_destroy to delete them with it", container, name, cloud.ErrNotEmpty)
		}
	}
	if err := c.setRules(ctx, name, container, nil); err != nil {
		return err
	}
	err := c.try(ctx, func(ctx context.Context) error {
		_, err := c.containers.Delete(ctx, c.cfg.ResourceGroup, name, container, nil)
		return err
	})
	if err != nil && !errors.Is(err, cloud.ErrNotFound) {
		return fmt.Errorf("container %s of %s: %w", container, name, err)
	}
	return nil
}

// tidy deletes the account when no container is left in it.
func (s buckets) tidy(ctx context.Context, c *clients, account, container string) error {
	others, err := c.others(ctx, account, container)
	if err != nil || len(others) > 0 {
		return err
	}
	err = c.try(ctx, func(ctx context.Context) error {
		_, err := c.accounts.Delete(ctx, c.cfg.ResourceGroup, account, nil)
		return err
	})
	if err != nil && !errors.Is(err, cloud.ErrNotFound) {
		return fmt.Errorf("storage account %s: %w", account, err)
	}
	return nil
}
