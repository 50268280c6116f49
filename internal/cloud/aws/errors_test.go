package aws_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws/awsfake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
)

// answers breaks requests whose operation has a name, as long as there are answers.
type answers struct {
	next      http.RoundTripper
	operation string
	give      []reply
	at        []time.Time
}

func (a *answers) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	op, err := awsfake.OperationOf(req, body)
	if err == nil && op.Name == a.operation && len(a.give) > 0 {
		give := a.give[0]
		a.give, a.at = a.give[1:], append(a.at, time.Now())
		return give(req), nil
	}
	if err == nil && op.Name == a.operation {
		a.at = append(a.at, time.Now())
	}
	return a.next.RoundTrip(req)
}

type reply = func(*http.Request) *http.Response

func s3Error(status int, code, message string, header http.Header) reply {
	return func(req *http.Request) *http.Response {
		out := cloudtest.Reply(req, status, "application/xml", "<Error><Code>"+code+"</Code><Message>"+message+"</Message><RequestId>R7</RequestId></Error>")
		out.Header.Set("X-Amz-Request-Id", "R7")
		for key, values := range header {
			out.Header[key] = values
		}
		return out
	}
}

func queryError(status int, code, message string) reply {
	return func(req *http.Request) *http.Response {
		return cloudtest.Reply(req, status, "text/xml", "<ErrorResponse><Error><Type>Sender</Type><Code>"+code+"</Code><Message>"+message+"</Message></Error><RequestId>R7</RequestId></ErrorResponse>")
	}
}

// The text of each error, whole: nobody reads one until it happens.
func TestErrors(t *testing.T) {
	t.Parallel()
	const renewed = "access denied: the credentials are missing, expired or not valid: renew them (aws sso login, aws configure, or the role of the machine): "
	for _, c := range []struct {
		operation, code, message string
		status                   int
		kind                     error
		want                     string
	}{
		{"GetBucketVersioning", "AccessDenied", "Access Denied", 403, cloud.ErrDenied, `versioning: bucket "fraud-artifacts": access denied: needs permission s3:GetBucketVersioning: AccessDenied: Access Denied (request R7)`},
		{"GetPublicAccessBlock", "AccessDenied", "Access Denied", 403, cloud.ErrDenied, `public_access_block: bucket "fraud-artifacts": access denied: needs permission s3:GetBucketPublicAccessBlock: AccessDenied: Access Denied (request R7)`},
		{"GetBucketEncryption", "AccessDenied", "User: x is not authorized to perform: kms:DescribeKey on y", 403, cloud.ErrDenied, `encryption: bucket "fraud-artifacts": access denied: needs permission kms:DescribeKey: AccessDenied: User: x is not authorized to perform: kms:DescribeKey on y (request R7)`},
		{"GetBucketLocation", "NoSuchBucket", "gone", 404, cloud.ErrNotFound, `bucket "fraud-artifacts": not found: NoSuchBucket: gone (request R7)`},
		{"GetBucketLocation", "ExpiredToken", "The provided token has expired.", 400, cloud.ErrDenied, `bucket "fraud-artifacts": ` + renewed + `ExpiredToken: The provided token has expired. (request R7)`},
		{"GetBucketLocation", "InvalidAccessKeyId", "no such key", 403, cloud.ErrDenied, `bucket "fraud-artifacts": ` + renewed + `InvalidAccessKeyId: no such key (request R7)`},
		{"GetBucketLogging", "Odd", "what", 418, nil, `logging: bucket "fraud-artifacts": Odd: what (request R7)`},
	} {
		fault := &answers{operation: c.operation, give: []reply{s3Error(c.status, c.code, c.message, nil)}}
		driver, fake := direct(t, func(config *aws.Config) { fault.next, config.HTTPClient = config.HTTPClient, fault })
		fake.AddBucket("fraud-artifacts", "eu-west-1", map[string]string{})
		_, err := driver.Buckets.Store.Read(t.Context(), "fraud-artifacts", bucket(on(), nil))
		if err == nil || err.Error() != c.want || (c.kind != nil && !errors.Is(err, c.kind)) {
			t.Errorf("%s %s:\n got %v\nwant %s", c.operation, c.code, err, c.want)
		}
	}
}

func TestQuota(t *testing.T) {
	t.Parallel()
	fault := &answers{operation: "CreateBucket", give: []reply{s3Error(400, "TooManyBuckets", "You have attempted to create more general purpose buckets than allowed", nil)}}
	driver, _ := direct(t, func(config *aws.Config) { fault.next, config.HTTPClient = config.HTTPClient, fault })
	_, err := driver.Buckets.Store.Create(t.Context(), bucket(on(), nil))
	if err == nil || !strings.Contains(err.Error(), "quota") || !strings.Contains(err.Error(), "general purpose buckets") {
		t.Errorf("create: %v", err)
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	t.Parallel()
	slow := s3Error(503, "SlowDown", "Reduce your request rate.", http.Header{"Retry-After": {"1"}})
	fault := &answers{operation: "GetBucketLocation", give: []reply{slow}}
	driver, fake := direct(t, func(config *aws.Config) { fault.next, config.HTTPClient = config.HTTPClient, fault })
	fake.AddBucket("fraud-artifacts", "eu-west-1", map[string]string{})
	if _, err := driver.Buckets.Store.Read(t.Context(), "fraud-artifacts", bucket(on(), nil)); err != nil {
		t.Fatal(err)
	}
	if len(fault.at) != 2 || fault.at[1].Sub(fault.at[0]) < time.Second {
		t.Errorf("tries at %v, want a second between them", fault.at)
	}
}

// A request that nobody answers is given up and sent again.
func TestEveryTryIsBounded(t *testing.T) {
	t.Parallel()
	silent := func(req *http.Request) *http.Response {
		<-req.Context().Done()
		return s3Error(500, "InternalError", "", nil)(req)
	}
	fault := &answers{operation: "GetBucketLocation", give: []reply{silent}}
	driver, fake := direct(t, func(config *aws.Config) { fault.next, config.HTTPClient = config.HTTPClient, fault })
	fake.AddBucket("fraud-artifacts", "eu-west-1", map[string]string{})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := driver.Buckets.Store.Read(ctx, "fraud-artifacts", bucket(on(), nil)); err != nil || len(fault.at) != 2 {
		t.Errorf("read: %v after %d tries, want 2", err, len(fault.at))
	}
}

func TestEndOfRunIsNotRetried(t *testing.T) {
	t.Parallel()
	slow := s3Error(503, "SlowDown", "", http.Header{"Retry-After": {"60"}})
	fault := &answers{operation: "GetBucketLocation", give: slices.Repeat([]reply{slow}, 9)}
	driver, _ := direct(t, func(config *aws.Config) { fault.next, config.HTTPClient = config.HTTPClient, fault })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := driver.Buckets.Store.Read(ctx, "fraud-artifacts", bucket(on(), nil))
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, cloud.ErrDenied) || time.Since(began) > 5*time.Second {
		t.Errorf("read: %v after %s", err, time.Since(began))
	}
}

func TestMissingCredentials(t *testing.T) { // it changes the environment
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CA_BUNDLE"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", t.TempDir()+"/none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", t.TempDir()+"/none")
	for name, config := range map[string]aws.Config{"none": {}, "no such profile": {Profile: "absent"}} {
		config.HTTPClient = http.NewFileTransport(http.Dir(t.TempDir()))
		_, err := aws.New(config).Buckets.Store.Read(t.Context(), "x", bucket(on(), nil))
		if !errors.Is(err, cloud.ErrDenied) || !strings.Contains(err.Error(), "credentials") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Addresses of services come from the environment as every tool of AWS reads it, or from
// the configuration, and buckets are then in the path.
func TestEndpoints(t *testing.T) {
	seen := func(config aws.Config) (out string) {
		config.Keys, config.Pace = keys, time.Millisecond
		config.HTTPClient = roundTrip(func(req *http.Request) (*http.Response, error) {
			out = req.URL.Scheme + "://" + req.URL.Host + req.URL.Path
			return s3Error(404, "NoSuchBucket", "", nil)(req), nil
		})
		_, _ = aws.New(config).Buckets.Store.Read(t.Context(), "artifacts", bucket(on(), nil))
		return out
	}
	for _, name := range []string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"} {
		t.Setenv(name, "")
	}
	if got := seen(aws.Config{}); got != "https://artifacts.s3.eu-west-1.amazonaws.com/" {
		t.Errorf("without an endpoint: %s", got)
	}
	if got := seen(aws.Config{Endpoints: map[string]string{"s3": "http://127.0.0.1:9"}}); got != "http://127.0.0.1:9/artifacts" {
		t.Errorf("with a configured endpoint: %s", got)
	}
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:8")
	if got := seen(aws.Config{}); got != "http://127.0.0.1:8/artifacts" {
		t.Errorf("with AWS_ENDPOINT_URL: %s", got)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func assuming(fault *answers) func(*aws.Config) {
	return func(config *aws.Config) {
		fault.operation, fault.next = "AssumeRole", config.HTTPClient
		config.AssumeRole = &aws.AssumeRole{RoleARN: "arn:aws:iam::210987654321:role/ci", ExternalID: "x-1"}
		config.HTTPClient = fault
	}
}

func TestAssumedRole(t *testing.T) {
	t.Parallel()
	var form, token string
	driver, fake := direct(t, func(config *aws.Config) {
		assuming(&answers{})(config)
		next := config.HTTPClient
		config.HTTPClient = roundTrip(func(req *http.Request) (*http.Response, error) {
			if awsfake.ServiceOf(req) == "sts" {
				body, err := io.ReadAll(req.Body)
				if err != nil {
					return nil, err
				}
				form, req.Body = string(body), io.NopCloser(bytes.NewReader(body))
			} else {
				token = req.Header.Get("X-Amz-Security-Token")
			}
			return next.RoundTrip(req)
		})
	})
	fake.AddBucket("fraud-artifacts", "eu-west-1", map[string]string{})
	if _, err := driver.Buckets.Store.Read(t.Context(), "fraud-artifacts", bucket(on(), nil)); err != nil || token != "session-1" {
		t.Errorf("read with the token %q: %v", token, err)
	}
	for _, want := range []string{"ExternalId=x-1", "RoleArn=arn%3Aaws%3Aiam%3A%3A210987654321%3Arole%2Fci", "RoleSessionName=terraform-provider-mlops"} {
		if !strings.Contains(form, want) {
			t.Errorf("AssumeRole is asked with %s, want %s", form, want)
		}
	}
}

// What goes wrong while a role is taken passes by itself, or says what is to be done.
func TestAssumedRoleFails(t *testing.T) {
	t.Parallel()
	silent := func(req *http.Request) *http.Response {
		<-req.Context().Done()
		return queryError(500, "InternalFailure", "")(req)
	}
	for name, c := range map[string]struct {
		give []reply
		kind error
		says []string // nothing: it passes
	}{
		"throttled":    {give: []reply{queryError(400, "Throttling", "Rate exceeded"), queryError(400, "Throttling", "Rate exceeded")}},
		"500":          {give: []reply{queryError(500, "InternalFailure", "")}},
		"503":          {give: []reply{queryError(503, "ServiceUnavailable", "")}},
		"slow":         {give: []reply{silent}},
		"denied":       {[]reply{queryError(403, "AccessDenied", "Access Denied")}, cloud.ErrDenied, []string{"needs permission sts:AssumeRole", "trust policy of the role"}},
		"expired":      {[]reply{queryError(403, "ExpiredToken", "The security token included in the request is expired")}, cloud.ErrDenied, []string{"renew them"}},
		"for too long": {slices.Repeat([]reply{queryError(503, "ServiceUnavailable", "try later")}, 20), nil, []string{"the role that the credentials are to take", "try later"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			driver, fake := direct(t, assuming(&answers{give: c.give}))
			fake.AddBucket("fraud-artifacts", "eu-west-1", map[string]string{})
			_, err := driver.Buckets.Store.Read(t.Context(), "fraud-artifacts", bucket(on(), nil))
			if (err == nil) != (c.says == nil) || !errors.Is(err, c.kind) && c.kind != nil || c.kind == nil && errors.Is(err, cloud.ErrDenied) {
				t.Fatalf("read: %v", err)
			}
			for _, text := range c.says {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("read: %v; want %q", err, text)
				}
			}
		})
	}
}
