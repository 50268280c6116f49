// Kubevalidate says what a Kubernetes API server would say to a manifest, without one: it runs the create strategies of Kubernetes itself for
// the kinds it is born with, and those of its extension server (strict fields, structural schema, CEL rules) for kinds whose definitions are
// given. It knows nothing of admission webhooks, of quotas or of what already exists in a cluster.
//
//	kubevalidate [-crds DIRECTORY]... [-unknown error|report] FILE|DIRECTORY|-...
//
// One line per object: "ok FILE KIND/NAME" or "error FILE KIND/NAME: REASON", and "warn FILE KIND/NAME: WARNING" for what the server would warn of.
// An object whose kind has no schema is an error, unless -unknown=report turns it into "unknown FILE KIND/NAME". Status 1 when an object was refused.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	code, err := run(os.Args[1:], os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "kubevalidate:", err)
	}
	os.Exit(code)
}

// run returns the exit status: 0 all accepted, 1 something refused, 2 wrong usage.
func run(args []string, in io.Reader, out io.Writer) (int, error) {
	flags := flag.NewFlagSet("kubevalidate", flag.ContinueOnError)
	var folders list
	flags.Var(&folders, "crds", "folder of custom resource definitions; may be repeated")
	unknown := flags.String("unknown", "error", "what a kind without a schema is: error or report")
	if err := flags.Parse(args); err != nil {
		return 2, nil // the flag package has said it
	}
	if flags.NArg() == 0 || (*unknown != "error" && *unknown != "report") {
		return 2, errors.New("usage: kubevalidate [-crds DIRECTORY]... [-unknown error|report] FILE|DIRECTORY|-...")
	}
	definitions, err := readDefinitions(folders)
	if err != nil {
		return 2, err
	}
	documents, err := readDocuments(flags.Args(), in)
	if err != nil {
		return 2, err
	}
	if len(documents) == 0 {
		return 2, errors.New("no object found")
	}
	return report(out, documents, server{definitions}, *unknown == "error"), nil
}

// report writes the lines and returns the exit status.
func report(out io.Writer, documents []document, s server, strict bool) int {
	code := 0
	for _, d := range documents {
		warnings, err := s.create(d)
		for _, w := range warnings {
			fmt.Fprintf(out, "warn %s: %s\n", d, oneLine(w))
		}
		switch {
		case err == nil:
			fmt.Fprintf(out, "ok %s\n", d)
		case errors.Is(err, errNoSchema) && !strict:
			fmt.Fprintf(out, "unknown %s\n", d)
		default:
			fmt.Fprintf(out, "error %s: %s\n", d, oneLine(err.Error()))
			code = 1
		}
	}
	return code
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// list is a flag that may be given several times.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(value string) error {
	*l = append(*l, value)
	return nil
}
