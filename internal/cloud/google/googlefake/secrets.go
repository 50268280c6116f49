package googlefake

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// Secret is a secret of Secret Manager, without values.
type Secret struct {
	Labels map[string]string
	Policy Policy
}

var secretRoles = regexp.MustCompile(`^roles/secretmanager\.(secretAccessor|viewer|admin)$`)

func (f *Fake) serveSecrets(c call) (any, *refusal) {
	if c.id == "secretmanager.projects.secrets.list" {
		return f.listSecrets(c)
	}
	s, there := f.Secrets[c.path["resource"]]
	if !there {
		return nil, absent("Secret [%s] not found.", c.path["resource"])
	}
	switch c.id {
	case "secretmanager.projects.secrets.getIamPolicy":
		return s.Policy.show(c.query("options.requestedPolicyVersion"))
	case "secretmanager.projects.secrets.setIamPolicy":
		var no *refusal
		s.Policy, no = f.replace(s.Policy, c.body["policy"], secretRoles, func() *refusal {
			return refuse(http.StatusConflict, "ABORTED", "aborted", "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.")
		})
		return s.Policy, no
	}
	f.tb.Errorf("the fake does not have %s", c.id)
	return nil, absent("%s", c.id)
}

// listSecrets knows filters of the form labels.KEY=VALUE, joined by AND.
func (f *Fake) listSecrets(c call) (any, *refusal) {
	var names []string
	for name, s := range f.Secrets {
		if matches(s, c.query("filter")) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	page, next := paged(names, c.query("pageToken"), f.Page)
	items := []any{}
	for _, name := range page {
		items = append(items, map[string]any{"name": name, "labels": f.Secrets[name].Labels})
	}
	return map[string]any{"secrets": items, "nextPageToken": next}, nil
}

func matches(s *Secret, filter string) bool {
	for term := range strings.SplitSeq(filter, " AND ") {
		key, value, _ := strings.Cut(strings.TrimPrefix(term, "labels."), "=")
		if filter != "" && s.Labels[key] != value {
			return false
		}
	}
	return true
}
