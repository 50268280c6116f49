package azurekeyvault

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/document"
)

// kept is a version as the vault gave it.
type kept struct {
	version, kind string
	tags          map[string]string
	values        secrets.Values
	unreadable    error // why there are no values
	disabled      bool
}

func (k kept) holds(v secrets.Values) bool {
	return k.unreadable == nil && maps.Equal(k.values.Reveal(), v.Reveal())
}

// get reads a version; "" is the newest.
func (s session) get(ctx context.Context, version string) (kept, error) {
	got, err := s.GetSecret(ctx, s.name, version, nil)
	if err != nil {
		return kept{}, quiet(s.translate(err, "getSecret/action"))
	}
	if got.ID == nil || got.Value == nil || got.ID.Version() == "" {
		return kept{}, fmt.Errorf("%s: the answer of the key vault holds no version: look at the URL, and at proxies before it", s.id())
	}
	out := kept{version: got.ID.Version(), tags: texts(got.Tags)}
	if got.ContentType != nil {
		out.kind = *got.ContentType
	}
	out.values, out.unreadable = document.Decode(*got.Value)
	return out, nil
}

// write adds a version with the tags that the last one had and those that are ours, after
// the version seen. A request whose answer was lost is not simply sent again, since each
// makes a version: first it is asked whether it was taken.
func (s session) write(ctx context.Context, text string, tags map[string]string, seen string) error {
	in := azsecrets.SetSecretParameters{Value: &text, ContentType: to.Ptr(contentType), Tags: pointers(cloud.With(tags, wanted(s.sec)))}
	once := policy.WithRetryOptions(ctx, policy.RetryOptions{MaxRetries: -1, TryTimeout: s.config.Attempt})
	for n := 0; ; n++ {
		_, err := s.SetSecret(once, s.name, in, nil)
		if err == nil {
			return nil
		}
		answered := s.translate(err, "setSecret/action")
		refused, lost := again(err, answered)
		if !refused && !lost || n == tries || s.pause(ctx, n) != nil {
			return answered
		}
		if !lost {
			continue
		}
		have, unknown := s.get(ctx, "")
		if errors.Is(unknown, cloud.ErrNotFound) {
			continue
		}
		if unknown != nil {
			return fmt.Errorf("%w; and it is not known whether the values were written: %w", answered, unknown)
		}
		if have.version != seen && have.holds(s.sec.Values) && s.sec.Ours(have.tags, s.sec.Name) {
			return nil
		}
	}
}

// again reports whether a write that failed is worth another try: it was refused for now,
// or its answer was lost, and nobody knows whether it was taken.
func again(err, answered error) (refused, lost bool) {
	var no unsigned
	var f *failure
	switch {
	case errors.As(err, &no), errors.Is(err, context.Canceled):
		return false, false
	case !errors.As(answered, &f):
		return false, true
	}
	return f.busy() || f.status == http.StatusTooManyRequests, f.status >= 500 || f.status == http.StatusRequestTimeout
}

// pause waits before the next try, longer each time.
func (s session) pause(ctx context.Context, n int) error {
	return cloud.Pause(ctx, min(s.config.Pace<<n, 30*time.Second))
}

// Version is the id of the newest version.
func (s *store) Version(ctx context.Context, id string, sec secrets.Secret) (string, error) {
	_, have, err := s.existing(ctx, id, sec)
	return have.version, err
}

// Values are those of a version. What is no text in it is given as JSON.
func (s *store) Values(ctx context.Context, id string, sec secrets.Secret, version string) (secrets.Values, error) {
	p, err := placeOf(id)
	if err != nil {
		return secrets.Values{}, err
	}
	c, err := s.open(p, sec)
	if err != nil {
		return secrets.Values{}, err
	}
	have, err := c.get(ctx, version)
	if err == nil && have.unreadable != nil {
		err = fmt.Errorf("%s: %w", id, have.unreadable)
	}
	return have.values, err
}

func texts(tags map[string]*string) map[string]string {
	out := map[string]string{}
	for key, value := range tags {
		if value != nil {
			out[key] = *value
		}
	}
	return out
}

func pointers(tags map[string]string) map[string]*string {
	out := map[string]*string{}
	for key, value := range tags {
		out[key] = to.Ptr(value)
	}
	return out
}
