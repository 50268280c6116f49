// Install puts the pinned tools of development and tests into .tools/ at the project's root: Go programs built from the modules beside it,
// custom resource definitions read from the projects' own modules, and Python environments and Node.js packages made from locks with hashes. What is
// there with the same pins is left alone; an interrupted run continues where it stopped. It needs Go, Python, git and a way to the package registries,
// and for the sets test and check npm, node and rsync, which it installs itself where it may call Debian's package manager.
//
//	go run . [-set test|demo|check|generate|all] [-only NAME,NAME] [-list]
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("install", flag.ContinueOnError)
	set := flags.String("set", "test", "what to install: "+strings.Join(sets(catalog()), ", "))
	only := flags.String("only", "", "names of single tools, with commas between them; takes the place of -set")
	list := flags.Bool("list", false, "only list the tools")
	if err := flags.Parse(args); err != nil {
		return err
	}
	tools, err := choose(catalog(), *set, *only)
	if err != nil {
		return err
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		return err
	}
	b := base{root: root, out: out}
	if *list {
		return show(b, tools)
	}
	unlock, err := b.lock()
	if err != nil {
		return err
	}
	defer unlock()
	return ensureAll(ctx, b, tools)
}

// choose picks the tools of a set, or the named ones.
func choose(tools []tool, set, only string) ([]tool, error) {
	if only != "" {
		return named(tools, strings.Split(only, ","))
	}
	chosen := slices.Clone(tools)
	if set != "all" {
		chosen = slices.DeleteFunc(chosen, func(t tool) bool { return !slices.Contains(t.sets, set) })
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("there is no set %q; there are: %s", set, strings.Join(sets(tools), ", "))
	}
	return chosen, nil
}

func named(tools []tool, names []string) ([]tool, error) {
	var chosen []tool
	for _, name := range names {
		at := slices.IndexFunc(tools, func(t tool) bool { return t.name == name })
		if at < 0 {
			return nil, fmt.Errorf("there is no tool %q; see -set all -list", name)
		}
		chosen = append(chosen, tools[at])
	}
	return chosen, nil
}

// show prints name, version, sets and whether the tool is there.
func show(b base, tools []tool) error {
	for _, t := range tools {
		pin, version, err := t.pin(b)
		if err != nil {
			return err
		}
		state := "missing"
		if b.has(t, pin) {
			state = "present"
		}
		fmt.Fprintf(b.out, "%-14s %-10s %-8s %s\n", t.name, version, state, strings.Join(t.sets, ","))
	}
	return nil
}

// ensureAll installs what is missing, in the order of the list, and names on one line what was there.
func ensureAll(ctx context.Context, b base, tools []tool) error {
	var have []string
	for _, t := range tools {
		pin, version, err := t.pin(b)
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		if b.has(t, pin) {
			have = append(have, t.name)
			continue
		}
		if err := ensure(ctx, b, t, pin, version); err != nil {
			return fmt.Errorf("unable to install %s: %w", t.name, err)
		}
	}
	if len(have) > 0 {
		fmt.Fprintln(b.out, "have "+strings.Join(have, ", "))
	}
	return nil
}

// ensure installs one tool; the stamp is taken away before and written after, so that an interrupted run leaves none.
func ensure(ctx context.Context, b base, t tool, pin, version string) error {
	fmt.Fprintf(b.out, "installing %s %s …\n", t.name, version)
	start := time.Now()
	if err := b.unstamp(t); err != nil {
		return err
	}
	err := t.install(ctx, b)
	if err != nil && ctx.Err() == nil {
		fmt.Fprintf(b.out, "once more: %s\n", firstLine(err))
		err = t.install(ctx, b) // a registry may fail for a moment; what was built stays built
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(b.out, "installed %s in %.0f s\n", t.name, time.Since(start).Seconds())
	return b.stamp(t, pin)
}

func firstLine(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}
