//go:build unix

// Package gitopsbench measures the Git engine beside git fast-import, the git
// command line and go-git with a work tree, all in one run on one machine. It
// knows how long things take; it knows nothing of whether they are right.
package gitopsbench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// The size of the repository that is measured.
const (
	Folders = 1000
	Each    = 10
	Changed = 10
)

// rounds is how often everything is repeated; the fastest counts, for noise
// only ever adds.
const rounds = 3

// Row is one way of doing one task.
type Row struct {
	Task, Way           string
	Wall, CPU           time.Duration
	WallRatio, CPURatio float64 // to the floor, git fast-import
}

// Report is what one run measured.
type Report struct{ Rows []Row }

// Ratio returns wall and CPU time of way, in parts of those of other.
func (r Report) Ratio(task, way, other string) (wall, cpu float64) {
	a, b := r.find(task, way), r.find(task, other)
	return a.Wall.Seconds() / b.Wall.Seconds(), a.CPU.Seconds() / b.CPU.Seconds()
}

func (r Report) find(task, way string) Row {
	for _, row := range r.Rows {
		if row.Task == task && row.Way == way {
			return row
		}
	}
	return Row{}
}

// String is a table for people.
func (r Report) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "task\tway\twall\tCPU\twall ratio\tCPU ratio\n")
	for _, row := range r.Rows {
		fmt.Fprintf(w, "%s\t%s\t%d ms\t%d ms\t%.2f\t%.2f\n", row.Task, row.Way, row.Wall.Milliseconds(), row.CPU.Milliseconds(), row.WallRatio, row.CPURatio)
	}
	_ = w.Flush()
	return b.String()
}

// Tasks and ways, as they stand in a Report. Ours and Scratch are given all files
// and nothing else; Floor, Command and Worktree are told which files changed, and
// the last two have a work tree from before.
const (
	First    = "first commit"
	Change   = "change 10 of 10,000"
	Ours     = "ours"
	Hinted   = "ours, last render at hand"
	Floor    = "git fast-import"
	Command  = "git add, commit"
	Scratch  = "git clone, write, add, commit, push"
	Worktree = "go-git work tree"
)

// way does the two tasks in a folder of its own.
type way interface {
	name() string
	first(ctx context.Context, dir string, files []tree.File) error
	change(ctx context.Context, dir string, before, after []tree.File) error
}

// Run measures in dir, which should be empty and on the disk that matters.
func Run(ctx context.Context, dir string) (Report, error) {
	before, after := render(0), render(Changed)
	ways := []way{fastImport{}, engine{}, engine{hint: true}, commandLine{}, scratch{}, worktree{}}
	best := map[[2]string]Row{}
	for round := range rounds {
		for _, w := range ways {
			at := filepath.Join(dir, fmt.Sprintf("%d-%s", round, strings.ReplaceAll(w.name(), " ", "-")))
			if err := os.MkdirAll(at, 0o755); err != nil {
				return Report{}, err
			}
			err := measure(best, First, w.name(), func() error { return w.first(ctx, at, before) })
			if err == nil {
				err = measure(best, Change, w.name(), func() error { return w.change(ctx, at, before, after) })
			}
			if err != nil {
				return Report{}, fmt.Errorf("%s: %w", w.name(), err)
			}
			_ = os.RemoveAll(at)
		}
	}
	return report(best, ways), nil
}

func report(best map[[2]string]Row, ways []way) Report {
	var r Report
	for _, task := range []string{First, Change} {
		floor := best[[2]string{task, Floor}]
		for _, w := range ways {
			row := best[[2]string{task, w.name()}]
			row.WallRatio = row.Wall.Seconds() / floor.Wall.Seconds()
			row.CPURatio = row.CPU.Seconds() / floor.CPU.Seconds()
			r.Rows = append(r.Rows, row)
		}
	}
	return r
}

func measure(best map[[2]string]Row, task, way string, do func() error) error {
	cpu, begin := cpuTime(), time.Now()
	if err := do(); err != nil {
		return fmt.Errorf("%s: %w", task, err)
	}
	wall, used := time.Since(begin), cpuTime()-cpu
	row, known := best[[2]string{task, way}]
	if !known {
		row = Row{Task: task, Way: way, Wall: wall, CPU: used}
	}
	row.Wall, row.CPU = min(row.Wall, wall), min(row.CPU, used)
	best[[2]string{task, way}] = row
	return nil
}

// cpuTime is what this process and the programs it ran have used.
func cpuTime() time.Duration {
	var total time.Duration
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if syscall.Getrusage(who, &u) == nil {
			total += time.Duration(u.Utime.Nano() + u.Stime.Nano())
		}
	}
	return total
}

// render makes the files; one in each of the first changed folders is another.
func render(changed int) []tree.File {
	files := make([]tree.File, 0, Folders*Each)
	for f := range Folders {
		for i := range Each {
			version := 1
			if i == 0 && f < changed {
				version = 2
			}
			files = append(files, tree.File{
				Path: fmt.Sprintf("endpoints/endpoint-%04d/file-%d.yaml", f, i), Data: manifest(f, i, version), Writer: "kserve",
			})
		}
	}
	return files
}

// manifest is 2.6 KB of YAML: mostly the same for every folder, with names,
// numbers and a digest that differ.
func manifest(f, i, version int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# Generated by terraform-provider-mlops. DO NOT EDIT.\napiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\n"+
		"metadata:\n  name: endpoint-%04d\n  labels:\n    mlops.dev/version: %q\nspec:\n  predictor:\n    containers:\n      - env:\n", f, fmt.Sprint(version))
	for n := 0; b.Len() < 2600; n++ {
		fmt.Fprintf(&b, "          - name: MLOPS_SETTING_%d_%d\n            value: %q\n", i, n, fmt.Sprintf("%x", (f*7919+i*104729+n*1299709)%65536))
	}
	return []byte(b.String())
}
