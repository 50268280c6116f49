// Package startup lets the heap grow to 8 MiB before it is first collected. What the
// libraries of the clouds set up before main fills the usual 4 MiB, and Terraform would
// wait for the handshake while the collector runs. Later on the heap is three times
// what is in use at most, instead of twice: the provider lives for one command.
//
// Packages are initialized in the order of their import paths as far as what they
// import allows, so this one imports next to nothing: it comes before most libraries,
// and main would come too late.
package startup

import (
	"os"
	"runtime/debug"
)

// percent is how much the heap grows between two collections.
const percent = 200

func init() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}
