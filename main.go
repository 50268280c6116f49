// terraform-provider-mlops serves the provider to Terraform.
package main

import (
	"flag"
	"log"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/gitops-ml/terraform-provider-mlops/internal/provider"
	_ "github.com/gitops-ml/terraform-provider-mlops/internal/startup"       // a heap with room until the handshake
	_ "github.com/gitops-ml/terraform-provider-mlops/internal/startup/curve" // the handshake's key, begun early
)

// version is set by the release build.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "serve for a debugger")
	flag.Parse()
	var options []tf6server.ServeOpt
	if *debug {
		options = append(options, tf6server.WithManagedDebug())
	}
	if err := tf6server.Serve("registry.terraform.io/gitops-ml/mlops", provider.NewServer(version), options...); err != nil {
		log.Fatal(err)
	}
}
