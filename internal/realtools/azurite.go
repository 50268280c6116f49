package realtools

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Blobs is Azurite, Microsoft's emulator of the data plane of Azure's storage. It knows
// neither Resource Manager nor roles, and keeps no older versions of blobs.
type Blobs struct {
	Address string       // of an empty account called suite
	Client  *http.Client // trusts the certificate of Azurite
}

// Azurite starts a blob service that asks for a bearer token, as Azure does.
func Azurite(t testing.TB) Blobs {
	t.Helper()
	dir := t.TempDir()
	client := certify(t, dir)
	address := serve(t, "azurite", dir, []string{"AZURITE_ACCOUNTS=suite:" + base64.StdEncoding.EncodeToString([]byte(rand.Text()))}, client, "https://", "/",
		need(t, "npm", "azurite", "node_modules", ".bin", "azurite-blob"), "--blobPort", "PORT", "--oauth", "basic",
		"--cert", filepath.Join(dir, "cert.pem"), "--key", filepath.Join(dir, "key.pem"), "--inMemoryPersistence", "--silent", "--disableTelemetry")
	return Blobs{Address: address + "/suite", Client: client}
}

// Token is a bearer token for storage that lasts until a time. Azurite looks at its
// audience, its issuer and its times, and at no signature.
func (Blobs) Token(t testing.TB, until time.Time) string {
	t.Helper()
	claims, err := json.Marshal(map[string]any{
		"aud": "https://storage.azure.com", "iss": "https://sts.windows.net/11111111-2222-3333-4444-555555555555/",
		"iat": until.Add(-2 * time.Hour).Unix(), "nbf": until.Add(-2 * time.Hour).Unix(), "exp": until.Unix(),
	})
	if err != nil {
		t.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString
	return text([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + text(claims) + "." + text([]byte("unsigned"))
}

// certify writes cert.pem and key.pem for the loopback address, and returns a client
// that trusts them.
func certify(t testing.TB, dir string) *http.Client {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for name, data := range map[string][]byte{"cert.pem": certificate, "key.pem": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certificate)
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
}
