package vault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// lease is how long a token holds, as a login or a renewal answers.
type lease struct {
	Seconds   int64 `json:"lease_duration"`
	Renewable bool  `json:"renewable"`
}

// lookUp is the lease of a token that was given, none when it may not look at itself.
func (s *session) lookUp(ctx context.Context) lease {
	if !s.keeps {
		return lease{}
	}
	var answer struct {
		Data struct {
			TTL       int64
			Renewable bool
		}
	}
	if s.send(ctx, call{method: read, path: "auth/token/lookup-self"}, &answer) != nil {
		return lease{} // the request that comes next tells what is wrong
	}
	return lease{answer.Data.TTL, answer.Data.Renewable}
}

// keep has a token renewed when two thirds of its time are over, and again after that: an
// apply may wait longer for nodes than a token holds, and what it was got with may be of
// use only once. It ends with the token.
func (s *session) keep(ctx context.Context, token string, l lease) {
	if !s.keeps || !l.Renewable || l.Seconds < 1 {
		return
	}
	holds := time.Duration(l.Seconds) * time.Second
	after := context.WithoutCancel(ctx) // the operation that asked is over by then
	time.AfterFunc(holds*2/3, func() {
		if !s.uses(token) {
			return
		}
		ctx, done := context.WithTimeout(after, holds/3)
		defer done()
		var answer struct{ Auth lease }
		// Without an increment it is made as long as it was at first.
		renew := call{method: write, path: "auth/token/renew-self", body: struct{}{}, needs: "update"}
		if s.send(ctx, renew, &answer) == nil {
			s.keep(after, token, answer.Auth)
		}
	})
}

func (s *session) uses(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token == token
}

// ended adds to the failure of a login what became of the one before.
func ended(before string, err error) error {
	if before == "" || !errors.Is(err, cloud.ErrDenied) {
		return err
	}
	return fmt.Errorf("the token has ended, and the same credentials give no other: give its role a longer token_max_ttl, or credentials that can be used again: %w", err)
}
