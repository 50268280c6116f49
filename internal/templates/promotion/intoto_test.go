package promotion

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	provenance "github.com/in-toto/attestation/go/predicates/provenance/v1"
	intoto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
)

// deriveAll reads one lineage record a line and writes the statement of each.
const deriveAll = `import json, sys
from mlops import statement
for line in sys.stdin:
    print(json.dumps(statement.of(json.loads(line))))
`

// TestStatement gives the statements of several records to in-toto's own types,
// which know every field of Statement v1 and of SLSA provenance v1 and refuse others.
func TestStatement(t *testing.T) {
	t.Parallel()
	records := map[string]map[string]any{
		"everything known":       lineageWith(t, nil),
		"nothing known":          lineageWith(t, unknownOf("code", "environment", "data")),
		"a run of nobody":        lineageWith(t, unknownOf("pipeline.run_id", "pipeline.run_url")),
		"no data, no parameters": lineageWith(t, map[string]any{"data": map[string]any{}, "parameters": map[string]any{}, "parent": nil}),
		"a modified tree":        lineageWith(t, map[string]any{"code.modified": true}),
		"a commit of SHA-256":    lineageWith(t, map[string]any{"code.git_commit": strings.Repeat("ab", 32)}),
		"data of DVC":            lineageWith(t, map[string]any{"data.transactions.version": "md5:" + strings.Repeat("0a", 16), "data.transactions.uri": "s3://data/transactions"}),
		"data of lakeFS":         lineageWith(t, map[string]any{"data.transactions.version": "c7a632d74f", "data.transactions.uri": "lakefs://payments/main/transactions/"}),
		"a requirements file":    lineageWith(t, map[string]any{"environment.image": nil, "environment.python": "3.11.2", "environment.requirements": "sha256:" + strings.Repeat("1", 64)}),
	}
	for name, statement := range statements(t, records) {
		s, predicate, err := decode(statement)
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, statement)
			continue
		}
		digest := records[name]["model"].(map[string]any)["digest"]
		if got := "sha256:" + s.GetSubject()[0].GetDigest()["sha256"]; got != digest {
			t.Errorf("%s: the first subject is %s, the record's digest %s", name, got, digest)
		}
		if predicate.GetRunDetails().GetMetadata().GetInvocationId() == "" {
			t.Errorf("%s: no invocation", name)
		}
	}
}

// TestStatement_teeth: the types refuse what is not of their form.
func TestStatement_teeth(t *testing.T) {
	t.Parallel()
	sound := statements(t, map[string]map[string]any{"": lineageWith(t, nil)})[""]
	if _, _, err := decode(sound); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][3]string{
		"unknown field of the statement": {`"subject":`, `"subjects":`, "unknown field"},
		"unknown field of the predicate": {`"resolvedDependencies":`, `"dependencies":`, "unknown field"},
		"digest cut short":               {`"gitCommit": "c0ffee`, `"gitCommit": "`, "incorrect length"},
		"digest that is no hex":          {`"gitCommit": "c0ff`, `"gitCommit": "xyz-`, "not valid hex"},
		"another type":                   {"in-toto.io/Statement/v1", "in-toto.io/Statement/v2", "wrong statement type"},
		"no build type":                  {"/pipeline@v1", "", ""},
	} {
		broken := strings.Replace(sound, change[0], change[1], 1)
		if name == "no build type" {
			broken, change[2] = cut(sound, `"buildType": "`), "buildType required"
		}
		if _, _, err := decode(broken); broken == sound || err == nil || !strings.Contains(err.Error(), change[2]) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// cut empties the text that begins after a prefix.
func cut(text, prefix string) string {
	before, after, _ := strings.Cut(text, prefix)
	_, rest, _ := strings.Cut(after, `"`)
	return before + prefix + `"` + rest
}

func decode(text string) (*intoto.Statement, *provenance.Provenance, error) {
	s, predicate := &intoto.Statement{}, &provenance.Provenance{}
	if err := protojson.Unmarshal([]byte(text), s); err != nil {
		return nil, nil, err
	}
	if err := s.Validate(); err != nil {
		return nil, nil, err
	}
	inner, err := protojson.Marshal(s.GetPredicate())
	if err != nil {
		return nil, nil, err
	}
	if err := protojson.Unmarshal(inner, predicate); err != nil {
		return nil, nil, err
	}
	return s, predicate, predicate.Validate()
}

// statements runs the emitted program once over all records.
func statements(t *testing.T, records map[string]map[string]any) map[string]string {
	t.Helper()
	var names []string
	var in strings.Builder
	for name, record := range records {
		line, err := json.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
		in.Write(append(line, '\n'))
	}
	input := filepath.Join(t.TempDir(), "records.jsonl")
	if err := os.WriteFile(input, []byte(in.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	program := strings.Replace(deriveAll, "sys.stdin", "open(sys.argv[1])", 1)
	res := realtools.Run(t, "in-toto", "programs", []string{"PYTHONDONTWRITEBYTECODE=1"}, realtools.Python(t, "train"), "-c", program, input)
	res.Accept(t, "statement.of")
	lines := strings.Split(strings.TrimSpace(res.Stdout), "\n")
	if len(lines) != len(names) {
		t.Fatalf("%d statements of %d records: %s", len(lines), len(names), res.Stdout)
	}
	out := map[string]string{}
	for i, name := range names {
		out[name] = lines[i]
	}
	return out
}

// lineageWith is the example record with other values at some places, a.b.c.
func lineageWith(t *testing.T, changes map[string]any) map[string]any {
	t.Helper()
	data, err := programs.ReadFile("programs/tests/example-lineage.json")
	if err != nil {
		t.Fatal(err)
	}
	var record map[string]any
	if err := json.Unmarshal(data, &record); err != nil {
		t.Fatal(err)
	}
	for place, value := range changes {
		at, keys := record, strings.Split(place, ".")
		for _, key := range keys[:len(keys)-1] {
			at = at[key].(map[string]any)
		}
		last := keys[len(keys)-1]
		if _, there := at[last]; !there {
			t.Fatalf("the example has no %s", place)
		}
		if value == allUnknown {
			forget(at[last].(map[string]any))
			continue
		}
		at[last] = value
	}
	return record
}

const allUnknown = "\x00unknown"

// unknownOf sets whole parts, or single values, to what a record holds where nothing is known.
func unknownOf(places ...string) map[string]any {
	out := map[string]any{}
	for _, place := range places {
		if strings.Contains(place, ".") {
			out[place] = nil
		} else {
			out[place] = allUnknown
		}
	}
	return out
}

func forget(part map[string]any) {
	for key, value := range part {
		switch value := value.(type) {
		case map[string]any:
			forget(value)
		case []any:
		default:
			if key != "kind" {
				part[key] = nil
			}
		}
	}
}
