package aws_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// evaluate decides by a policy as IAM does: a deny wins, else an allow, else no. Its
// decisions on resources are compared with another evaluator's in TestPolicyOnServer; the
// conditions of that one are not implemented.
func evaluate(t *testing.T, policy, action, resource string, context map[string]string) bool {
	t.Helper()
	var doc struct{ Statement []map[string]any }
	if err := json.Unmarshal([]byte(policy), &doc); err != nil {
		t.Fatalf("%s: %v", policy, err)
	}
	allowed := false
	for _, s := range doc.Statement {
		if !anyLike(s["Action"], action) || (s["Resource"] != nil && !anyLike(s["Resource"], resource)) || !conditions(t, s["Condition"], context) {
			continue
		}
		if s["Effect"] == "Deny" {
			return false
		}
		allowed = true
	}
	return allowed
}

func conditions(t *testing.T, all any, context map[string]string) bool {
	t.Helper()
	operators, _ := all.(map[string]any)
	for operator, keys := range operators {
		for key, values := range keys.(map[string]any) {
			have, there := context[key]
			switch operator {
			case "StringEquals":
				if !there || !slices.Contains(texts(values), have) {
					return false
				}
			case "StringLike":
				if !there || !anyLike(values, have) {
					return false
				}
			default:
				t.Fatalf("the evaluator does not know operator %s", operator)
			}
		}
	}
	return true
}

func texts(v any) (out []string) {
	if one, ok := v.(string); ok {
		return []string{one}
	}
	for _, item := range v.([]any) {
		out = append(out, item.(string))
	}
	return out
}

func anyLike(patterns any, text string) bool {
	return slices.ContainsFunc(texts(patterns), func(p string) bool {
		form := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(p))
		return regexp.MustCompile("^" + form + "$").MatchString(text)
	})
}

// request is one that a policy decides on.
type request struct {
	action, resource string
	context          map[string]string
	want             bool
}

func list(bucket, prefix string, want bool) request {
	return request{"s3:ListBucket", "arn:aws:s3:::" + bucket, map[string]string{"s3:prefix": prefix}, want}
}

func object(action, bucket, key string, want bool) request {
	return request{"s3:" + action, "arn:aws:s3:::" + bucket + "/" + key, nil, want}
}

func secretRequest(action, name string, want bool) request {
	return request{"secretsmanager:" + action, "arn:aws:secretsmanager:eu-west-1:" + account + ":secret:" + name, nil, want}
}

// grantedIdentity reads one prefix, writes another, and reads a secret.
func grantedIdentity() cloud.Identity {
	artifacts := onBucket("write", "artifacts", "models/churn/")
	artifacts.Bucket.KMSKey = "arn:aws:kms:eu-west-1:123456789012:key/art"
	return identity(on(), github,
		onBucket("read", "data", "datasets/churn"), artifacts,
		cloud.Grant{Access: "read", Secret: &spec.Secret{Platform: "fraud", Name: "tracker", KMSKey: "sec"}})
}

var decisions = []request{
	list("data", "datasets/churn/", true), list("data", "datasets/churn/2024/", true),
	list("data", "datasets/churn", false), list("data", "datasets/churn2/", false), list("data", "", false), {"s3:ListBucket", "arn:aws:s3:::data", nil, false},
	list("artifacts", "models/churn/a", true), list("other", "datasets/churn/", false),
	{"s3:ListBucketVersions", "arn:aws:s3:::data", map[string]string{"s3:prefix": "datasets/churn/"}, false},
	object("GetObject", "data", "datasets/churn/a.csv", true), object("GetObjectVersion", "data", "datasets/churn/a.csv", true),
	object("GetObject", "data", "datasets/churn2/a.csv", false), object("GetObject", "data", "datasets/churn", false), object("GetObject", "other", "datasets/churn/a.csv", false),
	object("PutObject", "data", "datasets/churn/a.csv", false), object("DeleteObject", "data", "datasets/churn/a.csv", false),
	object("PutObject", "artifacts", "models/churn/m", true), object("GetObject", "artifacts", "models/churn/m", true),
	object("AbortMultipartUpload", "artifacts", "models/churn/m", true), object("ListMultipartUploadParts", "artifacts", "models/churn/m", true),
	object("PutObject", "artifacts", "models/other/m", false), object("DeleteObject", "artifacts", "models/churn/m", false), object("DeleteObjectVersion", "artifacts", "models/churn/m", false),
	object("PutObjectAcl", "artifacts", "models/churn/m", false), object("PutBucketPolicy", "artifacts", "", false),
	secretRequest("GetSecretValue", "fraud/tracker-AbCdEf", true), secretRequest("DescribeSecret", "fraud/tracker-AbCdEf", true),
	secretRequest("GetSecretValue", "fraud/tracker-admin-AbCdEf", false), secretRequest("GetSecretValue", "fraud/other-AbCdEf", false),
	secretRequest("PutSecretValue", "fraud/tracker-AbCdEf", false), secretRequest("DeleteSecret", "fraud/tracker-AbCdEf", false),
	{"kms:Decrypt", "arn:aws:kms:eu-west-1:123456789012:key/art", map[string]string{"kms:ViaService": "s3.eu-west-1.amazonaws.com"}, true},
	{"kms:GenerateDataKey", "arn:aws:kms:eu-west-1:123456789012:key/art", map[string]string{"kms:ViaService": "s3.eu-west-1.amazonaws.com"}, true},
	{"kms:Decrypt", "arn:aws:kms:eu-west-1:123456789012:key/art", nil, false},
	{"kms:Decrypt", "arn:aws:kms:eu-west-1:123456789012:key/art", map[string]string{"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}, false},
	{"kms:Decrypt", "arn:aws:kms:eu-west-1:123456789012:key/sec", map[string]string{"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}, true},
	{"kms:GenerateDataKey", "arn:aws:kms:eu-west-1:123456789012:key/sec", map[string]string{"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}, false},
	{"iam:PassRole", "arn:aws:iam::123456789012:role/x", nil, false},
}

func TestPolicyDecides(t *testing.T) {
	t.Parallel()
	policy, err := aws.New(aws.Config{Account: account}).Policy(grantedIdentity())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range decisions {
		if got := evaluate(t, policy, r.action, r.resource, r.context); got != r.want {
			t.Errorf("%s on %s with %v: allowed is %v, want %v", r.action, r.resource, r.context, got, r.want)
		}
	}
	noWildcards(t, policy)
}

// noWildcards allows a * at the end of the names of objects of one bucket, and the six
// characters of a secret.
func noWildcards(t *testing.T, policy string) {
	t.Helper()
	var doc struct {
		Statement []struct {
			Action   []string
			Resource []string
		}
	}
	if err := json.Unmarshal([]byte(policy), &doc); err != nil {
		t.Fatal(err)
	}
	objects, secret := regexp.MustCompile(`^arn:[a-z-]+:s3:::[a-z0-9.-]+/[^*?]*\*$`), regexp.MustCompile(`^arn:[a-z-]+:secretsmanager:[^*?]+-\?{6}$`)
	for _, s := range doc.Statement {
		for _, action := range s.Action {
			if strings.ContainsAny(action, "*?") {
				t.Errorf("action %s", action)
			}
		}
		for _, resource := range s.Resource {
			if strings.ContainsAny(resource, "*?") && !objects.MatchString(resource) && !secret.MatchString(resource) {
				t.Errorf("resource %s", resource)
			}
		}
	}
}

func TestPolicyOfWholeBucketsAndExactSecrets(t *testing.T) {
	t.Parallel()
	i := identity(on(), github, onBucket("read", "data", "a/"), onBucket("read", "data", ""), onBucket("read", "data", "b/"),
		cloud.Grant{Access: "read", Bucket: &spec.Bucket{Name: "x", Existing: "s3://theirs/root/"}, Prefix: "in/"},
		cloud.Grant{Access: "read", Secret: &spec.Secret{Name: "tracker", Path: "p"}, Reference: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:p-AbCdEf"},
		cloud.Grant{Access: "read", Secret: &spec.Secret{Name: "in-vault", Store: &spec.SecretStore{Type: "vault"}}},
		cloud.Grant{Access: "read", Secret: &spec.Secret{Name: "in-cluster", Existing: "in-cluster"}},
	)
	policy, err := aws.New(aws.Config{}).Policy(i)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []request{
		list("data", "", true), {"s3:ListBucket", "arn:aws:s3:::data", nil, true}, object("GetObject", "data", "any", true), object("PutObject", "data", "any", false),
		list("theirs", "root/in/", true), list("theirs", "root/", false), object("GetObject", "theirs", "root/in/x", true), object("GetObject", "theirs", "in/x", false),
		secretRequest("GetSecretValue", "p-AbCdEf", true), secretRequest("GetSecretValue", "p-AbCdEg", false), secretRequest("GetSecretValue", "fraud/in-vault-AbCdEf", false),
	} {
		if got := evaluate(t, policy, r.action, r.resource, r.context); got != r.want {
			t.Errorf("%s on %s with %v: allowed is %v, want %v", r.action, r.resource, r.context, got, r.want)
		}
	}
	if strings.Contains(policy, "vault") || strings.Contains(policy, "in-cluster") {
		t.Errorf("the policy names secrets that AWS does not keep: %s", policy)
	}
	noWildcards(t, policy)
}

// Who takes a role: the subject, and no neighbour of it.
func TestTrust(t *testing.T) {
	t.Parallel()
	const web, host = "sts:AssumeRoleWithWebIdentity", "token.actions.githubusercontent.com"
	irsa := on()
	irsa.Platform = platform(func(p *spec.Platform) { p.Cluster.OIDCIssuer = "https://oidc.eks.eu-west-1.amazonaws.com/id/ABC" })
	claims := func(host, aud, sub string) map[string]string {
		return map[string]string{host + ":aud": aud, host + ":sub": sub}
	}
	inPod := func(cluster, namespace, account string) map[string]string {
		return map[string]string{
			"aws:SourceAccount": account, "aws:SourceArn": "arn:aws:eks:eu-west-1:123456789012:cluster/" + cluster,
			"aws:RequestTag/kubernetes-namespace": namespace, "aws:RequestTag/kubernetes-service-account": "trainer",
		}
	}
	for _, c := range []struct {
		i         cloud.Identity
		principal string
		action    string
		context   map[string]string
		want      bool
	}{
		{identity(on(), github), `"Federated":"arn:aws:iam::123456789012:oidc-provider/` + host + `"`, web, claims(host, "sts.amazonaws.com", "repo:acme/fraud:environment:prod"), true},
		{identity(on(), github), host, web, claims(host, "sts.amazonaws.com", "repo:acme/fraud:environment:prod2"), false},
		{identity(on(), github), host, web, claims(host, "sts.amazonaws.com", "repo:acme/fraud:pull_request"), false},
		{identity(on(), github), host, web, claims(host, "other", "repo:acme/fraud:environment:prod"), false},
		{identity(on(), github), host, web, map[string]string{host + ":sub": "repo:acme/fraud:environment:prod"}, false},
		{identity(on(), gitlab), `oidc-provider/gitlab.com`, web, claims("gitlab.com", "sts.amazonaws.com", "project_path:acme/ml/fraud:ref_type:branch:ref:main"), true},
		{identity(on(), gitlab), `oidc-provider/gitlab.com`, web, claims("gitlab.com", "sts.amazonaws.com", "project_path:acme/ml/fraud:ref_type:tag:ref:main"), false},
		{identity(irsa, pods), `oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABC"`, web, claims("oidc.eks.eu-west-1.amazonaws.com/id/ABC", "sts.amazonaws.com", "system:serviceaccount:fraud-training:trainer"), true},
		{identity(irsa, pods), ``, web, claims("oidc.eks.eu-west-1.amazonaws.com/id/ABC", "sts.amazonaws.com", "system:serviceaccount:default:trainer"), false},
		{identity(on(), pods), `"Service":"pods.eks.amazonaws.com"`, "sts:AssumeRole", inPod("ml", "fraud-training", account), true},
		{identity(on(), pods), ``, "sts:TagSession", inPod("ml", "fraud-training", account), true},
		{identity(on(), pods), ``, "sts:AssumeRole", inPod("other", "fraud-training", account), false},
		{identity(on(), pods), ``, "sts:AssumeRole", inPod("ml", "default", account), false},
		{identity(on(), pods), ``, "sts:AssumeRole", inPod("ml", "fraud-training", "210987654321"), false},
	} {
		driver, fake := direct(t, nil)
		if _, err := driver.Identities.Store.Create(t.Context(), c.i); err != nil {
			t.Fatal(err)
		}
		document := fake.Role("fraud-trainer").Trust
		if got := evaluate(t, document, c.action, "", c.context); got != c.want || !strings.Contains(document, c.principal) {
			t.Errorf("%s by %v: taken is %v, want %v by %s: %s", c.action, c.context, got, c.want, c.principal, document)
		}
	}
}

// Partitions of regions are those of the SDK.
func TestPartitions(t *testing.T) {
	t.Parallel()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2").Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "internal", "endpoints", "awsrulesfn", "partitions.json"))
	if err != nil {
		t.Fatal(err)
	}
	var rules struct {
		Partitions []struct {
			ID      string
			Outputs struct{ DNSSuffix string }
			Regions map[string]any
		}
	}
	if err := json.Unmarshal(text, &rules); err != nil {
		t.Fatal(err)
	}
	regions := 0
	for _, p := range rules.Partitions {
		for region := range p.Regions {
			if strings.HasSuffix(region, "-global") {
				continue
			}
			regions++
			o := on()
			o.Platform = platform(func(s *spec.Platform) { s.Region = region })
			grant := onBucket("read", "data", "x/")
			grant.Bucket.KMSKey = "k"
			policy, err := aws.New(aws.Config{Account: account}).Policy(identity(o, github, grant))
			for _, want := range []string{`"arn:` + p.ID + `:s3:::data"`, `"s3.` + region + `.` + p.Outputs.DNSSuffix + `"`, `"arn:` + p.ID + `:kms:` + region + `:123456789012:key/k"`} {
				if err != nil || !strings.Contains(policy, want) {
					t.Errorf("%s: the policy must have %s: %s, %v", region, want, policy, err)
				}
			}
		}
	}
	if regions < 30 {
		t.Errorf("%d regions, want more", regions)
	}
}
