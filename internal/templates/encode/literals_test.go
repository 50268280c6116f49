package encode_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
)

func TestPython(t *testing.T) {
	t.Parallel()
	python := startPython(t)
	n := 5
	for name, c := range map[string]struct {
		in   any
		want string
	}{
		"none":       {nil, `None`},
		"booleans":   {[]bool{true, false}, `[True, False]`},
		"numbers":    {[]any{1, -2, uint8(3), 0.5, 200.0, 1e21, math.Copysign(0, -1), encode.Decimal("0.10"), json.Number("1e3")}, `[1, -2, 3, 0.5, 200, 1.0e+21, -0.0, 0.10, 1.0e+3]`},
		"strings":    {[]string{"", "a", `say "hi"`, `it's`, `"'`, "\\", "null true", "a\nb\t\r\x00", "é😀\u2028\ufeff\U000e0041"}, `["", "a", 'say "hi"', "it's", "\"'", "\\", "null true", "a\nb\t\r\u0000", "é😀\u2028\ufeff\U000e0041"]`},
		"dicts":      {encode.Map{{"z", map[string]any{"b": nil, "a": []any{}}}, {"a", &n}, {"q", quoted("x")}}, `{"z": {"a": [], "b": None}, "a": 5, "q": {"value": "x"}}`},
		"empty":      {[]any{map[string]int{}, []int(nil), (*int)(nil)}, `[{}, [], None]`},
		"named type": {quoted("it's"), `{"value": "it's"}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := encode.Python(c.in)
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if python != nil {
				python.read(t, "python", got)
			}
		})
	}
	for want, bad := range map[string]any{
		"a[1]: must be valid UTF-8":               encode.Map{{"a", []string{"", "\xff"}}},
		"x: NaN: must be a finite number":         map[string]any{"x": math.NaN()},
		`key "a" stands twice`:                    encode.Map{{"a", 1}, {"a", 2}},
		"[0]: struct {}: has no Python literal":   []any{struct{}{}},
		"[]uint8: must be a string":               []byte("a"),
		`"0x1": must be a decimal number`:         encode.Decimal("0x1"),
		"map[int]int: keys must be strings":       map[int]int{},
		"a: func(): has no Python literal":        map[string]any{"a": func() {}},
		`"\xff": must be valid UTF-8`:             map[string]any{"\xff": 1},
		"complex128: has no Python literal":       complex(1, 2),
		"encode.Commented: has no Python literal": encode.Commented{},
	} {
		if got, err := encode.Python(bad); err == nil || err.Error() != want {
			t.Errorf("%#v: got %s and %v, want %s", bad, got, err, want)
		}
	}
}

func TestPythonIdent(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"train": "train", "prep-data": "prep_data", "a.b": "a_b", "3d": "_3d", "class": "class_", "None": "None_", "_x": "_x", "print": "print",
		"": "", "a b": "", "é": "", "a;b": "", "a\n": "",
	} {
		got, err := encode.PythonIdent(in)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q: got %q and %v, want %q", in, got, err, want)
		}
	}
}

func TestShell(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": `''`, "a": `a`, "a b": `'a b'`, "it's": `'it'\''s'`, "$HOME": `'$HOME'`, "--a=b": `--a=b`, "a=b": `'a=b'`, "~": `'~'`, "a/b.c:d@e": `a/b.c:d@e`, "é": `'é'`, "a\nb": "'a\nb'", "-": "-", "--a=$b": `'--a=$b'`,
	} {
		if got := encode.Shell(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
	var words []string
	for _, s := range awkward {
		if !strings.Contains(s, "\x00") {
			words = append(words, s)
		}
	}
	read(t, words, exec.Command("sh", "-c", encode.ShellJoin(append([]string{"printf", `%s\000`}, words...))))
}

// read compares the words that a command prints, each with a NUL behind it.
func read(t *testing.T, want []string, cmd *exec.Cmd) {
	t.Helper()
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(string(out), "\x00")
	if len(got) != len(want)+1 {
		t.Fatalf("got %d words, want %d", len(got)-1, len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("word %d: read %q as %q", i, want[i], got[i])
		}
	}
}

func TestMake(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"": "", "a b": "a b", "$HOME": "$$HOME", "$$": "$$$$", `a\b`: `a\b`, "é": "é", "a:=b": "a:=b"} {
		if got, err := encode.Make(in); err != nil || got != want {
			t.Errorf("%q: got %q and %v, want %q", in, got, err, want)
		}
	}
	for _, bad := range []string{"a#b", "a\nb", "a\rb", `a\`, "\x00", "\xff", "\u2028"} {
		if got, err := encode.Make(bad); err == nil {
			t.Errorf("%q: got %q, want an error", bad, got)
		}
	}
	for _, name := range []string{"train", "a-b_c.d", "_x", "9"} {
		if got, err := encode.MakeTarget(name); err != nil || got != name {
			t.Errorf("%q: got %q and %v", name, got, err)
		}
	}
	for _, bad := range []string{"", "a b", "a:b", ".PHONY", "-n", "a/b", "a$b", "é", "a\n"} {
		if got, err := encode.MakeTarget(bad); err == nil {
			t.Errorf("%q: got %q, want an error", bad, got)
		}
	}
}

// What make hands to the shell, from a variable and from the recipe itself, is what
// was put in.
func TestMake_readBack(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("make"); err != nil {
		t.Logf("make did not run: %v", err)
		return
	}
	var words []string
	var variables, values, names strings.Builder
	for _, s := range awkward {
		value, err := encode.Make(encode.Shell(s))
		if err != nil {
			continue
		}
		fmt.Fprintf(&variables, "V%d := %s\n", len(words), value)
		fmt.Fprintf(&names, " $(V%d)", len(words))
		values.WriteString(" " + value)
		words = append(words, s)
	}
	if len(words) < 60 {
		t.Errorf("only %d words", len(words))
	}
	path := filepath.Join(t.TempDir(), "Makefile")
	makefile := variables.String() + "all:\n\t@printf '%s\\000'" + values.String() + "\n\t@printf '%s\\000'" + names.String() + "\n"
	if err := os.WriteFile(path, []byte(makefile), 0o600); err != nil {
		t.Fatal(err)
	}
	read(t, append(words, words...), exec.Command("make", "-s", "-f", path))
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain text.": "plain text.", "a|b": `a\|b`, "`*_[]<>\\": "\\`\\*\\_\\[\\]\\<\\>\\\\", "a\n\n b": "a b", "# a": `\# a`, "a # b": "a # b",
		"- a": `\- a`, "a-b": "a-b", "1. a": `1\. a`, "12) a": `12\) a`, "v1.2": "v1.2", "&lt;": `\&lt;`, "~~a~~": `\~\~a\~\~`, "$x$": `\$x\$`, "=": `\=`, "    a": "a", "\u202e": "", "é😀": "é😀", "---": `\---`,
	} {
		if got := encode.Markdown(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"a": "`a`", "a`b": "``a`b``", "`": "`` ` ``", "``a": "``` ``a ```", " a ": "`  a  `", " a": "` a`", "a\nb": "`a b`", "a|b": "<code>a&#124;b</code>", "": "<code></code>", "<|`": "<code>&#60;&#124;&#96;</code>",
	} {
		if got := encode.MarkdownCode(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}

func TestMermaid(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"prep-data (2)": `"prep-data (2)"`, `say "hi"`: `"say #34;hi#34;"`, "a;b#c": `"a#59;b#35;c"`, "a\nb": `"a b"`, "1. a": `"1#46; a"`, "- a-b": `"#45; a-b"`, "<b>": `"#60;b#62;"`, "`x`": `"#96;x#96;"`, "é": `"é"`, "a:b": `"a#58;b"`, "": `""`,
	} {
		if got := encode.Mermaid(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}

func TestTOMLString(t *testing.T) {
	t.Parallel()
	python := startPython(t)
	for _, s := range awkward {
		if python == nil {
			break
		}
		read := python.read(t, "toml", "v = "+encode.TOMLString(s))
		if want := map[string]any{"v": s}; !reflect.DeepEqual(read, want) {
			t.Errorf("%q: read as %v", s, read)
		}
	}
	if got, want := encode.TOMLString("a\"\\\n\t\x7f'é\xff"), `"a\"\\\n\t\u007f'é`+"\ufffd\""; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
