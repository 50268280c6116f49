package spec_test

import (
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func TestDataset_sources(t *testing.T) {
	t.Parallel()
	rules := map[string]rule{}
	add := func(name, source, body string, want []fault) {
		rules[source+" "+name] = rule{spec.KindDataset, `{"local": null, "` + source + `": ` + body + `}`, want}
	}
	dvc := func(path, revision string) string {
		return `{"bucket": "b", "path": "` + path + `", "revision": "` + revision + `"}`
	}
	for _, good := range []string{"v1.4", "main", "data/v1.4", "9fceb02d0ae598e95dc970b74767f19372d61af8"} {
		add(good, "dvc", dvc("transactions", good), nil)
	}
	for _, bad := range []string{"-x", "a..b", "a b", "v1:x", "HEAD~1", "@{u}", "a//b", "/a"} {
		add(bad, "dvc", dvc("transactions", bad), one("dvc.revision", "must be a tag, branch or commit"))
	}
	add("empty", "dvc", `{}`, []fault{{"dvc.bucket", "must be set"}, {"dvc.path", "must be set"}, {"dvc.revision", "must be set"}})
	add("pointer", "dvc", dvc("transactions.dvc", "v1"), one("dvc.path", "names the pointer"))
	add("outside", "dvc", dvc("../transactions", "v1"), one("dvc.path", "plain relative path"))

	lakefs := func(change string) string {
		body := `{"endpoint": "https://lakefs.example.com", "repository": "payments", "ref": "main", "path": "transactions/"}`
		if change != "" {
			body = strings.TrimSuffix(body, "}") + ", " + change + "}"
		}
		return body
	}
	add("valid", "lakefs", lakefs(""), nil)
	add("commit", "lakefs", lakefs(`"ref": "`+strings.Repeat("0f", 32)+`", "path": "a.csv"`), nil)
	add("empty", "lakefs", `{}`, []fault{{"lakefs.endpoint", "must be set"}, {"lakefs.repository", "must be set"}, {"lakefs.ref", "must be set"}, {"lakefs.path", "must be set"}})
	add("no scheme", "lakefs", lakefs(`"endpoint": "lakefs:8000"`), one("lakefs.endpoint", "must start with http:// or https://"))
	add("user", "lakefs", lakefs(`"endpoint": "https://me@lakefs.example.com"`), one("lakefs.endpoint", "must not name a user"))
	add("repository", "lakefs", lakefs(`"repository": "Payments"`), one("lakefs.repository", "3 to 63 lower-case letters"))
	add("range", "lakefs", lakefs(`"ref": "main~1"`), one("lakefs.ref", "a branch, tag or commit of lakeFS"))
	add("path", "lakefs", lakefs(`"path": "a/../b"`), one("lakefs.path", "plain relative path"))
	add("variable", "lakefs", lakefs(`"credentials": {"keys": {"A B": "k"}}`), []fault{{"lakefs.credentials.secret", "must be set"}, {`lakefs.credentials.keys["A B"]`, "not the name of an environment variable"}})

	add("valid", "bucket", `{"name": "b", "prefix": "transactions/"}`, nil)
	add("empty", "bucket", `{}`, []fault{{"bucket.name", "must be set"}, {"bucket.prefix", "must be set"}})
	add("whole", "bucket", `{"name": "b", "prefix": "/"}`, one("bucket.prefix", "must be set"))
	try(t, rules)
}

func TestDataset_lakeFSWarnsOfMissingCredentials(t *testing.T) {
	t.Parallel()
	const source = `{"local": null, "lakefs": {"endpoint": "https://l.example.com", "repository": "payments", "ref": "main", "path": "t/"`
	warned := func(patch string) bool {
		return strings.Contains(faultAt(decode(t, spec.KindDataset, patch), "lakefs.credentials"), "LAKECTL_CREDENTIALS_ACCESS_KEY_ID and LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY")
	}
	if !warned(source + `}}`) {
		t.Error("nobody says that the client cannot sign in")
	}
	if warned(source + `, "credentials": {"secret": "s", "keys": {"LAKECTL_CREDENTIALS_ACCESS_KEY_ID": "a", "LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY": "b"}}}}`) {
		t.Error("the client can sign in")
	}
}
