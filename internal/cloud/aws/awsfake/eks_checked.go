package awsfake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
)

// EKSChecked passes on requests that Amazon EKS has, and fails the test on others: path,
// query, and each member of the body with its type are as in the SDK's snapshots.
func EKSChecked(t testing.TB, next http.RoundTripper) http.RoundTripper { return eksChecked{t, next} }

type eksChecked struct {
	t    testing.TB
	next http.RoundTripper
}

func (c eksChecked) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := bodyOf(r)
	if err != nil {
		return nil, err
	}
	if err := checkEKS(r, body); err != nil {
		c.t.Errorf("%s %s: %v", r.Method, r.URL, err)
	}
	return c.next.RoundTrip(r)
}

func checkEKS(r *http.Request, body []byte) error {
	op, err := OperationOf(r, body)
	if err != nil {
		return err
	}
	for key := range r.URL.Query() {
		if !op.Request.URL.Query().Has(key) {
			return fmt.Errorf("%s has no parameter %q", op.Name, key)
		}
	}
	if len(body) == 0 {
		return nil
	}
	if err := typed(body, op.Body); err != nil {
		return fmt.Errorf("%s: %w", op.Name, err)
	}
	return nil
}

// typed says where a body of JSON has what a snapshot has not, or of another type.
func typed(body, snapshot []byte) error {
	var got, want any
	if err := json.Unmarshal(body, &got); err != nil {
		return err
	}
	if err := json.Unmarshal(snapshot, &want); err != nil {
		return fmt.Errorf("the operation has no body: %w", err)
	}
	return within(got, want)
}

// within says where got has what want has not. A map of texts has one key in a snapshot,
// and stands for any.
func within(got, want any) error {
	switch got := got.(type) {
	case map[string]any:
		object, same := want.(map[string]any)
		if !same {
			return fmt.Errorf("an object where %T is", want)
		}
		for key, value := range got {
			inner, there := object["key0"]
			if !there {
				inner, there = object[key]
			}
			if !there {
				return fmt.Errorf("no member %q", key)
			}
			if err := within(value, inner); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		}
	case []any:
		list, same := want.([]any)
		if !same || len(list) == 0 {
			return fmt.Errorf("a list where %T is", want)
		}
		for _, item := range got {
			if err := within(item, list[0]); err != nil {
				return err
			}
		}
	default:
		if fmt.Sprintf("%T", got) != fmt.Sprintf("%T", want) {
			return fmt.Errorf("%T where %T is", got, want)
		}
	}
	return nil
}
