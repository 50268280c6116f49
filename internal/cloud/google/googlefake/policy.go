package googlefake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// Policy is who may do what with a bucket or a secret.
type Policy struct {
	Version  int       `json:"version,omitempty"`
	Etag     string    `json:"etag,omitempty"`
	Bindings []Binding `json:"bindings,omitempty"`
}

// Binding gives members a role, under a condition when there is one.
type Binding struct {
	Role      string     `json:"role"`
	Members   []string   `json:"members"`
	Condition *Condition `json:"condition,omitempty"`
}

// Condition is an expression of the Common Expression Language.
type Condition struct {
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	Expression  string `json:"expression"`
}

func marked(p Policy) (n int) {
	for _, b := range p.Bindings {
		if b.Condition != nil && strings.HasPrefix(b.Condition.Title, "mlops ") {
			n++
		}
	}
	return n
}

func (p Policy) conditional() bool {
	for _, b := range p.Bindings {
		if b.Condition != nil {
			return true
		}
	}
	return false
}

// show is a policy as it is read with a version.
func (p Policy) show(version string) (any, *refusal) {
	if p.conditional() && version != "3" {
		return nil, refuse(http.StatusBadRequest, "INVALID_ARGUMENT", "invalid", "The policy has conditions: ask for version 3 of it")
	}
	return p, nil
}

// member are the principals that the fake takes: no wildcard is among them.
var member = regexp.MustCompile(`^(user|serviceAccount|group):[^*\s]+@[^*\s]+$|^(projectOwner|projectEditor|projectViewer):[a-z0-9-]+$|^principal://iam\.googleapis\.com/projects/[0-9]+/locations/global/workloadIdentityPools/[a-z0-9.-]+/subject/[^*\s]+$`)

// replace is a policy after it was set. Its etag must be the one that is there.
func (f *Fake) replace(old Policy, set any, roles *regexp.Regexp, conflict func() *refusal) (Policy, *refusal) {
	data, _ := json.Marshal(set)
	var p Policy
	if err := json.Unmarshal(data, &p); err != nil {
		return old, refuse(http.StatusBadRequest, "INVALID_ARGUMENT", "invalid", "%v", err)
	}
	if p.Etag != old.Etag {
		return old, conflict()
	}
	if p.conditional() && p.Version != 3 {
		return old, refuse(http.StatusBadRequest, "INVALID_ARGUMENT", "invalid", "A policy with conditions has version 3, not %d", p.Version)
	}
	for _, b := range p.Bindings {
		if no := b.check(roles); no != nil {
			f.tb.Errorf("a binding that no cloud takes: %s", no.message)
			return old, no
		}
	}
	f.serial++
	p.Etag = fmt.Sprintf("BwX%05d", f.serial)
	return p, nil
}

func (b Binding) check(roles *regexp.Regexp) *refusal {
	bad := func(format string, args ...any) *refusal {
		return refuse(http.StatusBadRequest, "INVALID_ARGUMENT", "invalid", format, args...)
	}
	if !roles.MatchString(b.Role) {
		return bad("role %q cannot be granted here", b.Role)
	}
	if len(b.Members) == 0 {
		return bad("role %q has no members", b.Role)
	}
	for _, m := range b.Members {
		if !member.MatchString(m) {
			return bad("%q is no principal", m)
		}
	}
	if c := b.Condition; c != nil && (c.Title == "" || len(c.Title) > 100 || c.Expression == "" || len(c.Expression) > 4096 || len(c.Description) > 256) {
		return bad("the condition %+v has no title or expression, or a too long one", *c)
	}
	return nil
}
