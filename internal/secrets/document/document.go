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
	"net/http"
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
	text := plain(values)
	if len(text) > limit {
		return "", fmt.Errorf("the values are %d bytes as JSON, and the store takes at most %d: keep large things in a bucket, and only their key here", len(text), limit)
	}
	return text, nil
}

// plain writes texts as JSON. It leaves < and & alone, which encoding/json makes six bytes
// each.
func plain(texts any) string {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(texts) // texts and maps of them can always be written
	return strings.TrimSuffix(out.String(), "\n")
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

// LeftOut stands in an error for what a store said when it failed to answer a request for
// values: nobody here knows them, and so nobody can tell whether they are in its words.
const LeftOut = "the store's message is left out: it may hold values of the secret"

// Failed is the error of a store that failed to answer a request for values.
func Failed(store string, status int) error {
	return fmt.Errorf("%s answers %d %s: %s: apply again later", store, status, http.StatusText(status), LeftOut)
}

// shortest is the length from which a text counts as a secret: shorter ones are in every
// message.
const shortest = 3

var kinds = []error{cloud.ErrNotFound, cloud.ErrExists, cloud.ErrNotEmpty, cloud.ErrConflict, cloud.ErrDenied, cloud.ErrUnsupported}

// Shows reports whether a text shows one of the secrets in any form that a request or an
// answer has. Those that are too short to be secrets count as none.
func Shows(text string, hidden ...string) bool { return shows(text, secrets.Values{}, hidden) }

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
	forms := []string{base64.StdEncoding.EncodeToString([]byte(plain(values)))}
	for _, value := range slices.AppendSeq(slices.Clone(more), maps.Values(values)) {
		forms = append(forms, formsOf(value)...)
	}
	for _, form := range forms {
		if len(form) >= shortest && strings.Contains(text, form) {
			return true
		}
	}
	return false
}

// formsOf are the ways in which requests, answers and errors write a text.
func formsOf(text string) []string {
	escaped, _ := json.Marshal(text) // a text can always be written
	inside := func(quoted string) string { return strings.TrimSuffix(strings.TrimPrefix(quoted, `"`), `"`) }
	return []string{
		text, inside(string(escaped)), inside(plain(text)), inside(fmt.Sprintf("%q", text)), strings.Join(strings.Fields(text), " "),
		url.QueryEscape(text), url.PathEscape(text), base64.StdEncoding.EncodeToString([]byte(text)),
	}
}
