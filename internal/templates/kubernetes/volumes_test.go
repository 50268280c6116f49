package kubernetes

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

// TestVolumes_ofEveryCloud holds the volumes of one project on each cloud against a golden.
func TestVolumes_ofEveryCloud(t *testing.T) {
	const golden = "testdata/clouds/volumes.txtar"
	got := &txtar.Archive{Comment: []byte("The volumes of one project on every cloud.\n")}
	for _, on := range [][2]string{{"aws", "eu-west-1"}, {"azure", "westeurope"}, {"google", "europe-west1"}, {"kubernetes", ""}, {"local", ""}} {
		c := templatestest.Full(t)
		platform := c.Object(t, spec.KindPlatform, "fraud")
		platform["cloud"], platform["region"] = on[0], on[1]
		if on[1] == "" {
			delete(platform, "region")
		}
		p, faults := c.Link()
		if err := faults.Err(); err != nil {
			t.Fatal(err)
		}
		p.Identity("trainer").Address = "client-of-trainer"
		files, err := Target{}.Render(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if f.Path == folder+"volumes.yaml" {
				got.Files = append(got.Files, txtar.File{Name: on[0] + ".yaml", Data: f.Data})
			}
		}
	}
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(golden, txtar.Format(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, txtar.Format(got)) {
		t.Errorf("the volumes differ from %s; -update writes it anew. Got:\n%s", golden, txtar.Format(got))
	}
}
