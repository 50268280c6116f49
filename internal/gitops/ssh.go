package gitops

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/go-git/go-git/v5/plumbing/transport"
	gitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

const dialTimeout = 30 * time.Second

// sshAuth is how we log in. It remembers whether the host key was accepted: a
// handshake that fails after that failed because of the user's key.
type sshAuth struct {
	config *ssh.ClientConfig
	known  atomic.Bool
}

func (*sshAuth) Name() string                               { return "ssh" }
func (*sshAuth) String() string                             { return "[credentials]" }
func (a *sshAuth) ClientConfig() (*ssh.ClientConfig, error) { return a.config, nil }

func newSSHWire(at address, ref string, auth Auth) (wire, error) {
	host, port := at.host, 22
	if h, p, err := net.SplitHostPort(at.host); err == nil {
		host = h
		if port, err = strconv.Atoi(p); err != nil {
			return nil, fmt.Errorf("%w: port %q is not a number", ErrAddress, p)
		}
	}
	a := &sshAuth{}
	methods, err := sshMethods(at.user, auth)
	if err != nil {
		return nil, err
	}
	db, err := hostKeys(auth.KnownHosts)
	if err != nil {
		return nil, err
	}
	check := func(name string, remote net.Addr, key ssh.PublicKey) error {
		a.known.Store(false)
		err := db.HostKeyCallback()(name, remote, key)
		a.known.Store(err == nil)
		return err
	}
	a.config = &ssh.ClientConfig{
		User: at.user, Auth: methods, Timeout: dialTimeout, HostKeyCallback: check,
		HostKeyAlgorithms: db.HostKeyAlgorithms(net.JoinHostPort(host, strconv.Itoa(port))),
	}
	to := transport.Endpoint{Protocol: "ssh", User: at.user, Host: host, Port: port, Path: at.path}
	return newSession(gitssh.DefaultClient, to, a, ref, a.opening), nil
}

func sshMethods(user string, auth Auth) ([]ssh.AuthMethod, error) {
	if auth.PrivateKey != "" {
		key, err := parsePrivateKey(auth.PrivateKey, auth.PrivateKeyPassphrase)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrAuth, err)
		}
		return []ssh.AuthMethod{ssh.PublicKeys(key)}, nil
	}
	if auth.Password != "" {
		return []ssh.AuthMethod{ssh.Password(auth.Password)}, nil
	}
	agent, err := gitssh.NewSSHAgentAuth(user)
	if err != nil {
		return nil, fmt.Errorf("%w: no private key is set and no agent runs: %w", ErrAuth, err)
	}
	return []ssh.AuthMethod{ssh.PublicKeysCallback(agent.Callback)}, nil
}

// hostKeyDB is what we need of a parsed known_hosts.
type hostKeyDB interface {
	HostKeyCallback() ssh.HostKeyCallback
	HostKeyAlgorithms(hostWithPort string) []string
}

// hostKeys reads text, or the user's files when there is none. The library reads
// files only.
func hostKeys(text string) (hostKeyDB, error) {
	if text == "" {
		db, err := gitssh.NewKnownHostsDb()
		if err != nil {
			return nil, fmt.Errorf("%w: %w; set git.known_hosts", ErrHostKey, err)
		}
		return db, nil
	}
	f, err := os.CreateTemp("", "known_hosts")
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	db, err := gitssh.NewKnownHostsDb(f.Name())
	if err != nil {
		return nil, fmt.Errorf("%w: git.known_hosts is not valid: %w", ErrHostKey, err)
	}
	return db, nil
}

func (a *sshAuth) opening(err error) error {
	var unknown *knownhosts.KeyError
	var revoked *knownhosts.RevokedError
	var network net.Error
	switch {
	case errors.As(err, &unknown) && len(unknown.Want) == 0:
		return fmt.Errorf("%w: add it to git.known_hosts (ssh-keyscan prints it; compare its fingerprint with the one the operator publishes)", ErrHostKey)
	case errors.As(err, &unknown), errors.As(err, &revoked):
		return fmt.Errorf("%w: %w; the server was set up anew, or somebody stands between", ErrHostKey, err)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.As(err, &network):
		return classify(err)
	case a.known.Load():
		return fmt.Errorf("%w: the server does not accept the key of user %s", ErrAuth, a.config.User)
	}
	return classify(err)
}
