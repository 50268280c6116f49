// Command refresh checks a list of prices and writes it compressed beside it, as the
// package embeds it. It looks up no price.
package main

import (
	"flag"
	"log"
	"os"

	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog/prices"
)

func main() {
	log.SetFlags(0)
	in := flag.String("in", "data/prices.csv", "the list; the compressed one gets its name with .gz")
	flag.Parse()
	if err := run(*in); err != nil {
		log.Fatalf("%s: %v", *in, err)
	}
}

func run(in string) error {
	text, err := os.ReadFile(in)
	if err != nil {
		return err
	}
	packed, err := prices.Pack(text)
	if err != nil {
		return err
	}
	return os.WriteFile(in+".gz", packed, 0o644) //nolint:gosec // it is embedded and published
}
