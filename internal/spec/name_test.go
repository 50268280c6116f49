package spec_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

var label1123 = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)

func TestK8sName(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"fraud":                  "fraud",
		"0":                      "0",
		"a-b-0":                  "a-b-0",
		"a--b":                   "a-b",
		"-a":                     "a",
		"a-":                     "a",
		"Fraud_ML v2":            "fraud-ml-v2",
		"--a..b//c--":            "a-b-c",
		"Größe":                  "gr-e",
		strings.Repeat("a", 63):  strings.Repeat("a", 63),
		strings.Repeat("a", 64):  strings.Repeat("a", 54) + "-" + spec.Hash(strings.Repeat("a", 64))[:8],
		strings.Repeat("a-", 60): strings.TrimRight(strings.Repeat("a-", 27), "-") + "-" + spec.Hash(strings.Repeat("a-", 60))[:8],
		"":                       "x" + spec.Hash("")[:7],
		"🚀":                      "x" + spec.Hash("🚀")[:7],
	} {
		if got := spec.K8sName(text); got != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
	long := strings.Repeat("a", 60)
	if spec.K8sName(long+"bbbbx") == spec.K8sName(long+"bbbby") {
		t.Error("two texts that differ only after the cut give one name")
	}
	if spec.K8sName("🚀") == spec.K8sName("🌍") {
		t.Error("two texts without a letter give one name")
	}
}

func FuzzK8sName(f *testing.F) {
	for _, seed := range []string{"", "a", "A b", strings.Repeat("x-", 50), "\xff", "İ", "K"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name := spec.K8sName(text)
		if !label1123.MatchString(name) {
			t.Errorf("%q gives %q, which is no label", text, name)
		}
		if spec.K8sName(name) != name {
			t.Errorf("%q gives %q and then %q", text, name, spec.K8sName(name))
		}
		if label1123.MatchString(text) && !strings.Contains(text, "--") && name != text {
			t.Errorf("%q is a label already, and becomes %q", text, name)
		}
	})
}

func TestHash(t *testing.T) {
	t.Parallel()
	if got := spec.Hash("abc"); got != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Error(got)
	}
}
