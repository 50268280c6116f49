// Package document is the form in which a store that keeps one text per secret holds the
// values of it: a JSON object, one member per key. It keeps values out of errors, and
// knows no store.
package document

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
)

// Encode writes values as a text of at most limit bytes, keys in order.
func Encode(v secrets.Values, limit int) (string, error) {
	values := v.Reveal()
	if values == nil {
		values = map[string]string{}
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false) // it would make < and & of a password six bytes each
	if err := enc.Encode(values); err != nil {
		return "", errors.New("the values cannot be written as JSON")
	}
	text := strings.TrimSuffix(out.String(), "\n")
	if len(text) > limit {
		return "", fmt.Errorf("the values are %d bytes as JSON, and the store takes at most %d: keep large things in a bucket, and only their key here", len(text), limit)
	}
	return text, nil
}

// Decode reads what a store holds. What is no text in it is given as JSON.
func Decode(text string) (secrets.Values, error) {
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &members) != nil || members == nil {
		// The cause would show a piece of the text.
		return secrets.Values{}, errors.New("what the store holds is no JSON object with one member per key: write it in that form, or give the secret another path")
	}
	values := map[string]string{}
	for key, raw := range members {
		var value string
		if json.Unmarshal(raw, &value) != nil {
			value = string(raw)
		}
		values[key] = value
	}
	return secrets.ValuesOf(values), nil
}

// shortest is the length from which a text counts as a secret: shorter ones are in every
// message.
const shortest = 4

var kinds = []error{cloud.ErrNotFound, cloud.ErrExists, cloud.ErrNotEmpty, cloud.ErrConflict, cloud.ErrDenied, cloud.ErrUnsupported}

// Hide gives err as it is, or, when its text shows one of the values or of the further
// texts (credentials) in any form that a request or an answer has, an error that tells
// what kind it is and nothing else. The cause goes as well: whoever unwraps it would see
// the text.
func Hide(err error, v secrets.Values, more ...string) error {
	if err == nil || !shows(err.Error(), v, more) {
		return err
	}
	const left = "the store's message is left out: it holds values of the secret, or credentials"
	for _, kind := range kinds {
		if errors.Is(err, kind) {
			return fmt.Errorf("%w: %s", kind, left)
		}
	}
	return errors.New(left)
}

func shows(text string, v secrets.Values, more []string) bool {
	values := v.Reveal()
	whole, _ := json.Marshal(values) // a map of texts can always be written
	forms := []string{string(whole), base64.StdEncoding.EncodeToString(whole)}
	for _, value := range slices.AppendSeq(slices.Clone(more), maps.Values(values)) {
		quoted, _ := json.Marshal(value)
		forms = append(forms, value, strings.Trim(string(quoted), `"`), strings.Trim(fmt.Sprintf("%q", value), `"`),
			strings.Join(strings.Fields(value), " "), url.QueryEscape(value), base64.StdEncoding.EncodeToString([]byte(value)))
	}
	for _, form := range forms {
		if len(form) >= shortest && strings.Contains(text, form) {
			return true
		}
	}
	return false
}
