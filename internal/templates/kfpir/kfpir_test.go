package kfpir_test

import (
	"encoding/json"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/kfpir"
)

func TestValue(t *testing.T) {
	for _, c := range []struct{ kind, text, want string }{
		{"string", "0.10", `"0.10"`},
		{"number", "0.10", `0.10`},
		{"number", "1e-3", `1.0e-3`},
		{"number", "1E3", `1.0e+3`},
		{"number", "-2.5e+10", `-2.5e+10`},
		{"integer", "200", `200`},
		{"boolean", "true", `true`},
		{"boolean", "false", `false`},
	} {
		got, err := json.Marshal(kfpir.Value(spec.Parameter{Type: c.kind, Default: &c.text}))
		if err != nil || string(got) != c.want {
			t.Errorf("%s %s is %s, want %s (%v)", c.kind, c.text, got, c.want, err)
		}
	}
	if got := kfpir.Value(spec.Parameter{Type: "string"}); got != nil {
		t.Errorf("no default is %v", got)
	}
}

func TestGB(t *testing.T) {
	for text, want := range map[spec.Quantity]string{"16Gi": "17.179869184", "2G": "2", "512Mi": "0.536870912", "": ""} {
		if got := kfpir.GB(text); string(got) != want {
			t.Errorf("%s is %s GB, want %s", text, got, want)
		}
	}
	if got := kfpir.Cores("500m"); got != "0.5" {
		t.Errorf("500m are %s cores", got)
	}
}
