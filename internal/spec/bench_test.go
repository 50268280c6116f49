package spec_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// fleet is a platform with n models and n endpoints, as acceptance/fleet writes it.
func fleet(n int) (kinds []spec.Kind, objects []map[string]any) {
	add := func(kind spec.Kind, attrs map[string]any) {
		kinds, objects = append(kinds, kind), append(objects, attrs)
	}
	add(spec.KindPlatform, map[string]any{
		"name": "fleet", "owner": "ml-platform",
		"environments": map[string]any{"staging": map[string]any{}, "production": map[string]any{"promote_from": "staging", "approvals": json.Number("1")}},
	})
	add(spec.KindRegistry, map[string]any{"name": "main", "type": "mlflow", "mlflow": map[string]any{"managed": true}})
	for i := range n {
		name := fmt.Sprintf("model-%04d", i)
		add(spec.KindModel, map[string]any{
			"name": name, "registry": "main",
			"gates": []any{map[string]any{"metric": "auc_roc", "op": ">=", "threshold": json.Number("0.9")}},
		})
		add(spec.KindEndpoint, map[string]any{
			"name": name, "model": name, "runtime": "mlserver", "replicas": map[string]any{"min": json.Number("1"), "max": json.Number("4")},
			"resources": map[string]any{"cpu": "2", "memory": "4Gi"},
		})
	}
	return kinds, objects
}

func BenchmarkDecode1000(b *testing.B) {
	kinds, objects := fleet(1000)
	for b.Loop() {
		for i, kind := range kinds {
			d := spec.Decode(kind, objects[i])
			if err := d.Faults.Err(); err != nil {
				b.Fatal(err)
			}
			if _, err := spec.Encode(d.Spec); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkLink1000(b *testing.B) {
	kinds, objects := fleet(1000)
	texts := make([]string, len(kinds))
	for i, kind := range kinds {
		var err error
		if texts[i], err = spec.Encode(spec.Decode(kind, objects[i]).Spec); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		specs := make([]spec.Spec, len(texts))
		for i, text := range texts {
			var err error
			if specs[i], err = spec.Parse(text); err != nil {
				b.Fatal(err)
			}
		}
		if _, faults := spec.Link(spec.Repository{}, nil, specs); faults.Err() != nil {
			b.Fatal(faults)
		}
	}
}
