package awsfake

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Bucket is a bucket with its configurations as they were put: XML by the name of the
// sub-resource, and the policy as JSON.
type Bucket struct {
	Region  string
	Configs map[string]string
	// Versions are keys with versions, delete markers among them.
	Versions []Version
	Uploads  []string
	// Slow is how many objects are not deleted when they are asked to be, with the word
	// that the service is busy: in an answer that is 200.
	Slow int
}

// Version is one version of an object.
type Version struct {
	Key, ID string
	Marker  bool
}

// AddBucket makes a bucket of somebody.
func (a *Account) AddBucket(name, region string, configs map[string]string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.buckets[name] = &Bucket{Region: region, Configs: configs}
}

// EditBucket changes a bucket by hand.
func (a *Account) EditBucket(name string, change func(*Bucket)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if b := a.buckets[name]; b != nil {
		change(b)
	}
}

// configs are the sub-resources of a bucket, by what operations call them.
var configs = map[string]struct{ query, missing string }{
	"PublicAccessBlock":            {"publicAccessBlock", "NoSuchPublicAccessBlockConfiguration"},
	"BucketOwnershipControls":      {"ownershipControls", "OwnershipControlsNotFoundError"},
	"BucketVersioning":             {"versioning", ""},
	"BucketEncryption":             {"encryption", "ServerSideEncryptionConfigurationNotFoundError"},
	"BucketPolicy":                 {"policy", "NoSuchBucketPolicy"},
	"BucketLifecycleConfiguration": {"lifecycle", "NoSuchLifecycleConfiguration"},
	"BucketTagging":                {"tagging", "NoSuchTagSet"},
	"BucketLogging":                {"logging", ""},
}

var empties = map[string]string{"versioning": "<VersioningConfiguration/>", "logging": "<BucketLoggingStatus/>"}

func bucketOf(req *http.Request) string {
	if name, _, virtual := strings.Cut(req.URL.Host, ".s3."); virtual {
		return name
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(req.URL.Path, "/"), "/")
	return name
}

// regionOf is the region that a request is signed for.
func regionOf(req *http.Request) string {
	_, scope, _ := strings.Cut(req.Header.Get("Authorization"), "Credential=")
	return strings.Split(scope, "/")[2]
}

func (a *Account) s3(w http.ResponseWriter, req *http.Request, op string, body []byte) *fault {
	name := bucketOf(req)
	b := a.buckets[name]
	w.Header().Set("Content-Type", "application/xml")
	switch {
	case op == "CreateBucket":
		return a.createBucket(w, req, name, body)
	case b == nil:
		return &fault{status: 404, code: "NoSuchBucket", message: "The specified bucket does not exist"}
	case b.Region != regionOf(req) && regionOf(req) == "us-east-1":
		return &fault{status: 400, code: "AuthorizationHeaderMalformed", message: "The authorization header is malformed; the region 'us-east-1' is wrong; expecting '" + b.Region + "'", header: http.Header{"X-Amz-Bucket-Region": {b.Region}}}
	case b.Region != regionOf(req):
		return &fault{status: 301, code: "PermanentRedirect", message: "The bucket you are attempting to access must be addressed using the specified endpoint.", header: http.Header{"X-Amz-Bucket-Region": {b.Region}}}
	case op == "GetBucketLocation":
		location := b.Region
		if location == "us-east-1" {
			location = ""
		}
		fmt.Fprintf(w, `<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">%s</LocationConstraint>`, location)
		return nil
	case op == "DeleteBucket":
		if len(b.Versions)+len(b.Uploads) > 0 { // S3 is content with unfinished uploads, which a driver aborts all the same
			return &fault{status: 409, code: "BucketNotEmpty", message: "The bucket you tried to delete is not empty. You must delete all versions in the bucket."}
		}
		delete(a.buckets, name)
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return a.inBucket(w, req, b, op, body)
}

func (a *Account) inBucket(w http.ResponseWriter, req *http.Request, b *Bucket, op string, body []byte) *fault {
	if c, ok := configs[strings.TrimPrefix(op, "Put")]; ok && strings.HasPrefix(op, "Put") {
		if f := checkConfig(c.query, body); f != nil {
			return f
		}
		b.Configs[c.query] = string(body)
		return nil
	}
	if c, ok := configs[strings.TrimPrefix(op, "Get")]; ok && strings.HasPrefix(op, "Get") {
		text := b.Configs[c.query]
		if text == "" {
			text = empties[c.query]
		}
		if text == "" {
			return &fault{status: 404, code: c.missing, message: "It is not there"}
		}
		if c.query == "policy" {
			text = reordered(text)
		}
		_, _ = w.Write([]byte(text))
		return nil
	}
	switch op {
	case "ListObjectVersions":
		a.listVersions(w, req, b)
	case "ListMultipartUploads":
		a.listUploads(w, req, b)
	case "DeleteObjects":
		return deleteObjects(w, b, body)
	case "AbortMultipartUpload":
		b.Uploads = slices.DeleteFunc(b.Uploads, func(id string) bool { return id == req.URL.Query().Get("uploadId") })
		w.WriteHeader(http.StatusNoContent)
	default:
		return &fault{status: 501, code: "NotImplemented", message: op}
	}
	return nil
}

func (a *Account) createBucket(w http.ResponseWriter, req *http.Request, name string, body []byte) *fault {
	region := regionOf(req)
	if a.buckets[name] != nil && region != "us-east-1" {
		return &fault{status: 409, code: "BucketAlreadyOwnedByYou", message: "Your previous request to create the named bucket succeeded and you already own it."}
	}
	var in struct {
		LocationConstraint string
		Tags               struct {
			Tag []struct{ Key, Value string }
		}
	}
	if err := xml.Unmarshal(body, &in); len(body) > 0 && err != nil {
		return &fault{status: 400, code: "MalformedXML", message: err.Error()}
	}
	if (region == "us-east-1") != (in.LocationConstraint == "") || (in.LocationConstraint != "" && in.LocationConstraint != region) {
		return &fault{status: 400, code: "IllegalLocationConstraintException", message: in.LocationConstraint}
	}
	if a.buckets[name] == nil {
		a.buckets[name] = &Bucket{Region: region, Configs: map[string]string{}}
		if a.Fill != nil {
			a.Fill(a.buckets[name])
		}
	}
	if len(in.Tags.Tag) > 0 {
		var set strings.Builder
		for _, tag := range in.Tags.Tag {
			set.WriteString("<Tag><Key>" + escape(tag.Key) + "</Key><Value>" + escape(tag.Value) + "</Value></Tag>")
		}
		a.buckets[name].Configs["tagging"] = "<Tagging><TagSet>" + set.String() + "</TagSet></Tagging>"
	}
	w.Header().Set("Location", "/"+name)
	return nil
}

// checkConfig refuses what S3 refuses.
func checkConfig(query string, body []byte) *fault {
	if query == "policy" {
		var policy struct {
			Statement []struct{ Sid, Effect string }
		}
		if err := json.Unmarshal(body, &policy); err != nil || len(policy.Statement) == 0 {
			return &fault{status: 400, code: "MalformedPolicy", message: "Policies must be valid JSON and the first byte must be '{'"}
		}
		return nil
	}
	if err := xml.Unmarshal(body, &struct{ XMLName xml.Name }{}); err != nil {
		return &fault{status: 400, code: "MalformedXML", message: err.Error()}
	}
	if query == "lifecycle" && bytes.Count(body, []byte("<Rule>")) != bytes.Count(body, []byte("<Filter>")) {
		return &fault{status: 400, code: "MalformedXML", message: "Filter is missing"}
	}
	return nil
}

// reordered is a policy as S3 gives it back: lists of one as texts, statements in
// another order.
func reordered(text string) string {
	var policy map[string]any
	if json.Unmarshal([]byte(text), &policy) != nil {
		return text
	}
	if all, ok := policy["Statement"].([]any); ok {
		slices.Reverse(all)
		for _, s := range all {
			if s, ok := s.(map[string]any); ok {
				for key, value := range s {
					if list, ok := value.([]any); ok && len(list) == 1 {
						s[key] = list[0]
					}
				}
			}
		}
	}
	out, err := json.Marshal(policy)
	if err != nil {
		return text
	}
	return string(out)
}

func escape(text string) string {
	var out bytes.Buffer
	_ = xml.EscapeText(&out, []byte(text))
	return out.String()
}

func quote(text string) string {
	out, _ := json.Marshal(text)
	return string(out)
}
