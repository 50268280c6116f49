package google

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"google.golang.org/api/storage/v1"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// The roles that are granted, and no others. None of them deletes or overwrites: who writes
// an object that is there needs storage.objects.delete.
const (
	roleRead   = "roles/storage.objectViewer"
	roleWrite  = "roles/storage.objectCreator"
	roleSecret = "roles/secretmanager.secretAccessor"
)

// most is how many conditions Google takes for one role and principal in a policy.
const most = 20

// place is what bindings are on: a bucket, or a secret.
type place struct {
	setting string // its name among the settings
	bucket  string
	secret  string // projects/P/secrets/NAME
}

// resource is what the place is called in documents.
func (p place) resource() string {
	if p.bucket != "" {
		return "//storage.googleapis.com/projects/_/buckets/" + p.bucket
	}
	return "//secretmanager.googleapis.com/" + p.secret
}

// rule is a role under a condition.
type rule struct {
	Role       string `json:"role"`
	Expression string `json:"condition"`
}

// granted are the rules on each place.
type granted struct {
	places   []place
	rules    map[place][]rule
	existing map[place]bool // buckets that nobody made here
	later    []string       // settings of secrets whose name only their store knows yet
}

var secretForm = pattern.New(`^projects/[^/]+/secrets/[^/]+$`)

// grants are the rules of an identity. A secret in another store is that store's to guard.
func grants(i cloud.Identity) (granted, error) {
	out := granted{rules: map[place][]rule{}, existing: map[place]bool{}}
	for n, g := range i.Grants {
		if err := out.add(i, g); err != nil {
			return out, fmt.Errorf("grant %d: %w", n+1, err)
		}
	}
	for p, rules := range out.rules {
		slices.SortFunc(rules, func(a, b rule) int { return strings.Compare(a.Role+a.Expression, b.Role+b.Expression) })
		out.rules[p] = slices.Compact(rules)
		if n := conditions(out.rules[p]); n > most {
			return out, fmt.Errorf("%s: %d prefixes are more than the %d conditions that Google Cloud takes: grant a common prefix", p.setting, n, most)
		}
	}
	slices.SortFunc(out.places, func(a, b place) int { return strings.Compare(a.setting, b.setting) })
	slices.Sort(out.later)
	out.later = slices.Compact(out.later)
	return out, nil
}

// conditions is how many the role has that has the most: each role is counted by itself.
func conditions(rules []rule) (n int) {
	of := map[string]int{}
	for _, r := range rules {
		of[r.Role]++
		n = max(n, of[r.Role])
	}
	return n
}

// elsewhere are the granted places that no search of the project finds: buckets that exist,
// which may be of another project, and secrets of one.
func (o *granted) elsewhere(project string) string {
	out := []string{}
	for _, p := range o.places {
		if o.existing[p] || (p.secret != "" && !strings.HasPrefix(p.secret, "projects/"+project+"/")) {
			out = append(out, p.resource())
		}
	}
	return canonical(out)
}

func (o *granted) add(i cloud.Identity, g cloud.Grant) error {
	switch {
	case g.Secret != nil && g.Secret.Existing != "":
		return nil // an object of the cluster, which is not in a store
	case g.Secret != nil && store(i, g) != "google_secret_manager":
		return nil
	case g.Secret != nil && g.Reference == "":
		o.later = append(o.later, "secret "+g.Secret.Name)
		return nil
	case g.Secret != nil && !secretForm.MatchString(g.Reference):
		return fmt.Errorf("secret %q: %q is not of the form projects/PROJECT/secrets/NAME", g.Secret.Name, g.Reference)
	case g.Secret != nil:
		o.put(place{setting: "secret " + g.Secret.Name, secret: g.Reference}, rule{roleSecret, anySecret})
		return nil
	case g.Bucket == nil:
		return fmt.Errorf("it names no bucket and no secret")
	}
	name, prefix, err := objects(g)
	if err != nil {
		return err
	}
	p := place{setting: "bucket " + name, bucket: name}
	o.existing[p] = o.existing[p] || g.Bucket.Existing != ""
	o.put(p, rule{roleRead, below(name, prefix) + " || " + listing(prefix)})
	if g.Access == "write" {
		o.put(p, rule{roleWrite, below(name, prefix)})
	}
	return nil
}

func (o *granted) put(p place, r rule) {
	if _, there := o.rules[p]; !there {
		o.places = append(o.places, p)
	}
	o.rules[p] = append(o.rules[p], r)
}

// store is the type of the store that holds a granted secret.
func store(i cloud.Identity, g cloud.Grant) string {
	if g.Secret.Store != nil {
		return g.Secret.Store.Type
	}
	return i.On.Platform.SecretStore
}

// objects are the bucket and the prefix that a grant names. A bucket that exists may be of
// another cloud, or a prefix of its own.
func objects(g cloud.Grant) (name, prefix string, err error) {
	uri := g.Bucket.URI("google", "")
	parsed, err := url.Parse(uri)
	if err != nil || parsed.Scheme != "gs" || parsed.Host == "" {
		return "", "", fmt.Errorf("%w: the bucket %q is at %s, and Google Cloud grants access to its own buckets only", cloud.ErrUnsupported, g.Bucket.Name, uri)
	}
	prefix = strings.TrimPrefix(parsed.Path, "/")
	if prefix != "" {
		prefix = strings.TrimSuffix(prefix, "/") + "/"
	}
	if prefix += g.Prefix; prefix != "" && !strings.HasSuffix(prefix, "/") {
		prefix += "/" // raw is no grant of rawest
	}
	return parsed.Host, prefix, nil
}

// anySecret holds for whatever is in Secret Manager; the binding is on one secret. It is
// there because only a condition has a title, by which the binding is found again.
const anySecret = `resource.service == "secretmanager.googleapis.com"`

// below is the condition that an object's name begins with a prefix.
func below(bucket, prefix string) string {
	return "resource.name.startsWith(" + literal("projects/_/buckets/"+bucket+"/objects/"+prefix) + ")"
}

// listing is the condition that a list is asked for with a prefix. A list is asked of the
// bucket, so that the name of an object says nothing of it.
func listing(prefix string) string {
	return `api.getAttribute("storage.googleapis.com/objectListPrefix", "").startsWith(` + literal(prefix) + ")"
}

// literal is a text of the Common Expression Language, which has the escapes of JSON.
func literal(text string) string {
	var out strings.Builder
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(text)
	return strings.TrimSuffix(out.String(), "\n")
}

// mark is the title of an identity's bindings: by it they are known as ours. The project is
// in it, as two projects may have platforms of one name that read the same bucket.
func (d dialect) mark(i cloud.Identity) string {
	const size = 100 // of a title, google.type.Expr in IAM
	title := "mlops " + d.project + "/" + i.On.Platform.Name + "/" + i.Name
	if len(title) > size {
		title = title[:size-9] + "-" + spec.Hash(title)[:8]
	}
	return title
}

// bindings are the rules of a place as a policy has them.
func (d dialect) bindings(i cloud.Identity, principal string, rules []rule) []*storage.PolicyBindings {
	var out []*storage.PolicyBindings
	for _, r := range rules {
		out = append(out, &storage.PolicyBindings{
			Role: r.Role, Members: []string{principal},
			Condition: &storage.Expr{Title: d.mark(i), Description: "Managed by " + cloud.Manager + ".", Expression: r.Expression},
		})
	}
	return out
}
