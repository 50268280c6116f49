package spec

import (
	"net/url"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
)

// URI is where a bucket of a cloud is, known before it exists. folder is where the
// bucket's folder lies on cloud "local". A bucket that exists may be of any cloud, and
// is where its address says. On cloud "kubernetes" it is a PersistentVolumeClaim, on
// "azure" a container of the platform's storage account.
// Sources: the forms that the AWS, Google Cloud and Hadoop ABFS clients read.
func (b *Bucket) URI(cloud, folder string) string {
	if strings.Contains(b.Existing, "://") {
		return strings.TrimSuffix(b.Existing, "/")
	}
	name := b.Name
	if b.Existing != "" {
		name, folder = b.Existing, b.Existing
	}
	switch cloud {
	case "aws":
		return "s3://" + name
	case "google":
		return "gs://" + name
	case "azure":
		return "abfss://" + name + "@" + StorageAccount(string(b.Platform)) + ".dfs.core.windows.net"
	case "kubernetes":
		return "pvc://" + name
	}
	return (&url.URL{Scheme: "file", Path: strings.ReplaceAll(folder, "\\", "/")}).String()
}

// BucketURI is where a bucket is, as the emitted repository can say it: on cloud
// "local" where pods mount it, since the folder on the laptop that applied is nobody
// else's. It is "" for a bucket that is not there.
func (p *Project) BucketURI(bucket string) string {
	b := p.Bucket(bucket)
	if b == nil {
		return ""
	}
	_, mount := p.Claim(b.Name)
	if p.Platform.Cloud == "local" {
		return (&Bucket{}).URI("local", mount)
	}
	return b.URI(p.Platform.Cloud, mount)
}

// StorageAccount is the storage account of a platform on Azure, whose name has 3 to 24
// small letters and digits, and is one in the whole world.
func StorageAccount(platform string) string {
	name := strings.ReplaceAll(platform, "-", "")
	if name == platform && len(name) >= 3 && len(name) <= 24 {
		return name
	}
	return name[:min(16, len(name))] + Hash(platform)[:8]
}

var (
	s3Reserved  = pattern.New(`^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|--x-s3|--table-s3)$`)
	gcsReserved = pattern.New(`^goog|google|g00gle|go0gle|g0ogle`)
)

// checkOn checks the name of a bucket that is made by the rules of its cloud.
func (b *Bucket) checkOn(p *Platform, report func(at Path, format string, args ...any)) {
	if why := nameOn(p.Cloud, b.Name); why != "" && b.Name != "" && b.Existing == "" {
		report(At("name"), "%q %s, which cloud %q does not allow: choose another name", b.Name, why, p.Cloud)
	}
}

// nameOn says why no bucket of a cloud can have a name, or "". Sources: the naming
// rules of S3 and Cloud Storage buckets and of Azure containers.
func nameOn(cloud, name string) string {
	switch {
	case cloud != "aws" && cloud != "google" && cloud != "azure":
		return ""
	case len(name) < 3:
		return "has fewer than 3 characters"
	case cloud == "aws" && s3Reserved.MatchString(name):
		return "has a start or an end that AWS keeps for itself"
	case cloud == "google" && gcsReserved.MatchString(name):
		return "starts with goog or holds a form of google"
	case cloud == "azure" && strings.Contains(name, "--"):
		return "has two dashes in a row"
	}
	return ""
}
