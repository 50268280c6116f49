package encode

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

var (
	errLongKey = fmt.Errorf("a key must fit in %d bytes", maxKey)
	errDepth   = errors.New("nested too deeply; does the value contain itself?")
	errComment = errors.New("a comment can only follow a scalar")
)

// maxShown is how much of a key an error shows.
const maxShown = 80

// fault is an error with the way to the value it is about. The way is built
// while the error travels up, so that the good case pays nothing for it.
type fault struct {
	path string
	err  error
}

func (f *fault) Error() string { return f.path + ": " + f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

// within puts a key in front of the way to err.
func within(key string, err error) error {
	if len(key) > maxShown {
		key = key[:maxShown] + "..."
	}
	if key == "" || strings.ContainsAny(key, ".[]\"\n ") || !allVisible(key, "") {
		key = strconv.QuoteToASCII(key)
	}
	return prefix(key, err)
}

// item puts an index in front of the way to err.
func item(index int, err error) error {
	return prefix("["+strconv.Itoa(index)+"]", err)
}

func prefix(segment string, err error) error {
	inner, ok := err.(*fault) //nolint:errorlint // only a fault of our own level is extended
	if !ok {
		return &fault{segment, err}
	}
	if !strings.HasPrefix(inner.path, "[") {
		segment += "."
	}
	return &fault{segment + inner.path, inner.err}
}
