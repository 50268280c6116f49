package encode_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// oracle is one line in, one line out: a text of some kind, and what Python reads.
const oracle = `
import ast, json, sys, tomllib, yaml

def yaml12(text):
    from ruamel.yaml import YAML
    reader = YAML(typ="safe", pure=True)
    reader.version = (1, 2)
    return reader.load(text)

def stream(text):
    return list(yaml.safe_load_all(text))

readers = {"yaml": yaml.safe_load, "stream": stream, "yaml12": yaml12, "python": ast.literal_eval, "toml": tomllib.loads}
for line in sys.stdin:
    kind, text = json.loads(line)
    try:
        print(json.dumps({"value": readers[kind](text)}), flush=True)
    except ModuleNotFoundError as e:
        print(json.dumps({"missing": str(e)}), flush=True)
    except Exception as e:
        print(json.dumps({"error": repr(e)}), flush=True)
`

// python is a running interpreter that reads what the package wrote.
type python struct {
	mu  sync.Mutex
	in  io.Writer
	out *bufio.Reader
}

// startPython gives nil, and logs it, where the project's tools are not installed.
func startPython(t testing.TB) *python {
	t.Helper()
	tools := os.Getenv("MLOPS_TOOLS")
	if tools == "" {
		t.Log("Python did not run: MLOPS_TOOLS names no folder of tools")
		return nil
	}
	program := filepath.Join(tools, "lint", "bin", "python")
	if err := exec.Command(program, "-c", "import yaml").Run(); err != nil {
		t.Logf("Python did not run: %s cannot import yaml: %v", program, err)
		return nil
	}
	cmd := exec.Command(program, "-c", oracle)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return &python{in: in, out: bufio.NewReaderSize(out, 1<<20)}
}

// read fails the test if Python cannot read text; a reader that is not installed is
// logged and ends the test.
func (p *python) read(t testing.TB, kind, text string) any {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	question, err := json.Marshal([]string{kind, text})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(p.in, "%s\n", question); err != nil {
		t.Fatal(err)
	}
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Value          any
		Error, Missing string
	}
	if err := json.Unmarshal(line, &answer); err != nil {
		t.Fatal(err)
	}
	switch {
	case answer.Missing != "":
		t.Skip(answer.Missing)
	case answer.Error != "":
		t.Fatalf("Python cannot read %q: %s", text, answer.Error)
	}
	return answer.Value
}
