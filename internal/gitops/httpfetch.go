package gitops

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Some servers part programs from browsers by how the agent starts.
const (
	agent     = "terraform-provider-mlops"
	userAgent = "git/2.0 (" + agent + ")"
)

// longestWish is the most that a server's Retry-After is honoured.
const longestWish = 30 * time.Second

func waitFor(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (w *httpWire) tip(ctx context.Context) (tip, error) {
	if err := w.connect(ctx); err != nil {
		return tip{}, err
	}
	if w.old != nil {
		return w.old.tip(ctx)
	}
	refs, err := w.refs(ctx, w.ref)
	if err != nil {
		return tip{}, err
	}
	if head, ok := refs[w.ref]; ok {
		return tip{head: head}, nil
	}
	refs, err = w.refs(ctx, "refs/heads/")
	// Another writer may have made the branch between the two questions.
	t := tip{head: refs[w.ref]}
	for name := range refs {
		t.others = append(t.others, strings.TrimPrefix(name, "refs/heads/"))
	}
	return t, err
}

// command is a request of the second version: its name, then its arguments.
func command(name string, args ...string) []byte {
	b := appendLine(nil, "command="+name+"\n")
	b = appendLine(b, "agent="+agent+"\n")
	b = append(b, markDelim...)
	for _, a := range args {
		b = appendLine(b, a+"\n")
	}
	return append(b, markFlush...)
}

func (w *httpWire) refs(ctx context.Context, prefix string) (map[string]id, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	res, err := w.send(ctx, http.MethodPost, "/git-upload-pack", command("ls-refs", "ref-prefix "+prefix))
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	r := bufio.NewReader(res.Body)
	refs := map[string]id{}
	for {
		l, err := readLine(r)
		if err != nil {
			return nil, w.broken(err)
		}
		if l.mark != "" {
			return refs, nil
		}
		name, ref, _ := strings.Cut(l.text(), " ")
		ref, _, _ = strings.Cut(ref, " ")
		if refs[ref], err = parseID(name); err != nil {
			return nil, fmt.Errorf("%w: %w", errProtocol, err)
		}
	}
}

func (w *httpWire) fetch(ctx context.Context, f filter, wants []id, into func(*object)) error {
	if err := w.connect(ctx); err != nil {
		return err
	}
	if w.old != nil {
		return w.old.fetch(ctx, f, wants, into)
	}
	args := []string{"no-progress", "ofs-delta", "deepen 1"}
	if w.filter {
		args = append(args, "filter "+string(f))
	}
	for _, h := range wants {
		args = append(args, "want "+h.String())
	}
	ctx, cancel := context.WithTimeout(ctx, moveTimeout)
	defer cancel()
	res, err := w.send(ctx, http.MethodPost, "/git-upload-pack", command("fetch", append(args, "done")...))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	data, err := readPack(bufio.NewReader(res.Body))
	if err != nil {
		return w.broken(err)
	}
	return unpack(data, into)
}

// readPack skips the sections before the pack.
func readPack(r *bufio.Reader) ([]byte, error) {
	for {
		l, err := readLine(r)
		if err != nil {
			return nil, err
		}
		if l.text() == "packfile" {
			data, _, err := readSideband(r)
			return data, err
		}
		if l.mark == markFlush {
			return nil, fmt.Errorf("%w: no pack", errProtocol)
		}
	}
}

// push needs no question before: a server that knows less than we ask for
// answers in the old way.
func (w *httpWire) push(ctx context.Context, u update) error {
	if w.old != nil {
		return w.old.push(ctx, u)
	}
	unpacked, err := w.receive(ctx, u, !w.thick)
	if err != nil && !unpacked && !w.thick {
		w.thick = true
		_, err = w.receive(ctx, u, false)
	}
	return err
}

// receive sends a pack and reads the report; unpacked is false when the server
// says that it cannot read the pack.
func (w *httpWire) receive(ctx context.Context, u update, thin bool) (unpacked bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, moveTimeout)
	defer cancel()
	body := appendLine(nil, fmt.Sprintf("%s %s %s\x00 report-status side-band-64k agent=%s", u.old, u.new, w.ref, agent))
	body = append(append(body, markFlush...), newPack(u.objects, thin).data...)
	step("sending")
	res, err := w.send(ctx, http.MethodPost, "/git-receive-pack", body)
	step("sent")
	if err != nil {
		return true, err
	}
	defer res.Body.Close()
	report, said, err := readReport(bufio.NewReader(res.Body))
	if err != nil {
		return true, w.broken(err)
	}
	for _, status := range report {
		switch word, text, _ := strings.Cut(status, " "); {
		case word == "unpack" && text != "ok":
			return false, refusal("unpack: "+text, said)
		case word == "ng":
			return true, refusal(text, said)
		}
	}
	return true, nil
}

// readReport returns the lines of a report and what hooks wrote.
func readReport(r *bufio.Reader) (report []string, said string, err error) {
	l, err := readLine(r)
	if err != nil {
		return nil, "", err
	}
	inner := r
	if len(l.data) > 0 && l.data[0] < 4 {
		data, talk, err := readSideband(bufio.NewReader(io.MultiReader(bytes.NewReader(appendLine(nil, string(l.data))), r)))
		if err != nil {
			return nil, talk, err
		}
		said, inner = talk, bufio.NewReader(bytes.NewReader(data))
		if l, err = readLine(inner); err != nil {
			return nil, said, err
		}
	}
	for l.mark == "" {
		report = append(report, l.text())
		if l, err = readLine(inner); err != nil {
			return nil, said, err
		}
	}
	return report, said, nil
}
