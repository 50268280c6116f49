// Package curve prepares the key that the plugin protocol asks for, while the libraries
// set themselves up: Terraform hands each provider a certificate and waits for one in
// return, on the curve P-521 (go-plugin v1.7.0, mtls.go), and most of the making is a
// table of points that is computed once in a process. Started before main on the second
// core it costs no time; with one core it is the same work, only earlier.
//
// The sooner the better, so it imports little, crypto/ecdh instead of crypto/ecdsa:
// packages are initialized in the order of their import paths as far as their own
// imports allow, and big numbers come late.
package curve

import (
	"crypto/ecdh"
	"os"
)

// asked is where the protocol puts the certificate of the other side. A provider that
// runs for a debugger, or without TLS, needs no key.
const asked = "PLUGIN_CLIENT_CERT"

func init() {
	if os.Getenv(asked) != "" {
		go func() { _, _ = ecdh.P521().GenerateKey(nil) }() // the table stays, the key is forgotten
	}
}
