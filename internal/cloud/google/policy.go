package google

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"google.golang.org/api/secretmanager/v1"
	"google.golang.org/api/storage/v1"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// conditional is the version of policies whose bindings have conditions.
const conditional = 3

// races are the lost ones after which a policy is given up. Terraform writes ten identities at
// once, and all of them may be granted one secret.
const races = 19

// policy is that of a bucket or a secret, in the words of Cloud Storage.
type policy struct {
	etag     string
	bindings []*storage.PolicyBindings
}

// marked are the bindings with a title, the rest those of others.
func (p policy) marked(title string) (ours, rest []*storage.PolicyBindings) {
	for _, b := range p.bindings {
		if b.Condition != nil && b.Condition.Title == title {
			ours = append(ours, b)
		} else {
			rest = append(rest, b)
		}
	}
	return ours, rest
}

// get reads the policy of a place.
func (s services) get(ctx context.Context, p place) (policy, error) {
	if p.bucket != "" {
		api, err := s.storage()
		if err != nil {
			return policy{}, err
		}
		have, err := api.Buckets.GetIamPolicy(p.bucket).OptionsRequestedPolicyVersion(conditional).Context(ctx).Do()
		if err != nil {
			return policy{}, failure(err, "storage.buckets.getIamPolicy")
		}
		return policy{have.Etag, have.Bindings}, nil
	}
	api, err := s.secrets()
	if err != nil {
		return policy{}, err
	}
	have, err := api.Projects.Secrets.GetIamPolicy(p.secret).OptionsRequestedPolicyVersion(conditional).Context(ctx).Do()
	if err != nil {
		return policy{}, failure(err, "secretmanager.secrets.getIamPolicy")
	}
	out := policy{etag: have.Etag}
	for _, b := range have.Bindings {
		into := &storage.PolicyBindings{Role: b.Role, Members: b.Members}
		if c := b.Condition; c != nil {
			into.Condition = &storage.Expr{Title: c.Title, Description: c.Description, Expression: c.Expression, Location: c.Location}
		}
		out.bindings = append(out.bindings, into)
	}
	return out, nil
}

// set writes the policy of a place if nobody else wrote it since it was read.
func (s services) set(ctx context.Context, p place, to policy) error {
	if p.bucket != "" {
		api, err := s.storage()
		if err != nil {
			return err
		}
		_, err = api.Buckets.SetIamPolicy(p.bucket, &storage.Policy{Version: conditional, Etag: to.etag, Bindings: to.bindings}).Context(ctx).Do()
		return failure(err, "storage.buckets.setIamPolicy")
	}
	api, err := s.secrets()
	if err != nil {
		return err
	}
	next := &secretmanager.Policy{Version: conditional, Etag: to.etag}
	for _, b := range to.bindings {
		into := &secretmanager.Binding{Role: b.Role, Members: b.Members}
		if c := b.Condition; c != nil {
			into.Condition = &secretmanager.Expr{Title: c.Title, Description: c.Description, Expression: c.Expression, Location: c.Location}
		}
		next.Bindings = append(next.Bindings, into)
	}
	_, err = api.Projects.Secrets.SetIamPolicy(p.secret, &secretmanager.SetIamPolicyRequest{Policy: next}).Context(ctx).Do()
	return failure(err, "secretmanager.secrets.setIamPolicy")
}

// bind makes ours the only bindings with a title on a place, and says how many were there
// before. What others bind stays.
func (s services) bind(ctx context.Context, p place, title string, ours []*storage.PolicyBindings) (before int, err error) {
	first := true
	for n := 0; ; n++ {
		have, err := s.get(ctx, p)
		if err != nil {
			return before, err
		}
		there, rest := have.marked(title)
		if first {
			before, first = len(there), false
		}
		if len(there) == len(ours) && canonicalSet(there) == canonicalSet(ours) {
			return before, nil
		}
		err = s.set(ctx, p, policy{have.etag, append(rest, ours...)})
		if !errors.Is(err, cloud.ErrConflict) || n == races {
			return before, err
		}
		s.say("%s: somebody else changed its policy, reading it again", p.setting)
		if cloud.Pause(ctx, varied(s.pace(time.Second)<<min(n, 4))) != nil {
			return before, err
		}
	}
}

// candidate is a place that may carry bindings of an identity. One that is neither granted
// nor made by this provider may be closed to us.
type candidate struct {
	place
	granted, ours bool
}

// bound are the places of the project that may carry bindings: each of its buckets, and the
// secrets that this provider made. What a grant no longer names is found among them. Who
// keeps no secrets here need not be allowed to list them.
func (s services) bound(ctx context.Context, secrets bool) ([]candidate, error) {
	out, err := s.ownBuckets(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the buckets of project %q: %w", s.Project, failure(err, "storage.buckets.list"))
	}
	more, err := s.ownSecrets(ctx)
	if status(err) == http.StatusForbidden && (!secrets || reasonOf(err) == disabled) {
		return out, nil // where nobody has enabled Secret Manager there is no secret
	}
	if err != nil {
		return nil, fmt.Errorf("list the secrets of project %q: %w", s.Project, failure(err, "secretmanager.secrets.list"))
	}
	return append(out, more...), nil
}

func (s services) ownBuckets(ctx context.Context) (out []candidate, err error) {
	api, err := s.storage()
	if err != nil {
		return nil, err
	}
	err = api.Buckets.List(s.Project).Fields("nextPageToken", "items(name,labels)").Pages(ctx, func(page *storage.Buckets) error {
		for _, b := range page.Items {
			out = append(out, candidate{place: place{setting: "bucket " + b.Name, bucket: b.Name}, ours: b.Labels[cloud.MarkManager] == cloud.Manager})
		}
		return nil
	})
	return out, err
}

func (s services) ownSecrets(ctx context.Context) (out []candidate, err error) {
	api, err := s.secrets()
	if err != nil {
		return nil, err
	}
	filter := "labels." + cloud.MarkManager + "=" + cloud.Manager
	err = api.Projects.Secrets.List("projects/"+s.Project).Filter(filter).Fields("nextPageToken", "secrets(name)").Pages(ctx, func(page *secretmanager.ListSecretsResponse) error {
		for _, secret := range page.Secrets {
			out = append(out, candidate{place: place{setting: secret.Name, secret: secret.Name}, ours: true})
		}
		return nil
	})
	return out, err
}
