package cloud

import (
	"context"
	"fmt"
	"sync"
)

type hearing struct{}

// Warned returns a context in which a driver can warn. One warning is heard at a time.
func Warned(ctx context.Context, hear func(text string)) context.Context {
	var mu sync.Mutex
	return context.WithValue(ctx, hearing{}, func(text string) {
		mu.Lock()
		defer mu.Unlock()
		hear(text)
	})
}

// Warn says what whoever applies has to know although the work is done: what the object
// still lacks to be of use, and the way to it. It is no place for progress, nor for what
// the plan could have told.
func Warn(ctx context.Context, format string, args ...any) {
	if hear, ok := ctx.Value(hearing{}).(func(string)); ok {
		hear(fmt.Sprintf(format, args...))
	}
}
