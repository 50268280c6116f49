package azure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// try does one call, again while Azure is busy with another change of the same object.
// The pipeline has tried again by itself what is worth it.
func (c *clients) try(ctx context.Context, do func(context.Context) error) error {
	return c.repeat(ctx, do, func(err error, _ int) bool { return busy(err) })
}

// made is try for what belongs to an object that was just made: regions learn of it late.
func (c *clients) made(ctx context.Context, do func(context.Context) error) error {
	return c.repeat(ctx, do, func(err error, n int) bool { return busy(err) || (late(err) && n < looks) })
}

func (c *clients) repeat(ctx context.Context, do func(context.Context) error, again func(error, int) bool) error {
	var last error // of the tries before
	for n := 0; ; n++ {
		err := translate(do(ctx))
		switch {
		case last != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()):
			return fmt.Errorf("%w; the last answer was %w", err, last)
		case err == nil || !again(err, n):
			return err
		}
		last = err
		c.cfg.progress(ctx, "waiting: %v", err)
		if stopped := cloud.Pause(ctx, c.delay(n)); stopped != nil {
			return fmt.Errorf("%w; the last answer was %w", stopped, err)
		}
	}
}

// delay grows from the pace to half a minute.
func (c *clients) delay(n int) time.Duration {
	pace := c.cfg.Pace
	if pace == 0 {
		pace = 2 * time.Second
	}
	return min(pace<<min(n, 6), 30*time.Second)
}

// busy reports whether an answer says that the same request may succeed later.
func busy(err error) bool {
	var answer *azcore.ResponseError
	if !errors.As(err, &answer) {
		return false
	}
	code, message := said(answer)
	switch {
	case quota(code, message), code == "ResourceGroupBeingDeleted":
		return false
	case code == "PrincipalNotFound": // a new principal is not known everywhere yet
		return true
	case answer.StatusCode != http.StatusConflict:
		return false
	}
	return slices.Contains([]string{"OperationNotAllowed", "OperationPreempted"}, code) ||
		strings.Contains(code, "InProgress") || strings.Contains(code, "Concurrent") || strings.Contains(code, "Being")
}

// late reports whether an answer may only mean that a new object is not known yet.
func late(err error) bool {
	return status(err) == http.StatusNotFound &&
		!slices.Contains([]string{"ResourceGroupNotFound", "SubscriptionNotFound", "InvalidResourceType"}, code(err))
}

// wait begins a long-running operation and polls it until it ends. fresh says that what
// it is about may not be known everywhere yet. begun reports whether Azure took the
// request, whatever became of it.
func wait[T any](ctx context.Context, c *clients, what string, fresh bool, begin func(ctx context.Context, token string) (*runtime.Poller[T], error)) (begun bool, err error) {
	var poller *runtime.Poller[T]
	first := c.try
	if fresh {
		first = c.made
	}
	err = first(ctx, func(ctx context.Context) (err error) {
		poller, err = begin(ctx, "")
		return err
	})
	if err != nil {
		return false, err
	}
	last := "InProgress"
	for n := 0; !poller.Done(); {
		token, err := poller.ResumeToken()
		if err != nil {
			return true, err
		}
		resp, err := poller.Poll(ctx) //nolint:bodyclose // the poller has read it
		switch {
		case err == nil && !poller.Done():
			last = word(resp)
			c.cfg.progress(ctx, "%s: %s", what, last)
			err = cloud.Pause(ctx, c.interval(resp))
		case err == nil:
		case n < tries && ((fresh && late(err)) || passing(err)):
			// A poller that failed may be broken; the token makes one that is not.
			n++
			if err = cloud.Pause(ctx, c.delay(n)); err == nil {
				poller, err = begin(ctx, token)
			}
		}
		switch {
		case err != nil && ctx.Err() != nil:
			return true, fmt.Errorf("still %s when the time was over, set timeouts to give it more: %w", last, ctx.Err())
		case err != nil:
			return true, translate(err)
		}
	}
	_, err = poller.Result(ctx)
	return true, translate(err)
}

func passing(err error) bool {
	s := status(err)
	return s == http.StatusTooManyRequests || s >= http.StatusInternalServerError
}

// interval is how long to wait for the next poll: what Azure asks for, or the pace.
func (c *clients) interval(resp *http.Response) time.Duration {
	if c.cfg.Pace != 0 {
		return c.cfg.Pace
	}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
		return time.Duration(min(s, 300)) * time.Second
	}
	return 15 * time.Second
}

// word is the cloud's own word for how far an operation is.
func word(resp *http.Response) string {
	var says struct {
		Status     string `json:"status"`
		Properties struct {
			ProvisioningState string `json:"provisioningState"`
		} `json:"properties"`
	}
	body, err := runtime.Payload(resp)
	if err == nil {
		err = json.Unmarshal(body, &says)
	}
	switch {
	case err == nil && says.Status != "":
		return says.Status
	case err == nil && says.Properties.ProvisioningState != "":
		return says.Properties.ProvisioningState
	}
	return "InProgress"
}
