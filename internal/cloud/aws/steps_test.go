package aws_test

import (
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws"
	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud/aws/awsfake"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// step is one operation of a store in the life of an object.
type step struct {
	name string
	do   func(t *testing.T, c cloud.Cloud, w *whole) error
}

const poolIDs = "ml/fraud-gpu"

// steps are all operations of all stores, so that each request of the driver is sent.
func steps() []step {
	forced := bucket(on(), func(b *spec.Bucket) { b.ForceDestroy = true; logged("fraud-logs")(b) })
	inPods, ofGitHub := identity(on(), pods, onBucket("read", "data", "")), identity(on(), github)
	ofGitHub.Name = "ci"
	const ci = "arn:aws:iam::" + account + ":role/mlops/fraud-ci"
	unshared := pool(func(g *spec.GPUPool) {
		g.Sharing, g.Nodes = &spec.Sharing{Strategy: "mig", Profile: "1g.10gb"}, &spec.Nodes{Max: 5}
		g.Accelerator.Type = "nvidia-h100"
	})
	unshared.Accelerator, unshared.Machine = *unshared.GPUPool.Accelerator, "g6.xlarge" // which an update leaves
	unshared.Tags = map[string]string{"owner": "vision"}
	var out []step
	add := func(name string, do func(t *testing.T, c cloud.Cloud, w *whole) error) {
		out = append(out, step{name, do})
	}
	add("create bucket", func(t *testing.T, c cloud.Cloud, _ *whole) error {
		_, err := c.Buckets.Store.Create(t.Context(), forced)
		return err
	})
	add("read bucket", func(t *testing.T, c cloud.Cloud, _ *whole) error {
		_, err := c.Buckets.Store.Read(t.Context(), "fraud-artifacts", forced)
		return err
	})
	add("update bucket", func(t *testing.T, c cloud.Cloud, _ *whole) error {
		return c.Buckets.Store.Update(t.Context(), "fraud-artifacts", forced)
	})
	add("delete bucket", func(t *testing.T, c cloud.Cloud, w *whole) error {
		w.account.EditBucket("fraud-artifacts", full)
		return c.Buckets.Store.Delete(t.Context(), "fraud-artifacts", forced)
	})
	add("create role of pods", func(t *testing.T, c cloud.Cloud, _ *whole) error {
		_, err := c.Identities.Store.Create(t.Context(), inPods)
		return err
	})
	add("create role of workflows", func(t *testing.T, c cloud.Cloud, _ *whole) error {
		_, err := c.Identities.Store.Create(t.Context(), ofGitHub)
		return err
	})
	add("read role of pods", func(t *testing.T, c cloud.Cloud, _ *whole) error {
		_, err := c.Identities.Store.Read(t.Context(), roleID, inPods)
		return err
	})
	add("update role of pods", func(t *testing.T, c cloud.Cloud, w *whole) error {
		w.account.EditPods(func(p *awsfake.Pod) bool { p.RoleArn, p.Tags["owner"] = ci, "another"; return true })
		return c.Identities.Store.Update(t.Context(), roleID, inPods)
	})
	add("update role of workflows", func(t *testing.T, c cloud.Cloud, _ *whole) error {
		return c.Identities.Store.Update(t.Context(), ci, ofGitHub)
	})
	add("delete role of pods", func(t *testing.T, c cloud.Cloud, w *whole) error {
		w.account.EditRole("fraud-trainer", func(r *awsfake.Role) { r.Attached, r.Profiles = []string{"arn:aws:iam::aws:policy/X"}, []string{"p"} })
		return c.Identities.Store.Delete(t.Context(), roleID, inPods)
	})
	add("create pool", func(t *testing.T, c cloud.Cloud, _ *whole) error {
		_, err := c.Pools.Store.Create(t.Context(), pool(nil))
		return err
	})
	add("read pool", func(t *testing.T, c cloud.Cloud, _ *whole) error {
		_, err := c.Pools.Store.Read(t.Context(), poolIDs, pool(nil))
		return err
	})
	add("update pool", func(t *testing.T, c cloud.Cloud, w *whole) error {
		w.groups.Play(awsfake.Script{Polls: 1})
		return c.Pools.Store.Update(t.Context(), poolIDs, unshared)
	})
	add("delete pool", func(t *testing.T, c cloud.Cloud, _ *whole) error {
		return c.Pools.Store.Delete(t.Context(), poolIDs, pool(nil))
	})
	return out
}

func assumed(c *aws.Config) {
	c.AssumeRole = &aws.AssumeRole{RoleARN: "arn:aws:iam::210987654321:role/ci", ExternalID: "x-1"}
	c.PermissionsBoundary = "arn:aws:iam::" + account + ":policy/boundary"
}
