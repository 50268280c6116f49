package spec

import "testing"

func TestProject_RunLabels(t *testing.T) {
	t.Parallel()
	for queueing, want := range map[string]string{"none": "", "kueue": "training"} {
		p := &Project{Platform: &Platform{Name: "fraud", Queueing: queueing}}
		labels := p.RunLabels("train")
		if got := labels["kueue.x-k8s.io/queue-name"]; got != want {
			t.Errorf("%s: the queue is %q, want %q", queueing, got, want)
		}
		if labels["app.kubernetes.io/name"] != "train" {
			t.Errorf("%s: %v lacks the labels of other objects", queueing, labels)
		}
		if _, everywhere := p.Labels("train")["kueue.x-k8s.io/queue-name"]; everywhere {
			t.Errorf("%s: objects that are no pods of runs wait in the queue", queueing)
		}
	}
}

func TestGPUPool_SharingLabels(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		sharing    *Sharing
		key, value string
	}{
		{nil, "", ""},
		{&Sharing{Strategy: "none"}, "", ""},
		{&Sharing{Strategy: "time_slicing", Replicas: 4}, "nvidia.com/device-plugin.config", "l4"},
		{&Sharing{Strategy: "mps", Replicas: 4}, "nvidia.com/device-plugin.config", "l4"},
		{&Sharing{Strategy: "mig", Profile: "1g.10gb+me"}, "nvidia.com/mig.config", "all-1g.10gb.me"},
	} {
		got := (&GPUPool{Name: "l4", Sharing: tt.sharing}).SharingLabels()
		if got[tt.key] != tt.value || (tt.key == "" && len(got) > 0) {
			t.Errorf("%+v: got %v, want %s=%s", tt.sharing, got, tt.key, tt.value)
		}
	}
}
