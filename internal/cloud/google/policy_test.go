package google_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/google"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// permissions of the roles that may be granted, as far as access to values goes. They are
// Google's own lists, which have reading of metadata besides.
var permissions = map[string][]string{
	"roles/storage.objectViewer":         {"storage.objects.get", "storage.objects.list"},
	"roles/storage.objectCreator":        {"storage.objects.create"},
	"roles/secretmanager.secretAccessor": {"secretmanager.versions.access"},
}

// request is what somebody asks of Google Cloud. An overwrite asks for create and delete.
type request struct {
	principal, permission string
	resource              string // that bindings are on
	name                  string // resource.name in conditions
	service               string
	prefix                string // of a list
}

type document struct {
	Bindings []struct {
		Resource, Role string
		Members        []string
		Condition      struct{ Title, Expression string }
	}
}

func (d document) allows(t *testing.T, r request) bool {
	t.Helper()
	for _, b := range d.Bindings {
		has := func(list []string, what string) bool {
			return strings.Contains("|"+strings.Join(list, "|")+"|", "|"+what+"|")
		}
		if b.Resource == r.resource && has(b.Members, r.principal) && has(permissions[b.Role], r.permission) && holds(t, b.Condition.Expression, r) {
			return true
		}
	}
	return false
}

var (
	starts = regexp.MustCompile(`^(resource\.name|api\.getAttribute\("storage\.googleapis\.com/objectListPrefix", ""\))\.startsWith\(("(?:[^"\\]|\\.)*")\)$`)
	equals = regexp.MustCompile(`^resource\.service == ("(?:[^"\\]|\\.)*")$`)
)

// holds evaluates the forms of expressions that the driver writes, and no others.
func holds(t *testing.T, expression string, r request) bool {
	t.Helper()
	for term := range strings.SplitSeq(expression, " || ") {
		if m := starts.FindStringSubmatch(term); m != nil {
			subject, text := r.prefix, m[2]
			if m[1] == "resource.name" {
				subject = r.name
			}
			prefix, err := strconv.Unquote(text)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if m[1] != "resource.name" && r.permission != "storage.objects.list" && prefix == "" {
				continue // the attribute is that of lists
			}
			if strings.HasPrefix(subject, prefix) {
				return true
			}
		} else if m := equals.FindStringSubmatch(term); m != nil {
			if service, _ := strconv.Unquote(m[1]); service == r.service {
				return true
			}
		} else {
			t.Fatalf("an expression of an unknown form: %s", term)
		}
	}
	return false
}

const me = "principal://iam.googleapis.com/projects/42/locations/global/workloadIdentityPools/acme-ml.svc.id.goog/subject/ns/training/sa/trainer"

func object(permission, bucket, name string) request {
	return request{me, permission, "//storage.googleapis.com/projects/_/buckets/" + bucket, "projects/_/buckets/" + bucket + "/objects/" + name, "storage.googleapis.com", ""}
}

func list(bucket, prefix string) request {
	return request{me, "storage.objects.list", "//storage.googleapis.com/projects/_/buckets/" + bucket, "projects/_/buckets/" + bucket, "storage.googleapis.com", prefix}
}

func access(secret string) request {
	return request{me, "secretmanager.versions.access", "//secretmanager.googleapis.com/" + secret, "projects/42/secrets/x/versions/1", "secretmanager.googleapis.com", ""}
}

func as(who string, r request) request { r.principal = who; return r }

func TestPolicy_isTheLeast(t *testing.T) {
	t.Parallel()
	cfg := config(nil)
	cfg.ProjectNumber = "42"
	text, err := google.New(cfg).Policy(trainer("trainer",
		bucketGrant("read", "acme-data", "raw"), bucketGrant("write", "acme-models", `chu"rn\/`), bucketGrant("read", "acme-whole", ""), secretGrant(tracker)))
	if err != nil {
		t.Fatal(err)
	}
	var d document
	if err := json.Unmarshal([]byte(text), &d); err != nil || len(d.Bindings) != 5 {
		t.Fatalf("%d bindings, %v: %s", len(d.Bindings), err, text)
	}
	for name, tt := range map[string]struct {
		request
		want bool
	}{
		"read":                          {object("storage.objects.get", "acme-data", "raw/a.csv"), true},
		"list":                          {list("acme-data", "raw/2026/"), true},
		"list of the prefix":            {list("acme-data", "raw/"), true},
		"read of a sibling":             {object("storage.objects.get", "acme-data", "rawest/a.csv"), false},
		"read of another prefix":        {object("storage.objects.get", "acme-data", "clean/a.csv"), false},
		"list of everything":            {list("acme-data", ""), false},
		"list of a sibling":             {list("acme-data", "raw"), false},
		"write where reading":           {object("storage.objects.create", "acme-data", "raw/a.csv"), false},
		"another bucket":                {object("storage.objects.get", "acme-spare", "raw/a.csv"), false},
		"bucket with a longer name":     {object("storage.objects.get", "acme-data-2", "raw/a.csv"), false},
		"write":                         {object("storage.objects.create", "acme-models", `chu"rn\/m`), true},
		"read where writing":            {object("storage.objects.get", "acme-models", `chu"rn\/m`), true},
		"write beside":                  {object("storage.objects.create", "acme-models", "fraud/m"), false},
		"deletion, and so an overwrite": {object("storage.objects.delete", "acme-models", `chu"rn\/m`), false},
		"metadata":                      {object("storage.objects.update", "acme-models", `chu"rn\/m`), false},
		"policy":                        {object("storage.buckets.setIamPolicy", "acme-models", ""), false},
		"whole bucket":                  {object("storage.objects.get", "acme-whole", "any"), true},
		"list of the whole bucket":      {list("acme-whole", ""), true},
		"write to the whole bucket":     {object("storage.objects.create", "acme-whole", "any"), false},
		"secret":                        {access(tracker), true},
		"another secret":                {access(other), false},
		"secret of a longer name":       {access(tracker + "-2"), false},
		"another service account":       {as(strings.Replace(me, "sa/trainer", "sa/other", 1), object("storage.objects.get", "acme-data", "raw/a.csv")), false},
		"another namespace":             {as(strings.Replace(me, "ns/training", "ns/staging", 1), access(tracker)), false},
	} {
		if got := d.allows(t, tt.request); got != tt.want {
			t.Errorf("%s: allowed is %v, want %v", name, got, tt.want)
		}
	}
	if strings.Contains(text, "*") {
		t.Errorf("a wildcard is in %s", text)
	}
}

func TestPolicy_isCanonical(t *testing.T) {
	t.Parallel()
	cfg := config(nil)
	cfg.ProjectNumber = "42"
	a, b := bucketGrant("write", "acme-data", "raw/"), secretGrant(tracker)
	first, err := google.New(cfg).Policy(trainer("trainer", a, b))
	second, err2 := google.New(cfg).Policy(trainer("trainer", b, a, a))
	if err != nil || err2 != nil || first != second {
		t.Errorf("%v, %v:\n%s\n%s", err, err2, first, second)
	}
	_, err = google.New(cfg).Policy(trainer("trainer", cloud.Grant{Access: "read", Secret: &spec.Secret{Name: "new"}}))
	if fmt.Sprint(err) != "secret new: known after apply" {
		t.Errorf("a secret without a name: %v", err)
	}
}

func TestGrants_moreThanConditions(t *testing.T) {
	t.Parallel()
	var many []cloud.Grant
	for n := range 21 {
		many = append(many, bucketGrant("write", "acme-data", fmt.Sprintf("p%d/", n)))
	}
	c, _ := opened(t)
	if _, err := c.Identities.Plan.Settings(trainer("a", many[:20]...)); err != nil {
		t.Errorf("twenty of each role: %v", err)
	}
	if _, err := c.Identities.Plan.Settings(trainer("a", many...)); err == nil || !strings.Contains(err.Error(), "grant a common prefix") {
		t.Errorf("got %v", err)
	}
}
