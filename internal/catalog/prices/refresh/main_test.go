package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog/prices"
)

func TestRun(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("../data/prices.csv")
	if err != nil {
		t.Fatal(err)
	}
	in := filepath.Join(t.TempDir(), "list.csv")
	write := func(text []byte) {
		if err := os.WriteFile(in, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(list)
	if err := run(in); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(in + ".gz")
	if err != nil {
		t.Fatal(err)
	}
	want, err := prices.Pack(list)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("the file is not the packed list")
	}
	write([]byte("cloud\n"))
	if err := run(in); err == nil || !strings.Contains(err.Error(), "column region: it is missing") {
		t.Errorf("got %v", err)
	}
	if after, err := os.ReadFile(in + ".gz"); err != nil || !bytes.Equal(after, got) {
		t.Error("a list with faults was written")
	}
	if err := run(in + "x"); !os.IsNotExist(err) {
		t.Errorf("got %v", err)
	}
}
