package secrets

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
)

// Values are the values of one secret, by key. Nothing that prints, logs or encodes them
// shows one: Reveal is the only way.
type Values struct {
	// A function, because package fmt asks no method of what lies in an unexported field, nor
	// for %p and %w, and walks through a map.
	of func() map[string]string
}

const redacted = "(values of a secret)"

// ValuesOf keeps a copy of m.
func ValuesOf(m map[string]string) Values {
	if len(m) == 0 {
		return Values{}
	}
	kept := maps.Clone(m)
	return Values{func() map[string]string { return kept }}
}

// kept are the values themselves.
func (v Values) kept() map[string]string {
	if v.of == nil {
		return nil
	}
	return v.of()
}

// Reveal is a copy of the values, for the request that carries them to the store.
func (v Values) Reveal() map[string]string { return maps.Clone(v.kept()) }

// Keys are the keys in order.
func (v Values) Keys() []string { return slices.Sorted(maps.Keys(v.kept())) }

// Empty reports whether there is no value.
func (v Values) Empty() bool { return len(v.kept()) == 0 }

// With is v with other's values over its own.
func (v Values) With(other Values) Values {
	out := map[string]string{}
	maps.Copy(out, v.kept())
	maps.Copy(out, other.kept())
	return ValuesOf(out)
}

// Format hides the values from every verb of package fmt.
func (v Values) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue hides the values from package slog.
func (v Values) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON refuses, so that no value gets into a file by way of a struct around it.
func (v Values) MarshalJSON() ([]byte, error) {
	return nil, errors.New("values of a secret are never encoded")
}

// alphabet has letters and digits only: they need no quoting in any shell, URI or file.
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// Generate makes a value of n characters from the system's source of randomness.
func Generate(n int64) (string, error) {
	if n < 0 {
		return "", fmt.Errorf("random value: %d characters", n)
	}
	out := make([]byte, 0, n)
	buf := make([]byte, n)
	for int64(len(out)) < n {
		if _, err := rand.Read(buf); err != nil {
			return "", fmt.Errorf("random value: %w", err)
		}
		for _, b := range buf {
			// The largest multiple of the alphabet's size that a byte holds: all characters alike.
			if int(b) < 256/len(alphabet)*len(alphabet) && int64(len(out)) < n {
				out = append(out, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(out), nil
}
