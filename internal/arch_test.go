// Package internal_test keeps the structure of the module that DESIGN.md draws:
// who may import whom, who owns a heavy dependency, what has to be pure, documented
// and small. It knows nothing of what the packages do.
package internal_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/gitops-ml/terraform-provider-mlops"

// pkg is a package, its path relative to the module ("" is main).
type pkg struct {
	path    string
	imports []string // of the program; those of this module are relative as well
	tests   []string // of its tests
	files   []*ast.File
}

// below lists what each package may import of this module. A * stands for one
// folder. It is the table of DESIGN.md: change both.
var below = map[string][]string{
	"":                                      {"internal/provider", "internal/startup", "internal/startup/curve"},
	"internal/startup":                      {},
	"internal/startup/curve":                {},
	"internal/loopback":                     {},
	"internal/pattern":                      {},
	"internal/spec":                         {"internal/pattern"},
	"internal/tree":                         {},
	"internal/catalog":                      {},
	"internal/catalog/prices":               {"internal/pattern", "internal/spec"},
	"internal/catalog/prices/refresh":       {"internal/catalog/prices"},
	"internal/realtools":                    {},
	"internal/templates":                    {"internal/spec", "internal/tree"},
	"internal/templates/encode":             {},
	"internal/templates/components":         {"internal/spec", "internal/catalog"},
	"internal/templates/signals":            {"internal/spec"},
	"internal/templates/trackers":           {"internal/spec"},
	"internal/templates/taskgraph":          {"internal/spec", "internal/catalog", "internal/templates/trackers"},
	"internal/templates/kfpir":              {"internal/spec", "internal/catalog", "internal/templates/encode", "internal/templates/taskgraph"},
	"internal/templates/execution":          {"internal/spec", "internal/tree", "internal/catalog", "internal/templates/encode", "internal/templates/taskgraph"},
	"internal/templates/*":                  {"internal/pattern", "internal/spec", "internal/tree", "internal/catalog", "internal/templates/encode", "internal/templates/components", "internal/templates/signals", "internal/templates/trackers", "internal/templates/taskgraph", "internal/templates/kfpir", "internal/templates/execution", "internal/templates/argoevents", "internal/templates/machines", "internal/templates/outcome"},
	"internal/templates/all":                {"internal/templates", "internal/templates/*", "internal/templates/execution"},
	"internal/templates/promotion/gatetest": {"internal/templates/promotion"},
	"internal/templates/templatestest":      {"internal/spec", "internal/tree", "internal/templates", "internal/templates/taskgraph"},
	"internal/gitops":                       {"internal/loopback", "internal/pattern", "internal/tree"},
	"internal/gitops/gitopsbench":           {"internal/gitops", "internal/tree"},
	"internal/cloud":                        {"internal/spec"},
	"internal/cloud/*":                      {"internal/loopback", "internal/pattern", "internal/spec", "internal/cloud"},
	"internal/cloud/aws/awsfake":            {"internal/cloud/cloudtest"},
	"internal/cloud/google/googlefake":      {"internal/cloud/cloudtest"},
	"internal/cloud/azure/azurefake":        {"internal/cloud/cloudtest"},
	"internal/secrets":                      {"internal/spec", "internal/cloud"},
	"internal/secrets/*":                    {"internal/loopback", "internal/pattern", "internal/spec", "internal/cloud", "internal/cloud/*", "internal/secrets", "internal/secrets/document"},
	"internal/secrets/document":             {"internal/spec", "internal/cloud", "internal/secrets"},
	"internal/secrets/awssecretsmanager/secretsmanagerfake":  {"internal/cloud/cloudtest"},
	"internal/secrets/googlesecretmanager/secretmanagerfake": {"internal/cloud/cloudtest"},
	"internal/secrets/azurekeyvault/keyvaultfake":            {"internal/cloud/cloudtest"},
	"internal/secrets/secretstest":                           {"internal/spec", "internal/cloud", "internal/cloud/cloudtest", "internal/secrets", "internal/secrets/document"},
	"internal/registry":                                      {"internal/spec"},
	"internal/registry/*":                                    {"internal/spec", "internal/registry"},
	"internal/bench/empty":                                   {},
	"internal/bench":                                         {"internal/spec", "internal/tree", "internal/templates", "internal/templates/all", "internal/gitops", "internal/gitops/gitopsbench"},
	"internal/provider": {
		"internal/loopback", "internal/pattern", "internal/spec", "internal/tree", "internal/catalog", "internal/catalog/prices", "internal/templates", "internal/templates/all", "internal/templates/components",
		"internal/gitops", "internal/cloud", "internal/cloud/*", "internal/secrets", "internal/secrets/*", "internal/registry", "internal/registry/*",
	},
}

// suites are packages for tests and measurements; a program imports none of them.
var suites = []string{"internal/templates/templatestest", "internal/templates/promotion/gatetest", "internal/cloud/cloudtest", "internal/cloud/aws/awsfake", "internal/cloud/google/googlefake", "internal/cloud/azure/azurefake", "internal/secrets/secretstest", "internal/secrets/awssecretsmanager/secretsmanagerfake", "internal/secrets/googlesecretmanager/secretmanagerfake", "internal/secrets/azurekeyvault/keyvaultfake", "internal/registry/registrytest", "internal/realtools", "internal/gitops/gitopsbench", "internal/bench", "internal/bench/empty"}

// owners says which packages may import a dependency, in programs and in tests. What
// is not listed is imported by nobody.
var owners = map[string][]string{
	"github.com/hashicorp/terraform-plugin-": {"", "internal/provider", "internal/bench/empty"},
	"github.com/go-git/":                     {"internal/gitops", "internal/gitops/gitopsbench"},
	"github.com/klauspost/compress":          {"internal/gitops", "internal/gitops/gitopsbench"},
	"github.com/ProtonMail/go-crypto":        {"internal/gitops"},
	"golang.org/x/crypto":                    {"internal/gitops"},
	"go.yaml.in/yaml/v3":                     {"internal/templates/argocd", "internal/templates/components", "internal/templates/templatestest"},
	"golang.org/x/tools/txtar":               {"internal/tree", "internal/templates/templatestest"},
	"github.com/in-toto/attestation":         {"internal/templates/promotion"},
	"google.golang.org/protobuf":             {"internal/templates/promotion", "internal/cloud/google"}, // in tests only
	"github.com/robfig/cron/v3":              {"internal/templates/templatestest", "internal/templates/argoworkflows"},
	"github.com/aws/":                        {"internal/cloud/aws", "internal/cloud/aws/awsfake", "internal/secrets/awssecretsmanager", "internal/secrets/awssecretsmanager/secretsmanagerfake"},
	"google.golang.org/api":                  {"internal/cloud/google", "internal/cloud/google/googlefake", "internal/secrets/googlesecretmanager", "internal/secrets/googlesecretmanager/secretmanagerfake"},
	"cloud.google.com/go/":                   {"internal/cloud/google", "internal/cloud/google/googlefake"}, // in tests only
	"golang.org/x/oauth2":                    {"internal/cloud/google"},
	"github.com/Azure/":                      {"internal/cloud/azure", "internal/cloud/azure/azurefake", "internal/secrets/azurekeyvault", "internal/secrets/azurekeyvault/keyvaultfake"},
	"github.com/google/uuid":                 {"internal/cloud/azure"},
	"github.com/hashicorp/vault/api":         {"internal/secrets/vault"},
	"github.com/hashicorp/go-retryablehttp":  {"internal/secrets/vault"},
	"text/template":                          {"internal/templates/*"},
	"html/template":                          {},
}

// forTests may be imported by every test besides.
var forTests = []string{"go.yaml.in/yaml/v3", "golang.org/x/tools/txtar"}

// forLives may be imported by the tests of resources besides: what they set up in the
// fakes of clouds is written in the types of the clouds.
var forLives = []string{"github.com/Azure/", "github.com/aws/", "google.golang.org/api"}

// impure are packages and names that make a rendering depend on more than its input.
var (
	impure      = []string{"os", "os/exec", "os/user", "net", "net/http", "math/rand", "math/rand/v2", "crypto/rand", "syscall", "runtime", "log", "unsafe", "plugin"}
	impureNames = map[string][]string{"time": {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Local"}}
)

// seen counts what the rules were applied to.
type seen struct{ packages, imports, targets, exported, interfaces, pure int }

// violations applies every rule to a list of packages.
func violations(pkgs []pkg) (out []string, n seen) {
	bad := func(p pkg, format string, args ...any) {
		out = append(out, fmt.Sprintf("%s: %s", name(p.path), fmt.Sprintf(format, args...)))
	}
	for _, p := range pkgs {
		n.packages++
		may, there := ruleOf(p.path)
		if !there && len(p.files) > 0 {
			bad(p, "is not in the table of packages: add it to DESIGN.md and here")
		}
		for _, i := range p.imports {
			n.imports++
			switch {
			case !ours(i):
				if !owned(p.path, i) {
					bad(p, "imports %s, which only %s may", i, ownersOf(i))
				}
			case !matches(may, i) || (slices.Contains(suites, i) && !slices.Contains(suites, p.path)):
				bad(p, "imports %s: imports go downward only", name(i))
			}
		}
		for _, i := range p.tests {
			n.imports++
			living := p.path == "internal/provider" && slices.ContainsFunc(forLives, func(prefix string) bool { return strings.HasPrefix(i, prefix) })
			if !ours(i) && !owned(p.path, i) && !slices.Contains(forTests, i) && !living {
				bad(p, "its tests import %s, which only %s may", i, ownersOf(i))
			}
		}
		if pure(p.path) {
			n.pure++
			for _, what := range impurities(p) {
				bad(p, "uses %s: rendering is pure", what)
			}
		}
		if len(p.files) > 0 && !slices.ContainsFunc(p.files, func(f *ast.File) bool { return f.Doc != nil }) {
			bad(p, "has no package comment")
		}
		for _, f := range p.files {
			exported, undocumented := undocumented(f)
			n.exported += exported
			for _, id := range undocumented {
				bad(p, "%s is exported and has no comment", id)
			}
			interfaces, large := largeInterfaces(f)
			n.interfaces += interfaces
			for _, id := range large {
				bad(p, "interface %s has more than 4 methods", id)
			}
		}
	}
	targets, unlisted := unlisted(pkgs)
	n.targets = targets
	return append(out, unlisted...), n
}

func name(path string) string {
	if path == "" {
		return "main"
	}
	return path
}

func ours(i string) bool {
	return i == "" || strings.HasPrefix(i, "internal/") && !strings.Contains(i, ".")
}

func ruleOf(p string) ([]string, bool) {
	if may, there := below[p]; there {
		return may, true
	}
	may, there := below[path.Dir(p)+"/*"]
	return may, there
}

// matches knows * as one folder. "internal/templates/*" for a program means a target.
func matches(patterns []string, p string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if pattern == "internal/templates/*" && !target(p) {
			return false
		}
		ok, _ := path.Match(pattern, p)
		return ok
	})
}

// target reports whether a path is that of a target's folder.
func target(p string) bool {
	_, shared := below[p]
	return path.Dir(p) == "internal/templates" && !shared
}

func ownersOf(i string) string {
	for dependency, who := range owners {
		if strings.HasPrefix(i, dependency) {
			return strings.Join(append([]string{"(of this list)"}, who...), " ")
		}
	}
	return "nobody (no owner is named)"
}

func owned(p, i string) bool {
	for dependency, who := range owners {
		if strings.HasPrefix(i, dependency) {
			return matches(who, p) || slices.Contains(who, p)
		}
	}
	first, _, _ := strings.Cut(i, "/")
	return !strings.Contains(first, ".") // the standard library
}

func pure(p string) bool {
	return (p == "internal/templates" || strings.HasPrefix(p, "internal/templates/")) && !slices.Contains(suites, p)
}

func impurities(p pkg) (out []string) {
	for _, i := range p.imports {
		if slices.Contains(impure, i) {
			out = append(out, i)
		}
	}
	for _, f := range p.files {
		ast.Inspect(f, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok && slices.Contains(impureNames[x.Name], sel.Sel.Name) {
					out = append(out, x.Name+"."+sel.Sel.Name)
				}
			}
			return true
		})
	}
	return out
}

// undocumented lists the exported names of a file without a comment. A comment on a
// group of constants or variables counts for all of them.
func undocumented(f *ast.File) (exported int, out []string) {
	check := func(id string, docs ...*ast.CommentGroup) {
		exported++
		if !slices.ContainsFunc(docs, func(d *ast.CommentGroup) bool { return d != nil }) {
			out = append(out, id)
		}
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if of := receiver(d); d.Name.IsExported() && (d.Recv == nil || ast.IsExported(of)) {
				check(strings.TrimPrefix(of+"."+d.Name.Name, "."), d.Doc)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					if s.Name.IsExported() {
						check(s.Name.Name, s.Doc, d.Doc)
					}
				case *ast.ValueSpec:
					for _, id := range s.Names {
						if id.IsExported() {
							check(id.Name, s.Doc, s.Comment, d.Doc)
						}
					}
				}
			}
		}
	}
	return exported, out
}

func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
	}
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

func largeInterfaces(f *ast.File) (n int, out []string) {
	ast.Inspect(f, func(node ast.Node) bool {
		s, ok := node.(*ast.TypeSpec)
		if !ok {
			return true
		}
		if i, ok := s.Type.(*ast.InterfaceType); ok {
			n++
			methods := 0
			for _, m := range i.Methods.List {
				// A sealed interface is implemented in its own package only: methods that
				// nobody else can write do not count.
				methods += len(slices.DeleteFunc(slices.Clone(m.Names), func(id *ast.Ident) bool { return !id.IsExported() }))
			}
			if methods > 4 {
				out = append(out, s.Name.Name)
			}
		}
		return true
	})
	return n, out
}

// unlisted compares the folders that declare a type Target with the list in
// internal/templates/all: each is there, once.
func unlisted(pkgs []pkg) (targets int, out []string) {
	listed := map[string]int{}
	for _, p := range pkgs {
		if p.path == "internal/templates/all" {
			for _, f := range p.files {
				ast.Inspect(f, func(n ast.Node) bool {
					if lit, ok := n.(*ast.CompositeLit); ok {
						if sel, ok := lit.Type.(*ast.SelectorExpr); ok && sel.Sel.Name == "Target" {
							if x, ok := sel.X.(*ast.Ident); ok {
								listed["internal/templates/"+x.Name]++
							}
						}
					}
					return true
				})
			}
		}
	}
	for _, p := range pkgs {
		if path.Dir(p.path) != "internal/templates" || !slices.ContainsFunc(p.files, declaresTarget) {
			continue
		}
		targets++
		if listed[p.path] != 1 {
			out = append(out, fmt.Sprintf("%s: declares a Target that internal/templates/all lists %d times", p.path, listed[p.path]))
		}
		delete(listed, p.path)
	}
	for _, p := range slices.Sorted(maps.Keys(listed)) {
		out = append(out, fmt.Sprintf("internal/templates/all: lists %s, which declares no Target", p))
	}
	return targets, out
}

func declaresTarget(f *ast.File) bool {
	return slices.ContainsFunc(f.Decls, func(d ast.Decl) bool {
		g, ok := d.(*ast.GenDecl)
		return ok && slices.ContainsFunc(g.Specs, func(s ast.Spec) bool {
			t, ok := s.(*ast.TypeSpec)
			return ok && t.Name.Name == "Target"
		})
	})
}

// load lists the packages of the module.
func load(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,GoFiles,IgnoredGoFiles,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = ".."
	cmd.Stderr = os.Stderr
	data, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var out []pkg
	for dec := json.NewDecoder(strings.NewReader(string(data))); ; {
		var l struct {
			ImportPath, Dir                                             string
			GoFiles, IgnoredGoFiles, Imports, TestImports, XTestImports []string
		}
		if err := dec.Decode(&l); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		p := pkg{path: relative(l.ImportPath), tests: relatives(append(l.TestImports, l.XTestImports...))}
		imports := map[string]bool{}
		for _, i := range l.Imports {
			imports[i] = true
		}
		for _, file := range append(l.GoFiles, l.IgnoredGoFiles...) {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			f := parse(t, filepath.Join(l.Dir, file), nil)
			p.files = append(p.files, f)
			for _, i := range f.Imports { // also of files for other systems
				text, _ := strconv.Unquote(i.Path.Value)
				imports[text] = true
			}
		}
		p.imports = relatives(slices.Sorted(maps.Keys(imports)))
		out = append(out, p)
	}
}

func parse(t *testing.T, name string, source any) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func relative(i string) string { return strings.TrimPrefix(strings.TrimPrefix(i, module), "/") }

func relatives(imports []string) []string {
	out := make([]string, len(imports))
	for i, text := range imports {
		out[i] = text
		if text == module || strings.HasPrefix(text, module+"/") {
			out[i] = relative(text)
		}
	}
	return out
}

func TestStructure(t *testing.T) {
	t.Parallel()
	found, n := violations(load(t))
	for _, v := range found {
		t.Error(v)
	}
	if n.packages < 15 || n.imports < 100 || n.targets < 5 || n.exported < 200 || n.interfaces < 3 || n.pure < 5 {
		t.Errorf("the test looks in the wrong place, it saw only %+v", n)
	}
}

// Each rule is broken once in a made-up module, and must be the only one to speak.
func TestStructure_hasTeeth(t *testing.T) {
	t.Parallel()
	source := func(text string) []*ast.File { return []*ast.File{parse(t, "x.go", text)} }
	plain := source("// Package x is x.\npackage x")
	list := pkg{path: "internal/templates/all", files: source("// Package all lists.\npackage all\n\nvar list = []any{keda.Target{}}")}
	keda := pkg{path: "internal/templates/keda", files: source("// Package keda is x.\npackage keda\n\n// Target is one.\ntype Target struct{}")}
	tests := map[string]struct {
		p    pkg
		want string
	}{
		"upward":               {pkg{path: "internal/spec", imports: []string{"internal/tree"}, files: plain}, "internal/spec: imports internal/tree: imports go downward only"},
		"sideways":             {pkg{path: "internal/templates/grafana", imports: []string{"internal/templates/keda"}, files: plain}, "internal/templates/grafana: imports internal/templates/keda"},
		"cloud and git":        {pkg{path: "internal/cloud/aws", imports: []string{"internal/gitops"}, files: plain}, "imports internal/gitops"},
		"main":                 {pkg{path: "", imports: []string{"internal/spec"}, files: plain}, "main: imports internal/spec"},
		"the main package":     {pkg{path: "internal/tree", imports: []string{""}, files: plain}, "imports main"},
		"suite in a program":   {pkg{path: "internal/provider", imports: []string{"internal/cloud/cloudtest"}, files: plain}, "imports internal/cloud/cloudtest"},
		"unknown package":      {pkg{path: "internal/util", files: plain}, "internal/util: is not in the table"},
		"framework":            {pkg{path: "internal/gitops", imports: []string{"github.com/hashicorp/terraform-plugin-framework/diag"}, files: plain}, "which only (of this list)  internal/provider internal/bench/empty may"},
		"framework in a test":  {pkg{path: "internal/gitops", tests: []string{"github.com/hashicorp/terraform-plugin-testing/helper/resource"}, files: plain}, "its tests import github.com/hashicorp"},
		"git in the provider":  {pkg{path: "internal/provider", imports: []string{"github.com/go-git/go-git/v5"}, files: plain}, "imports github.com/go-git/go-git/v5"},
		"compress":             {pkg{path: "internal/tree", imports: []string{"github.com/klauspost/compress/zlib"}, files: plain}, "imports github.com/klauspost"},
		"yaml":                 {pkg{path: "internal/templates/encode", imports: []string{"go.yaml.in/yaml/v3"}, files: plain}, "imports go.yaml.in/yaml/v3"},
		"nobody's":             {pkg{path: "internal/templates/grafana", imports: []string{"github.com/acme/left-pad"}, files: plain}, "no owner is named"},
		"template":             {pkg{path: "internal/gitops", imports: []string{"text/template"}, files: plain}, "imports text/template"},
		"template in encode":   {pkg{path: "internal/templates/encode", imports: []string{"text/template"}, files: plain}, "imports text/template"},
		"environment":          {pkg{path: "internal/templates/grafana", imports: []string{"os"}, files: plain}, "uses os: rendering is pure"},
		"network":              {pkg{path: "internal/templates/encode", imports: []string{"net/http"}, files: plain}, "uses net/http"},
		"randomness":           {pkg{path: "internal/templates", imports: []string{"math/rand/v2"}, files: plain}, "uses math/rand/v2"},
		"clock":                {pkg{path: "internal/templates/grafana", files: source("// Package x is x.\npackage x\n\nvar now = time.Now()")}, "uses time.Now"},
		"package comment":      {pkg{path: "internal/spec", files: source("package x")}, "internal/spec: has no package comment"},
		"function":             {pkg{path: "internal/spec", files: source("// Package x is x.\npackage x\n\nfunc F() {}")}, "F is exported and has no comment"},
		"method":               {pkg{path: "internal/spec", files: source("// Package x is x.\npackage x\n\n// T is one.\ntype T struct{}\n\nfunc (t *T) M() {}\n\nfunc (u u) M() {}")}, "T.M is exported"},
		"generic method":       {pkg{path: "internal/spec", files: source("// Package x is x.\npackage x\n\nfunc (t T[V]) M() {}")}, "T.M is exported"},
		"type":                 {pkg{path: "internal/spec", files: source("// Package x is x.\npackage x\n\ntype T int")}, "T is exported"},
		"constant":             {pkg{path: "internal/spec", files: source("// Package x is x.\npackage x\n\nconst (\n\tA = 1 // one\n\tB = 2\n)")}, "B is exported"},
		"large interface":      {pkg{path: "internal/spec", files: source("// Package x is x.\npackage x\n\n// I is one.\ntype I interface {\n\tA()\n\tB()\n\tC()\n\tD()\n\tE()\n}")}, "interface I has more than 4"},
		"target without list":  {pkg{path: "internal/templates/flux", files: source("// Package flux is x.\npackage flux\n\n// Target is one.\ntype Target struct{}")}, "internal/templates/flux: declares a Target that internal/templates/all lists 0 times"},
		"list without target":  {pkg{path: "internal/templates/all", files: source("// Package all lists.\npackage all\n\nvar list = []any{flux.Target{}}")}, "lists internal/templates/flux, which declares no Target"},
		"target listed doubly": {pkg{path: "internal/templates/all", files: source("// Package all lists.\npackage all\n\nvar list = []any{keda.Target{}}")}, "lists 2 times"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _ := violations([]pkg{list, keda, tt.p})
			if len(got) != 1 || !strings.Contains(got[0], tt.want) {
				t.Errorf("got %q, want one with %q", got, tt.want)
			}
		})
	}
	good := []pkg{list, keda, {
		path: "internal/templates/grafana", imports: []string{"internal/spec", "internal/templates/encode", "internal/templates/signals", "text/template", "time", "embed"}, tests: []string{"go.yaml.in/yaml/v3", "os", "internal/realtools"}, files: plain,
	}, {path: "internal", tests: []string{"os/exec"}}, {path: "internal/provider", imports: []string{"internal/cloud/local", "internal/templates/all", "github.com/hashicorp/terraform-plugin-go/tfprotov6"}, files: plain}}
	if got, n := violations(good); len(got) > 0 || n.packages != 5 || n.targets != 1 || n.imports != 13 {
		t.Errorf("a sound module is blamed: %q, %+v", got, n)
	}
}
