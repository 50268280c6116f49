package vault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strconv"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
)

func absent(err error) bool { return errors.Is(err, cloud.ErrNotFound) }

// put writes a new version on top of version seen.
func (s store) put(ctx context.Context, p place, seen int, v secrets.Values) error {
	values := v.Reveal()
	body := map[string]any{"options": map[string]int{"cas": seen}, "data": values}
	c := call{method: write, path: p.data(), body: body, needs: capability(seen == 0)}
	for _, value := range values {
		c.hidden = append(c.hidden, value)
	}
	err := s.do(ctx, c, nil)
	if errors.Is(err, cloud.ErrConflict) {
		return s.conflict(ctx, p, seen, v)
	}
	return err
}

// conflict is nil when the newest version holds just these values: the answer to the
// request that wrote them was lost, or somebody wrote the same.
func (s store) conflict(ctx context.Context, p place, seen int, v secrets.Values) error {
	m, err := s.metadata(ctx, p)
	if err != nil {
		return err
	}
	if have, err := s.values(ctx, p, m.Current); err == nil && maps.Equal(have, v.Reveal()) {
		return nil
	}
	return fmt.Errorf("%s: the values were to be written on version %d, and the newest is version %d: look at what was written, and apply again: %w", p.id(), seen, m.Current, cloud.ErrConflict)
}

// version reads the number of a version; "" is otherwise.
func version(text string, otherwise int) (int, error) {
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is no version: Vault counts them 1, 2, 3", text)
	}
	return n, nil
}

// Version is the number of the newest version, "0" when nothing was written yet.
func (s store) Version(ctx context.Context, id string, _ secrets.Secret) (string, error) {
	_, m, err := s.existing(ctx, id)
	if err != nil {
		return "", err
	}
	return strconv.Itoa(m.Current), nil
}

// Values are those of a version. What is no text there is given as JSON.
func (s store) Values(ctx context.Context, id string, _ secrets.Secret, wanted string) (secrets.Values, error) {
	p, err := s.find(ctx, id)
	if err != nil {
		return secrets.Values{}, err
	}
	n, err := version(wanted, 0) // 0 is the newest for the engine, too
	if err != nil {
		return secrets.Values{}, err
	}
	values, err := s.values(ctx, p, n)
	if absent(err) && n > 0 {
		return secrets.Values{}, fmt.Errorf("version %d was never written, or is deleted or destroyed: %w", n, err)
	}
	return secrets.ValuesOf(values), err
}

func (s store) values(ctx context.Context, p place, n int) (map[string]string, error) {
	var answer struct {
		Data struct {
			Data map[string]json.RawMessage
		}
	}
	query := url.Values{"version": {strconv.Itoa(n)}}
	if err := s.do(ctx, call{method: read, path: p.data(), query: query, needs: read, reveals: true}, &answer); err != nil {
		return nil, err
	}
	out := map[string]string{}
	for key, raw := range answer.Data.Data {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			text = string(raw)
		}
		out[key] = text
	}
	return out, nil
}
