// Package gatetest carries the conformance table of the gate to every orchestrator's
// tests: metric files, the gates they meet, the exit code and the sentence that must
// come out. The emitted Python tests run the same table. It knows no orchestrator and
// no registry: whoever runs a case hands the metrics file and the gates to the gate as
// the orchestrator does.
package gatetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/promotion"
)

// Case is one row of the table.
type Case struct {
	Name     string
	Gates    json.RawMessage    // as in pipeline.json
	Metrics  *string            // the file's text; nil: there is no file
	Champion map[string]float64 // metrics of the champion, empty: there is none; nil: no registry is asked
	Exit     int                // 0 or 3
	Sentence string             // part of what is printed
}

// Cases gives the whole table, in its order.
func Cases() ([]Case, error) {
	decoder := json.NewDecoder(bytes.NewReader(promotion.GateCases))
	decoder.DisallowUnknownFields()
	var rows []Case
	if err := decoder.Decode(&rows); err != nil {
		return nil, fmt.Errorf("gate_cases.json: %w", err)
	}
	return rows, nil
}

// Offline gives the rows that ask no registry: every gate can run them anywhere.
func Offline() ([]Case, error) {
	rows, err := Cases()
	var out []Case
	for _, c := range rows {
		if c.Champion == nil {
			out = append(out, c)
		}
	}
	return out, err
}

// Run applies a gate to every row that asks no registry. The gate gets a metrics file,
// which may not exist, and the gates as JSON; it gives the exit code and what was printed.
func Run(t *testing.T, gate func(t *testing.T, metricsFile string, gates json.RawMessage) (exit int, out string)) {
	t.Helper()
	rows, err := Offline()
	if err != nil || len(rows) == 0 {
		t.Fatalf("%d cases: %v", len(rows), err)
	}
	for _, c := range rows {
		t.Run(c.Name, func(t *testing.T) {
			file, err := c.Write(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			exit, out := gate(t, file, c.Gates)
			if err := c.Check(exit, out); err != nil {
				t.Error(err)
			}
		})
	}
}

// Write puts the metrics file into a folder, if there is to be one, and gives its path.
func (c Case) Write(folder string) (string, error) {
	file := filepath.Join(folder, "metrics.json")
	if c.Metrics == nil {
		return file, nil
	}
	return file, os.WriteFile(file, []byte(*c.Metrics), 0o600)
}

// Check compares what a gate did with what it must do; nil when they agree.
func (c Case) Check(exit int, out string) error {
	if exit != c.Exit {
		return fmt.Errorf("%s: exit code %d, must be %d: %s", c.Name, exit, c.Exit, out)
	}
	if !strings.Contains(out, c.Sentence) {
		return fmt.Errorf("%s: says %q, must say %q", c.Name, out, c.Sentence)
	}
	return nil
}

// WithGates gives a pipeline.json whose model has other gates.
func WithGates(pipeline []byte, gates json.RawMessage) ([]byte, error) {
	var document map[string]json.RawMessage
	if err := json.Unmarshal(pipeline, &document); err != nil {
		return nil, err
	}
	var model map[string]json.RawMessage
	if err := json.Unmarshal(document["model"], &model); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	model["gates"] = gates
	changed, err := json.Marshal(model)
	if err != nil {
		return nil, err
	}
	document["model"] = changed
	return json.MarshalIndent(document, "", "  ")
}
