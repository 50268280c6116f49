package spec

import (
	"slices"
	"strings"
)

// clients is how many pods MPS serves on one accelerator at most, and how many GKE lets
// share one in either way; olderClients is that of MPS where CUDA's compute capability is
// below 7.5. Sources: cmd/mps-control-daemon/mps/device.go of NVIDIA's device plugin and
// the guide to sharing GPUs of GKE.
const (
	clients      = 48
	olderClients = 16
)

// older are the accelerators of a compute capability below 7.5.
var older = []string{"nvidia-p100", "nvidia-v100", "nvidia-v100-32gb"}

func (g *GPUPool) checkSharing(c *checker) {
	s, at := g.Sharing, At("sharing")
	c.choice(at.Attr("strategy"), "sharing", s.Strategy)
	g.checkReplicas(c)
	switch {
	case s.Strategy == "mig" && s.Profile == "" && c.knows(at.Attr("profile")):
		c.fault(at.Attr("profile"), "must be set for mig, such as \"1g.10gb\"")
	case s.Strategy != "mig" && s.Profile != "" && c.knows(at.Attr("strategy")):
		c.fault(at.Attr("profile"), "belongs to mig")
	}
}

func (g *GPUPool) checkReplicas(c *checker) {
	s, at := g.Sharing, At("sharing")
	shares := s.Strategy == "time_slicing" || s.Strategy == "mps"
	most := int64(clients)
	if g.Accelerator != nil && slices.Contains(older, g.Accelerator.Type) {
		most = olderClients
	}
	switch {
	case shares && s.Replicas < 2 && c.knows(at.Attr("replicas")):
		c.fault(at.Attr("replicas"), "must be at least 2: it says how many pods share one accelerator")
	case s.Strategy == "mps" && s.Replicas > most && c.knows(At("accelerator", "type")):
		c.fault(at.Attr("replicas"), "%d is more than MPS serves: at most %d pods share one accelerator", s.Replicas, most)
	case !shares && s.Replicas != 0 && c.knows(at.Attr("strategy")):
		c.fault(at.Attr("replicas"), "belongs to time_slicing and mps")
	}
}

// profiles are the slices that MIG cuts an accelerator into. Those of nvidia-h100 are of
// its 80 GB and of its 94 GB, which clouds sell under one name. Sources: "Supported MIG
// Profiles" of NVIDIA's MIG user guide, read in November 2026; for nvidia-b300 and
// nvidia-gb200, which it does not list yet, config-default.yaml of mig-parted v0.15.
var profiles = map[string][]string{
	"nvidia-a100":         strings.Fields("1g.5gb 1g.5gb+me 1g.10gb 2g.10gb 3g.20gb 4g.20gb 7g.40gb"),
	"nvidia-a100-80gb":    strings.Fields(eighty),
	"nvidia-h100":         strings.Fields(eighty + " 1g.12gb 1g.12gb+me 1g.24gb 2g.24gb 3g.47gb 4g.47gb 7g.94gb"),
	"nvidia-h100-mega":    strings.Fields(eighty),
	"nvidia-h200":         strings.Fields("1g.18gb 1g.18gb+me 1g.35gb 2g.35gb 3g.71gb 4g.71gb 7g.141gb"),
	"nvidia-b200":         strings.Fields("1g.23gb 1g.23gb+me 1g.45gb 2g.45gb 3g.90gb 4g.90gb 7g.180gb"),
	"nvidia-b300":         strings.Fields("1g.34gb 1g.34gb+me 1g.67gb 2g.67gb 3g.135gb 4g.135gb 7g.269gb"),
	"nvidia-gb200":        strings.Fields("1g.23gb 1g.23gb+me 1g.47gb 2g.47gb 3g.93gb 4g.93gb 7g.186gb"),
	"nvidia-rtx-pro-6000": strings.Fields("1g.24gb 1g.24gb+me 1g.24gb+gfx 1g.24gb+me.all 1g.24gb-me 2g.48gb 2g.48gb+gfx 2g.48gb+me.all 2g.48gb-me 4g.96gb 4g.96gb+gfx"),
}

const eighty = "1g.10gb 1g.10gb+me 1g.20gb 2g.20gb 3g.40gb 4g.40gb 7g.80gb"

// checkSlices checks that MIG can cut the pool's accelerators as is asked for. An
// accelerator that is not known yet is checked when it is.
func (g *GPUPool) checkSlices(c *checker) {
	s, at := g.Sharing, At("sharing")
	if s.Strategy != "mig" || g.Accelerator == nil || accelerators[g.Accelerator.Type] == "" || !c.knows(At("accelerator", "type")) {
		return
	}
	have := profiles[g.Accelerator.Type]
	switch {
	case have == nil:
		c.fault(at.Attr("strategy"), "MIG does not cut %s; it cuts: %s. Use time_slicing or mps", g.Accelerator.Type, strings.Join(sorted(profiles), ", "))
	case s.Profile != "" && !slices.Contains(have, s.Profile):
		c.fault(at.Attr("profile"), "%q is no slice of %s; there are: %s", s.Profile, g.Accelerator.Type, strings.Join(have, ", "))
	}
}
