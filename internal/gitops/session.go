package gitops

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
	"github.com/go-git/go-git/v5/plumbing/transport"
)

// session speaks the first version of Git's protocol through go-git's
// transports: SSH, a local git program, and HTTP servers that know no other.
type session struct {
	transport transport.Transport
	endpoint  func() *transport.Endpoint
	auth      transport.AuthMethod
	ref       plumbing.ReferenceName
	opening   func(error) error           // says why no session came about
	up        transport.UploadPackSession // open after tip, for one fetch
	adv       *packp.AdvRefs
	whole     bool // the server gives only all files at once
}

// newSession copies the endpoint for every use, because go-git writes to it.
func newSession(t transport.Transport, to transport.Endpoint, auth transport.AuthMethod, ref string, opening func(error) error) *session {
	endpoint := func() *transport.Endpoint {
		copied := to
		return &copied
	}
	return &session{transport: t, endpoint: endpoint, auth: auth, ref: plumbing.ReferenceName(ref), opening: opening}
}

func (s *session) tip(ctx context.Context) (tip, error) {
	adv, err := s.connect(ctx)
	if errors.Is(err, transport.ErrEmptyRemoteRepository) {
		return tip{}, nil
	}
	if err != nil {
		return tip{}, err
	}
	if h, ok := adv.References[s.ref.String()]; ok {
		return tip{head: id(h)}, nil
	}
	var t tip
	for name := range adv.References {
		if branch, ok := strings.CutPrefix(name, "refs/heads/"); ok {
			t.others = append(t.others, branch)
		}
	}
	return t, nil
}

// connect opens a new session; one serves a single fetch.
func (s *session) connect(ctx context.Context) (*packp.AdvRefs, error) {
	s.disconnect()
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	up, err := within(ctx, func() (transport.UploadPackSession, error) {
		return s.transport.NewUploadPackSession(s.endpoint(), s.auth)
	})
	if err != nil {
		return nil, s.opening(err)
	}
	adv, err := within(ctx, func() (*packp.AdvRefs, error) { return up.AdvertisedReferencesContext(ctx) })
	if err != nil {
		_ = up.Close()
		return nil, classify(err)
	}
	s.up, s.adv = up, adv
	return adv, nil
}

func (s *session) disconnect() {
	if s.up != nil {
		_ = s.up.Close()
		s.up = nil
	}
}

func (s *session) Close() error {
	s.disconnect()
	return nil
}

// within gives up waiting when ctx ends: not everything below honours it.
func within[T any](ctx context.Context, do func() (T, error)) (T, error) {
	type result struct {
		v   T
		err error
	}
	done := make(chan result, 1)
	go func() {
		v, err := do()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.v, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

func (s *session) fetch(ctx context.Context, f filter, wants []id, into func(*object)) error {
	if s.up == nil {
		if _, err := s.connect(ctx); err != nil {
			return err
		}
	}
	picky := s.adv.Capabilities.Supports(capability.Filter) && s.adv.Capabilities.Supports(capability.AllowReachableSHA1InWant)
	if picky && !s.whole {
		err := s.ask(ctx, wants, f, into)
		if err == nil || ctx.Err() != nil {
			return err
		}
		// Some servers offer single objects and then refuse them.
		s.whole = true
		if _, err := s.connect(ctx); err != nil {
			return err
		}
	}
	head, ok := s.adv.References[s.ref.String()]
	if !ok {
		return ErrMoved
	}
	return s.ask(ctx, []id{id(head)}, wholeCommit, into)
}

// ask requests objects by name; without a filter come all files of a commit.
func (s *session) ask(ctx context.Context, wants []id, f filter, into func(*object)) error {
	ctx, cancel := context.WithTimeout(ctx, moveTimeout)
	defer cancel()
	defer s.disconnect()
	req := packp.NewUploadPackRequestFromCapabilities(s.adv.Capabilities)
	for _, h := range wants {
		req.Wants = append(req.Wants, plumbing.Hash(h))
	}
	if f != wholeCommit {
		_ = req.Capabilities.Set(capability.Filter) // the server offers it
		req.Filter = packp.Filter(f)
	}
	if s.adv.Capabilities.Supports(capability.Shallow) {
		_ = req.Capabilities.Set(capability.Shallow) // the server offers it
		req.Depth = packp.DepthCommits(1)
	}
	data, err := within(ctx, func() ([]byte, error) { return s.download(ctx, req) })
	if err != nil {
		return classify(err)
	}
	return unpack(data, into)
}

func (s *session) download(ctx context.Context, req *packp.UploadPackRequest) ([]byte, error) {
	res, err := s.up.UploadPack(ctx, req)
	if err != nil {
		return nil, err
	}
	defer res.Close()
	var r io.Reader = res
	switch {
	case req.Capabilities.Supports(capability.Sideband64k):
		r = sideband.NewDemuxer(sideband.Sideband64k, res)
	case req.Capabilities.Supports(capability.Sideband):
		r = sideband.NewDemuxer(sideband.Sideband, res)
	}
	return io.ReadAll(r)
}

func (s *session) push(ctx context.Context, u update) error {
	s.disconnect()
	ctx, cancel := context.WithTimeout(ctx, moveTimeout)
	defer cancel()
	_, err := within(ctx, func() (struct{}, error) { return struct{}{}, s.send(ctx, u) })
	return err
}

func (s *session) send(ctx context.Context, u update) error {
	rp, err := s.transport.NewReceivePackSession(s.endpoint(), s.auth)
	if err != nil {
		return s.opening(err)
	}
	defer rp.Close()
	adv, err := rp.AdvertisedReferencesContext(ctx)
	if err != nil && !errors.Is(err, transport.ErrEmptyRemoteRepository) {
		return classify(err)
	}
	req := packp.NewReferenceUpdateRequest()
	if err == nil {
		if id(adv.References[s.ref.String()]) != u.old {
			return ErrMoved
		}
		req = packp.NewReferenceUpdateRequestFromCapabilities(adv.Capabilities)
		if adv.Capabilities.Supports(capability.Sideband64k) {
			_ = req.Capabilities.Set(capability.Sideband64k) // the server offers it
		}
	}
	var said bytes.Buffer
	req.Progress = &said
	req.Commands = []*packp.Command{{Name: s.ref, Old: plumbing.Hash(u.old), New: plumbing.Hash(u.new)}}
	thin := err == nil && !adv.Capabilities.Supports("no-thin")
	req.Packfile = io.NopCloser(bytes.NewReader(newPack(u.objects, thin).data))
	step("sending")
	report, err := rp.ReceivePack(ctx, req)
	step("sent")
	if err == nil {
		return nil
	}
	if report != nil {
		return refusal(report.Error().Error(), said.String())
	}
	return classify(err)
}

// refusal is a server's explicit no, with its own words.
func refusal(status, said string) error {
	said = strings.TrimSpace(said)
	if said != "" {
		status += ": " + strings.Join(strings.Fields(said), " ")
	}
	return fmt.Errorf("%w: %s", ErrDenied, status)
}
