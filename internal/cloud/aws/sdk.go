package aws

import (
	"context"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
)

// SDK is the loaded configuration for clients of services that other packages talk to,
// with credentials, retries and the user agent. An address in Endpoints is theirs to set.
func (c Config) SDK(ctx context.Context, region string) (sdk.Config, error) {
	return newClients(c).in(ctx, region, nil)
}

// Translate puts an error of such a client's request about an object, such as
// `secret "tracker"`, into the words of package cloud.
func Translate(object string, err error) error { return translate(object, err) }
