package aws

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// The longest documents that IAM takes, without white space. The bound of trust can be
// raised for an account.
const (
	longestPolicy = 10240
	longestTrust  = 2048
)

// audience is what tokens of a subject are made for. It is what the AWS SDKs and the
// emitted CI pipelines ask for.
const audience = "sts.amazonaws.com"

// podIdentity reports whether the agent of EKS hands the role out. With an issuer in the
// configuration the pods bring a token of the cluster instead.
func podIdentity(i cloud.Identity) bool {
	return i.Subject != nil && i.Subject.Kubernetes != nil && issuer(i) == ""
}

func issuer(i cloud.Identity) string {
	if i.On.Platform == nil || i.On.Platform.Cluster == nil {
		return ""
	}
	return strings.TrimSuffix(strings.TrimPrefix(i.On.Platform.Cluster.OIDCIssuer, "https://"), "/")
}

func clusterOf(i cloud.Identity) string {
	if i.On.Platform == nil || i.On.Platform.Cluster == nil {
		return ""
	}
	return i.On.Platform.Cluster.Name
}

// federation is who vouches for a subject outside AWS, and what it calls the subject.
type federation struct{ host, subject string }

// federated finds the federation of a subject, or says what is missing: a subject with a
// part left open would be more than one.
func federated(i cloud.Identity) (federation, error) {
	switch s := i.Subject; {
	case s == nil:
		return federation{}, errors.New("the subject is not known")
	case s.Kubernetes != nil:
		return federation{issuer(i), i.Principal()}, nil
	case s.GitHub != nil && s.GitHub.Environment == "":
		return federation{}, errors.New("set subject.github.environment: without it every branch and every pull request of the repository would be trusted")
	case s.GitHub != nil:
		return federation{"token.actions.githubusercontent.com", i.Principal()}, nil
	case s.GitLab != nil && s.GitLab.Branch == "":
		return federation{}, errors.New("set subject.gitlab.branch: without it every branch and every merge request of the project would be trusted")
	case s.GitLab != nil:
		return federation{"gitlab.com", i.Principal()}, nil
	}
	return federation{}, errors.New("the subject is none of kubernetes, github, gitlab")
}

// trust is who takes the role: the subject, and nobody else.
func trust(i cloud.Identity, w where) (string, error) {
	s, err := trustStatement(i, w)
	if err != nil {
		return "", err
	}
	out := document([]statement{s})
	if len(out) > longestTrust {
		return "", fmt.Errorf("the trust policy has %d characters, and IAM takes %d: shorten the names of the subject", len(out), longestTrust)
	}
	return out, nil
}

func trustStatement(i cloud.Identity, w where) (statement, error) {
	if podIdentity(i) {
		return podTrust(i, w)
	}
	f, err := federated(i)
	if err != nil {
		return nil, err
	}
	provider, err := w.provider(f.host)
	if err != nil {
		return nil, err
	}
	return statement{
		"Effect": "Allow", "Principal": map[string]any{"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity",
		"Condition": map[string]any{"StringEquals": map[string]any{f.host + ":aud": audience, f.host + ":sub": f.subject}},
	}, nil
}

// provider is the ARN of the account's OIDC provider of a host.
func (w where) provider(host string) (string, error) {
	if w.account == "" {
		return "", fmt.Errorf("the account: %w", cloud.ErrLater)
	}
	return "arn:" + w.partition() + ":iam::" + w.account + ":oidc-provider/" + host, nil
}

// podTrust names the cluster, the namespace and the service account: anybody who may
// make associations could hand the role to other pods otherwise. EKS sends the names as
// tags of the session.
func podTrust(i cloud.Identity, w where) (statement, error) {
	name := clusterOf(i)
	if name == "" {
		return nil, errors.New("set cluster.name of the platform: EKS hands the role to pods of one cluster")
	}
	cluster, err := w.arn("eks", "cluster/"+name)
	if err != nil {
		return nil, err
	}
	k := i.Subject.Kubernetes
	return statement{
		"Effect": "Allow", "Principal": map[string]any{"Service": "pods.eks.amazonaws.com"}, "Action": []string{"sts:AssumeRole", "sts:TagSession"},
		"Condition": map[string]any{"StringEquals": map[string]any{
			"aws:SourceAccount":                         w.account,
			"aws:SourceArn":                             cluster,
			"aws:RequestTag/kubernetes-namespace":       k.Namespace,
			"aws:RequestTag/kubernetes-service-account": k.ServiceAccount,
		}},
	}, nil
}
