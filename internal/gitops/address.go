package gitops

import (
	"fmt"
	"io/fs"
	"net/url"
	"runtime"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/loopback"
	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
)

// address is a repository's place, free of anything secret.
type address struct {
	scheme string // file, http, https, ssh
	user   string // ssh only
	host   string // with port, when there is one
	path   string
}

func (a address) String() string {
	if a.user != "" {
		return a.scheme + "://" + a.user + "@" + a.host + a.path
	}
	return a.scheme + "://" + a.host + a.path
}

var scpLike = pattern.New(`^(?:([A-Za-z0-9._-]+)@)?([A-Za-z0-9.-]+):([^/:][^:]*|/[^:]*)$`)

// parseAddress never puts raw into an error: it may hold a secret.
func parseAddress(raw string) (address, error) {
	if !strings.Contains(raw, "://") {
		if m := scpLike.FindStringSubmatch(raw); m != nil {
			return address{scheme: "ssh", user: orDefault(m[1], "git"), host: m[2], path: "/" + strings.TrimPrefix(m[3], "/")}, nil
		}
		return address{}, fmt.Errorf("%w: must start with https://, ssh:// or file://, or read git@host:path", ErrAddress)
	}
	u, err := url.Parse(raw)
	if err != nil {
		return address{}, fmt.Errorf("%w: not a valid URL", ErrAddress)
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return address{}, fmt.Errorf("%w: must have no query and no fragment", ErrAddress)
	}
	if _, secret := u.User.Password(); secret || u.User != nil && u.Scheme != "ssh" {
		return address{}, fmt.Errorf("%w: must hold no user and no password; set git.username and git.password instead", ErrAddress)
	}
	return addressOf(u)
}

func addressOf(u *url.URL) (address, error) {
	at := address{scheme: u.Scheme, user: u.User.Username(), host: u.Host, path: strings.TrimSuffix(u.Path, "/")}
	if at.path == "" {
		return at, fmt.Errorf("%w: has no path to a repository", ErrAddress)
	}
	switch u.Scheme {
	case "file":
		if u.Host != "" && u.Host != "localhost" {
			return at, fmt.Errorf("%w: file:// takes an absolute path on this machine, file:///srv/repo.git", ErrAddress)
		}
		at.host = ""
	case "ssh":
		at.user = orDefault(at.user, "git")
	case "http":
		if !loopback.Is(u.Hostname()) {
			return at, fmt.Errorf("%w: http:// to %s would send credentials in clear text; use https://", ErrAddress, u.Hostname())
		}
	case "https":
	default:
		return at, fmt.Errorf("%w: scheme %q: must be https, ssh or file", ErrAddress, u.Scheme)
	}
	if u.Scheme != "file" && u.Hostname() == "" {
		return at, fmt.Errorf("%w: has no host", ErrAddress)
	}
	return at, nil
}

// localPath is the folder that a file:// address means.
func (a address) localPath() string {
	if runtime.GOOS == "windows" && len(a.path) > 2 && a.path[2] == ':' {
		return a.path[1:]
	}
	return a.path
}

func orDefault(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

// validBranch follows git check-ref-format.
func validBranch(name string) error {
	bad := name == "" || name == "@" || strings.HasPrefix(name, "-") || strings.HasSuffix(name, ".") ||
		strings.ContainsAny(name, " ~^:?*[\\\x7f") || strings.Contains(name, "..") || strings.Contains(name, "@{")
	for _, r := range name {
		bad = bad || r < ' '
	}
	for part := range strings.SplitSeq(name, "/") {
		bad = bad || part == "" || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock")
	}
	if bad {
		return fmt.Errorf("branch %q: is not a name that git allows (git check-ref-format --branch)", name)
	}
	return nil
}

func validFolder(path string) error {
	if path == "" {
		return nil
	}
	if !fs.ValidPath(path) || path == "." || badPath(path) {
		return fmt.Errorf("path %q: must be a clean relative folder such as teams/fraud", path)
	}
	return nil
}
