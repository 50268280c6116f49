package spec

import (
	"slices"
	"strings"
)

// Bucket is a place for artefacts: private, versioned and encrypted, always.
type Bucket struct {
	Platform     Ref             `json:"platform" ref:"platform"`
	Name         string          `json:"name"`
	Lifecycle    []LifecycleRule `json:"lifecycle,omitempty"`
	KMSKey       string          `json:"kms_key,omitempty" text:"filled"`
	ForceDestroy bool            `json:"force_destroy,omitempty"`
	Existing     string          `json:"existing,omitempty" text:"filled"`
	// AccessLogs names a bucket that requests are logged to; SoftDeleteDays how long what
	// was deleted can be brought back, where the cloud has that.
	AccessLogs     *AccessLogs `json:"access_logs,omitempty"`
	SoftDeleteDays int64       `json:"soft_delete_days,omitempty"`
}

// AccessLogs is where the requests to a bucket are logged.
type AccessLogs struct {
	Bucket string `json:"bucket" ref:"bucket"`
	Prefix string `json:"prefix,omitempty"`
}

// LifecycleRule deletes old objects.
type LifecycleRule struct {
	Prefix                    string `json:"prefix,omitempty"`
	ExpireAfterDays           int64  `json:"expire_after_days,omitempty"`
	NoncurrentExpireAfterDays int64  `json:"noncurrent_expire_after_days,omitempty"`
}

// Kind is KindBucket.
func (*Bucket) Kind() Kind { return KindBucket }

// ID is the bucket's name.
func (b *Bucket) ID() string { return b.Name }

func (*Bucket) complete() {}

func (b *Bucket) checkValues(c *checker) {
	c.host(At("name"), b.Name, 63)
	c.required(At("platform"), string(b.Platform))
	if b.AccessLogs != nil {
		if c.required(At("access_logs", "bucket"), b.AccessLogs.Bucket) && b.AccessLogs.Bucket == b.Name && c.knows(At("name")) {
			c.fault(At("access_logs", "bucket"), "is the bucket itself, which would log its own logs: name another bucket")
		}
	}
	if n := b.SoftDeleteDays; n != 0 && (n < 7 || n > 90) {
		c.fault(At("soft_delete_days"), "%d must be from 7 to 90", n)
	}
	b.checkLifecycle(c)
}

func (b *Bucket) checkLifecycle(c *checker) {
	for i, r := range b.Lifecycle {
		at := At("lifecycle").Index(i)
		if strings.HasPrefix(r.Prefix, "/") || strings.Contains(r.Prefix, "*") {
			c.fault(at.Attr("prefix"), "%q must be the start of object names, such as tmp/: they begin without a slash, and a prefix has no wildcards", r.Prefix)
		}
		days, noncurrent := at.Attr("expire_after_days"), at.Attr("noncurrent_expire_after_days")
		if r.ExpireAfterDays < 0 {
			c.fault(days, "%d must not be negative", r.ExpireAfterDays)
		}
		if r.NoncurrentExpireAfterDays < 0 {
			c.fault(noncurrent, "%d must not be negative", r.NoncurrentExpireAfterDays)
		}
		if r.ExpireAfterDays == 0 && r.NoncurrentExpireAfterDays == 0 && c.knows(days, noncurrent) {
			c.misplaced(at, "the rule does nothing: set expire_after_days or noncurrent_expire_after_days")
		}
	}
}

func (*Bucket) checkWhole(*checker) {}

// Dataset is a pinned body of data: exactly one of the sources is set.
type Dataset struct {
	Name    string            `json:"name"`
	DVC     *DVCSource        `json:"dvc,omitempty"`
	LakeFS  *LakeFSSource     `json:"lakefs,omitempty"`
	Bucket  *BucketSource     `json:"bucket,omitempty"`
	Local   *LocalSource      `json:"local,omitempty"`
	Columns map[string]Column `json:"columns,omitempty"`
}

// DVCSource is what `dvc add data/<path>` made in the emitted repository, whose DVC
// remote is the bucket, at a revision of Git.
type DVCSource struct {
	Bucket   string `json:"bucket" ref:"bucket"`
	Path     string `json:"path"`
	Revision string `json:"revision"`
}

// LakeFSSource is a path at a reference of a lakeFS repository.
type LakeFSSource struct {
	Endpoint   string `json:"endpoint"`
	Repository string `json:"repository"`
	Ref        string `json:"ref"`
	Path       string `json:"path"`
	// Credentials hold LakeFSVariables.
	Credentials *Credentials `json:"credentials,omitempty"`
}

// BucketSource is a prefix of a bucket.
type BucketSource struct {
	Name   string `json:"name" ref:"bucket"`
	Prefix string `json:"prefix"`
}

// LocalSource is a file below the emitted repository's root.
type LocalSource struct {
	Path string `json:"path"`
}

// Column is what the data-quality gate expects of one column.
type Column struct {
	Type     string   `json:"type"`
	Min      Number   `json:"min,omitempty"`
	Max      Number   `json:"max,omitempty"`
	Nullable *bool    `json:"nullable"`
	Values   []string `json:"values,omitempty"`
}

// Kind is KindDataset.
func (*Dataset) Kind() Kind { return KindDataset }

// ID is the dataset's name.
func (d *Dataset) ID() string { return d.Name }

func (d *Dataset) complete() {
	for name, column := range d.Columns {
		if column.Nullable == nil {
			column.Nullable = ptr(false)
			d.Columns[name] = column
		}
	}
}

func (d *Dataset) checkValues(c *checker) {
	c.label(At("name"), d.Name, 40)
	if d.DVC != nil {
		d.DVC.check(c, At("dvc"))
	}
	if d.LakeFS != nil {
		d.LakeFS.check(c, At("lakefs"))
	}
	if d.Bucket != nil {
		d.Bucket.check(c, At("bucket"))
	}
	if d.Local != nil {
		c.relative(At("local", "path"), d.Local.Path)
	}
	for _, name := range sorted(d.Columns) {
		d.Columns[name].check(c, At("columns").Key(name))
	}
}

func (col Column) check(c *checker, at Path) {
	if c.required(at.Attr("type"), col.Type) {
		c.choice(at.Attr("type"), "column", col.Type)
	}
	numeric := col.Type == "number" || col.Type == "integer"
	for _, bound := range []struct {
		attr  string
		value Number
	}{{"min", col.Min}, {"max", col.Max}} {
		if !numeric && bound.value != "" && c.knows(at.Attr("type")) {
			c.fault(at.Attr(bound.attr), "min and max need a column of type number or integer")
		}
	}
	if col.Min != "" && col.Max != "" && col.Min.Cmp(col.Max) > 0 {
		c.fault(at.Attr("min"), "%s is above max %s", col.Min, col.Max)
	}
	for i, v := range col.Values {
		if why := notOf(col.Type, v); why != "" {
			c.fault(at.Attr("values").Index(i), "%q is not %s", v, why)
		}
	}
}

func (d *Dataset) checkWhole(c *checker) {
	var set []string
	for _, source := range []struct {
		attr string
		set  bool
	}{{"dvc", d.DVC != nil}, {"lakefs", d.LakeFS != nil}, {"bucket", d.Bucket != nil}, {"local", d.Local != nil}} {
		if source.set {
			set = append(set, source.attr)
		}
		if !c.knowsKeys(At(source.attr)) {
			return
		}
	}
	if len(set) == 0 {
		c.fault(At("name"), "dataset %q needs exactly one of dvc, lakefs, bucket, local; 0 are set", d.Name)
	}
	if len(set) > 1 {
		c.misplaced(At(set[1]), "dataset %q needs exactly one of dvc, lakefs, bucket, local; %d are set: %s", d.Name, len(set), strings.Join(set, ", "))
	}
}

// notOf says what a text is not when it is no value of a type, or "".
func notOf(kind, text string) string {
	switch {
	case kind == "number" && !isNumber(text):
		return "a number"
	case kind == "integer" && !integerForm.MatchString(text):
		return "a whole number"
	case kind == "boolean" && text != "true" && text != "false":
		return "true or false"
	}
	return ""
}

// relative checks a path inside the repository.
func (c *checker) relative(at Path, path string) {
	if !c.required(at, path) {
		return
	}
	bad := strings.HasPrefix(path, "/") || strings.HasPrefix(path, "-") || strings.ContainsAny(path, "\\\n:*?\"<>|$`'%#{}() ~!&;\t")
	for part := range strings.SplitSeq(path, "/") {
		bad = bad || slices.Contains([]string{"", ".", "..", ".git", ".mlops"}, strings.ToLower(part))
	}
	if bad {
		c.fault(at, "%q must be a plain relative path inside the repository, such as data/transactions.csv", path)
	}
}
