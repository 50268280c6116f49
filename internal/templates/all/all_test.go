package all_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/all"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
	"github.com/gitops-ml/terraform-provider-mlops/internal/tree"
)

func TestMain(m *testing.M) { realtools.Main(m) }

// cases are whole repositories, each checked by every tool.
func cases(t *testing.T) map[string]*templatestest.Case {
	t.Helper()
	inFolder := templatestest.Full(t)
	inFolder.Repository.Path = "teams/fraud"
	out := map[string]*templatestest.Case{"quickstart": templatestest.Quickstart(t), "full": templatestest.Full(t), "diamond": templatestest.Diamond(t), "monorepo": inFolder, "fleet": fleet(3)}
	for _, orchestrator := range spec.Supported("orchestrator") {
		if orchestrator != "argo_workflows" {
			out[orchestrator] = onto(t, orchestrator)
		}
	}
	out["karpenter"] = pooled(t)
	gitlab := templatestest.Quickstart(t)
	gitlab.Specs[0]["ci"] = "gitlab_ci"
	out["gitlab_ci"] = gitlab
	return out
}

// onto is the README's example on another orchestrator, on its own cloud where it has one.
func onto(t *testing.T, orchestrator string) *templatestest.Case {
	t.Helper()
	c := templatestest.Quickstart(t)
	c.Specs[0]["orchestrator"] = orchestrator
	if cloud := home[orchestrator]; cloud != "" {
		c.Specs[0]["cloud"], c.Specs[0]["region"] = cloud, map[string]string{"aws": "eu-west-1", "azure": "westeurope", "google": "europe-west1"}[cloud]
		c.Specs = slices.DeleteFunc(c.Specs, func(s map[string]any) bool { return s["kind"] == "endpoint" })
	}
	return c
}

// pooled is the README's example on AWS, with pools of both provisioners, secrets of its
// store, and a queue.
func pooled(t *testing.T) *templatestest.Case {
	t.Helper()
	c := templatestest.Quickstart(t)
	maps.Copy(c.Specs[0], map[string]any{
		"cloud": "aws", "region": "eu-west-1", "queueing": "kueue", "secret_store": "aws_secrets_manager",
		"cluster": map[string]any{"name": "ml", "oidc_issuer": "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE"},
	})
	pool := func(name string, aws map[string]any) map[string]any {
		return map[string]any{
			"kind": "gpu_pool", "platform": "fraud", "name": name, "accelerator": map[string]any{"type": "nvidia-l4"}, "machine": "g6.xlarge", "aws": aws,
			"capacity": []any{"spot", "on_demand"}, "nodes": map[string]any{"max": "4"}, "sharing": map[string]any{"strategy": "mps", "replicas": "4"},
		}
	}
	c.Specs = append(c.Specs,
		pool("made", map[string]any{"provisioner": "karpenter", "node_role": "ml-nodes", "ami_alias": "al2023@v20260723"}), pool("grouped", map[string]any{}),
		map[string]any{"kind": "secret", "platform": "fraud", "name": "tracker", "sync": map[string]any{"namespaces": []any{"fraud-training"}}, "store": map[string]any{"type": "aws_secrets_manager", "region": "eu-west-1"}},
		map[string]any{
			"kind": "identity", "platform": "fraud", "name": "trainer", "subject": map[string]any{"kubernetes": map[string]any{"namespace": "fraud-training", "service_account": "trainer"}},
			"grants": []any{map[string]any{"access": "read", "secret": "tracker"}},
		})
	return c
}

// fleet is n models and endpoints, without a bucket or a pipeline.
func fleet(n int) *templatestest.Case {
	c := &templatestest.Case{Repository: spec.Repository{URL: "https://git.example.com/acme/fleet.git", Branch: "main"}, Specs: []map[string]any{
		{"kind": "platform", "name": "fleet", "owner": "ml-platform", "environments": map[string]any{"staging": map[string]any{}, "production": map[string]any{"promote_from": "staging"}}},
		{"kind": "model_registry", "name": "main"},
	}}
	for i := range n {
		name := fmt.Sprintf("model-%04d", i)
		c.Specs = append(c.Specs,
			map[string]any{"kind": "registered_model", "name": name, "registry": "main", "gates": []any{map[string]any{"metric": "auc_roc", "op": ">=", "threshold": "0.9"}}},
			map[string]any{"kind": "endpoint", "name": name, "model": name})
	}
	return c
}

func render(t testing.TB, c *templatestest.Case) *tree.Tree {
	t.Helper()
	p, faults := c.Link()
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	files, err := templates.Render(all.Targets(), p)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// checkout writes a rendered repository to a folder.
func checkout(t *testing.T, files *tree.Tree) string {
	t.Helper()
	texts := map[string]string{}
	for _, f := range files.Files() {
		texts[f.Path] = string(f.Data)
	}
	return realtools.WriteFiles(t, texts)
}

func TestNoSettingVanishes(t *testing.T) {
	t.Parallel()
	templatestest.NoSettingVanishes(t, all.Targets(), templatestest.Options{
		Expresses: []spec.Kind{spec.KindPlatform, spec.KindBucket, spec.KindDataset, spec.KindRegistry, spec.KindModel, spec.KindPipeline, spec.KindEndpoint, spec.KindGPUPool, spec.KindIdentity, spec.KindSecret},
		Elsewhere: map[string]string{
			"bucket.force_destroy": "provider", "bucket.existing": "provider", "bucket.kms_key": "refused on local", "registered_model.force_destroy": "provider",
			"registered_model.registry": "a name", "model_registry.credentials": "secrets come later", "model_registry.weights_and_biases": "promotion's own test", "model_registry.neptune": "promotion's own test", "model_registry.clearml": "promotion's own test", "model_registry.sagemaker": "promotion's own test", "model_registry.azureml": "promotion's own test", "model_registry.vertex": "promotion's own test",
			"platform.orchestrator": "the pipeline of the case names its own",
			"dataset.dvc":           "a dataset has one source: their own tests", "dataset.lakefs": "as dvc", "dataset.bucket": "as dvc", "platform.region": "refused on local", "platform.secret_store": "refused", "platform.cluster.oidc_issuer": "identities come later",
			"platform.observability": "one supported value each; refused or left out", "secret.generate": "provider", "secret.kms_key": "provider", "secret.recovery_days": "provider", "secret.vault.deletion_policy": "provider",
			"secret.store.region": "externalsecrets' goldens", "secret.store.project": "as region", "secret.store.tenant": "as region",
			"gpu_pool.aws": "karpenter's own test", "gpu_pool.disk": "as aws", "gpu_pool.zones": "as aws", "gpu_pool.reservation": "as aws", "gpu_pool.driver": "as aws", "gpu_pool.node_repair": "as aws",
			"gpu_pool.machine": "as aws", "gpu_pool.model": "as aws", "gpu_pool.google": "provider", "gpu_pool.azure": "provider", "gpu_pool.price": "provider",
			"identity.existing": "provider", "identity.address": "kubernetes' golden of volumes", "bucket.access_logs": "provider", "bucket.soft_delete_days": "provider",
			"identity.subject.github": "spec's own test", "identity.subject.gitlab": "spec's own test",
			"pipeline.triggers.data": "refused", "pipeline.triggers.drift": "refused", "endpoint.fallback": "refused", "endpoint.shadow": "refused", "endpoint.access": "refused",
			"endpoint.rollout": "only rolling", "endpoint.autoscaling.scale_to_zero": "refused", "endpoint.environments.*.autoscaling": "kserve's own test", "endpoint.environments.*.resources.accelerator": "kserve's own test",
			"platform.security.signed_images": "refused",
		},
	})
}

// TestEqualInput_equalBytes: 20 renders with the specs in another order each time.
func TestEqualInput_equalBytes(t *testing.T) {
	t.Parallel()
	sums := func(c *templatestest.Case) string {
		var b strings.Builder
		for _, f := range render(t, c).Files() {
			b.WriteString(f.Sum() + " " + f.Path + "\n")
		}
		return b.String()
	}
	c := templatestest.Full(t)
	first := sums(c)
	for i := range 20 {
		c.Specs = slices.Concat(c.Specs[1:], c.Specs[:1])
		if i%3 == 0 {
			slices.Reverse(c.Specs)
		}
		if sums(c) != first {
			t.Fatalf("render %d differs", i+2)
		}
	}
}

// TestTools: every system's own tool accepts what is emitted for it.
func TestTools(t *testing.T) {
	t.Parallel()
	for name, c := range cases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := checkout(t, render(t, c))
			realtools.Yamllint(t, dir).Accept(t, "yamllint")
			ci(t, dir)
			realtools.CheckJSONSchema(t, dir, "vendor.renovate", "renovate.json").Accept(t, "renovate.json")
			realtools.Ruff(t, dir).Accept(t, "ruff")
			kubernetes(t, dir)
			monitoring(t, dir)
			if name == "full" {
				tests(t, dir) // the programs are the same in every case
			}
			types(t, dir)
		})
	}
}

// ci checks what the forge reads.
func ci(t *testing.T, dir string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(dir, ".gitlab-ci.yml")); err == nil {
		realtools.CheckJSONSchema(t, dir, "vendor.gitlab-ci", ".gitlab-ci.yml").Accept(t, ".gitlab-ci.yml")
		return
	}
	realtools.Actionlint(t, dir).Accept(t, "actionlint")
	realtools.Zizmor(t, dir).Accept(t, "zizmor")
	realtools.CheckJSONSchema(t, dir, "vendor.github-workflows", glob(t, dir, ".github/workflows/*.yml")...).Accept(t, "workflow schema")
}

func glob(t *testing.T, dir, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// kubernetes builds every folder that Argo CD syncs and validates the objects.
func kubernetes(t *testing.T, dir string) {
	t.Helper()
	var objects []string
	for i, folder := range synced(t, dir) {
		res := realtools.Kustomize(t, filepath.Join(dir, folder))
		res.Accept(t, "kustomize build "+folder)
		out := filepath.Join(t.TempDir(), fmt.Sprintf("%03d-%s.yaml", i, strings.ReplaceAll(folder, "/", "-")))
		if err := os.WriteFile(out, []byte(res.Out), 0o600); err != nil {
			t.Fatal(err)
		}
		objects = append(objects, out)
		if strings.Contains(res.Out, "kind: WorkflowTemplate") {
			realtools.ArgoLint(t, dir, out).Accept(t, "Argo's lint of "+folder)
		}
	}
	endpoints := slices.DeleteFunc(slices.Clone(objects), func(path string) bool { return !strings.Contains(filepath.Base(path), "-endpoints-") })
	if len(endpoints) > 0 {
		realtools.KServeValidate(t, endpoints...).Accept(t, "KServe's own validator")
	}
	objects = append(objects, glob(t, dir, "clusters/*/*.yaml")...)
	realtools.KubeValidate(t, objects...).Accept(t, "the objects")
}

// synced lists the folders with a kustomization that nothing else includes from
// below: those an Application points at.
func synced(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	for _, pattern := range []string{"platform/*", "pipelines", "endpoints/*/overlays/*", "monitoring/*", "monitoring/*/drift/*"} {
		for _, path := range glob(t, dir, pattern+"/kustomization.yaml") {
			rel, err := filepath.Rel(dir, filepath.Dir(path))
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, filepath.ToSlash(rel))
		}
	}
	if len(out) == 0 {
		t.Error("no folder to build")
	}
	return out
}

func monitoring(t *testing.T, dir string) {
	t.Helper()
	rules, tests := glob(t, dir, "monitoring/*/rules.yaml"), glob(t, dir, "monitoring/*/rules_test.yaml")
	if len(tests) != len(rules) {
		t.Errorf("%d rule files and %d test files", len(rules), len(tests))
	}
	if len(rules) == 0 {
		return // nothing is served, and no budget is watched
	}
	realtools.PromtoolRules(t, dir, rules...).Accept(t, "rules")
	realtools.PromtoolTests(t, dir, tests...).Accept(t, "tests of rules")
}

// types checks the emitted programs strictly.
func types(t *testing.T, dir string) {
	t.Helper()
	packages := []string{"mlops"}
	if _, err := os.Stat(filepath.Join(dir, "mlops_monitor")); err == nil {
		packages = append(packages, "mlops_monitor")
	}
	if _, err := os.Stat(filepath.Join(dir, "mlops")); err == nil {
		realtools.Mypy(t, dir, "lint", packages...).Accept(t, "mypy")
	}
}

// tests runs the emitted tests.
func tests(t *testing.T, dir string) {
	t.Helper()
	res := realtools.Run(t, "pytest", dir, []string{"PYTHONPATH=src:.", "PYTHONDONTWRITEBYTECODE=1"}, realtools.Python(t, "train"), "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
	res.Accept(t, "the emitted tests")
}

// TestArgoCD_pointsAtFolders: an Application whose folder is not emitted would
// never sync.
func TestArgoCD_pointsAtFolders(t *testing.T) {
	t.Parallel()
	for name, c := range cases(t) {
		files := render(t, c)
		folders := map[string]bool{"": true}
		for _, f := range files.Files() {
			for dir := filepath.Dir(f.Path); dir != "."; dir = filepath.Dir(dir) {
				folders[dir] = true
			}
		}
		seen := 0
		for _, f := range files.Files() {
			if !strings.HasPrefix(f.Path, "clusters/") {
				continue
			}
			for _, path := range sourcePaths(t, f.Data) {
				seen++
				path = strings.Trim(strings.TrimPrefix(path, c.Repository.Path), "/")
				matched := false
				for folder := range folders {
					ok, err := filepath.Match(path, folder)
					matched = matched || (err == nil && ok)
				}
				if !matched && !strings.Contains(path, "{{") {
					t.Errorf("%s: %s points at %s, which is not emitted", name, f.Path, path)
				}
			}
		}
		if seen == 0 {
			t.Errorf("%s: no Application names a path", name)
		}
	}
}

func sourcePaths(t *testing.T, data []byte) (out []string) {
	t.Helper()
	dec := yaml.NewDecoder(strings.NewReader(string(data)))
	for {
		var doc map[string]any
		if err := dec.Decode(&doc); err != nil {
			return out
		}
		find(doc, &out)
	}
}

func find(v any, out *[]string) {
	switch v := v.(type) {
	case map[string]any:
		path, text := v["path"].(string)
		_, source := v["repoURL"]
		_, excluded := v["exclude"]
		if text && (source || len(v) == 1) && !excluded {
			*out = append(*out, path)
		}
		for _, below := range v {
			find(below, out)
		}
	case []any:
		for _, below := range v {
			find(below, out)
		}
	}
}

// TestNothingFloats: no branch, range or moving tag where a version belongs.
func TestNothingFloats(t *testing.T) {
	t.Parallel()
	floating := regexp.MustCompile(`(?i):latest\b|targetRevision: ['"]?(\*|latest|stable)|@(main|master|latest)\b|image: [^@\s]*[a-z0-9]$`)
	image := regexp.MustCompile(`^\s*(- )?image: "?[^\s"@]+:[^\s"@]+`)
	for name, c := range cases(t) {
		seen := 0
		for _, f := range render(t, c).Files() {
			if strings.HasSuffix(f.Path, ".py") || strings.HasSuffix(f.Path, ".md") {
				continue // programs and texts speak of :latest, they do not use it
			}
			seen++
			for i, line := range strings.Split(string(f.Data), "\n") {
				if floating.MatchString(line) && !image.MatchString(line) && !strings.Contains(line, "sha256:") {
					t.Errorf("%s: %s:%d floats: %s", name, f.Path, i+1, line)
				}
			}
		}
		if seen == 0 {
			t.Error("no file was looked at")
		}
	}
}

// TestTargets_areAllListed: a folder with a target that is not in the list writes nothing.
func TestTargets_areAllListed(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{}
	for _, target := range all.Targets() {
		listed[target.Name()] = true
	}
	seen := 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		data, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(data), "\ntype Target struct") {
			seen++
			if name := filepath.Base(filepath.Dir(path)); !listed[name] {
				t.Errorf("target %s is not listed in all.go", name)
			}
		}
		return err
	})
	if err != nil || seen < 10 {
		t.Errorf("%d targets seen: %v", seen, err)
	}
}

func BenchmarkRender(b *testing.B) {
	p, _ := fleet(1000).Link()
	for b.Loop() {
		if _, err := templates.Render(all.Targets(), p); err != nil {
			b.Fatal(err)
		}
	}
}
