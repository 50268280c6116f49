package aws_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws/awsfake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/cloudtest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

const account = "123456789012"

var keys = &aws.Keys{AccessKey: "AKIDEXAMPLE", SecretKey: "not-a-secret"}

// openAccount is a rig on an account whose requests are all checked.
func openAccount(change func(*aws.Config)) cloudtest.Open {
	return func(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) cloudtest.Rig {
		t.Helper()
		fake := awsfake.NewAccount(account, []string{"ml"}, []string{"oidc.eks.eu-west-1.amazonaws.com/id/ABC", "token.actions.githubusercontent.com", "gitlab.com"})
		config := aws.Config{Region: "eu-west-1", Keys: keys, HTTPClient: wrap(awsfake.Checked(t, fake)), UserAgent: "terraform-provider-mlops/1.0", Attempt: 200 * time.Millisecond, Pace: time.Millisecond}
		if change != nil {
			change(&config)
		}
		return cloudtest.Rig{Cloud: aws.New(config), Count: fake.Count, Fake: fake, Answer: fake.Answer}
	}
}

func platform(change func(*spec.Platform)) *spec.Platform {
	out := &spec.Platform{Name: "fraud", Cloud: "aws", Region: "eu-west-1", Cluster: &spec.Cluster{Name: "ml"}, SecretStore: "aws_secrets_manager"}
	if change != nil {
		change(out)
	}
	return out
}

func on(tags ...string) cloud.On {
	out := cloud.On{Platform: platform(nil), Tags: map[string]string{"owner": "risk"}}
	for i := 0; i+1 < len(tags); i += 2 {
		out.Tags[tags[i]] = tags[i+1]
	}
	return out
}

// direct opens a rig without faults.
func direct(t *testing.T, change func(*aws.Config)) (cloud.Cloud, *awsfake.Account) {
	t.Helper()
	rig := openAccount(change)(t, func(next http.RoundTripper) http.RoundTripper { return next })
	return rig.Cloud, rig.Fake.(*awsfake.Account)
}
