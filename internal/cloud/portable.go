package cloud

import (
	"encoding/json"
	"fmt"
)

// PortablePolicy is the policy of an identity in the terms of the language: what a cloud
// without policies of its own shows.
func PortablePolicy(i Identity) (string, error) {
	data, err := json.MarshalIndent(i.Policy(), "", "  ")
	if err != nil {
		return "", fmt.Errorf("policy of %s: %w", i.Name, err)
	}
	return string(data) + "\n", nil
}

// Declared is the plan of what no API keeps: everything about it is in the emitted
// repository.
type Declared[S any] struct{}

// Settings are none.
func (Declared[S]) Settings(S) (Settings, error) { return Settings{}, nil }

// Fixed are none.
func (Declared[S]) Fixed() []string { return nil }
