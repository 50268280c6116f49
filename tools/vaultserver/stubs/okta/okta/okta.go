// Package okta takes the place of Okta's client, which only a login with Okta's second factor asks: the test server has none.
package okta

import (
	"context"
	"errors"
	"net/http"
)

var errAbsent = errors.New("the test server has no Okta")

type (
	// Configuration of the client.
	Configuration struct{ Context context.Context }
	// ConfigSetter changes nothing.
	ConfigSetter func(*Configuration)
	// APIClient asks nobody.
	APIClient struct {
		UserAPI       users
		UserFactorAPI factors
	}
	// User has no id.
	User struct{}
	// UserFactorPush has no id.
	UserFactorPush struct{}

	factor       struct{ UserFactorPush *UserFactorPush }
	verification struct{ Links map[string]any }
	status       struct {
		UserFactorPushTransaction, UserFactorPushTransactionWaiting, UserFactorPushTransactionRejected, UserFactorPushTransactionTimeout *struct{}
	}
	users          struct{}
	factors        struct{}
	request[T any] struct{}
)

// WithToken and the others take a setting and leave it.
func WithToken(string) ConfigSetter  { return func(*Configuration) {} }
func WithOrgUrl(string) ConfigSetter { return func(*Configuration) {} }
func WithCache(bool) ConfigSetter    { return func(*Configuration) {} }

// NewConfiguration fails always.
func NewConfiguration(...ConfigSetter) (*Configuration, error) { return nil, errAbsent }

// NewAPIClient is never reached.
func NewAPIClient(*Configuration) *APIClient { return &APIClient{} }

// GetConfig is empty.
func (*APIClient) GetConfig() *Configuration { return &Configuration{} }

// GetId is empty.
func (User) GetId() string           { return "" }
func (UserFactorPush) GetId() string { return "" }

func (*verification) GetFactorResult() string { return "" }

func (r request[T]) Filter(string) request[T] { return r }

func (request[T]) Execute() (none T, _ *http.Response, _ error) { return none, nil, errAbsent }

func (users) ListUsers(context.Context) (r request[[]User]) { return r }

func (factors) ListFactors(context.Context, string) (r request[[]factor]) { return r }

func (factors) VerifyFactor(context.Context, string, string) (r request[*verification]) { return r }

func (factors) GetFactorTransactionStatus(context.Context, string, string, string) (r request[*status]) {
	return r
}
