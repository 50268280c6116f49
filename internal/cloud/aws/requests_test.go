package aws_test

import (
	"encoding/json"
	"flag"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the goldens anew")

// golden compares a text with the file of its name.
func golden(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	have, lines := strings.Split(text, "\n"), strings.Split(string(want), "\n")
	for n := range max(len(have), len(lines)) {
		if n >= len(have) || n >= len(lines) || have[n] != lines[n] {
			t.Fatalf("%s differs at line %d (accept it with -update):\n got %s\nwant %s", file, n+1, at(have, n), at(lines, n))
		}
	}
}

func at(lines []string, n int) string {
	if n < len(lines) {
		return lines[n]
	}
	return "the end"
}

func unique(texts []string) (out []string) {
	seen := map[string]bool{}
	for _, text := range texts {
		if !seen[text] {
			seen[text], out = true, append(out, text)
		}
	}
	return out
}

// token is the number by which a service knows the tries of one request.
var token = regexp.MustCompile(`"clientRequestToken":"[0-9a-f-]+"`)

// written is a request as people read it: its target, the headers that say what is wanted,
// and its body.
func written(req *http.Request, body []byte) string {
	out := "  " + req.Method + " " + req.URL.Host + req.URL.RequestURI() + "\n"
	for _, name := range slices.Sorted(maps.Keys(req.Header)) {
		if strings.HasPrefix(name, "X-Amz-") && !slices.Contains([]string{"X-Amz-Date", "X-Amz-Content-Sha256", "X-Amz-Security-Token", "X-Amz-Checksum-Crc32"}, name) {
			out += "  " + name + ": " + req.Header.Get(name) + "\n"
		}
	}
	text := string(body)
	var tree any
	if json.Unmarshal(body, &tree) == nil {
		if data, err := json.Marshal(tree); err == nil { // keys in order
			text = token.ReplaceAllString(string(data), `"clientRequestToken":"…"`)
		}
	} else if plain, err := url.QueryUnescape(text); err == nil && strings.HasPrefix(text, "Action=") {
		text = plain
	}
	if text != "" {
		out += "  " + text + "\n"
	}
	return out
}

// Every request that the sources name is sent here, and checked against the SDK's
// snapshots; nothing else is sent.
func TestEveryRequestIsChecked(t *testing.T) {
	t.Parallel()
	c, w := openWhole(t, assumed)
	for _, s := range steps() {
		if err := s.do(t, c, w); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
	}
	golden(t, "requests.txt", strings.Join(unique(w.sent), "\n"))
	sent := map[string]bool{}
	for _, op := range w.asked {
		sent[op] = true
	}
	named := requestsNamed(t)
	for _, op := range slices.Sorted(maps.Keys(named)) {
		if !sent[op] {
			t.Errorf("%s is named in the sources and never sent here", op)
		}
	}
	for _, op := range slices.Sorted(maps.Keys(sent)) {
		if !named[op] {
			t.Errorf("%s is sent, and no source names it", op)
		}
	}
	if len(named) < 50 {
		t.Errorf("the sources name %d requests only", len(named))
	}
}

var (
	inputs = regexp.MustCompile(`&(s3|iam|sts|eks)\.(\w+)Input\{`)
	takes  = regexp.MustCompile(`stscreds\.New(\w+)Provider\(`)
)

// requestsNamed are the requests that the sources of the driver make.
func requestsNamed(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range inputs.FindAllStringSubmatch(string(text), -1) {
			out[found[1]+" "+found[2]] = true
		}
		for _, found := range takes.FindAllStringSubmatch(string(text), -1) {
			out["sts "+strings.TrimSuffix(found[1], "Role")+"Role"] = true
		}
	}
	return out
}
