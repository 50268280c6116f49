package spec

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
)

var (
	bucketName  = pattern.New(`^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$`)
	bucketARN   = pattern.New(`^arn:aws[a-z-]*:s3:::([^/:]+)(/.*)?$`)
	selfLink    = pattern.New(`^https://www\.googleapis\.com/storage/v1/b/([^/]+)$`)
	projectless = pattern.New(`^projects/_/buckets/([^/]+)$`)
	containerAt = pattern.New(`/storageAccounts/([^/]+)/blobServices/default/containers/([^/]+)$`)
	blobService = pattern.New(`^([a-z0-9]{3,24})\.blob\.core\.([a-z.]+)$`)

	roleARN        = pattern.New(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+$`)
	serviceAccount = pattern.New(`^(?:projects/[^/]+/serviceAccounts/)?([^/@\s]+@[a-z0-9.-]+\.gserviceaccount\.com)$`)
	clientID       = pattern.New(`^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

// ExistingBucket is the address of a bucket that exists, from any of the ways in which
// its cloud and the big providers name it: name, ARN, link, resource id, address. An
// address with a scheme may be of another cloud than the platform's. On clouds "local"
// and "kubernetes" a name is left as it is.
func ExistingBucket(cloud, text string) (string, error) {
	if m := bucketARN.FindStringSubmatch(text); m != nil {
		return strings.TrimSuffix("s3://"+m[1]+m[2], "/"), nil
	}
	for _, form := range []*pattern.Pattern{selfLink, projectless} {
		if m := form.FindStringSubmatch(text); m != nil {
			return "gs://" + m[1], nil
		}
	}
	if m := containerAt.FindStringSubmatch(text); m != nil {
		return "abfss://" + m[2] + "@" + m[1] + ".dfs.core.windows.net", nil
	}
	if u, err := url.Parse(text); err == nil && u.Scheme == "https" {
		container, below, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
		m := blobService.FindStringSubmatch(u.Host)
		if m == nil || container == "" || below != "" {
			return "", fmt.Errorf("%q is no bucket: give its name or address, such as %s", text, bucketExamples(cloud))
		}
		return "abfss://" + container + "@" + m[1] + ".dfs.core." + m[2], nil
	}
	if sells(cloud) && !strings.Contains(text, "://") && !bucketName.MatchString(text) {
		return "", fmt.Errorf("%q is no bucket of %s: give its name or address, such as %s", text, cloud, bucketExamples(cloud))
	}
	return text, nil
}

func bucketExamples(cloud string) string {
	switch cloud {
	case "google":
		return "gs://NAME"
	case "azure":
		return "abfss://CONTAINER@ACCOUNT.dfs.core.windows.net"
	}
	return "s3://NAME"
}

// ExistingIdentity is how the service account names an identity that exists: the ARN of
// a role, the e-mail address of a service account, the client id of a managed identity.
// On other clouds it is a name that is left as it is.
func ExistingIdentity(cloud, text string) (string, error) {
	switch cloud {
	case "aws":
		if !roleARN.MatchString(text) {
			return "", fmt.Errorf("%q is no role: give its ARN, such as arn:aws:iam::123456789012:role/trainer", text)
		}
	case "google":
		m := serviceAccount.FindStringSubmatch(text)
		if m == nil {
			return "", fmt.Errorf("%q is no service account: give its e-mail address, such as trainer@PROJECT.iam.gserviceaccount.com", text)
		}
		return m[1], nil
	case "azure":
		if !clientID.MatchString(text) {
			return "", fmt.Errorf("%q is no client id of a managed identity, which is like 11111111-2222-3333-4444-555555555555 (client_id of an azurerm_user_assigned_identity)", text)
		}
	}
	return text, nil
}

// existingID is what a cloud calls a bucket that exists: its name, or the account and the name of
// a container.
func (b *Bucket) existingID() string {
	u, err := url.Parse(b.Existing)
	switch {
	case err != nil || u.Scheme == "" || u.Scheme == "file":
		return b.Existing
	case u.Scheme == "abfss" && u.User != nil:
		account, _, _ := strings.Cut(u.Host, ".")
		return account + "/" + u.User.Username()
	}
	return u.Host
}

// ExistingID is what its cloud calls an object that exists and is only referred to, "" for
// one that is made here.
func ExistingID(s Spec) string {
	switch s := s.(type) {
	case *Bucket:
		if s.Existing != "" {
			return s.existingID()
		}
	case *Identity:
		return s.Existing
	case *Secret:
		return s.Existing
	}
	return ""
}
