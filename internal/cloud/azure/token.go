package azure

import (
	"context"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// Token is a credential that is a token somebody else got, such as an ephemeral value. It
// is not renewed, and nobody knows how long it lasts: when it has expired, Azure says so.
func Token(text string) azcore.TokenCredential { return given(text) }

type given string

// lent reports whether requests are signed by such a token. It is for one service, and
// Resource Manager and the blobs are two.
func (c Config) lent() bool {
	_, is := c.Credential.(given)
	return is
}

// GetToken names no expiry: the SDK then asks again before each request, which costs nothing.
func (g given) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: string(g)}, nil
}
