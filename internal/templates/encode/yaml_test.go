package encode_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
)

type labels struct {
	App  string `yaml:"app"`
	Team string `yaml:"team,omitempty"`
}

type step struct {
	Name    string            `yaml:"name"`
	Command []string          `yaml:"command,omitempty"`
	Env     map[string]string `yaml:"env,omitempty"`
	Retries *int              `yaml:"retries,omitempty"`
	hidden  string
	Skipped string `yaml:"-"`
}

type workflow struct {
	labels `yaml:",inline"`
	Extra  encode.Map `yaml:",inline"`
	Steps  []step     `yaml:"steps"`
	Spare  struct {
		Limits map[string]int `yaml:"limits"`
	} `yaml:"spare,omitempty"`
}

type quoted string

func (q quoted) YAMLValue() any { return encode.Map{{Key: "value", Value: string(q)}} }

type counter struct{}

func (c *counter) YAMLValue() any { return json.Number("1e3") }

func TestYAML_layout(t *testing.T) {
	t.Parallel()
	zero := 0
	for name, c := range map[string]struct {
		in   any
		want string
	}{
		"fields in order, inlined, omitted": {
			workflow{
				labels: labels{App: "a"},
				Extra:  encode.Map{{Key: "z", Value: 1}, {Key: "b", Value: true}},
				Steps: []step{
					{Name: "one", Command: []string{"sh", "-c"}, Env: map[string]string{"B": "2", "A": "x"}, Retries: &zero, hidden: "h", Skipped: "s"},
					{Name: "two"},
				},
			},
			"app: a\nz: 1\nb: true\nsteps:\n  - name: one\n    command:\n      - sh\n      - \"-c\"\n    env:\n      A: x\n      B: \"2\"\n    retries: 0\n  - name: two\n",
		},
		"empty and nil": {
			encode.Map{
				{"m", map[string]int{}}, {"n", nil}, {"s", []string(nil)}, {"p", (*step)(nil)}, {"e", struct{}{}},
				{"o", struct {
					A string `yaml:"a,omitempty"`
				}{}}, {"l", []any{encode.Map{}, []int{}, nil}},
			},
			"m: {}\n\"n\": null\ns: []\np: null\ne: {}\no: {}\nl:\n  - {}\n  - []\n  - null\n",
		},
		"lists in lists":       {[]any{[]any{1, []string{"a", "b"}}, encode.Map{{"k", []int{1}}}}, "- - 1\n  - - a\n    - b\n- k:\n    - 1\n"},
		"numbers":              {[]any{int8(-3), uint64(math.MaxUint64), 0.5, 3.0, float32(0.1), 1e21, 1e-7, math.Copysign(0, -1), encode.Decimal("0.10"), encode.Decimal("1e3"), json.Number("-2.50E-7")}, "- -3\n- 18446744073709551615\n- 0.5\n- 3\n- 0.1\n- 1.0e+21\n- 1.0e-07\n- -0.0\n- 0.10\n- 1.0e+3\n- -2.50e-7\n"},
		"key of a workflow":    {encode.Map{{"on", encode.Map{{"push", nil}}}}, "\"on\":\n  push: null\n"},
		"texts":                {encode.Map{{"clip", "a\nb"}, {"one", "a\n"}, {"in", encode.Map{{"keep", "a\n\n"}}}, {"lead", "\n  a\n b\n"}, {"list", []any{"x\ny\n", encode.Map{{"t", "\tmake\n"}}}}}, "clip: |-\n  a\n  b\none: |\n  a\nin:\n  keep: |+\n    a\n\nlead: |2\n\n    a\n   b\nlist:\n  - |\n    x\n    y\n  - t: |2\n      \tmake\n"},
		"texts no hook breaks": {encode.Map{{"tail", "a \nb"}, {"cr", "a\r\nb"}, {"blank", "\n\n"}, {"last", "a\n\n"}}, "tail: \"a \\nb\"\ncr: \"a\\r\\nb\"\nblank: \"\\n\\n\"\nlast: \"a\\n\\n\"\n"},
		"quotes":               {[]string{`say "hi"`, `a: "b\d"`, `it's: "x"`, "\"\t\"", "a b", "up{x=\"1\"} > 0", "bell\a"}, "- say \"hi\"\n- 'a: \"b\\d\"'\n- 'it''s: \"x\"'\n- \"\\\"\\t\\\"\"\n- a b\n- up{x=\"1\"} > 0\n- \"bell\\u0007\"\n"},
		"never folded":         {encode.Map{{"long", strings.Repeat("word ", 60) + "end"}}, "long: " + strings.Repeat("word ", 60) + "end\n"},
		"substituted":          {encode.Map{{"a", quoted("x")}, {"b", counter{}}, {"c", &counter{}}, {"d", (*counter)(nil)}}, "a:\n  value: x\nb: 1.0e+3\nc: 1.0e+3\nd: null\n"},
		"comments": {
			[]any{encode.Map{{"uses", encode.Commented{"actions/checkout@0123", "v7.0.1"}}, {"with", nil}}, encode.Commented{true, "a\nkey: \u2028b"}, encode.Commented{"a\nb\n", "text"}, encode.Commented{encode.Commented{1, "in"}, ""}},
			"- uses: actions/checkout@0123  # v7.0.1\n  with: null\n- true  # a key: b\n- |  # text\n  a\n  b\n- 1  # in\n",
		},
		"empty comment left out": {struct {
			A encode.Commented `yaml:"a,omitempty"`
			B encode.Commented `yaml:"b,omitempty"`
		}{A: encode.Commented{"", "x"}}, "{}\n"},
		"root text":   {"a\nb\n", "\"a\\nb\\n\"\n"},
		"root scalar": {"yes", "\"yes\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := encode.YAML(c.in)
			if err != nil {
				t.Fatal(err)
			}
			if want := encode.Header + "\n" + c.want; string(got) != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func TestYAML_documentsAndComments(t *testing.T) {
	t.Parallel()
	got, err := encode.YAMLWith(encode.Options{Comment: []string{"one\ntwo", "", "three\x00"}}, "a", encode.Map{{"t", "x\n\n"}}, []int{1})
	if err != nil {
		t.Fatal(err)
	}
	if want := "# one two\n#\n# three\na\n---\nt: |+\n  x\n\n---\n- 1\n"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	got, err = encode.YAML()
	if err != nil || string(got) != encode.Header+"\n" {
		t.Errorf("no document: got %q, %v", got, err)
	}
}

type loop struct {
	Self *loop `yaml:"self"`
}

func TestYAML_refusesWithTheWay(t *testing.T) {
	t.Parallel()
	self := &loop{}
	self.Self = self
	for name, c := range map[string]struct {
		in   any
		want string
	}{
		"bytes that are not UTF-8": {encode.Map{{"a", []any{0, map[string]string{"b.c": "\xff"}}}}, `a[1]."b.c": must be valid UTF-8`},
		"key that is not UTF-8":    {[]any{map[string]int{"\xff": 1}}, `[0]."\xff": must be valid UTF-8`},
		"long key":                 {map[string]int{strings.Repeat("k", 1025): 1}, `"` + strings.Repeat("k", 80) + `...": a key must fit in 1024 bytes`},
		"no finite number":         {map[string]float64{"auc": math.NaN()}, `auc: NaN: must be a finite number`},
		"no decimal":               {encode.Decimal("1,5"), `"1,5": must be a decimal number`},
		"decimal with a space":     {json.Number(" 1"), `" 1": must be a decimal number`},
		"key twice":                {encode.Map{{"a", encode.Map{{"b", 1}, {"b", 2}}}}, `a: key "b" stands twice`},
		"inlined key twice":        {workflow{Extra: encode.Map{{"steps", 1}}}, `key "steps" stands twice`},
		"comment behind a list":    {encode.Map{{"a", encode.Commented{[]int{1}, "c"}}}, `a: a comment can only follow a scalar`},
		"value in itself":          {self, `nested too deeply`},
		"function":                 {map[string]any{"f": func() {}}, `f: func(): cannot be written`},
		"number as a key":          {map[int]string{1: "a"}, `map[int]string: keys must be strings`},
		"bytes":                    {map[string][]byte{"a": nil}, `a: []uint8: must be a string`},
		"field without a tag":      {struct{ Name string }{}, `field Name: has no yaml tag`},
		"hidden field with a tag": {struct {
			name string `yaml:"name"`
		}{}, `field name: has a yaml tag and is not exported`},
		"unknown option": {struct {
			A int `yaml:"a,flow"`
		}{}, `field A: yaml tag "a,flow": the options are omitempty and inline`},
		"tag without a name": {struct {
			A int `yaml:",omitempty"`
		}{}, `a name must be given`},
		"two fields of one name": {struct {
			A int `yaml:"a"`
			B int `yaml:"a"`
		}{}, `field B: key "a" stands twice`},
		"scalar inlined": {struct {
			A int `yaml:",inline"`
		}{}, `int: cannot be inlined`},
		"nothing to write": {struct{ hidden int }{1}, `has no field to write`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := encode.YAML(c.in)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q and the error %v, want %q", got, err, c.want)
			}
		})
	}
	if _, err := encode.YAML(1, "\xff"); err == nil || err.Error() != "document 2: must be valid UTF-8" {
		t.Errorf("got %v", err)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	got, err := encode.JSON(encode.Map{
		{"z", "<a & b>"}, {"a", map[string]int{"y": 1, "x": 2}},
		{"d", encode.Decimal("0.10")}, {"c", encode.Commented{"\ufffd \\ufffd", "gone"}},
		{"s", struct {
			B int `json:"b"`
			A any `json:"a"`
		}{1, nil}}, {"e", encode.Map{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = "{\n  \"z\": \"<a & b>\",\n  \"a\": {\n    \"x\": 2,\n    \"y\": 1\n  },\n  \"d\": 0.10,\n  \"c\": \"\ufffd \\\\ufffd\",\n  \"s\": {\n    \"b\": 1,\n    \"a\": null\n  },\n  \"e\": {}\n}\n"
	if string(got) != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	for name, bad := range map[string]any{
		"UTF-8": "a\xff", "UTF-8 behind a backslash": map[string]string{"a": "\\\xff"}, "UTF-8 in a pair": encode.Map{{"k\xff", 1}},
		"number": encode.Decimal("x"), "key twice": encode.Map{{"a", 1}, {"a", 2}}, "NaN": math.NaN(),
	} {
		if got, err := encode.JSON(bad); err == nil {
			t.Errorf("%s: got %s, want an error", name, got)
		}
	}
}
