package aws_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws/awsfake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func TestMain(m *testing.M) { realtools.Main(m) }

// server is moto, a second opinion on S3 and IAM that was not written here.
type server struct {
	base string
	s3   *s3.Client
	iam  *iam.Client
	sts  *sts.Client
}

func startServer(t *testing.T) server {
	t.Helper()
	out := server{base: realtools.Moto(t)}
	config := out.as("AKIDEXAMPLE", "not-a-secret", "")
	out.s3, out.iam, out.sts = s3Client(config), iam.NewFromConfig(config), sts.NewFromConfig(config)
	return out
}

func (s server) as(key, secret, token string) sdk.Config {
	return sdk.Config{Region: "eu-west-1", BaseEndpoint: &s.base, Credentials: credentials.NewStaticCredentialsProvider(key, secret, token), HTTPClient: http.DefaultClient}
}

func s3Client(c sdk.Config) *s3.Client {
	return s3.NewFromConfig(c, func(o *s3.Options) { o.UsePathStyle = true })
}

// count asks for everything that a driver makes.
func (s server) count(t *testing.T) int {
	t.Helper()
	buckets, err := s.s3.ListBuckets(t.Context(), &s3.ListBucketsInput{})
	if err != nil {
		t.Fatal(err)
	}
	roles, err := s.iam.ListRoles(t.Context(), &iam.ListRolesInput{})
	if err != nil {
		t.Fatal(err)
	}
	return len(buckets.Buckets) + len(roles.Roles)
}

func openServer(change func(server, *aws.Config)) cloudtest.Open {
	return func(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) cloudtest.Rig {
		t.Helper()
		s := startServer(t)
		config := aws.Config{Region: "eu-west-1", Keys: keys, HTTPClient: wrap(awsfake.Checked(t, http.DefaultTransport)), Attempt: 20 * time.Second, Pace: time.Millisecond, Endpoints: map[string]string{"s3": s.base, "iam": s.base, "sts": s.base}}
		if change != nil {
			change(s, &config)
		}
		return cloudtest.Rig{Cloud: aws.New(config), Count: func() int { return s.count(t) }, Fake: s}
	}
}

// byHandOnServer changes a setting of a bucket with the SDK.
func byHandOnServer(t *testing.T, r cloudtest.Rig, id, setting string) {
	s, ctx := r.Fake.(server), t.Context()
	var err error
	switch setting {
	case "public_access_block":
		_, err = s.s3.DeletePublicAccessBlock(ctx, &s3.DeletePublicAccessBlockInput{Bucket: &id})
	case "ownership":
		_, err = s.s3.DeleteBucketOwnershipControls(ctx, &s3.DeleteBucketOwnershipControlsInput{Bucket: &id})
	case "versioning":
		_, err = s.s3.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: &id, VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusSuspended}})
	case "encryption":
		_, err = s.s3.DeleteBucketEncryption(ctx, &s3.DeleteBucketEncryptionInput{Bucket: &id})
	case "policy":
		_, err = s.s3.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: &id})
	case "lifecycle":
		_, err = s.s3.DeleteBucketLifecycle(ctx, &s3.DeleteBucketLifecycleInput{Bucket: &id})
	case "tags":
		_, err = s.s3.DeleteBucketTagging(ctx, &s3.DeleteBucketTaggingInput{Bucket: &id})
	case "logging":
		logs := sdk.String("fraud-logs") // the server takes no logging into a bucket whose policy does not let it in
		if _, err = s.s3.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: logs, Policy: sdk.String(logsPolicy)}); err != nil {
			break
		}
		_, err = s.s3.PutBucketLogging(ctx, &s3.PutBucketLoggingInput{Bucket: &id, BucketLoggingStatus: &s3types.BucketLoggingStatus{LoggingEnabled: &s3types.LoggingEnabled{TargetBucket: logs, TargetPrefix: sdk.String("x")}}})
	}
	if err != nil {
		t.Fatalf("%s: %v", setting, err)
	}
}

// blocked gives back what the server forgets of a bucket's encryption: the types that
// are blocked.
type blocked struct {
	next http.RoundTripper
	put  atomic.Bool
}

const ssec = "<BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes>"

func (b *blocked) RoundTrip(req *http.Request) (*http.Response, error) {
	if !req.URL.Query().Has("encryption") {
		return b.next.RoundTrip(req)
	}
	if req.Method == http.MethodPut {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		b.put.Store(bytes.Contains(body, []byte(ssec)))
	}
	answer, err := b.next.RoundTrip(req)
	if err != nil || req.Method != http.MethodGet || answer.StatusCode != http.StatusOK || !b.put.Load() {
		return answer, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return cloudtest.Reply(req, http.StatusOK, "application/xml", strings.Replace(string(body), "</Rule>", ssec+"</Rule>", 1)), err
}

const logsPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"logging.s3.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::fraud-logs/*"}]}`

// The server's deviations: it forgets BlockedEncryptionTypes (see blocked); where it looks
// for a statement that lets logs in, it fails with 500 at one before it whose principal is
// the text * and not an object.
func TestBucketsOnServer(t *testing.T) {
	t.Parallel()
	c := bucketCase()
	c.Name, c.Tamper = "bucket", byHandOnServer
	c.Foreign = func(t *testing.T, r cloudtest.Rig) {
		_, err := r.Fake.(server).s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: sdk.String("fraud-artifacts"), CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: "eu-west-1"}})
		if err != nil {
			t.Fatal(err)
		}
	}
	cloudtest.Life(t, openServer(func(s server, config *aws.Config) {
		config.HTTPClient = &blocked{next: config.HTTPClient}
		if _, err := aws.New(*config).Buckets.Store.Create(t.Context(), bucket(on(), func(b *spec.Bucket) { b.Name = "fraud-logs" })); err != nil {
			t.Fatal(err)
		}
	}), c)
}

func tamperRoleOnServer(t *testing.T, r cloudtest.Rig, _, setting string) {
	s, ctx, role := r.Fake.(server), t.Context(), sdk.String("fraud-trainer")
	var err error
	switch setting {
	case "trust":
		_, err = s.iam.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: role, PolicyDocument: sdk.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}`)})
	case "policy":
		_, err = s.iam.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: role, PolicyName: sdk.String("mlops")})
	case "other_policies":
		_, err = s.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: role, PolicyName: sdk.String("theirs"), PolicyDocument: sdk.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`)})
	case "tags":
		_, err = s.iam.TagRole(ctx, &iam.TagRoleInput{RoleName: role, Tags: []iamtypes.Tag{{Key: sdk.String("owner"), Value: sdk.String("another")}}})
	case "boundary":
		_, err = s.iam.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: role})
	}
	if err != nil {
		t.Fatalf("%s: %v", setting, err)
	}
}

// Roles for pods by the cluster's tokens and for workflows: the server has no pod
// identities (it answers CreatePodIdentityAssociation with 404).
func TestIdentitiesOnServer(t *testing.T) {
	t.Parallel()
	c := identityCase("identity", on(), github)
	c.Before, c.After.Grants = grantedIdentity(), append(c.After.Grants, grantedIdentity().Grants...)
	c.Tamper = tamperRoleOnServer
	c.Foreign = func(t *testing.T, r cloudtest.Rig) {
		_, err := r.Fake.(server).iam.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: sdk.String("fraud-trainer"), AssumeRolePolicyDocument: sdk.String(`{"Version":"2012-10-17","Statement":[]}`)})
		if err != nil {
			t.Fatal(err)
		}
	}
	cloudtest.Life(t, openServer(func(s server, config *aws.Config) {
		if _, err := s.iam.CreateOpenIDConnectProvider(t.Context(), &iam.CreateOpenIDConnectProviderInput{Url: sdk.String("https://token.actions.githubusercontent.com"), ClientIDList: []string{"sts.amazonaws.com"}, ThumbprintList: []string{strings.Repeat("0", 40)}}); err != nil {
			t.Fatal(err)
		}
		policy, err := s.iam.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: sdk.String("boundary"), PolicyDocument: sdk.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`)})
		if err != nil {
			t.Fatal(err)
		}
		config.PermissionsBoundary = *policy.Policy.Arn
	}), c)
}

// The server takes the trust of every kind of subject, that of pods too, whose association
// it cannot keep; it refuses one that IAM would. Its deviation: it looks at a trust that
// changes, and not at that of a new role.
func TestTrustOnServer(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	irsa := on()
	irsa.Platform = platform(func(p *spec.Platform) { p.Cluster.OIDCIssuer = "https://oidc.eks.eu-west-1.amazonaws.com/id/ABC" })
	if _, err := s.iam.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: sdk.String("any"), AssumeRolePolicyDocument: sdk.String("{}")}); err != nil {
		t.Fatal(err)
	}
	take := func(trust string) error {
		_, err := s.iam.UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: sdk.String("any"), PolicyDocument: &trust})
		return err
	}
	for name, i := range map[string]cloud.Identity{"pods": identity(on(), pods), "irsa": identity(irsa, pods), "github": identity(on(), github), "gitlab": identity(on(), gitlab)} {
		driver, fake := direct(t, nil)
		if _, err := driver.Identities.Store.Create(t.Context(), i); err != nil {
			t.Fatal(err)
		}
		trust := fake.Role("fraud-trainer").Trust
		if err := take(trust); err != nil {
			t.Errorf("%s: %s: %v", name, trust, err)
		}
		if err := take(strings.Replace(trust, `"Effect"`, `"Resource":"*","Effect"`, 1)); err == nil {
			t.Errorf("%s: the server takes anything for a trust", name)
		}
	}
}

// What a role may do, tried with the role's own credentials while the server decides by
// policies. The server's deviations: it reads ? in a resource as a regular expression, so
// the secret has its exact ARN; it decides on Secrets Manager by the resource *, so the
// secret is left to TestPolicyDecides and TestPolicyAsTheServerReadsIt; it knows no
// conditions but StringEquals of trust, so prefixes of lists are left there too; it does not
// know s3:TlsVersion or aws:SecureTransport, so the buckets have no policy.
func TestPolicyOnServer(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	for _, name := range []string{"data", "artifacts", "other"} {
		if _, err := s.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name, CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: "eu-west-1"}}); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"datasets/churn/a.csv", "datasets/churn2/a.csv", "models/churn/m", "models/other/m"} {
			if _, err := s.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &name, Key: &key, Body: strings.NewReader("x")}); err != nil {
				t.Fatal(err)
			}
		}
	}
	i := grantedIdentity()
	i.Grants[2].Reference = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:fraud/tracker-AbCdEf"
	config := aws.Config{Region: "eu-west-1", Keys: keys, HTTPClient: awsfake.Checked(t, http.DefaultTransport), Endpoints: map[string]string{"s3": s.base, "iam": s.base, "sts": s.base}}
	if _, err := s.iam.CreateOpenIDConnectProvider(t.Context(), &iam.CreateOpenIDConnectProviderInput{Url: sdk.String("https://token.actions.githubusercontent.com"), ThumbprintList: []string{strings.Repeat("0", 40)}}); err != nil {
		t.Fatal(err)
	}
	id, err := aws.New(config).Identities.Store.Create(t.Context(), i)
	if err != nil {
		t.Fatal(err)
	}
	session, err := s.sts.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &id, RoleSessionName: sdk.String("job")})
	if err != nil {
		t.Fatal(err)
	}
	s.decide(t)
	role := s3Client(s.as(*session.Credentials.AccessKeyId, *session.Credentials.SecretAccessKey, *session.Credentials.SessionToken))
	tries := map[string]func(bucket, key string) error{
		"GetObject": func(b, k string) error {
			_, err := role.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &b, Key: &k})
			return err
		},
		"PutObject": func(b, k string) error {
			_, err := role.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &b, Key: &k, Body: strings.NewReader("y")})
			return err
		},
		"DeleteObject": func(b, k string) error {
			_, err := role.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &b, Key: &k})
			return err
		},
		"ListBucket": func(b, k string) error {
			_, err := role.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &b, Prefix: &k})
			return err
		},
	}
	tried := 0
	for _, r := range append(decisions, list("artifacts", "models/churn/", true), list("other", "models/", false)) {
		service, action, _ := strings.Cut(r.action, ":")
		try := tries[action]
		bucket, key, _ := strings.Cut(strings.TrimPrefix(r.resource, "arn:aws:s3:::"), "/")
		if action == "ListBucket" {
			key = r.context["s3:prefix"]
			if bucket == "data" && !r.want {
				continue
			}
		}
		if service != "s3" || try == nil {
			continue
		}
		tried++
		err := try(bucket, key)
		if (err == nil) != r.want || (err != nil && !strings.Contains(err.Error(), "AccessDenied")) {
			t.Errorf("%s of %s in %s: %v; allowed must be %v", action, key, bucket, err, r.want)
		}
	}
	if tried < 14 {
		t.Errorf("%d requests were tried", tried)
	}
}

// decide turns the server's authorization on.
func (s server) decide(t *testing.T) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.base+"/moto-api/reset-auth", strings.NewReader("0"))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("authorization: %v %v", answer, err)
	}
	_ = answer.Body.Close()
}

// asServer asks moto's evaluator of policies itself.
const asServer = `
import json, sys
from moto.iam.access_control import IAMPolicy, PermissionResult
asked = json.loads(sys.argv[1])
policy = IAMPolicy(asked["policy"])
print(json.dumps([policy.is_action_permitted(r["action"], r["resource"]) == PermissionResult.PERMITTED for r in asked["requests"]]))
`

// Two evaluators agree on every action and resource; conditions are left out, which the
// server does not read.
func TestPolicyAsTheServerReadsIt(t *testing.T) {
	t.Parallel()
	i := grantedIdentity()
	i.Grants[2].Reference = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:fraud/tracker-AbCdEf"
	policy, err := aws.New(aws.Config{Account: account}).Policy(i)
	if err != nil {
		t.Fatal(err)
	}
	type asked struct {
		Action   string `json:"action"`
		Resource string `json:"resource"`
	}
	var requests []asked
	var want []bool
	for _, r := range decisions {
		if r.context == nil && !strings.HasPrefix(r.action, "kms:") && r.action != "s3:ListBucket" {
			requests, want = append(requests, asked{r.action, r.resource}), append(want, r.want)
		}
	}
	input, err := json.Marshal(map[string]any{"policy": policy, "requests": requests})
	if err != nil {
		t.Fatal(err)
	}
	said := realtools.Run(t, "moto", t.TempDir(), nil, realtools.Python(t, "moto"), "-c", asServer, string(input))
	var got []bool
	if err := json.Unmarshal([]byte(said.Stdout), &got); err != nil || len(got) != len(want) {
		t.Fatalf("%s: %v", said.Out, err)
	}
	for n, r := range requests {
		if got[n] != want[n] {
			t.Errorf("%s on %s: allowed is %v, want %v", r.Action, r.Resource, got[n], want[n])
		}
	}
}
