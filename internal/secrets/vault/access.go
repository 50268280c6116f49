package vault

import (
	"context"
	"fmt"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// access keeps a policy and a role for each identity. The policy is made first and removed
// last, for it is what shows whose both are.
type access struct {
	*session
	mount string
}

// pair is the policy and the role of one name.
type pair struct{ mount, name string }

// id is the API path of the role: the policy has the same name.
func (p pair) id() string     { return p.role() }
func (p pair) role() string   { return "auth/" + p.mount + "/role/" + p.name }
func (p pair) policy() string { return "sys/policies/acl/" + p.name }

func pairOf(id string) (pair, error) {
	mount, name, two := strings.Cut(strings.TrimPrefix(id, "auth/"), "/role/")
	if !two || mount == "" || name == "" || strings.Contains(name, "/") || !strings.HasPrefix(id, "auth/") {
		return pair{}, fmt.Errorf("%q is no role of a Kubernetes login of Vault, such as auth/kubernetes/role/PLATFORM-NAME", id)
	}
	return pair{mount, name}, nil
}

// found is what Vault has of a pair; what is absent is empty or nil.
type found struct {
	policy string
	role   *role
}

func (a access) look(ctx context.Context, p pair) (f found, err error) {
	var policy struct {
		Data struct{ Policy string }
	}
	if err := a.do(ctx, call{method: read, path: p.policy(), needs: read}, &policy); err != nil && !absent(err) {
		return f, err
	}
	f.policy = policy.Data.Policy
	var answer struct{ Data role }
	switch err := a.do(ctx, call{method: read, path: p.role(), needs: read}, &answer); {
	case err == nil:
		f.role = &answer.Data
	case !absent(err):
		return f, err
	}
	return f, nil
}

// there looks for a pair of which something must be there.
func (a access) there(ctx context.Context, id string) (pair, found, error) {
	p, err := pairOf(id)
	if err != nil {
		return p, found{}, err
	}
	f, err := a.look(ctx, p)
	if err == nil && f.policy == "" && f.role == nil {
		err = fmt.Errorf("policy and role %s: %w", p.name, cloud.ErrNotFound)
	}
	return p, f, err
}

// Create makes the policy and the role. Ours are taken up.
func (a access) Create(ctx context.Context, i cloud.Identity) (string, error) {
	want, err := accessPlan{a.mount}.Settings(i)
	if err != nil {
		return "", err
	}
	p := pair{strings.Trim(a.mount, "/"), name(i)}
	f, err := a.look(ctx, p)
	if err != nil {
		return "", err
	}
	if first, _, _ := strings.Cut(f.policy, "\n"); f.policy != "" && first != mark(i) {
		return "", fmt.Errorf("policy %s has no mark of identity %s of platform %s: import it, or give the identity another name: %w", p.name, i.Name, i.On.Platform.Name, cloud.ErrExists)
	}
	if f.policy == "" && f.role != nil {
		return "", fmt.Errorf("role %s has no policy of this provider beside it: import it, or give the identity another name: %w", p.role(), cloud.ErrExists)
	}
	if err := a.bringPolicy(ctx, p, f, want); err != nil {
		return "", err
	}
	if err := a.bringRole(ctx, p, f, i, want); err != nil {
		if f.policy == "" {
			return p.id(), err
		}
		return "", err // what was there before must not go when the identity is made anew
	}
	return p.id(), nil
}

func (a access) bringPolicy(ctx context.Context, p pair, f found, want cloud.Settings) error {
	if f.policy == want["policy"] {
		return nil
	}
	body := map[string]string{"policy": want["policy"]}
	return a.do(ctx, call{method: write, path: p.policy(), body: body, needs: capability(f.policy == "")}, nil)
}

func (a access) bringRole(ctx context.Context, p pair, f found, i cloud.Identity, want cloud.Settings) error {
	if f.role != nil && f.role.text() == want["role"] {
		return nil
	}
	r, err := roleOf(i)
	if err != nil {
		return err
	}
	return a.do(ctx, call{method: write, path: p.role(), body: r, needs: capability(f.role == nil)}, nil)
}

// Read gives both; one that is absent alone is "".
func (a access) Read(ctx context.Context, id string, _ cloud.Identity) (cloud.Settings, error) {
	p, f, err := a.there(ctx, id)
	if err != nil {
		return nil, err
	}
	out := cloud.Settings{"mount": p.mount, "policy": f.policy, "role": ""}
	if f.role != nil {
		out["role"] = f.role.text()
	}
	return out, nil
}

// Update brings both about.
func (a access) Update(ctx context.Context, id string, i cloud.Identity) error {
	want, err := accessPlan{a.mount}.Settings(i)
	if err != nil {
		return err
	}
	p, f, err := a.there(ctx, id)
	if err != nil {
		return err
	}
	if err := a.bringPolicy(ctx, p, f, want); err != nil {
		return err
	}
	return a.bringRole(ctx, p, f, i, want)
}

// Delete removes both. Tokens of running workloads lose the policy at once.
func (a access) Delete(ctx context.Context, id string, _ cloud.Identity) error {
	p, f, err := a.there(ctx, id)
	if err != nil {
		return err
	}
	if f.role != nil {
		if err := a.do(ctx, call{method: remove, path: p.role(), needs: "delete"}, nil); err != nil {
			return err
		}
	}
	if f.policy == "" {
		return nil
	}
	return a.do(ctx, call{method: remove, path: p.policy(), needs: "delete"}, nil)
}

// AccessID is what Access calls the identity of a platform, before it is there and after.
func AccessID(c Config, platform, name string) string {
	return pair{strings.Trim(or(c.ClusterMount, "kubernetes"), "/"), platform + "-" + name}.id()
}
