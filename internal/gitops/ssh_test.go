package gitops

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// sshServer runs git's programs for whoever has the right key.
type sshServer struct {
	addr       string
	host       ssh.PublicKey
	privateKey string
}

func newKey(t testing.TB, passphrase string) (ssh.Signer, string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	var block *pem.Block
	if passphrase == "" {
		block, err = ssh.MarshalPrivateKey(private, "test")
	} else {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "test", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	return signer, string(pem.EncodeToMemory(block))
}

func newSSHServer(t testing.TB) *sshServer {
	t.Helper()
	host, _ := newKey(t, "")
	client, text := newKey(t, "")
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if string(key.Marshal()) != string(client.PublicKey().Marshal()) {
			return nil, errors.New("unknown key")
		}
		return &ssh.Permissions{}, nil
	}}
	config.AddHostKey(host)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serveSSH(c, config)
		}
	}()
	return &sshServer{l.Addr().String(), host.PublicKey(), text}
}

func serveSSH(c net.Conn, config *ssh.ServerConfig) {
	conn, channels, requests, err := ssh.NewServerConn(c, config)
	if err != nil {
		_ = c.Close()
		return
	}
	defer conn.Close()
	go ssh.DiscardRequests(requests)
	for open := range channels {
		ch, reqs, err := open.Accept()
		if err != nil {
			return
		}
		go func() {
			defer ch.Close()
			for req := range reqs {
				if req.Type != "exec" {
					_ = req.Reply(false, nil)
					continue
				}
				var cmd struct{ Line string }
				_ = ssh.Unmarshal(req.Payload, &cmd)
				_ = req.Reply(true, nil)
				code := runServed(ch, cmd.Line)
				_, _ = ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{uint32(code)}))
				return
			}
		}()
	}
}

func runServed(ch ssh.Channel, line string) int {
	name, path, _ := strings.Cut(line, " ")
	cmd := exec.Command("git", strings.TrimPrefix(name, "git-"), strings.Trim(path, "'"))
	cmd.Stdout, cmd.Stderr = ch, ch.Stderr()
	in, err := cmd.StdinPipe()
	if err != nil || cmd.Start() != nil {
		return 1
	}
	go func() {
		_, _ = io.Copy(in, ch)
		_ = in.Close()
	}()
	_ = cmd.Wait()
	return cmd.ProcessState.ExitCode()
}

func (s *sshServer) remote(r *repo) Remote {
	return Remote{URL: "ssh://git@" + s.addr + r.dir, Branch: "main", Auth: Auth{
		PrivateKey: s.privateKey, KnownHosts: knownhosts.Line([]string{s.addr}, s.host) + "\n",
	}}
}

func TestSSH_commit(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	s := newSSHServer(t)
	mustCommit(t, openRemote(t, s.remote(r)), fleet(t, 30, 10, 0))
	res := mustCommit(t, openRemote(t, s.remote(r)), fleet(t, 30, 10, 5))
	if len(res.Update) != 5 || r.commits() != 2 || res.Commit != r.head("main") {
		t.Errorf("%v, %d commits", res.Update, r.commits())
	}
	r.git("config", "uploadpack.allowFilter", "true")
	r.git("config", "uploadpack.allowReachableSHA1InWant", "true")
	res = mustCommit(t, openRemote(t, s.remote(r)), fleet(t, 30, 10, 10))
	if len(res.Update) != 5 || r.commits() != 3 {
		t.Errorf("with filters: %v, %d commits", res.Update, r.commits())
	}
	r.fsck()
	r.hook("pre-receive", "echo 'main is protected' >&2; exit 1")
	_, err := openRemote(t, s.remote(r)).Commit(within30s(t), desired(t, managed("a", "1\n")...), options)
	wantErr(t, err, ErrDenied, "main is protected")
}

func TestSSH_refusals(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	s := newSSHServer(t)
	other, otherText := newKey(t, "")
	_, locked := newKey(t, "open sesame")
	tests := []struct {
		name   string
		change func(*Remote)
		err    error
		says   string
	}{
		{"unknown host", func(to *Remote) { to.Auth.KnownHosts = knownhosts.Line([]string{"example.com"}, s.host) + "\n" }, ErrHostKey, "ssh-keyscan"},
		{"another host key", func(to *Remote) { to.Auth.KnownHosts = knownhosts.Line([]string{s.addr}, other.PublicKey()) + "\n" }, ErrHostKey, "mismatch"},
		{"another user key", func(to *Remote) { to.Auth.PrivateKey = otherText }, ErrAuth, "does not accept the key"},
		{"encrypted key", func(to *Remote) { to.Auth.PrivateKey = locked }, ErrAuth, "no passphrase"},
		{"wrong passphrase", func(to *Remote) { to.Auth.PrivateKey, to.Auth.PrivateKeyPassphrase = locked, "no" }, ErrAuth, "does not open"},
		{"no key", func(to *Remote) { to.Auth.PrivateKey = "text" }, ErrAuth, "cannot be read"},
		{"no repository", func(to *Remote) { to.URL += "x" }, ErrNotFound, ""},
		{"nobody there", func(to *Remote) { to.URL = "ssh://git@127.0.0.1:1/repo.git" }, ErrServer, "refused"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			to := s.remote(r)
			tt.change(&to)
			b, err := Open(t.Context(), to)
			if err == nil {
				_, err = b.Read(within30s(t))
			}
			wantErr(t, err, tt.err, tt.says)
		})
	}
}

func TestSSH_race(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	s := newSSHServer(t)
	raceWriters(t, r, func() Remote { return s.remote(r) })
}
