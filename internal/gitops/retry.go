package gitops

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	shortPause = 20 * time.Millisecond
	longPause  = 2 * time.Second
	// asks is how often one question is put to a server that fails.
	asks = 5
)

// pause waits longer each time, by a random share so that writers part, and
// ends with ctx.
func pause(ctx context.Context, attempt int) error {
	limit := min(shortPause<<min(attempt, 10), longPause)
	wait := limit/4 + rand.N(limit) //nolint:gosec // jitter needs no secrecy
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
		return nil
	}
}

// again repeats ask while it fails in a way that may pass.
func again(ctx context.Context, ask func() error) error {
	for attempt := 0; ; attempt++ {
		err := ask()
		if err == nil || !isTransient(err) {
			return err
		}
		if attempt+1 == asks {
			return fmt.Errorf("%d attempts: %w", asks, err)
		}
		if ended := pause(ctx, attempt+2); ended != nil {
			return errors.Join(ended, err)
		}
	}
}
