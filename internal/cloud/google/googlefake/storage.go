package googlefake

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Bucket is a bucket as the API shows it. That of another project is not shown.
type Bucket struct {
	Meta    map[string]any
	Policy  Policy
	Objects []Object
	Foreign bool
	// Elsewhere is a bucket of another project that may be read.
	Elsewhere bool
	Seeded    bool // made by a test, and not counted
	Closed    bool // its policy may not be read
}

// Object is one version of an object.
type Object struct {
	Name       string `json:"name"`
	Generation string `json:"generation"`
}

var storageRoles = regexp.MustCompile(`^roles/storage\.(legacyBucketOwner|legacyBucketReader|legacyObjectReader|objectViewer|objectCreator|objectUser|objectAdmin|admin)$`)

// NewBucket is a bucket that a test has made, as another tool would: without settings of
// ours, and with the bindings that each bucket starts with.
func NewBucket(name string) *Bucket {
	return &Bucket{Seeded: true, Meta: map[string]any{"name": name, "location": "EUROPE-WEST1"}, Policy: Policy{Etag: "CAE=", Version: 1, Bindings: []Binding{
		{Role: "roles/storage.legacyBucketOwner", Members: []string{"projectEditor:" + Project, "projectOwner:" + Project}},
		{Role: "roles/storage.legacyBucketReader", Members: []string{"projectViewer:" + Project}},
	}}}
}

func (f *Fake) serveStorage(c call) (any, *refusal) {
	if c.id == "storage.buckets.insert" {
		return f.insert(c)
	}
	if c.id == "storage.buckets.list" {
		return f.listBuckets(c)
	}
	b, there := f.Buckets[c.path["bucket"]]
	switch {
	case !there:
		return nil, absent("The specified bucket does not exist.")
	case b.Foreign:
		return nil, refuse(http.StatusForbidden, "", "forbidden", "somebody@acme.example does not have %s access to the Google Cloud Storage bucket. Permission '%s' denied on resource (or it may not exist).", c.id, c.id)
	}
	switch c.id {
	case "storage.buckets.get":
		return b.Meta, nil
	case "storage.buckets.patch":
		for _, fixed := range []string{"location", "name"} {
			if value, there := c.body[fixed]; there && value != b.Meta[fixed] {
				return nil, refuse(http.StatusBadRequest, "", "invalid", "The %s of a bucket cannot be changed.", fixed)
			}
		}
		merge(b.Meta, c.body)
		b.defaults()
		return b.Meta, nil
	case "storage.buckets.delete":
		if len(b.Objects) > 0 {
			return nil, refuse(http.StatusConflict, "", "conflict", "The bucket you tried to delete is not empty.")
		}
		delete(f.Buckets, c.path["bucket"])
		return nil, nil
	case "storage.buckets.getIamPolicy":
		if b.Closed {
			return nil, refuse(http.StatusForbidden, "", "forbidden", "somebody@acme.example does not have storage.buckets.getIamPolicy access.")
		}
		return b.Policy.show(c.query("optionsRequestedPolicyVersion"))
	case "storage.buckets.setIamPolicy":
		var no *refusal
		b.Policy, no = f.replace(b.Policy, c.body, storageRoles, func() *refusal {
			return refuse(http.StatusPreconditionFailed, "", "conditionNotMet", "At least one of the pre-conditions you specified did not hold.")
		})
		return b.Policy, no
	case "storage.objects.list":
		return f.listObjects(c, b)
	case "storage.objects.delete":
		return nil, b.remove(c)
	}
	f.tb.Errorf("the fake does not have %s", c.id)
	return nil, absent("%s", c.id)
}

func (f *Fake) insert(c call) (any, *refusal) {
	name, _ := c.body["name"].(string)
	if b, there := f.Buckets[name]; there {
		text := "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again."
		if !b.Foreign && !b.Elsewhere {
			text = "Your previous request to create the named bucket succeeded and you already own it."
		}
		return nil, refuse(http.StatusConflict, "", "conflict", "%s", text)
	}
	if project := c.query("project"); project != Project {
		return nil, refuse(http.StatusBadRequest, "", "invalid", "Unknown project id: %s", project)
	}
	b := NewBucket(name)
	b.Seeded, b.Meta = false, merge(map[string]any{"location": "US", "storageClass": "STANDARD"}, c.body)
	b.defaults()
	for n := range f.Fill {
		b.Objects = append(b.Objects, Object{Name: fmt.Sprintf("m/%d", n/2), Generation: fmt.Sprint(100 + n)})
	}
	f.Buckets[name] = b
	return b.Meta, nil
}

// defaults are what the cloud adds to a bucket by itself.
func (b *Bucket) defaults() {
	b.Meta["kind"], b.Meta["etag"], b.Meta["metageneration"] = "storage#bucket", "CAI=", "1"
	if location, _ := b.Meta["location"].(string); location != "" {
		b.Meta["location"] = strings.ToUpper(location)
	}
	if _, there := b.Meta["softDeletePolicy"]; !there {
		b.Meta["softDeletePolicy"] = map[string]any{"retentionDurationSeconds": "604800"}
	}
	if logging, there := b.Meta["logging"].(map[string]any); there && logging["logObjectPrefix"] == nil {
		logging["logObjectPrefix"] = b.Meta["name"]
	}
	config, _ := b.Meta["iamConfiguration"].(map[string]any)
	b.Meta["iamConfiguration"] = merge(map[string]any{"publicAccessPrevention": "inherited", "uniformBucketLevelAccess": map[string]any{"enabled": false}}, config)
}

func (f *Fake) listBuckets(c call) (any, *refusal) {
	var names []string
	for name, b := range f.Buckets {
		if !b.Foreign && !b.Elsewhere && strings.HasPrefix(name, c.query("prefix")) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	page, next := paged(names, c.query("pageToken"), f.Page)
	items := []any{}
	for _, name := range page {
		items = append(items, f.Buckets[name].Meta)
	}
	return map[string]any{"kind": "storage#buckets", "items": items, "nextPageToken": next}, nil
}

func (f *Fake) listObjects(c call, b *Bucket) (any, *refusal) {
	items := b.Objects
	if c.query("versions") != "true" {
		seen := map[string]Object{}
		for _, o := range b.Objects {
			seen[o.Name] = o
		}
		items = nil
		for _, o := range seen {
			items = append(items, o)
		}
	}
	page, next := paged(items, c.query("pageToken"), f.Page)
	return map[string]any{"kind": "storage#objects", "items": append([]Object{}, page...), "nextPageToken": next}, nil
}

// remove deletes a version. Without one a versioned bucket keeps the object as an old one.
func (b *Bucket) remove(c call) *refusal {
	for i, o := range b.Objects {
		if o.Name == c.path["object"] && o.Generation == c.query("generation") {
			b.Objects = slices.Delete(b.Objects, i, i+1)
			return nil
		}
	}
	return absent("No such object: %s", c.path["object"])
}

// paged is one page of a list. The token counts from the end, so that it stays right while
// entries of earlier pages are deleted.
func paged[T any](items []T, token string, size int) ([]T, string) {
	left, err := strconv.Atoi(token)
	if err != nil {
		left = len(items)
	}
	from := max(0, len(items)-left)
	to := min(len(items), from+size)
	if to == len(items) {
		return items[from:to], ""
	}
	return items[from:to], fmt.Sprint(len(items) - to)
}
