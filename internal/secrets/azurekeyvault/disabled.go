package azurekeyvault

import (
	"context"
	"errors"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
)

// disabled is the code of a refusal to read a version that somebody disabled.
const disabled = "SecretDisabled"

// newest is the newest version. Of one that is disabled a vault gives no value, but lists
// it with the others.
func (s session) newest(ctx context.Context) (kept, error) {
	out, err := s.get(ctx, "")
	var f *failure
	if !errors.As(err, &f) || f.code != disabled {
		return out, err
	}
	var last *azsecrets.SecretProperties
	for pager := s.NewListSecretPropertiesVersionsPager(s.name, nil); pager.More(); {
		page, failed := pager.NextPage(ctx)
		if failed != nil {
			return kept{}, s.translate(failed, "readMetadata/action")
		}
		for _, v := range page.Value {
			if v.ID != nil && (last == nil || later(v.Attributes, last.Attributes)) {
				last = v
			}
		}
	}
	if last == nil {
		return kept{}, err
	}
	out = kept{version: last.ID.Version(), tags: texts(last.Tags), disabled: true, unreadable: err}
	if last.ContentType != nil {
		out.kind = *last.ContentType
	}
	return out, nil
}

// later compares when versions were made, which a vault tells in seconds: of two in the same
// second it is the disabled one, for that is what could not be read.
func later(a, b *azsecrets.SecretAttributes) bool {
	when := func(x *azsecrets.SecretAttributes) time.Time {
		if x == nil || x.Created == nil {
			return time.Time{}
		}
		return *x.Created
	}
	if at, of := when(a), when(b); !at.Equal(of) {
		return at.After(of)
	}
	return a != nil && a.Enabled != nil && !*a.Enabled
}
