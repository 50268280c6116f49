// Package gitops turns a set of rendered files into one commit on one branch of
// a Git repository, without a work tree. It knows Git objects, transports and
// who owns a file; it knows nothing of Terraform, of forges, or of what a file
// means.
package gitops

import (
	"context"
	"fmt"
)

// Remote says where a branch is and how it is reached.
type Remote struct {
	URL    string // file://, https://, ssh://, git@host:path; http:// on loopback only
	Branch string
	Path   string // sub-folder that holds our files; "" is the root
	Auth   Auth
}

// Auth holds what a server asks for; the zero value is anonymous over HTTP and
// the user's agent over SSH.
type Auth struct {
	Username, Password               string // HTTP; Password may be a token
	PrivateKey, PrivateKeyPassphrase string // SSH, PEM or OpenSSH text
	KnownHosts                       string // SSH, text of a known_hosts file; "" reads the user's
	CACertificate                    string // HTTPS, PEM text, trusted beside the system's
}

// String keeps secrets out of logs and errors.
func (Auth) String() string { return "[credentials]" }

// GoString keeps secrets out of logs and errors.
func (Auth) GoString() string { return "[credentials]" }

// Branch is one branch of one repository. It is not safe for concurrent use.
type Branch struct {
	name string // for errors: the address without anything secret, and the branch
	ref  string
	path string
	near bool // on this machine: reading costs nothing
	wire wire
	objs *store
}

// Open checks r and prepares a session. It connects when something is asked, so
// the context has nothing to end yet.
func Open(_ context.Context, r Remote) (*Branch, error) {
	at, err := parseAddress(r.URL)
	if err != nil {
		return nil, err
	}
	if err := validBranch(r.Branch); err != nil {
		return nil, err
	}
	if err := validFolder(r.Path); err != nil {
		return nil, err
	}
	ref := "refs/heads/" + r.Branch
	w, err := dial(at, ref, r.Auth)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	return &Branch{name: at.String() + "#" + r.Branch, ref: ref, path: r.Path, near: at.scheme == "file", wire: w, objs: newStore(w)}, nil
}

// dial picks the transport; nothing is sent yet.
func dial(at address, ref string, auth Auth) (wire, error) {
	switch at.scheme {
	case "file":
		return newLocal(at, ref), nil
	case "ssh":
		return newSSHWire(at, ref, auth)
	}
	return newHTTPWire(at, ref, auth)
}

// Close ends the session.
func (b *Branch) Close() error { return b.wire.Close() }

// Name is the address and the branch, for messages.
func (b *Branch) Name() string { return b.name }

// Head is the commit that the branch points to now; "" when the repository is empty.
func (b *Branch) Head(ctx context.Context) (string, error) {
	t, err := b.tip(ctx)
	if err != nil || t.head.isZero() {
		return "", err
	}
	return t.head.String(), nil
}

// State is what the branch holds of ours at one commit.
type State struct {
	Head      string // "" when the repository is empty
	Inventory Inventory
	snap      *snapshot
}

// Read fetches the tip of the branch and what it holds of ours.
func (b *Branch) Read(ctx context.Context) (*State, error) {
	snap, err := b.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	if err := snap.readInventory(ctx, nil); err != nil {
		return nil, fmt.Errorf("%s: %w", b.name, err)
	}
	st := &State{Inventory: snap.inventory, snap: snap}
	if !snap.head.isZero() {
		st.Head = snap.head.String()
	}
	return st, nil
}
