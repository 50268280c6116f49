package secrets_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/secrets"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

const canary = "canary-9f2e"

func hidden() secrets.Values { return secrets.ValuesOf(map[string]string{"password": canary}) }

// silent fails when a text shows the value, or its bytes.
func silent(t *testing.T, what, text string) {
	t.Helper()
	for _, form := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), fmt.Sprintf("%v", []byte(canary)), fmt.Sprintf("% x", canary), fmt.Sprintf("%#v", []byte(canary))} {
		if strings.Contains(text, form) {
			t.Errorf("%s shows the value", what)
		}
	}
}

// around are things that hold values, as code may hold them.
func around() map[string]any {
	v := hidden()
	s := secrets.Secret{Secret: &spec.Secret{Name: "tracker"}, Values: v, Version: "1"}
	return map[string]any{
		"values": v, "pointer": &v, "secret": s, "pointer to a secret": &s, "slice": []secrets.Values{v}, "array": [1]secrets.Values{v}, "map": map[string]secrets.Values{"a": v},
		"struct": struct{ Values secrets.Values }{v}, "pointer in a struct": struct{ Values *secrets.Values }{&v}, "in an interface": []any{v}, "in a secret's slice": []secrets.Secret{s},
		"key of a map": map[*secrets.Values]int{&v: 1},
	}
}

// unexported are things whose methods package fmt does not ask.
func unexported() map[string]any {
	type inner struct{ values secrets.Values }
	v := hidden()
	return map[string]any{"unexported field": inner{v}, "pointer to an unexported field": &inner{v}, "unexported, twice": struct{ in inner }{inner{v}}, "unexported map": struct{ m map[string]secrets.Values }{map[string]secrets.Values{"a": v}}}
}

const verbs = "v +v #v T t s q x X d b o O c U e E f F g G +s +q #q #x #X 20v -20v .3v 020s"

func TestValues_fmt(t *testing.T) {
	t.Parallel()
	printed(t, around(), verbs)
}

// TestValues_reflection: package fmt asks no method for %p and %w, nor of what lies in an
// unexported field. Only a type that it cannot walk through keeps silent there.
func TestValues_reflection(t *testing.T) {
	t.Parallel()
	printed(t, around(), "p w #p +w")
	printed(t, unexported(), verbs+" p w #p +w")
	logged(t, unexported())
}

func printed(t *testing.T, things map[string]any, verbs string) {
	t.Helper()
	width := strings.Repeat("%*d", 1)
	for what, thing := range things {
		for verb := range strings.SplitSeq(verbs, " ") {
			silent(t, what+" %"+verb, fmt.Sprintf("%"+verb, thing))
		}
		silent(t, what+" in print", fmt.Sprint(thing)+fmt.Sprintln(thing))
		silent(t, what+" as an extra argument", fmt.Sprintf(strings.Repeat("%d", 1), 1, thing)) // built, for go vet would refuse it
		silent(t, what+" as a width", fmt.Sprintf(width, thing, 1))
		for _, err := range []error{fmt.Errorf("refused: %v", thing), fmt.Errorf("x: %w", fmt.Errorf("%+v", thing)), errors.Join(fmt.Errorf("%#v", thing))} {
			silent(t, what+" in an error", err.Error()+fmt.Sprintf("%+v %#v", err, err))
		}
	}
}

// TestValues_said: each way hides the values by itself, and says that there are some. Without
// one of them the next would keep silent, too, and nobody would see that it is gone.
func TestValues_said(t *testing.T) {
	t.Parallel()
	const want = "(values of a secret)"
	for _, verb := range strings.Fields(verbs) {
		if got := fmt.Sprintf("%"+verb, hidden()); got != want && verb != "T" {
			t.Errorf("%%%s gives %q", verb, got)
		}
	}
	if got := hidden().LogValue().String(); got != want {
		t.Errorf("a log has %q", got)
	}
}

func TestValues_logs(t *testing.T) {
	t.Parallel()
	logged(t, around())
}

func logged(t *testing.T, things map[string]any) {
	t.Helper()
	for what, thing := range things {
		var out bytes.Buffer
		for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			logger := slog.New(handler)
			logger.Info("x", "values", thing, slog.Any("a", thing), slog.Group("g", "b", thing))
			logger.With("values", thing).WithGroup("h").Error("y", "c", []any{thing})
		}
		log.New(&out, "", 0).Printf("%v %+v %#v", thing, thing, thing)
		if out.Len() == 0 {
			t.Fatal("nothing was logged")
		}
		silent(t, what+" in a log", out.String())
	}
}

func TestValues_encoded(t *testing.T) {
	t.Parallel()
	for what, thing := range around() {
		data, err := json.Marshal(thing)
		silent(t, what+" in JSON", string(data)+fmt.Sprint(err))
		indented, err := json.MarshalIndent(map[string]any{"x": thing}, "", " ")
		silent(t, what+" in indented JSON", string(indented)+fmt.Sprint(err))
		text, err := xml.Marshal(thing)
		silent(t, what+" in XML", string(text)+fmt.Sprint(err))
		var binary bytes.Buffer
		err = gob.NewEncoder(&binary).Encode(thing)
		silent(t, what+" in gob", binary.String()+fmt.Sprint(err))
	}
	if data, err := json.Marshal(hidden()); err == nil {
		t.Errorf("values are encoded as %s", data)
	}
	if data, err := json.Marshal(secrets.Secret{Secret: &spec.Secret{}, Values: hidden()}); err == nil {
		t.Errorf("a secret is encoded as %s", data)
	}
}

func TestValues_copies(t *testing.T) {
	t.Parallel()
	in := map[string]string{"a": "1"}
	v := secrets.ValuesOf(in)
	in["a"] = "2"
	out := v.Reveal()
	out["a"] = "3"
	both := v.With(secrets.ValuesOf(map[string]string{"b": "2"}))
	over := both.With(secrets.ValuesOf(map[string]string{"a": "9"}))
	for _, tt := range []struct {
		got  secrets.Values
		want map[string]string
	}{
		{v, map[string]string{"a": "1"}},
		{both, map[string]string{"a": "1", "b": "2"}},
		{over, map[string]string{"a": "9", "b": "2"}},
		{secrets.Values{}.With(v), map[string]string{"a": "1"}},
		{v.With(secrets.Values{}), map[string]string{"a": "1"}},
	} {
		if !maps.Equal(tt.got.Reveal(), tt.want) {
			t.Errorf("got %v, want %v", tt.got.Reveal(), tt.want)
		}
	}
	if keys := both.Keys(); !slices.Equal(keys, []string{"a", "b"}) {
		t.Errorf("keys are %v", keys)
	}
	if !(secrets.Values{}).Empty() || !secrets.ValuesOf(nil).Empty() || v.Empty() || secrets.ValuesOf(map[string]string{"a": ""}).Empty() {
		t.Error("what has no value is empty, and nothing else")
	}
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

func TestGenerate(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, n := range []int64{0, 1, 16, 32, 255, 1024} {
		for range 20 {
			text, err := secrets.Generate(n)
			if err != nil || int64(len(text)) != n || strings.Trim(text, alphabet) != "" {
				t.Fatalf("length %d: %d characters, %v", n, len(text), err)
			}
			if n >= 16 && seen[text] {
				t.Fatalf("the same value of length %d twice", n)
			}
			seen[text] = true
		}
	}
}

// TestGenerate_uniform: every character is as likely as any other, at any place. The limits
// are six standard deviations, which chance passes once in some ten million runs.
func TestGenerate_uniform(t *testing.T) {
	t.Parallel()
	const length, runs = 62, 2000
	total := map[rune]int{}
	var first [256]int
	for range runs {
		text, err := secrets.Generate(length)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range text {
			total[r]++
		}
		first[text[0]]++
	}
	within := func(what string, got int, mean float64) {
		if math.Abs(float64(got)-mean) > 6*math.Sqrt(mean) {
			t.Errorf("%s: %d times, about %.0f are expected", what, got, mean)
		}
	}
	for _, r := range alphabet {
		within(fmt.Sprintf("%q", r), total[r], length*runs/float64(len(alphabet)))
		within(fmt.Sprintf("%q at the start", r), first[r], runs/float64(len(alphabet)))
	}
}
