package spec_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// The canonical JSON of every kind, with every field set. A difference here changes
// the attribute spec of every user: either it is an addition that is left out when
// unset, or Version must rise.
func TestEncode_golden(t *testing.T) {
	t.Parallel()
	var got bytes.Buffer
	for _, s := range readCase(t, "full").specs(t, nil) {
		text, err := spec.Encode(s)
		if err != nil {
			t.Fatal(err)
		}
		got.WriteString(text + "\n")
	}
	const golden = "testdata/full.jsonl"
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("-update writes the golden anew.\ngot:\n%s\nwant:\n%s", got.Bytes(), want)
	}
}

// Specs that release 0.1 wrote stay readable, and mean the same. This file is never
// written anew: a release adds one.
func TestParse_earlierReleases(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/release-0.1.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var specs []spec.Spec
	for line := range strings.Lines(string(data)) {
		s := parse(t, strings.TrimSuffix(line, "\n"))
		specs = append(specs, s)
		var was, is map[string]any
		now, err := spec.Encode(s)
		if err != nil || json.Unmarshal([]byte(line), &was) != nil || json.Unmarshal([]byte(now), &is) != nil {
			t.Fatalf("%v: %s", err, now)
		}
		kept(t, string(s.Kind())+" "+s.ID(), was, is)
	}
	p, faults := spec.Link(spec.Repository{}, nil, specs)
	if faults.Err() != nil || len(p.Endpoints) != 2 || len(p.Datasets) != 2 {
		t.Errorf("%d specs do not link: %v", len(specs), faults)
	}
}

// kept reports what was said before and is said no more, or otherwise.
func kept(t *testing.T, at string, was, is any) {
	t.Helper()
	old, object := was.(map[string]any)
	if !object {
		if !reflect.DeepEqual(was, is) {
			t.Errorf("%s: %v became %v", at, was, is)
		}
		return
	}
	now, _ := is.(map[string]any)
	for key := range old {
		kept(t, at+"."+key, old[key], now[key])
	}
}

func TestParse_roundTrip(t *testing.T) {
	t.Parallel()
	n := 0
	for _, name := range []string{"full", "quickstart"} {
		for _, s := range readCase(t, name).specs(t, nil) {
			n++
			text, err := spec.Encode(s)
			if err != nil {
				t.Fatal(err)
			}
			back := parse(t, text)
			again, err := spec.Encode(back)
			if err != nil || again != text || back.Kind() != s.Kind() || back.ID() != s.ID() {
				t.Errorf("%v\nwas %s\nis  %s", err, text, again)
			}
			if !reflect.DeepEqual(back, s) {
				t.Errorf("%s %s is another value after a round trip", s.Kind(), s.ID())
			}
			attrs, _ := value(t, text).(map[string]any)
			delete(attrs, "kind")
			delete(attrs, "version")
			if d := spec.Decode(s.Kind(), attrs); d.Faults.Err() != nil || !reflect.DeepEqual(d.Spec, s) {
				t.Errorf("%s %s: the canonical JSON is no configuration: %v", s.Kind(), s.ID(), d.Faults)
			}
		}
	}
	if n < 15 {
		t.Errorf("only %d specs", n)
	}
}

func TestParse_errors(t *testing.T) {
	t.Parallel()
	good, err := spec.Encode(decode(t, spec.KindBucket, `{}`).Spec)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ text, want string }{
		"empty":          {"", "not a spec: use the attribute `spec`"},
		"name":           {"fraud", "not a spec"},
		"another object": {`{"name": "x"}`, "not a spec"},
		"unknown kind":   {`{"kind": "cluster", "version": 1}`, "not a spec"},
		"null":           {"null", "not a spec"},
		"list":           {"[]", "not a spec"},
		"two":            {good + good, "not a spec"},
		"cut":            {good[:len(good)-1], "not a spec"},
		"newer":          {strings.Replace(good, `"version":1`, `"version":2`, 1), "bucket: spec version 2: this provider reads version 1; use one provider version"},
		"no version":     {`{"kind": "bucket", "name": "x"}`, "spec version 0"},
		"wrong type":     {`{"kind": "bucket", "version": 1, "name": 5}`, "bucket: json: cannot unmarshal"},
		"wrong number":   {`{"kind": "registered_model", "version": 1, "gates": [{"threshold": "high"}]}`, "registered_model: \"high\" is not a number"},
	} {
		s, err := spec.Parse(tt.text)
		if err == nil || s != nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, %v", name, s, err)
		}
		if strings.HasPrefix(tt.want, "not a spec") && !errors.Is(err, spec.ErrNotSpec) {
			t.Errorf("%s: %v is not ErrNotSpec", name, err)
		}
	}
}

// What an older release did not write yet gets its default, so that no target finds
// a hole.
func TestParse_completes(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		s := parse(t, `{"kind": "`+string(kind)+`", "version": 1, "name": "x"}`)
		if s.Kind() != kind || s.ID() != "x" || !reflect.DeepEqual(spec.Decode(kind, map[string]any{"name": "x"}).Spec, s) {
			t.Errorf("%s: %+v", kind, s)
		}
	}
	if spec.New("cluster") != nil {
		t.Error("there is no kind cluster")
	}
}

func TestEncode_errors(t *testing.T) {
	t.Parallel()
	if _, err := spec.Encode(&spec.Endpoint{Name: "e", Autoscaling: &spec.Autoscaling{}}); err == nil || !strings.Contains(err.Error(), `endpoint "e": json: `) {
		t.Error(err)
	}
	text, err := spec.Encode(&spec.Model{Name: "m", Description: "a < b && c > d"})
	if err != nil || !strings.Contains(text, "a < b && c > d") {
		t.Errorf("a plan's difference is hard to read: %s, %v", text, err)
	}
}

func TestFault(t *testing.T) {
	t.Parallel()
	at := spec.At("steps").Key(`a"b`).Attr("args").Index(2)
	if got := at.String(); got != `steps["a\"b"].args[2]` {
		t.Error(got)
	}
	f := spec.Refuse(&spec.Pipeline{Name: "train"}, at, "system %s cannot", "x")
	if got := f.Error(); got != `pipeline "train": steps["a\"b"].args[2]: system x cannot` {
		t.Error(got)
	}
	if got := (spec.Fault{Message: "no platform"}).Error(); got != "no platform" {
		t.Error(got)
	}
	if got := spec.Refuse(&spec.Bucket{}, nil, "reached %s", "https://u:hunter2@h").Message; got != "reached https://…@h" {
		t.Error(got)
	}
	warning := spec.Fault{Message: "careful", Warning: true}
	if err := (spec.Faults{warning}).Err(); err != nil {
		t.Error(err)
	}
	if err := (spec.Faults{warning, f}).Err(); err == nil || err.Error() != f.Error() {
		t.Error(err)
	}
	if got := (spec.Faults{f, warning}).Error(); got != f.Error()+"\ncareful" {
		t.Error(got)
	}
}

func TestPath_isNotShared(t *testing.T) {
	t.Parallel()
	p := make(spec.Path, 0, 8).Attr("a")
	x, y := p.Attr("x"), p.Index(1)
	if x.String() != "a.x" || y.String() != "a[1]" {
		t.Error(x, y)
	}
	d := decode(t, spec.KindBucket, `{"lifecycle": [{"prefix": 1, "a": 1, "b": 2}, {"c": {"x": 1}}], "force_destroy": "<unknown>", "kms_key": "<unknown>"}`)
	var got []string
	for _, f := range d.Faults {
		got = append(got, f.Path.String())
	}
	for _, u := range d.Unknown {
		got = append(got, u.String())
	}
	if want := []string{"lifecycle[0].a", "lifecycle[0].b", "lifecycle[1].c", "lifecycle[0]", "lifecycle[1]", "force_destroy", "kms_key"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestFaultsOf(t *testing.T) {
	t.Parallel()
	a, b, c := spec.Fault{Message: "a"}, spec.Fault{Message: "b"}, spec.Fault{Message: "c"}
	wrap := func(err error) error { return errors.Join(err) }
	for name, tt := range map[string]struct {
		err  error
		want spec.Faults
	}{
		"nil":     {nil, nil},
		"one":     {a, spec.Faults{a}},
		"many":    {spec.Faults{a, b}, spec.Faults{a, b}},
		"wrapped": {outer{spec.Faults{a, b}}, spec.Faults{a, b}},
		"joined":  {errors.Join(spec.Faults{a, b}, outer{c}), spec.Faults{a, b, c}},
		"deep":    {outer{wrap(wrap(a))}, spec.Faults{a}},
		"other":   {outer{errors.New("disk full")}, spec.Faults{{Message: "outer: disk full"}}},
		"mixed":   {errors.Join(a, errors.New("disk full")), spec.Faults{a, {Message: "disk full"}}},
	} {
		if got := spec.FaultsOf(tt.err); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

type outer struct{ err error }

func (o outer) Error() string { return "outer: " + o.err.Error() }
func (o outer) Unwrap() error { return o.err }
