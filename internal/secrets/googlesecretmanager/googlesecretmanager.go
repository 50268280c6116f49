// Package googlesecretmanager keeps secrets in Secret Manager of Google Cloud: the values
// of one secret are one JSON object, and each write is a new version. It rotates nothing,
// sets no policy (package google does that), and knows nothing of Terraform.
package googlesecretmanager

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/api/googleapi"
	"google.golang.org/api/secretmanager/v1"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/google"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/document"
)

// New is the store. It opens nothing: what is configured is tried at the first use.
func New(c google.Config) secrets.Store {
	s := &store{config: c, service: sync.OnceValues(c.Secrets)}
	return secrets.Store{
		Kind:   cloud.Kind[secrets.Secret]{Plan: plan{}, Store: s},
		Reader: s,
		Reference: func(id string, sec secrets.Secret) string {
			if id != "" || sec.Secret == nil {
				return id
			}
			return s.name(sec)
		},
	}
}

type store struct {
	config  google.Config
	service func() (*secretmanager.Service, error)
}

// name is what the cloud calls a secret, "" while the project is not known.
func (s *store) name(sec secrets.Secret) string {
	project := s.config.Project
	if sec.Store != nil && sec.Store.Project != "" {
		project = sec.Store.Project
	}
	if project == "" {
		return ""
	}
	return "projects/" + project + "/secrets/" + sec.StoreName(storeType)
}

// session is one operation on one secret.
type session struct {
	*store
	secrets  *secretmanager.ProjectsSecretsService
	versions *secretmanager.ProjectsSecretsVersionsService
	sec      secrets.Secret
}

func (s *store) open(sec secrets.Secret) (session, error) {
	service, err := s.service()
	if err != nil {
		return session{}, err
	}
	return session{s, service.Projects.Secrets, service.Projects.Secrets.Versions, sec}, nil
}

// translate puts an error into the words of package cloud. No value gets into it.
// permission is what the request needs.
func (s session) translate(err error, permission string) error {
	if err == nil {
		return nil
	}
	object := "secret"
	if s.sec.Secret != nil {
		object = fmt.Sprintf("secret %q", s.sec.Name)
	}
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	if errors.As(err, &syntax) || errors.As(err, &kind) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%s: the answer of Secret Manager cannot be read: look at the address of the service, and at proxies before it", object) // the cause may show values
	}
	out := google.Translate(err, permission)
	if stale(err) && !errors.Is(out, cloud.ErrConflict) {
		out = fmt.Errorf("%w: %w", cloud.ErrConflict, out)
	}
	return document.Hide(fmt.Errorf("%s: %w", object, out), s.sec.Values, s.config.AccessToken)
}

// code is that of an answer, 0 when there was none.
func code(err error) int {
	var answer *googleapi.Error
	if errors.As(err, &answer) {
		return answer.Code
	}
	return 0
}

// stale reports whether a change was refused because of another one before it: its etag is
// not the newest any more.
func stale(err error) bool {
	var answer *googleapi.Error
	if !errors.As(err, &answer) {
		return false
	}
	return answer.Code == http.StatusConflict || answer.Code == http.StatusPreconditionFailed ||
		answer.Code == http.StatusBadRequest && strings.Contains(strings.ToLower(answer.Message), "etag")
}

const (
	tries   = 9 // of what is not tried again by the client itself
	longest = 30 * time.Second
)

// pause waits before the next try, longer each time, or as long as the cloud says.
func (s session) pause(ctx context.Context, n int, err error) error {
	d := s.config.Pace
	if d == 0 {
		d = time.Second
	}
	d = min(d<<n, longest)
	var answer *googleapi.Error
	if errors.As(err, &answer) {
		if seconds, bad := strconv.Atoi(answer.Header.Get("Retry-After")); bad == nil {
			d = max(d, time.Duration(seconds)*time.Second)
		}
	}
	return cloud.Pause(ctx, d)
}

// patient tries again what fails because its secret was made a moment ago, and is not
// seen everywhere yet.
func (s session) patient(ctx context.Context, do func() error) error {
	for n := 0; ; n++ {
		err := do()
		if code(err) != http.StatusNotFound || n == 4 {
			return err
		}
		if s.pause(ctx, n, err) != nil {
			return err
		}
	}
}
