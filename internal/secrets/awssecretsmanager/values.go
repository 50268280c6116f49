package awssecretsmanager

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/document"
)

const stageCurrent = "AWSCURRENT"

// newToken makes the id of one write. All tries of it carry the same, so that the service
// takes it once; nothing of the values is in it.
func newToken() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// put writes a new version, unless text is nil.
func (c session) put(ctx context.Context, id string, text *string, token string) error {
	if text == nil {
		return nil
	}
	_, err := c.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: &id, SecretString: text, ClientRequestToken: &token})
	return c.translate(err)
}

// Version is the id of the version that readers get, "0" when nothing was written yet.
func (s *store) Version(ctx context.Context, id string, sec secrets.Secret) (string, error) {
	_, d, err := s.existing(ctx, id, sec)
	if err != nil {
		return "", err
	}
	return current(d), nil
}

// Values are those of a version. What is no text in it is given as JSON.
func (s *store) Values(ctx context.Context, id string, sec secrets.Secret, version string) (secrets.Values, error) {
	c, err := s.open(ctx, id, sec)
	if err != nil {
		return secrets.Values{}, err
	}
	return c.read(ctx, id, version)
}

func (c session) read(ctx context.Context, id, version string) (secrets.Values, error) {
	in := &secretsmanager.GetSecretValueInput{SecretId: &id}
	if version != "" {
		in.VersionId = &version
	}
	out, err := c.GetSecretValue(ctx, in)
	var failed *smithyhttp.ResponseError
	switch {
	case errors.As(err, &failed) && failed.HTTPStatusCode() >= http.StatusInternalServerError:
		return secrets.Values{}, fmt.Errorf("secret %s: %w", id, document.Failed("Secrets Manager", failed.HTTPStatusCode()))
	case marked(err):
		return secrets.Values{}, fmt.Errorf("secret %s is scheduled for deletion: %w", id, cloud.ErrNotFound)
	case err != nil:
		return secrets.Values{}, c.translate(err)
	case out.SecretString == nil:
		return secrets.Values{}, fmt.Errorf("secret %s holds bytes and no text: write its values as a JSON object, or give the secret another path", id)
	}
	v, err := document.Decode(sdk.ToString(out.SecretString))
	if err != nil {
		return v, fmt.Errorf("secret %s: %w", id, err)
	}
	return v, nil
}

// holds reports whether the newest version has just the values of sec: the answer to the
// request that wrote them was lost, or somebody wrote the same. Who may not read them gets
// no.
func (c session) holds(ctx context.Context, id string) bool {
	have, err := c.read(ctx, id, "")
	return err == nil && maps.Equal(have.Reveal(), c.sec.Values.Reveal())
}
