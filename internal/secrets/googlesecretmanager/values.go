package googlesecretmanager

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"google.golang.org/api/secretmanager/v1"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/document"
)

// number is that of a version, 0 when there is none.
func number(v *secretmanager.SecretVersion) int {
	if v == nil {
		return 0
	}
	n, _ := strconv.Atoi(v.Name[strings.LastIndex(v.Name, "/")+1:])
	return n
}

// dying reports whether a version is destroyed or waits for it.
func dying(v *secretmanager.SecretVersion) bool {
	return v != nil && (v.State == "DESTROYED" || v.State == "DISABLED" && v.ScheduledDestroyTime != "")
}

// newest is the version that was made last, nil when there is none.
func (s session) newest(ctx context.Context, name string) (*secretmanager.SecretVersion, error) {
	v, err := s.versions.Get(name + "/versions/latest").Context(ctx).Do()
	if code(err) == http.StatusNotFound {
		return nil, nil //nolint:nilnil // the cloud says the same of a secret without versions
	}
	return v, s.translate(err, "secretmanager.versions.get")
}

// checksum is what the cloud compares the text with.
func checksum(text []byte) int64 {
	return int64(crc32.Checksum(text, crc32.MakeTable(crc32.Castagnoli)))
}

// write adds a version after the version seen. A request whose answer was lost is not
// simply sent again, since each makes a version: first it is asked whether it was taken.
func (s session) write(ctx context.Context, name, text string, seen int) error {
	data := []byte(text)
	in := &secretmanager.AddSecretVersionRequest{Payload: &secretmanager.SecretPayload{Data: base64.StdEncoding.EncodeToString(data), DataCrc32c: checksum(data)}}
	for n := 0; ; n++ {
		_, err := s.secrets.AddVersion(name, in).Context(ctx).Do()
		if err == nil {
			return nil
		}
		c := code(err)
		refused := c == http.StatusTooManyRequests || c == http.StatusNotFound && n < 4
		lost := c == 0 || c >= 500 || c == http.StatusRequestTimeout
		if !refused && !lost || n == tries || ctx.Err() != nil || s.pause(ctx, n, err) != nil {
			return s.translate(err, "secretmanager.versions.add")
		}
		if !lost {
			continue
		}
		newest, unknown := s.newest(ctx, name)
		if unknown != nil {
			return fmt.Errorf("%w; and it is not known whether the values were written: %w", s.translate(err, "secretmanager.versions.add"), unknown)
		}
		if number(newest) > seen && s.holds(ctx, name) {
			return nil
		}
	}
}

// Version is the number of the newest version, "0" when nothing was written yet.
func (s *store) Version(ctx context.Context, id string, sec secrets.Secret) (string, error) {
	c, err := s.open(sec)
	if err != nil {
		return "", err
	}
	_, newest, err := c.existing(ctx, id)
	if err != nil {
		return "", err
	}
	return strconv.Itoa(number(newest)), nil
}

// Values are those of a version. What is no text in it is given as JSON.
func (s *store) Values(ctx context.Context, id string, sec secrets.Secret, version string) (secrets.Values, error) {
	c, err := s.open(sec)
	if err != nil {
		return secrets.Values{}, err
	}
	return c.read(ctx, id, version)
}

func (s session) read(ctx context.Context, name, version string) (secrets.Values, error) {
	if version == "" {
		version = "latest"
	}
	out, err := s.versions.Access(name + "/versions/" + version).Context(ctx).Do()
	if code(err) == http.StatusBadRequest {
		err = s.translate(err, "")
		return secrets.Values{}, fmt.Errorf("version %s cannot be read, it is disabled or destroyed: %w: %w", version, cloud.ErrNotFound, err)
	}
	if c := code(err); c >= http.StatusInternalServerError {
		return secrets.Values{}, fmt.Errorf("%s: %w", name, document.Failed("Secret Manager", c))
	}
	if err != nil {
		return secrets.Values{}, s.translate(err, "secretmanager.versions.access")
	}
	if out.Payload == nil {
		return secrets.Values{}, errors.New("the answer of Secret Manager holds no values")
	}
	data, err := base64.StdEncoding.DecodeString(out.Payload.Data)
	if err != nil || out.Payload.DataCrc32c != 0 && out.Payload.DataCrc32c != checksum(data) {
		return secrets.Values{}, fmt.Errorf("%s: the values came broken: try again", name)
	}
	v, err := document.Decode(string(data))
	if err != nil {
		return v, fmt.Errorf("%s: %w", name, err)
	}
	return v, nil
}

// holds reports whether the newest version has just the values of the secret: the answer
// to the request that wrote them was lost, or somebody wrote the same. Who may not read
// them gets no.
func (s session) holds(ctx context.Context, name string) bool {
	have, err := s.read(ctx, name, "")
	return err == nil && maps.Equal(have.Reveal(), s.sec.Values.Reveal())
}
