package google

import (
	"encoding/json"
	"slices"
)

// canonical is JSON in the one form that settings are compared in: keys sorted, nothing
// escaped twice, no spaces.
func canonical(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return err.Error() // unreachable: only plain values come here
	}
	var plain any
	if json.Unmarshal(data, &plain) == nil {
		data, _ = json.Marshal(plain)
	}
	return string(data)
}

// canonicalSet is canonical for a list without an order.
func canonicalSet[T any](list []T) string {
	texts := []string{}
	for _, item := range list {
		texts = append(texts, canonical(item))
	}
	slices.Sort(texts)
	out := []json.RawMessage{}
	for _, text := range texts {
		out = append(out, json.RawMessage(text))
	}
	data, _ := json.Marshal(out)
	return string(data)
}

func ptr[T any](v T) *T { return &v }
