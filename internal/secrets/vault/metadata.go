package vault

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// metadata is what the engine knows of a path beside its values.
type metadata struct {
	Current     int               `json:"current_version"`
	CASRequired bool              `json:"cas_required"`
	Custom      map[string]string `json:"custom_metadata"`
	Versions    map[string]struct {
		Deleted   string `json:"deletion_time"`
		Destroyed bool   `json:"destroyed"`
	} `json:"versions"`
}

// state says what became of the newest version.
type state int

const (
	empty state = iota // nothing was ever written
	alive
	deleted // it can be brought back
	destroyed
)

func (m metadata) state() state {
	v, there := m.Versions[strconv.Itoa(m.Current)]
	switch {
	case m.Current == 0:
		return empty
	case !there || v.Destroyed:
		return destroyed
	case v.Deleted == "":
		return alive
	}
	// A version may have an end that has not come yet.
	if end, err := time.Parse(time.RFC3339Nano, v.Deleted); err == nil && time.Until(end) > 0 {
		return alive
	}
	return deleted
}

// there reports whether the path counts as a secret.
func (m metadata) there() bool { return m.state() == alive || m.state() == empty }

// values are the versions whose values are not destroyed.
func (m metadata) values() (out []int) {
	for text, v := range m.Versions {
		if n, err := strconv.Atoi(text); err == nil && !v.Destroyed {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

func (s store) metadata(ctx context.Context, p place) (metadata, error) {
	var answer struct{ Data metadata }
	err := s.do(ctx, call{method: read, path: p.metadata(), needs: read}, &answer)
	return answer.Data, err
}

// configure brings the settings about, and keeps custom metadata of others.
func (s store) configure(ctx context.Context, p place, m metadata, want map[string]string, needs string) error {
	custom := maps.Clone(m.Custom)
	if custom == nil {
		custom = map[string]string{}
	}
	maps.Copy(custom, want)
	if m.CASRequired && maps.Equal(custom, m.Custom) {
		return nil
	}
	body := map[string]any{"cas_required": true, "custom_metadata": custom}
	return s.do(ctx, call{method: write, path: p.metadata(), body: body, needs: needs}, nil)
}

// settings shows those keys of the custom metadata that are in want, or all.
func settings(p place, m metadata, want map[string]string) cloud.Settings {
	shown := maps.Clone(m.Custom)
	if shown == nil {
		shown = map[string]string{}
	}
	if want != nil {
		maps.DeleteFunc(shown, func(key, _ string) bool { _, ours := want[key]; return !ours })
	}
	text, _ := json.Marshal(shown) // a map of texts can always be written
	return cloud.Settings{"mount": p.mount, "path": p.path, "cas_required": strconv.FormatBool(m.CASRequired), "custom_metadata": string(text)}
}
