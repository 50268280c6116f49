package gitops

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"golang.org/x/crypto/ssh"
)

func TestSign_ssh(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	public, text := newKey(t, "open sesame")
	opts := options
	opts.SigningKey, opts.SigningKeyPassphrase = text, "open sesame"
	res, err := r.open().Commit(t.Context(), desired(t, managed("a", "1\n")...), opts)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("ssh-keygen, which checks the signature, is not on this machine")
	}
	allowed := filepath.Join(t.TempDir(), "allowed")
	if err := os.WriteFile(allowed, append([]byte("bot@example.com "), ssh.MarshalAuthorizedKey(public.PublicKey())...), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := tryGit("", "-C", r.dir, "-c", "gpg.ssh.allowedSignersFile="+allowed, "verify-commit", res.Commit); err != nil {
		t.Errorf("%v %s", err, out)
	}
	r.fsck()
	opts.SigningKeyPassphrase = "wrong"
	_, err = r.open().Commit(t.Context(), desired(t, managed("a", "2\n")...), opts)
	wantErr(t, err, ErrSigning, "passphrase")
	opts.SigningKey = "text"
	_, err = r.open().Commit(t.Context(), desired(t, managed("a", "2\n")...), opts)
	wantErr(t, err, ErrSigning, "OpenSSH")
}

func TestSign_openpgp(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	owner, err := openpgp.NewEntity("bot", "", "bot@example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	armored := func(kind string, write func(*bytes.Buffer) error) string {
		var raw, text bytes.Buffer
		if err := write(&raw); err != nil {
			t.Fatal(err)
		}
		w, err := armor.Encode(&text, kind, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write(raw.Bytes())
		_ = w.Close()
		return text.String()
	}
	opts := options
	opts.SigningKey = armored(openpgp.PrivateKeyType, func(b *bytes.Buffer) error { return owner.SerializePrivate(b, nil) })
	res, err := r.open().Commit(t.Context(), desired(t, managed("a", "1\n")...), opts)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("gpg"); err != nil {
		t.Skip("gpg, which checks the signature, is not on this machine")
	}
	home, err := os.MkdirTemp("", "gpg") //nolint:usetesting // t.TempDir is too long for gpg's socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	env := append(os.Environ(), "GNUPGHOME="+home)
	gpg := exec.Command("gpg", "--batch", "--import")
	gpg.Env = env
	gpg.Stdin = strings.NewReader(armored(openpgp.PublicKeyType, func(b *bytes.Buffer) error { return owner.Serialize(b) }))
	if out, err := gpg.CombinedOutput(); err != nil {
		t.Fatalf("gpg: %v %s", err, out)
	}
	verify := exec.Command("git", "-C", r.dir, "verify-commit", res.Commit)
	verify.Env = env
	if out, err := verify.CombinedOutput(); err != nil || !strings.Contains(string(out), "Good signature") {
		t.Errorf("%v %s", err, out)
	}
	r.fsck()
}
