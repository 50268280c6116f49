package aws

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const (
	tries   = 10               // of one request
	longest = 20 * time.Second // between two tries
)

// busy are codes of errors that say: somebody else changes it just now.
var busy = []string{
	"OperationAborted", "ConditionalRequestConflict", // S3
	"ConcurrentModification", "ConcurrentModificationException", "EntityTemporarilyUnmodifiable", "EntityTemporarilyUnmodifiableException", // IAM
}

// retryer tries again what passes by itself: what the SDK knows (throttling, 5xx, resets,
// timeouts), busy objects, and the codes in also.
func (c *clients) retryer(also []string) sdk.Retryer {
	codes := map[string]struct{}{}
	for _, list := range [][]string{busy, also} {
		for _, code := range list {
			codes[code] = struct{}{}
		}
	}
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = tries
		o.RateLimiter = ratelimit.None // a bucket of tokens gives up while the cloud is slow
		o.Backoff = retry.BackoffDelayerFunc(c.delay)
		o.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(stopped)}, o.Retryables...)
		o.Retryables = append(o.Retryables, retry.RetryableErrorCode{Codes: codes})
	})
}

// stopped keeps the SDK from taking the end of a run for a lost connection.
func stopped(err error) sdk.Ternary {
	if errors.Is(err, context.Canceled) {
		return sdk.FalseTernary
	}
	return sdk.UnknownTernary
}

// delay is how long to wait before the next try: what the cloud says, or longer each time.
func (c *clients) delay(attempt int, err error) (time.Duration, error) {
	if said, ok := retryAfter(err); ok {
		return said, nil
	}
	if c.Pace != 0 {
		return c.Pace, nil
	}
	return retry.NewExponentialJitterBackoff(longest).BackoffDelay(attempt, err)
}

// retryAfter reads the header of that name, in seconds or as a date.
func retryAfter(err error) (time.Duration, bool) {
	var answer *smithyhttp.ResponseError
	if !errors.As(err, &answer) || answer.Response == nil {
		return 0, false
	}
	value := answer.Response.Header.Get("Retry-After")
	if seconds, bad := strconv.Atoi(value); bad == nil && seconds >= 0 {
		return time.Duration(seconds) * time.Second, true
	}
	if at, bad := http.ParseTime(value); bad == nil {
		return max(0, time.Until(at)), true
	}
	return 0, false
}
