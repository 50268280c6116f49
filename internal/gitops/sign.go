package gitops

import (
	"bytes"
	"crypto/rand"
	"crypto/sha512"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"
	"golang.org/x/crypto/ssh"
)

// signer returns the armored signature of a commit's text.
type signer func(text []byte) (string, error)

// newSigner reads key; without one commits stay unsigned.
func newSigner(key, passphrase string) (signer, error) {
	switch {
	case key == "":
		return nil, nil
	case strings.Contains(key, "-----BEGIN PGP PRIVATE KEY BLOCK-----"):
		return newPGPSigner(key, passphrase)
	}
	k, err := parsePrivateKey(key, passphrase)
	if err != nil {
		return nil, fmt.Errorf("%w: want an armored OpenPGP private key or an OpenSSH private key: %w", ErrSigning, err)
	}
	return func(text []byte) (string, error) { return signSSH(k, text) }, nil
}

func newPGPSigner(key, passphrase string) (signer, error) {
	ring, err := openpgp.ReadArmoredKeyRing(strings.NewReader(key))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSigning, err)
	}
	owner := ring[0]
	if owner.PrivateKey == nil {
		return nil, fmt.Errorf("%w: the OpenPGP key has no private part", ErrSigning)
	}
	if err := owner.DecryptPrivateKeys([]byte(passphrase)); err != nil {
		return nil, fmt.Errorf("%w: the passphrase does not open the OpenPGP key", ErrSigning)
	}
	return func(text []byte) (string, error) {
		var b bytes.Buffer
		if err := openpgp.ArmoredDetachSign(&b, owner, bytes.NewReader(text), nil); err != nil {
			return "", fmt.Errorf("%w: %w", ErrSigning, err)
		}
		return b.String(), nil
	}, nil
}

// parsePrivateKey never puts the key into an error.
func parsePrivateKey(key, passphrase string) (ssh.Signer, error) {
	k, err := ssh.ParsePrivateKey([]byte(key))
	var missing *ssh.PassphraseMissingError
	switch {
	case err == nil:
		return k, nil
	case !errors.As(err, &missing):
		return nil, errors.New("the private key cannot be read")
	case passphrase == "":
		return nil, errors.New("the private key is encrypted and no passphrase is set")
	}
	if k, err = ssh.ParsePrivateKeyWithPassphrase([]byte(key), []byte(passphrase)); err != nil {
		return nil, errors.New("the passphrase does not open the private key")
	}
	return k, nil
}

// signSSH follows OpenSSH's PROTOCOL.sshsig, in the namespace that git uses.
func signSSH(key ssh.Signer, text []byte) (string, error) {
	const magic, namespace, hash = "SSHSIG", "git", "sha512"
	digest := sha512.Sum512(text)
	signed := append([]byte(magic), ssh.Marshal(struct {
		Namespace, Reserved, Hash string
		Digest                    []byte
	}{namespace, "", hash, digest[:]})...)
	sig, err := signWith(key, signed)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrSigning, err)
	}
	blob := append([]byte(magic), ssh.Marshal(struct {
		Version                   uint32
		PublicKey                 []byte
		Namespace, Reserved, Hash string
		Signature                 []byte
	}{1, key.PublicKey().Marshal(), namespace, "", hash, ssh.Marshal(sig)})...)
	return string(pem.EncodeToMemory(&pem.Block{Type: "SSH SIGNATURE", Bytes: blob})), nil
}

// signWith avoids SHA-1, which is what an RSA key would sign with by default.
func signWith(key ssh.Signer, data []byte) (*ssh.Signature, error) {
	if a, ok := key.(ssh.AlgorithmSigner); ok && key.PublicKey().Type() == ssh.KeyAlgoRSA {
		return a.SignWithAlgorithm(rand.Reader, data, ssh.KeyAlgoRSASHA512)
	}
	return key.Sign(rand.Reader, data)
}
