package document_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets/document"
)

func TestEncode(t *testing.T) {
	t.Parallel()
	text, err := document.Encode(secrets.ValuesOf(map[string]string{"b": "x<&>\"\n", "a": "1"}), 100)
	if want := `{"a":"1","b":"x<&>\"\n"}`; text != want || err != nil {
		t.Errorf("%q, %v; want %q", text, err, want)
	}
	if text, err := document.Encode(secrets.Values{}, 100); text != "{}" || err != nil {
		t.Errorf("no values are %q, %v; want {}", text, err)
	}
	canary := strings.Repeat("canary", 20)
	if _, err := document.Encode(secrets.ValuesOf(map[string]string{"a": canary}), 127); err == nil || strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), "128 bytes") {
		t.Errorf("128 bytes where 127 fit: %v", err)
	}
	if _, err := document.Encode(secrets.ValuesOf(map[string]string{"a": canary}), 128); err != nil {
		t.Errorf("128 bytes where 128 fit: %v", err)
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	v, err := document.Decode(`{"host":"db","port":5432,"on":true,"more":{"a":[1]},"none":null}`)
	want := map[string]string{"host": "db", "port": "5432", "on": "true", "more": `{"a":[1]}`, "none": ""}
	if err != nil || !maps.Equal(v.Reveal(), want) {
		t.Errorf("%v, %v; want %v", v.Reveal(), err, want)
	}
	for _, text := range []string{"canary", `"canary"`, `["canary"]`, "null", "", `{"canary"`} {
		if _, err := document.Decode(text); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v; it is no object, and must not be shown", text, err)
		}
	}
}

func TestHide(t *testing.T) {
	t.Parallel()
	const value = "can ary\n\"<1>\x01"
	v := secrets.ValuesOf(map[string]string{"password": value, "short": "ab"})
	whole, err := document.Encode(v, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		value, whole, base64.StdEncoding.EncodeToString([]byte(whole)), base64.StdEncoding.EncodeToString([]byte(value)),
		`can ary\n\"<1>\u0001`, `can ary\n\"\u003c1\u003e\u0001`, `can ary\n\"<1>\x01`, "can ary \"<1>\x01", "can+ary%0A%22%3C1%3E%01", "can%20ary%0A%22%3C1%3E%01",
	} {
		cause := fmt.Errorf("400 Bad Request: value %s: %w", text, cloud.ErrConflict)
		got := document.Hide(cause, v)
		if strings.Contains(got.Error(), text) || !errors.Is(got, cloud.ErrConflict) || errors.Is(got, cause) {
			t.Errorf("%v", got)
		}
	}
	plain := errors.New("ab is refused")
	if got := document.Hide(plain, v); !errors.Is(got, plain) {
		t.Errorf("%v; there is no secret in it", got)
	}
	if got := document.Hide(errors.New("Bearer token-1"), v, "token-1"); got == nil || strings.Contains(got.Error(), "token-1") {
		t.Errorf("%v; it shows credentials", got)
	}
	if document.Hide(nil, v) != nil {
		t.Error("no error is one")
	}
	if got := document.Hide(errors.New("x "+value), v); got == nil || strings.Contains(got.Error(), "ary") {
		t.Errorf("%v", got)
	}
}
