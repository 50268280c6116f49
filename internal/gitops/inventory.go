package gitops

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// inventoryPath lies below Remote.Path.
const inventoryPath = ".mlops/inventory.json"

const inventoryVersion = 1

// Inventory lists the files of a branch that are ours.
type Inventory struct {
	Files []Record // sorted by path
}

// Record is one file of the inventory.
type Record struct {
	Path   string     `json:"path"`
	SHA256 string     `json:"sha256"` // of the bytes that were written last, or first when seeded
	Writer string     `json:"writer"`
	Class  tree.Class `json:"class"`
}

func (inv Inventory) byPath() map[string]Record {
	m := make(map[string]Record, len(inv.Files))
	for _, r := range inv.Files {
		m[r.Path] = r
	}
	return m
}

// encode writes the inventory as indented JSON. It is written by hand because
// it is made twice for every commit and may list many thousand files.
func (inv Inventory) encode() []byte {
	b := make([]byte, 0, 64+len(inv.Files)*220)
	b = fmt.Appendf(b, "{\n  \"version\": %d,\n  \"files\": [", inventoryVersion)
	for i, r := range inv.Files {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendField(append(b, "\n    {\n"...), "path", r.Path, ",\n")
		b = appendField(b, "sha256", r.SHA256, ",\n")
		b = appendField(b, "writer", r.Writer, ",\n")
		b = appendField(b, "class", string(r.Class), "\n    }")
	}
	if len(inv.Files) > 0 {
		b = append(b, "\n  "...)
	}
	return append(b, "]\n}\n"...)
}

func appendField(b []byte, name, value, end string) []byte {
	b = append(append(append(b, `      "`...), name...), `": `...)
	return append(appendJSON(b, value), end...)
}

func appendJSON(b []byte, s string) []byte {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == '"' || s[i] == '\\' || s[i] >= 0x7f {
			var quoted bytes.Buffer
			enc := json.NewEncoder(&quoted)
			enc.SetEscapeHTML(false)
			_ = enc.Encode(s) // a string always encodes
			return append(b, bytes.TrimSuffix(quoted.Bytes(), []byte("\n"))...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

func decodeInventory(data []byte) (Inventory, error) {
	const wayOut = "; restore an earlier version of it from the history, or delete it and name the files in adopt"
	var doc struct {
		Version int      `json:"version"`
		Files   []Record `json:"files"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return Inventory{}, fmt.Errorf("%w: %s is not valid: %w"+wayOut, ErrInventory, inventoryPath, err)
	}
	if doc.Version > inventoryVersion {
		return Inventory{}, fmt.Errorf("%w: %s has version %d and this provider knows %d; use the newer provider that wrote it",
			ErrInventory, inventoryPath, doc.Version, inventoryVersion)
	}
	if doc.Version < 1 {
		return Inventory{}, fmt.Errorf("%w: %s names no version"+wayOut, ErrInventory, inventoryPath)
	}
	for _, r := range doc.Files {
		if badPath(r.Path) || len(r.SHA256) != 64 || r.Class != tree.Managed && r.Class != tree.Seeded {
			return Inventory{}, fmt.Errorf("%w: %s holds an unusable record for %q"+wayOut, ErrInventory, inventoryPath, r.Path)
		}
	}
	slices.SortFunc(doc.Files, func(a, b Record) int { return strings.Compare(a.Path, b.Path) })
	return Inventory{Files: doc.Files}, nil
}
