package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// What saves time before main has to come before the libraries that take it. The order
// is the linker's, so the test asks the program itself.
func TestStartup_comesFirst(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var order []string
	for line := range strings.Lines(string(out)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "init" {
			order = append(order, fields[1])
		}
	}
	const ours = "github.com/gitops-ml/terraform-provider-mlops/internal/startup"
	for early, libraries := range map[string][]string{
		ours + "/curve": {"github.com/aws/aws-sdk-go-v2/service/eks/schemas", "github.com/hashicorp/vault/api", "google.golang.org/grpc"},
		ours:            {"github.com/aws/aws-sdk-go-v2/service/s3/internal/endpoints", "github.com/hashicorp/vault/api", "google.golang.org/grpc"},
	} {
		at := slices.Index(order, early)
		if at < 0 {
			t.Errorf("%s is not among the %d packages that do something before main", early, len(order))
		}
		for _, library := range libraries {
			if i := slices.Index(order, library); i < 0 || i < at {
				t.Errorf("%s comes at %d of %d, after %s (%d)", early, at, len(order), library, i)
			}
		}
	}
}
