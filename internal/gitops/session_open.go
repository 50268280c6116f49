package gitops

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/file"
)

// Limits of one question and of moving contents.
const (
	askTimeout  = time.Minute
	moveTimeout = 15 * time.Minute
)

// newFileWire lets the git program of this machine receive a push.
func newFileWire(at address, ref string) wire {
	return newSession(file.DefaultClient, transport.Endpoint{Protocol: "file", Path: at.path}, nil, ref, noGit)
}

func noGit(err error) error {
	return fmt.Errorf("the repository has hooks or settings that only git honours, and git cannot receive a push: %w", classify(err))
}

// classify turns what a transport says into our kinds of failure.
func classify(err error) error {
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, transport.ErrEmptyRemoteRepository):
		return err
	case errors.Is(err, transport.ErrAuthenticationRequired):
		return fmt.Errorf("%w: check git.username and git.password", ErrAuth)
	case errors.Is(err, transport.ErrAuthorizationFailed):
		return fmt.Errorf("%w: they may not do this", ErrAuth)
	case errors.Is(err, transport.ErrRepositoryNotFound):
		return fmt.Errorf("%w: or the credentials may not see it", ErrNotFound)
	}
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &transientError{fmt.Errorf("%w: %w", ErrServer, err)}
	}
	return fmt.Errorf("%w: %w", ErrServer, err)
}
