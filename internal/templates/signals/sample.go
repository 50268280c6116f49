package signals

import (
	"fmt"
	"strconv"
	"strings"
)

// Sample is one series for a test of rules, in promtool's notation.
type Sample struct{ Series, Values string }

// Samples are the series of one server that answers a hundred requests each
// minute for two hours: so many of them fail, and all take no longer than the
// bound le, in seconds.
func (s Server) Samples(labels string, failed int, le string) []Sample {
	var out []Sample
	add := func(r series, status string, each int, more string) {
		out = append(out, Sample{r.metric + "{" + labels + r.example(status) + more + "}", fmt.Sprintf("0+%dx120", each)})
	}
	add(s.requests[0], "200", 100-failed, "")
	if s.failures != nil && failed > 0 {
		add(*s.failures, "500", failed, "")
	}
	if s.latency != nil {
		for _, bound := range []string{le, "+Inf"} {
			add(*s.latency, "200", 100, ",le="+strconv.Quote(bound))
		}
	}
	return out
}

// example gives labels that the matchers of a series accept.
func (s series) example(status string) string {
	switch {
	case strings.HasPrefix(s.metric, "rest_server"):
		return `,path="/v2/models/{model_name}/infer",status_code="` + status + `"`
	case strings.HasPrefix(s.metric, "http_request"):
		return `,method="POST",status="` + status[:1] + `xx"`
	}
	return `,model_name="model"`
}
