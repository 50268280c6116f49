package gitops

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestAddress(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	tests := []struct {
		url, want, says string // want is what errors show; with says it is refused
	}{
		{url: "https://git.example.com/acme/fraud.git", want: "https://git.example.com/acme/fraud.git"},
		{url: "https://git.example.com:8443/acme/fraud/", want: "https://git.example.com:8443/acme/fraud"},
		{url: "http://127.0.0.1:3000/a.git", want: "http://127.0.0.1:3000/a.git"},
		{url: "http://[::1]:3000/a.git", want: "http://[::1]:3000/a.git"},
		{url: "ssh://git.example.com/a.git", want: "ssh://git@git.example.com/a.git"},
		{url: "ssh://me@git.example.com:22/a.git", want: "ssh://me@git.example.com:22/a.git"},
		{url: "git@github.com:acme/fraud.git", want: "ssh://git@github.com/acme/fraud.git"},
		{url: "file:///srv/repo.git", want: "file:///srv/repo.git"},
		{url: "file://localhost/srv/repo.git", want: "file:///srv/repo.git"},
		{url: "https://bot:" + secret + "@git.example.com/a.git", says: "git.password"},
		{url: "https://" + secret + "@git.example.com/a.git", says: "git.password"},
		{url: "ssh://git:" + secret + "@git.example.com/a.git", says: "git.password"},
		{url: "https://bot:" + secret + "@git.example.com/%zz", says: "not a valid URL"},
		{url: "https://git.example.com/a.git?token=" + secret, says: "no query"},
		{url: "https://git.example.com/a.git#main", says: "no fragment"},
		{url: "http://git.example.com/a.git", says: "clear text"},
		{url: "ftp://git.example.com/a.git", says: "must be https, ssh or file"},
		{url: "https:///a.git", says: "no host"},
		{url: "https://git.example.com", says: "no path"},
		{url: "file://srv/repo.git", says: "absolute path"},
		{url: "/srv/repo.git", says: "file://"},
		{url: secret + ":" + secret + ":" + secret, says: "git@host:path"},
		{url: "", says: "must start with"},
	}
	for _, tt := range tests {
		at, err := parseAddress(tt.url)
		if tt.says == "" {
			if err != nil || at.String() != tt.want {
				t.Errorf("%s: %v, %v", tt.url, at, err)
			}
			continue
		}
		if !errors.Is(err, ErrAddress) || !strings.Contains(fmt.Sprint(err), tt.says) || strings.Contains(fmt.Sprint(err), secret) {
			t.Errorf("%s: %v does not say %q, or says too much", tt.url, err, tt.says)
		}
	}
}

func TestOpen_refuses(t *testing.T) {
	t.Parallel()
	for _, branch := range []string{"", "a b", "a..b", "-a", "a/", "/a", "a.lock", "a/.b", "a~1", "@", "a\x01", "a\\b", "a@{b"} {
		if _, err := Open(t.Context(), Remote{URL: "file:///r", Branch: branch}); err == nil {
			t.Errorf("branch %q was accepted", branch)
		}
	}
	for _, path := range []string{"/a", "a/", "../a", "a/../b", ".git/hooks", "a/.GIT/b", "a\\b", "."} {
		if _, err := Open(t.Context(), Remote{URL: "file:///r", Branch: "main", Path: path}); err == nil {
			t.Errorf("path %q was accepted", path)
		}
	}
	remote := Remote{Auth: Auth{Password: "hunter2", PrivateKey: "hunter2"}}
	if s := fmt.Sprintf("%v %+v %#v", remote, remote, remote); strings.Contains(s, "hunter2") {
		t.Errorf("printed: %s", s)
	}
}

func TestCommit_hostileNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{inventoryPath, ".mlops", inventoryPath + "/x", "a/.git /x", "a/.git./x", "a/git~1/x", "a/.g\u200cit/x", "a/.git::$INDEX_ALLOCATION/x"} {
		r := newRepo(t)
		d := desired(t, managed(name, "1\n")...)
		_, err := r.open().Commit(t.Context(), d, options)
		wantErr(t, err, ErrReserved)
	}
}
