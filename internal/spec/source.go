package spec

import (
	"net/url"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
)

var (
	gitRevision = pattern.New(`^[A-Za-z0-9_][A-Za-z0-9_./+-]*$`)
	lakeFSName  = pattern.New(`^[a-z0-9][a-z0-9-]{2,62}$`) // swagger.yml of lakeFS 1.80
	lakeFSRef   = pattern.New(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)
)

// Source is the name of the dataset's kind: the attribute that says where it is.
func (d *Dataset) Source() string {
	switch {
	case d.DVC != nil:
		return "dvc"
	case d.LakeFS != nil:
		return "lakefs"
	case d.Bucket != nil:
		return "bucket"
	default:
		return "local"
	}
}

// Pinned reports whether a file of Git says which bytes the dataset is: a revision and
// a reference are names, which can come to mean other data.
func (d *Dataset) Pinned() bool { return d.DVC != nil || d.LakeFS != nil }

// Store is the bucket that the data is in, or "".
func (d *Dataset) Store() (bucket string, at Path) {
	switch {
	case d.DVC != nil:
		return d.DVC.Bucket, At("dvc", "bucket")
	case d.Bucket != nil:
		return d.Bucket.Name, At("bucket", "name")
	default:
		return "", nil
	}
}

// Place is where the objects are in the bucket: DVC's below a folder of their own.
func (d *Dataset) Place() string {
	switch {
	case d.DVC != nil:
		return "dvc"
	case d.LakeFS != nil:
		return strings.TrimSuffix(d.LakeFS.Path, "/")
	case d.Bucket != nil:
		return strings.TrimSuffix(d.Bucket.Prefix, "/")
	default:
		return ""
	}
}

// Address is the URI of what a dataset's bucket holds, or its lakeFS address. A bucket
// that is a volume in the cluster has none.
func (p *Project) Address(d *Dataset) string {
	if d.LakeFS != nil {
		return "lakefs://" + d.LakeFS.Repository + "/" + d.LakeFS.Ref + "/" + d.LakeFS.Path
	}
	name, _ := d.Store()
	uri := p.BucketURI(name)
	if scheme, _, _ := strings.Cut(uri, "://"); slices.Contains([]string{"s3", "gs", "abfss"}, scheme) {
		return uri + "/" + d.Place()
	}
	return ""
}

// Reads lists the datasets that the steps of a pipeline read, by name.
func (p *Project) Reads(pl *Pipeline) []*Dataset {
	names := map[string]bool{}
	pl.read(names)
	var out []*Dataset
	for _, name := range sorted(names) {
		if d := p.Dataset(name); d != nil {
			out = append(out, d)
		}
	}
	return out
}

// Read lists the datasets that some pipeline reads, by name.
func (p *Project) Read() []*Dataset {
	names := map[string]bool{}
	for _, pl := range p.Pipelines {
		pl.read(names)
	}
	return slices.DeleteFunc(slices.Clone(p.Datasets), func(d *Dataset) bool { return !names[d.Name] })
}

// read adds the names of the datasets that a pipeline's steps read.
func (pl *Pipeline) read(names map[string]bool) {
	for _, s := range pl.Steps {
		for _, from := range s.Inputs {
			if name, dataset := strings.CutPrefix(from, "dataset."); dataset {
				names[name] = true
			}
		}
	}
}

func (s *DVCSource) check(c *checker, at Path) {
	c.required(at.Attr("bucket"), s.Bucket)
	c.relative(at.Attr("path"), s.Path)
	if strings.HasSuffix(s.Path, ".dvc") {
		c.fault(at.Attr("path"), "%q names the pointer: name the data, which dvc add was called with, below data/", s.Path)
	}
	if c.required(at.Attr("revision"), s.Revision) && (!gitRevision.MatchString(s.Revision) || strings.Contains(s.Revision, "..") || strings.Contains(s.Revision, "//")) {
		c.fault(at.Attr("revision"), "%q must be a tag, branch or commit of the emitted repository, such as v1.4", s.Revision)
	}
}

func (s *LakeFSSource) check(c *checker, at Path) {
	if c.required(at.Attr("endpoint"), s.Endpoint) {
		c.address(at.Attr("endpoint"), s.Endpoint)
		if u, err := url.Parse(s.Endpoint); err == nil && u.User != nil {
			c.fault(at.Attr("endpoint"), "must not name a user: pods read LAKECTL_CREDENTIALS_ACCESS_KEY_ID from their environment; set credentials")
		}
	}
	if c.required(at.Attr("repository"), s.Repository) {
		c.form(at.Attr("repository"), s.Repository, lakeFSName, "payments: 3 to 63 lower-case letters, digits and dashes")
	}
	if c.required(at.Attr("ref"), s.Ref) {
		c.form(at.Attr("ref"), s.Ref, lakeFSRef, "main, v1.4 or a commit: a branch, tag or commit of lakeFS")
	}
	c.prefix(at.Attr("path"), s.Path)
	if s.Credentials != nil {
		s.Credentials.check(c, at.Attr("credentials"))
	}
	for _, name := range LakeFSVariables {
		if s.Credentials == nil || s.Credentials.Keys[name] == "" {
			c.warn(at.Attr("credentials"), "lakeFS: its clients read %s: name the secret's keys in credentials, or set the variables where the pipeline's programs run", strings.Join(LakeFSVariables, " and "))
			return
		}
	}
}

// LakeFSVariables are those that lakeFS's own command line signs in with.
var LakeFSVariables = []string{"LAKECTL_CREDENTIALS_ACCESS_KEY_ID", "LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY"}

func (s *BucketSource) check(c *checker, at Path) {
	c.required(at.Attr("name"), s.Name)
	c.prefix(at.Attr("prefix"), s.Prefix)
}

// prefix checks a path of objects, with or without a slash at its end.
func (c *checker) prefix(at Path, path string) { c.relative(at, strings.TrimSuffix(path, "/")) }

// check is of what stands in credentials, wherever they are.
func (given *Credentials) check(c *checker, at Path) {
	c.required(at.Attr("secret"), given.Secret)
	for _, env := range sorted(given.Keys) {
		if !envForm.MatchString(env) {
			c.misplaced(at.Attr("keys").Key(env), "%q is not the name of an environment variable", env)
		}
	}
}

func (l *linker) dataset(d *Dataset) {
	if bucket, at := d.Store(); bucket != "" {
		l.refer(d, at, KindBucket, bucket)
	}
	if d.LakeFS != nil && d.LakeFS.Credentials != nil {
		l.refer(d, At("lakefs", "credentials", "secret"), KindSecret, d.LakeFS.Credentials.Secret)
	}
}

// reads checks that the pods of a pipeline reach a dataset.
func (l *linker) reads(pl *Pipeline, at Path, name string) {
	d := l.p.Dataset(name)
	bucket, _ := d.Store()
	if store := l.p.Store(pl.Artifacts); l.p.Bucket(bucket) != nil && l.p.Address(d) == "" && store.Name != bucket {
		l.fault(pl, at, "dataset %q is in bucket %q, which is a volume on cloud %q, and the pods of a pipeline mount one, %q: set artifacts = %q, or copy the data", name, bucket, l.p.Platform.Cloud, store.Name, bucket)
	}
	if d.LakeFS != nil && d.LakeFS.Credentials != nil && l.p.Secret(d.LakeFS.Credentials.Secret) != nil {
		l.reaches(d, At("lakefs", "credentials", "secret"), d.LakeFS.Credentials.Secret)
	}
}
