package spec_test

import (
	"reflect"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

func TestProject_Place(t *testing.T) {
	t.Parallel()
	p, faults := spec.Link(spec.Repository{}, nil, extra(t, map[string]spec.Kind{
		`{}`: spec.KindPlatform, `{"name": "l4"}`: spec.KindGPUPool, `{"name": "own", "taints": [{"key": "k", "value": "v", "effect": "NoExecute"}]}`: spec.KindGPUPool,
		`{"name": "tracker", "existing": "other"}`: spec.KindSecret, `{"name": "trainer"}`: spec.KindIdentity,
	}))
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	gpu := &spec.Resources{Accelerator: &spec.Accelerator{Type: "nvidia-l4", Count: 1}}
	exists := spec.Toleration{Key: "nvidia.com/gpu", Operator: "Exists", Effect: "NoSchedule"}
	for name, tt := range map[string]struct {
		r           *spec.Resources
		pool        string
		selector    map[string]string
		tolerations []spec.Toleration
	}{
		"anywhere":        {nil, "", map[string]string{}, nil},
		"an accelerator":  {gpu, "", map[string]string{"mlops.dev/accelerator": "nvidia-l4"}, []spec.Toleration{exists}},
		"a pool":          {gpu, "l4", map[string]string{"mlops.dev/accelerator": "nvidia-l4", "mlops.dev/pool": "l4"}, []spec.Toleration{exists}},
		"a pool, no gpu":  {nil, "l4", map[string]string{"mlops.dev/pool": "l4"}, []spec.Toleration{{Key: "nvidia.com/gpu", Operator: "Equal", Value: "present", Effect: "NoSchedule"}}},
		"taints":          {gpu, "own", map[string]string{"mlops.dev/accelerator": "nvidia-l4", "mlops.dev/pool": "own"}, []spec.Toleration{exists, {Key: "k", Operator: "Equal", Value: "v", Effect: "NoExecute"}}},
		"a pool too late": {nil, "none", map[string]string{}, nil},
	} {
		selector, tolerations := p.Place(tt.r, tt.pool)
		if !reflect.DeepEqual(selector, tt.selector) || !reflect.DeepEqual(tolerations, tt.tolerations) {
			t.Errorf("%s: %v %v", name, selector, tolerations)
		}
	}
	for _, pool := range []string{"l4", "own"} {
		selector, tolerations := p.Pool(pool).Place()
		want, wanted := p.Place(gpu, pool)
		if !reflect.DeepEqual(selector, want) || !reflect.DeepEqual(tolerations, wanted) {
			t.Errorf("pool %s: %v %v", pool, selector, tolerations)
		}
	}
	for _, identity := range []string{"", "trainer"} {
		want := map[string]string{"": "train", "trainer": "trainer"}[identity]
		if got := p.ServiceAccount(&spec.Pipeline{Name: "train", Identity: identity}); got != want {
			t.Errorf("service account is %s, want %s", got, want)
		}
	}
	if p.SecretObject("tracker") != "other" || p.SecretObject("none") != "none" {
		t.Error("a secret's object")
	}
}
