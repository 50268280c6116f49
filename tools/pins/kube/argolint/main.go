// Argolint is the offline lint of Argo Workflows: the code path of the project's own command line, without its server, its web interface and
// its network access. All files of a call are read together, so that a reference from one into another resolves.
//
//	argolint FILE|DIRECTORY...
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/argoproj/argo-workflows/v4/cmd/argo/lint"
	"github.com/argoproj/argo-workflows/v4/pkg/apiclient"
	"github.com/argoproj/argo-workflows/v4/util/logging"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "argolint:", err)
		os.Exit(2)
	}
}

// run prints one block per file; the library itself ends the program with status 1 when a fault was found.
func run(paths []string) error {
	if len(paths) == 0 {
		return fmt.Errorf("no file or directory given")
	}
	ctx := logging.WithLogger(context.Background(), logging.NewSlogLogger(logging.Error, logging.Text))
	ctx, client, err := apiclient.NewClientFromOptsWithContext(ctx, apiclient.Opts{Offline: true, OfflineFiles: paths})
	if err != nil {
		return err
	}
	kinds := []string{"workflows", "workflowtemplates", "cronworkflows", "clusterworkflowtemplates"}
	options := lint.LintOptions{Files: paths, Strict: true, DefaultNamespace: "default", Printer: os.Stdout}
	return lint.RunLint(ctx, client, kinds, "simple", true, options)
}
