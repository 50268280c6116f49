package google_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/google"
)

// answer is what a transport gives for a request.
type answer struct {
	code       int
	body       string
	retryAfter string
	err        error
}

// answers are given one after the other; the last one again and again.
type answers struct {
	list []answer
	n    atomic.Int64
	seen http.Header // of the last request
}

func (a *answers) RoundTrip(req *http.Request) (*http.Response, error) {
	now := a.list[min(int(a.n.Add(1))-1, len(a.list)-1)]
	a.seen = req.Header
	if now.err != nil {
		return nil, now.err
	}
	h := http.Header{"Content-Type": {"application/json"}}
	if now.retryAfter != "" {
		h.Set("Retry-After", now.retryAfter)
	}
	return &http.Response{StatusCode: now.code, Header: h, Body: io.NopCloser(strings.NewReader(now.body)), Request: req}, nil
}

func says(code int, body string) answer { return answer{code: code, body: body} }

func fails(err error) answer { return answer{err: err} }

func problem(message, reason string) string {
	return fmt.Sprintf(`{"error":{"message":%q,"errors":[{"reason":%q,"message":%q}]}}`, message, reason, message)
}

const bucketJSON = `{"name":"acme-artifacts","location":"EUROPE-WEST1"}`

func TestRetries(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		first answer
		sent  int64 // requests until it is given up, or succeeds
		least time.Duration
	}{
		"Retry-After":         {answer{code: 429, body: problem("slow down", "rateLimitExceeded"), retryAfter: "1"}, 2, time.Second},
		"rate as forbidden":   {says(403, problem("slow down", "userRateLimitExceeded")), 2, 0},
		"refused connection":  {fails(fmt.Errorf("dial: %w", syscall.ECONNREFUSED)), 2, 0},
		"broken pipe":         {fails(fmt.Errorf("write: %w", syscall.EPIPE)), 2, 0},
		"connection lost":     {fails(errors.New("http2: client connection lost")), 2, 0},
		"server goes away":    {fails(errors.New(`http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=NO_ERROR, debug=""`)), 2, 0},
		"stream refused":      {fails(errors.New("stream error: stream ID 3; REFUSED_STREAM")), 2, 0},
		"stream of nonsense":  {fails(errors.New("stream error: stream ID 3; PROTOCOL_ERROR")), 1, 0},
		"cut off":             {fails(io.ErrUnexpectedEOF), 2, 0},
		"502":                 {says(502, "<html>bad gateway</html>"), 2, 0},
		"is no use":           {says(400, problem("no such field", "invalid")), 1, 0},
		"not implemented":     {says(501, "{}"), 1, 0},
		"certificate":         {fails(errors.New("x509: certificate signed by unknown authority")), 1, 0},
		"read in a bad state": {says(400, problem("Cluster is running incompatible operation operation-1", "failedPrecondition")), 2, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rt := &answers{list: []answer{tt.first, says(200, bucketJSON)}}
			start := time.Now()
			_, err := google.New(config(rt)).Buckets.Store.Read(t.Context(), "acme-artifacts", artifacts())
			if (err == nil) != (tt.sent > 1) || rt.n.Load() != tt.sent || time.Since(start) < tt.least {
				t.Errorf("%d requests in %s, %v", rt.n.Load(), time.Since(start), err)
			}
		})
	}
}

func TestRetries_end(t *testing.T) {
	t.Parallel()
	rt := &answers{list: []answer{says(503, problem("down", "backendError"))}}
	_, err := google.New(config(rt)).Buckets.Store.Read(t.Context(), "acme-artifacts", artifacts())
	if err == nil || !strings.Contains(err.Error(), "503: down") || rt.n.Load() != 9 {
		t.Errorf("%d requests, %v", rt.n.Load(), err)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answer answer
		is     error
		want   string
	}{
		"denied":        {says(403, problem("nobody@acme.example does not have access.", "forbidden")), cloud.ErrDenied, "needs permission storage.buckets.get: nobody@acme.example does not have access."},
		"expired":       {says(401, problem("Invalid Credentials", "authError")), cloud.ErrDenied, "refuses the credentials: Invalid Credentials; log in with `gcloud"},
		"absent":        {says(404, problem("The specified bucket does not exist.", "notFound")), cloud.ErrNotFound, "does not exist"},
		"quota":         {says(403, problem(`Insufficient regional quota to satisfy request: resource "NVIDIA_T4_GPUS": request requires '1.0'`, "forbidden")), nil, "quota NVIDIA_T4_GPUS is used up"},
		"quota quoted":  {says(403, problem(`Quota 'GPUS_ALL_REGIONS' exceeded. Limit: 0.0 globally.`, "quotaExceeded")), nil, "quota GPUS_ALL_REGIONS is used up"},
		"quota project": {says(403, problem("The API requires a quota project, which is not set by default.", "forbidden")), cloud.ErrDenied, "needs permission"},
		"throttled":     {says(429, problem("too fast", "rateLimitExceeded")), nil, "still throttles after 9 tries: too fast; apply again later"},
		"organisation":  {says(412, problem("'us-east1' violates constraint 'constraints/gcp.resourceLocations' on the resource 'projects/acme-ml'.", "conditionNotMet")), nil, "a policy of the organisation does not allow it: 'us-east1' violates"},
		"perimeter":     {says(403, problem("Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: x", "forbidden")), cloud.ErrDenied, "access denied: a policy of the organisation does not allow it: Request is prohibited"},
		"not enabled":   {says(403, `{"error":{"message":"Cloud Storage API has not been used in project 4 before or it is disabled.","details":[{"reason":"SERVICE_DISABLED"}]}}`), cloud.ErrDenied, "an API of Google Cloud is not enabled, or not yet: Cloud Storage API"},
		"key":           {says(403, problem("Permission denied on Cloud KMS key. Please ensure that your Cloud Storage service account has been authorized to use this key.", "forbidden")), cloud.ErrDenied, "grant roles/cloudkms.cryptoKeyEncrypterDecrypter to the service agent"},
		"node account":  {says(400, problem(`The user does not have access to service account "n@acme-ml.iam.gserviceaccount.com". Ask a project owner to grant you the iam.serviceAccountUser role on the service account.`, "badRequest")), cloud.ErrDenied, "needs permission iam.serviceAccounts.actAs"},
		"no JSON":       {says(400, "bad"), nil, "answers 400: bad"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rt := &answers{list: []answer{tt.answer}}
			_, err := google.New(config(rt)).Buckets.Store.Read(t.Context(), "acme-artifacts", artifacts())
			if err == nil || !strings.Contains(err.Error(), tt.want) || (tt.is == nil && (errors.Is(err, cloud.ErrDenied) || errors.Is(err, cloud.ErrConflict))) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("got %v, want %v", err, tt.is)
			}
		})
	}
}

// New opens nothing: what is wrong shows at the first use, and where.
func TestCredentials(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*google.Config)
		want   string
	}{
		"no project":         {func(c *google.Config) { c.Project = "" }, "set project in the provider's google block"},
		"no JSON":            {func(c *google.Config) { c.Anonymous, c.Credentials = false, "/home/me/hidden.json" }, "hand in the content of the file, not its path"},
		"not a known type":   {func(c *google.Config) { c.Anonymous, c.Credentials = false, `{"type":"hidden"}` }, "no credentials of Google Cloud are found"},
		"access token":       {func(c *google.Config) { c.Anonymous, c.AccessToken = false, "hidden" }, ""},
		"token and no agent": {func(c *google.Config) { c.Anonymous, c.AccessToken, c.UserAgent = false, "hidden", "" }, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rt := &answers{list: []answer{says(200, bucketJSON)}}
			cfg := config(rt)
			tt.change(&cfg)
			_, err := google.New(cfg).Buckets.Store.Read(t.Context(), "acme-artifacts", artifacts())
			switch {
			case tt.want == "" && (err != nil || rt.seen.Get("Authorization") != "Bearer hidden" || cfg.UserAgent != "" && rt.seen.Get("User-Agent") != "test/1"):
				t.Errorf("%v, sent %v", err, rt.seen)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hidden.json")):
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// A key that Google refuses: the error speaks of credentials, and shows none.
func TestCredentials_refused(t *testing.T) {
	t.Parallel()
	var claims struct{ Scope string }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if parts := strings.Split(req.FormValue("assertion"), "."); len(parts) == 3 {
			text, _ := base64.RawURLEncoding.DecodeString(parts[1])
			_ = json.Unmarshal(text, &claims)
		}
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":"invalid_grant","error_description":"Invalid JWT Signature."}`)
	}))
	t.Cleanup(server.Close)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	file, _ := json.Marshal(map[string]string{"type": "service_account", "client_email": "t@acme-ml.iam.gserviceaccount.com", "private_key": text, "private_key_id": "1", "token_uri": server.URL})
	cfg := config(&answers{list: []answer{says(200, bucketJSON)}})
	cfg.Anonymous, cfg.Credentials, cfg.Attempt = false, string(file), 5*time.Second
	_, err = google.New(cfg).Buckets.Store.Read(t.Context(), "acme-artifacts", artifacts())
	if !errors.Is(err, cloud.ErrDenied) || !strings.Contains(err.Error(), "credentials of Google Cloud give no token") || strings.Contains(err.Error(), text[40:80]) {
		t.Errorf("got %v", err)
	}
	if claims.Scope != "https://www.googleapis.com/auth/cloud-platform" {
		t.Errorf("the token is asked for with scope %q", claims.Scope)
	}
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	var paths []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		paths = append(paths, req.URL.Path)
		_, _ = io.WriteString(w, bucketJSON)
	}))
	t.Cleanup(server.Close)
	cfg := config(nil)
	cfg.Endpoints, cfg.Attempt = map[string]string{google.Storage: server.URL + "/storage/v1/"}, 5*time.Second
	if _, err := google.New(cfg).Buckets.Store.Read(t.Context(), "acme-artifacts", artifacts()); err != nil || fmt.Sprint(paths) != "[/storage/v1/b/acme-artifacts]" {
		t.Errorf("%v, %v", err, paths)
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	var told []string
	_, f := opened(t)
	cfg := config(f)
	cfg.Progress = func(text string) { told = append(told, text) }
	if _, err := google.New(cfg).Pools.Store.Create(t.Context(), gpus(nil)); err != nil || !strings.Contains(fmt.Sprint(told), ": running") {
		t.Errorf("%v, told %v", err, told)
	}
}
