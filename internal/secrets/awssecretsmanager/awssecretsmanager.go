// Package awssecretsmanager keeps secrets in AWS Secrets Manager: the values of one secret
// are one JSON object, and each write is a new version. It replicates and rotates nothing,
// sets no resource policy, and knows nothing of Terraform.
package awssecretsmanager

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/smithy-go"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/document"
)

// Endpoint is the name of the service in aws.Config.Endpoints.
const Endpoint = "secretsmanager"

// New is the store. It opens nothing: what is configured is tried at the first use.
func New(c aws.Config) secrets.Store {
	s := &store{config: c, clients: map[string]*secretsmanager.Client{}}
	return secrets.Store{
		Kind:      cloud.Kind[secrets.Secret]{Plan: plan{}, Store: s},
		Reader:    s,
		Reference: func(id string, _ secrets.Secret) string { return id }, // the end of an ARN is the cloud's own choice
	}
}

type store struct {
	config aws.Config

	mu      sync.Mutex
	clients map[string]*secretsmanager.Client // by region
}

// session is one operation on one secret.
type session struct {
	*secretsmanager.Client
	sec    secrets.Secret
	hidden []string // texts that no error may show, beside the values
}

// open gives the client of the secret's region. One that cannot be made is not kept: the
// credentials may have been renewed by the next try.
func (s *store) open(ctx context.Context, id string, sec secrets.Secret) (session, error) {
	c, err := s.client(ctx, regionOf(id, sec))
	if err != nil {
		return session{}, err
	}
	who, err := c.Options().Credentials.Retrieve(ctx)
	if err != nil {
		return session{}, fmt.Errorf("%w: the credentials cannot be renewed: log in again (aws sso login, aws configure): %w", cloud.ErrDenied, err)
	}
	return session{c, sec, []string{who.SecretAccessKey, who.SessionToken}}, nil
}

func (s *store) client(ctx context.Context, region string) (*secretsmanager.Client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.clients[region]; c != nil {
		return c, nil
	}
	loaded, err := s.config.SDK(ctx, region)
	if err != nil {
		return nil, err
	}
	s.clients[region] = secretsmanager.NewFromConfig(loaded, func(o *secretsmanager.Options) {
		if address := s.config.Endpoints[Endpoint]; address != "" {
			o.BaseEndpoint = &address
		}
	})
	return s.clients[region], nil
}

// regionOf is that of an ARN, of the store, or of a platform on AWS; "" is the configured
// one.
func regionOf(id string, sec secrets.Secret) string {
	if parts := strings.Split(id, ":"); len(parts) > 3 && parts[0] == "arn" {
		return parts[3]
	}
	switch platform := sec.On.Platform; {
	case sec.Secret != nil && sec.Store != nil && sec.Store.Region != "":
		return sec.Store.Region
	case platform != nil && platform.Cloud == "aws":
		return platform.Region
	}
	return ""
}

// patient waits for what was made a moment ago and is not seen everywhere yet.
func patient(o *secretsmanager.Options) {
	o.Retryer = retry.AddWithErrorCodes(o.Retryer, (*types.ResourceNotFoundException)(nil).ErrorCode())
}

// translate puts an error about a secret into the words of package cloud. No value gets
// into it.
func (c session) translate(err error) error {
	if err == nil {
		return nil
	}
	object := c.object()
	var undecrypted *types.DecryptionFailure
	var unencrypted *types.EncryptionFailure
	out := aws.Translate(object, err)
	switch {
	case errors.As(err, &undecrypted), errors.As(err, &unencrypted), errors.Is(out, cloud.ErrDenied) && ofKey(err):
		out = fmt.Errorf("the KMS key cannot be used: it must exist and be enabled, and its policy must allow kms:GenerateDataKey and kms:Decrypt: %w", out)
	case unreadable(err):
		return fmt.Errorf("%s: the answer of Secrets Manager cannot be read: look at the address of the service, and at proxies before it", object) // the cause may show values
	case taken(err), marked(err):
		out = fmt.Errorf("%w: %w", cloud.ErrConflict, out)
	}
	return document.Hide(out, c.sec.Values, c.hidden...)
}

// object is what errors call the secret.
func (c session) object() string {
	if c.sec.Secret == nil {
		return "secret"
	}
	return fmt.Sprintf("secret %q", c.sec.Name)
}

// ofKey reports whether a refusal is one of the key, and not of the secret.
func ofKey(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && strings.Contains(strings.ToLower(api.ErrorMessage()), "kms")
}

func unreadable(err error) bool {
	var broken *smithy.DeserializationError
	var api smithy.APIError
	return errors.As(err, &broken) && !errors.As(err, &api)
}

// taken reports whether the name of a secret is in use.
func taken(err error) bool {
	var exists *types.ResourceExistsException
	return errors.As(err, &exists)
}

// marked reports whether a request was refused because the secret is scheduled for
// deletion. The code has other meanings, and the message says which.
func marked(err error) bool {
	var refused *types.InvalidRequestException
	if !errors.As(err, &refused) {
		return false
	}
	says := strings.ToLower(refused.ErrorMessage())
	return strings.Contains(says, "for deletion") || strings.Contains(says, "marked deleted")
}

// arn is the id of a secret.
func arn(text *string) string { return sdk.ToString(text) }
