// Bench measures the Git engine, rendering and Terraform's plans as ratios, in one
// run, and writes the table of docs/performance.md. Absolute times say more about
// the machine than about us; ratios travel.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/gitops/gitopsbench"
)

func main() {
	out := flag.String("out", "", "file to write; standard output when empty")
	only := flag.String("only", "", "the one part to measure: "+strings.Join(names(), ", "))
	flag.Parse()
	if err := run(*out, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// parts are measured and written in this order.
var parts = []struct {
	name    string
	measure func(context.Context, string, *strings.Builder) error
}{{"git", git}, {"wire", wire}, {"rendering", rendering}, {"pipelines", pipelines}, {"startup", startup}, {"plans", plans}}

func names() []string {
	var out []string
	for _, part := range parts {
		out = append(out, part.name)
	}
	return out
}

func run(out, only string) error {
	dir, err := os.MkdirTemp("", "mlops-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx := context.Background()
	var b strings.Builder
	b.WriteString(head)
	for _, part := range parts {
		if only != "" && part.name != only {
			continue
		}
		if err := part.measure(ctx, dir, &b); err != nil {
			return err
		}
	}
	if out == "" {
		_, err = fmt.Print(b.String())
		return err
	}
	return os.WriteFile(out, []byte(b.String()), 0o644)
}

const head = `# Performance

Written by ` + "`make bench`" + `: every figure is a ratio of two things measured in the same run on the same machine, the fastest of three rounds each.
`

// git compares the engine with the floor and with what people use.
func git(ctx context.Context, dir string, b *strings.Builder) error {
	report, err := gitopsbench.Run(ctx, filepath.Join(dir, "git"))
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "\n## Git\n\n%d files of 2.6 KB in %d folders, a local bare repository, relative to `git fast-import`.\n\n| task | way | wall | CPU |\n| --- | --- | --- | --- |\n", gitopsbench.Folders*gitopsbench.Each, gitopsbench.Folders)
	for _, row := range report.Rows {
		fmt.Fprintf(b, "| %s | %s | %.2f | %.2f |\n", row.Task, row.Way, row.WallRatio, row.CPURatio)
	}
	wall, cpu := report.Ratio(gitopsbench.First, gitopsbench.Ours, gitopsbench.Floor)
	goal(b, "one commit of all files against `git fast-import`, wall", wall, 0.5)
	goal(b, "the same, CPU", cpu, 0.4)
	wall, _ = report.Ratio(gitopsbench.Change, gitopsbench.Ours, gitopsbench.Scratch)
	goal(b, "a change of 10 files against the git command line that starts from the same (a remote and all files), wall", wall, 0.2)
	wall, _ = report.Ratio(gitopsbench.Change, gitopsbench.Ours, gitopsbench.Command)
	fmt.Fprintf(b, "\n- the same against a command line that has kept a work tree and is told which files changed: %.2f (no goal: it need not hash the other 9,990)", wall)
	return nil
}

// goal writes a line that says whether a figure is within its bound.
func goal(b *strings.Builder, what string, got, bound float64) {
	verdict := "held"
	if got > bound {
		verdict = "**missed**"
	}
	fmt.Fprintf(b, "\n- %s: %.2f, at most %.2f: %s", what, got, bound, verdict)
}
