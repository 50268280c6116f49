package internal_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// eager lists what a package compiles before main: Terraform starts the provider for
// every command, and waits. It lists patterns that do not compile as well, because
// nothing else asks before they are first used.
func eager(p pkg) (patterns int, out []string) {
	constants := constantsOf(p)
	for _, f := range p.files {
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !calls(call, "pattern.New") {
				return true
			}
			patterns++
			text, constant := valueOf(call.Args[0], constants)
			if !constant {
				out = append(out, "pattern.New takes what is no constant")
			} else if _, err := regexp.Compile(text); err != nil {
				out = append(out, err.Error())
			}
			return true
		})
		for _, d := range f.Decls {
			if _, function := d.(*ast.FuncDecl); function {
				continue
			}
			ast.Inspect(d, func(n ast.Node) bool {
				if _, later := n.(*ast.FuncLit); later {
					return false
				}
				if call, ok := n.(*ast.CallExpr); ok && calls(call, "regexp.MustCompile", "template.Must", "text.Must") {
					out = append(out, "compiles before main, use package pattern or sync.OnceValue: "+callee(call))
				}
				return true
			})
		}
	}
	return patterns, out
}

func calls(call *ast.CallExpr, names ...string) bool { return slices.Contains(names, callee(call)) }

func callee(call *ast.CallExpr) string {
	if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
		if x, ok := sel.X.(*ast.Ident); ok {
			return x.Name + "." + sel.Sel.Name
		}
	}
	return ""
}

// constantsOf are the constants of a package by name, those in functions too.
func constantsOf(p pkg) map[string]ast.Expr {
	out := map[string]ast.Expr{}
	for _, f := range p.files {
		ast.Inspect(f, func(n ast.Node) bool {
			if d, ok := n.(*ast.GenDecl); ok && d.Tok == token.CONST {
				for _, s := range d.Specs {
					if v, ok := s.(*ast.ValueSpec); ok && len(v.Values) == len(v.Names) {
						for i, id := range v.Names {
							out[id.Name] = v.Values[i]
						}
					}
				}
			}
			return true
		})
	}
	return out
}

// valueOf is the text of literals and constants that + joins.
func valueOf(e ast.Expr, constants map[string]ast.Expr) (text string, constant bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.BinaryExpr:
		left, ok := valueOf(e.X, constants)
		right, also := valueOf(e.Y, constants)
		return left + right, ok && also && e.Op == token.ADD
	case *ast.Ident:
		value, there := constants[e.Name]
		if !there {
			return "", false
		}
		return valueOf(value, constants)
	}
	return "", false
}

func TestStartup(t *testing.T) {
	t.Parallel()
	all := 0
	for _, p := range load(t) {
		if slices.Contains(suites, p.path) {
			continue
		}
		patterns, found := eager(p)
		all += patterns
		for _, what := range found {
			t.Errorf("%s: %s", name(p.path), what)
		}
	}
	if all < 50 {
		t.Errorf("the test looks in the wrong place, it saw only %d patterns", all)
	}
}

func TestStartup_hasTeeth(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ source, want string }{
		"sound":              {"const a = `[a-z]`\n\nvar x = pattern.New(`^` + a + `$`)", ""},
		"in a function":      {"func f() { _ = regexp.MustCompile(`(`) }", ""},
		"once":               {"var x = sync.OnceValue(func() *template.Template { return template.Must(nil, nil) })", ""},
		"does not compile":   {"var x = pattern.New(`(`)", "missing closing )"},
		"inside a function":  {"func f() { _ = pattern.New(`(`) }", "missing closing )"},
		"joined":             {"const a = `(`\n\nvar x = pattern.New(`^` + a)", "missing closing )"},
		"no constant":        {"var a = `x`\n\nvar x = pattern.New(a)", "no constant"},
		"regexp before main": {"var x = regexp.MustCompile(`x`)", "before main"},
		"in a map":           {"var x = map[string]*regexp.Regexp{`x`: regexp.MustCompile(`x`)}", "before main"},
		"template":           {"var x = template.Must(template.New(``).Parse(``))", "before main"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, got := eager(pkg{path: "internal/x", files: []*ast.File{parse(t, "x.go", "package x\n\n"+tt.source)}})
			if text := fmt.Sprint(strings.Join(got, "; ")); (tt.want == "") != (len(got) == 0) || !strings.Contains(text, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
