package kubernetes

import (
	"slices"
	"strings"

	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/encode"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/taskgraph"
)

// retention runs the buckets' lifecycle rules: a folder has nobody who does.
func (w *writer) retention() []any {
	var rules []expiry
	mounts := []mount{{Name: "programs", Path: "/opt/mlops/mlops", ReadOnly: true}}
	volumes := []volume{{Name: "programs", ConfigMap: &nameRef{"mlops-programs"}}}
	for _, b := range w.p.Buckets {
		if len(b.Lifecycle) == 0 {
			continue
		}
		claim, path := w.p.Claim(b.Name)
		volume := volume{Name: spec.K8sName("bucket-" + b.Name), Claim: &claimVolume{claim}}
		mounts, volumes = append(mounts, mount{Name: volume.Name, Path: path}), append(volumes, volume)
		for _, r := range b.Lifecycle {
			rules = append(rules, expiry{path, r.Prefix, r.ExpireAfterDays, r.NoncurrentExpireAfterDays})
		}
		w.programs(b)
	}
	if len(rules) == 0 {
		return nil
	}
	text, err := encode.JSON(rules)
	if err != nil && w.err == nil {
		w.err = err
	}
	user := spec.PodUser
	pod := podSpec{
		Restart: "Never", Priority: w.p.TrainingPriority(),
		Security: podSecurity{NonRoot: true, User: &user, Group: &user, Seccomp: seccomp{"RuntimeDefault"}},
		Containers: []container{{
			Name: "expire", Image: catalog.ProgramsImage, Command: []string{"python", "-m", "mlops.expire"},
			Args:      []string{"--rules", verbatim(string(text))},
			Env:       []envVar{{"PYTHONDONTWRITEBYTECODE", "1"}, {"PYTHONPATH", "/opt/mlops"}},
			Resources: little(), Mounts: mounts,
			Security: security{ReadOnly: true, Capabilities: capabilities{Drop: []string{"ALL"}}},
		}},
		Volumes: volumes,
	}
	return []any{cronJob{
		APIVersion: "batch/v1", Kind: "CronJob", Metadata: w.metadata("retention", w.p.TrainingNamespace()),
		Spec: cronSpec{
			Schedule: "17 2 * * *", TimeZone: "Etc/UTC", Concurrency: "Forbid", StartingDeadline: 3600, Successful: 1, Failed: 3,
			Job: jobTemplate{jobSpec{Backoff: 1, Deadline: 3600, Template: w.template("retention", pod)}},
		},
	}}
}

// programs makes sure that the programs are in the training namespace. Pipelines
// whose pods run there bring them along; without one they come from here.
func (w *writer) programs(b *spec.Bucket) {
	brought := slices.ContainsFunc(w.p.Pipelines, func(pl *spec.Pipeline) bool { return taskgraph.Inside(w.p.Orchestrator(pl)) })
	const source = "../../mlops"
	switch {
	case brought || slices.Contains(w.kustomization.Resources, source):
	case len(w.p.Pipelines) == 0 && len(w.p.Models) == 0:
		w.faults = append(w.faults, spec.Refuse(b, spec.At("lifecycle"), "cloud \"local\" keeps buckets in folders, and the program that expires files comes with a pipeline or a model: contain one, or leave lifecycle out"))
	default:
		w.kustomization.Resources = append(w.kustomization.Resources, source)
		w.kustomization.Patches = append(w.kustomization.Patches, patch{
			Target: patchTarget{Kind: "ConfigMap", Name: "mlops-programs"},
			Patch:  "- op: add\n  path: /metadata/namespace\n  value: " + w.p.TrainingNamespace() + "\n",
		})
	}
}

// verbatim keeps Kubernetes from expanding $(NAME) in a command line.
func verbatim(word string) string { return strings.ReplaceAll(word, "$", "$$") }

// The part of batch/v1 and of the program's rules this file writes, in output order.
type (
	expiry struct {
		Folder     string `json:"folder"`
		Prefix     string `json:"prefix"`
		Days       int64  `json:"expire_after_days"`
		Noncurrent int64  `json:"noncurrent_expire_after_days"`
	}
	cronJob struct {
		APIVersion string   `yaml:"apiVersion"`
		Kind       string   `yaml:"kind"`
		Metadata   metadata `yaml:"metadata"`
		Spec       cronSpec `yaml:"spec"`
	}
	cronSpec struct {
		Schedule         string      `yaml:"schedule"`
		TimeZone         string      `yaml:"timeZone"`
		Concurrency      string      `yaml:"concurrencyPolicy"`
		StartingDeadline int         `yaml:"startingDeadlineSeconds"`
		Successful       int         `yaml:"successfulJobsHistoryLimit"`
		Failed           int         `yaml:"failedJobsHistoryLimit"`
		Job              jobTemplate `yaml:"jobTemplate"`
	}
	jobTemplate struct {
		Spec jobSpec `yaml:"spec"`
	}
)
