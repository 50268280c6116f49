package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/gitops"
	"github.com/gitops-ml/terraform-provider-mlops/internal/gitops/gitopsbench"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

// counting counts what crosses the connections of a server, both ways.
type counting struct {
	net.Listener
	bytes *atomic.Int64
}

func (c counting) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	return counted{conn, c.bytes}, err
}

type counted struct {
	net.Conn
	bytes *atomic.Int64
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.bytes.Add(int64(n))
	return n, err
}

func (c counted) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.bytes.Add(int64(n))
	return n, err
}

// wire counts the bytes of a small change over HTTP, to git's own server.
func wire(ctx context.Context, dir string, b *strings.Builder) error {
	var bytes atomic.Int64
	url, stop, err := serve(ctx, filepath.Join(dir, "wire"), &bytes)
	if err != nil {
		return err
	}
	defer stop()
	branch := func() (*gitops.Branch, error) {
		return gitops.Open(ctx, gitops.Remote{URL: url, Branch: "main"})
	}
	var last *tree.Tree
	for version := range 2 {
		remote, err := branch()
		if err != nil {
			return err
		}
		files, err := many(version)
		if err != nil {
			return err
		}
		bytes.Store(0)
		_, err = remote.Commit(ctx, gitops.Desired{Files: files, Last: last}, gitops.CommitOptions{Message: "bench\n", Author: gitops.Signature{Name: "bench", Email: "bench@example.com"}, When: time.Unix(1e9, 0)})
		if err != nil {
			return err
		}
		last = files
	}
	b.WriteString("\n\n## HTTP\n\nA change of 10 of 10,000 files to `git http-backend`, all bytes of all connections, both ways, with the last render at hand as an update has it.\n")
	goal(b, "KB", float64(bytes.Load())/1024, 30)
	return nil
}

// many is 10,000 files, ten of which differ between versions.
func many(version int) (*tree.Tree, error) {
	var out tree.Tree
	for i := range gitopsbench.Folders * gitopsbench.Each {
		text := strings.Repeat(fmt.Sprintf("key-%d: value\n", i), 150)
		if i%(gitopsbench.Folders*gitopsbench.Each/gitopsbench.Changed) == 0 {
			text += fmt.Sprintf("version: %d\n", version)
		}
		f := tree.File{Path: fmt.Sprintf("folder-%04d/file-%d.yaml", i/gitopsbench.Each, i%gitopsbench.Each), Data: []byte(text), Writer: "bench"}
		if err := out.Add(f); err != nil {
			return nil, err
		}
	}
	return &out, nil
}

// serve runs git's HTTP server on loopback.
func serve(ctx context.Context, dir string, bytes *atomic.Int64) (url string, stop func(), err error) {
	for _, args := range [][]string{{"init", "-q", "--bare", "-b", "main", dir}, {"-C", dir, "config", "http.receivepack", "true"}, {"-C", dir, "config", "uploadpack.allowFilter", "true"}} {
		if out, err := exec.CommandContext(ctx, "git", args...).CombinedOutput(); err != nil {
			return "", nil, fmt.Errorf("git: %w\n%s", err, out)
		}
	}
	core, err := exec.CommandContext(ctx, "git", "--exec-path").Output()
	if err != nil {
		return "", nil, err
	}
	handler := &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(core)), "git-http-backend"), Root: "/",
		Env: []string{"GIT_PROJECT_ROOT=" + filepath.Dir(dir), "GIT_HTTP_EXPORT_ALL=1", "PATH=" + os.Getenv("PATH")},
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(counting{listener, bytes}) }()
	return "http://" + listener.Addr().String() + "/" + filepath.Base(dir), func() { _ = server.Close() }, nil
}
