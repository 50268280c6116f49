package prefect_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
	"github.com/gitops-ml/terraform-provider-mlops/internal/templates/templatestest"
)

// TestSchedules compares the next times of what Prefect reads in prefect.yaml with those
// of the original. A clock's change is between them.
func TestSchedules(t *testing.T) {
	schedules := append([]templatestest.Schedule{
		{Cron: "0 10 */5 * MON", Zone: "UTC"},
		{Cron: "0 10 */1 * MON", Zone: "UTC"}, // as if it were *
		{Cron: "0 10 *,13 * MON", Zone: "UTC"},
		{Cron: "*/1 10 13 * */1", Zone: "UTC"},
		{Cron: "0 10 1-15 * */2", Zone: "Europe/Paris"},
		{Cron: "0 10 1-15 * 1-5/2", Zone: "Europe/Paris"},
	}, templatestest.Schedules...)
	c := changed(t, func(pl object, _ *templatestest.Case) { delete(pl, "triggers") })
	for i, s := range schedules {
		c.Specs = append(c.Specs, map[string]any{
			"kind": "pipeline", "name": fmt.Sprintf("s-%02d", i), "image": "ghcr.io/acme/fraud:1", "steps": object{"a": object{"command": []any{"true"}}},
			"triggers": object{"schedule": object{"cron": s.Cron, "timezone": s.Zone}},
		})
	}
	texts := textsOf(t, linked(t, c))
	var starts []int64
	for _, start := range templatestest.ScheduleStarts {
		starts = append(starts, start.Unix())
	}
	in, err := json.Marshal(starts)
	if err != nil {
		t.Fatal(err)
	}
	texts["starts.json"] = string(in)
	dir := realtools.WriteFiles(t, texts)
	res := realtools.Run(t, "prefect", dir, []string{"PREFECT_HOME=" + t.TempDir()}, realtools.Python(t, "prefect"), "-c", `
import asyncio, json, yaml
from datetime import datetime, timezone
from prefect.cli.deploy._schedules import _schedule_config_to_deployment_schedule as read
from prefect.server.schemas.schedules import CronSchedule
out = {}
for d in yaml.safe_load(open("prefect.yaml"))["deployments"]:
    for config in d["schedules"]:
        made = read(config)["schedule"]
        s = CronSchedule(**made.model_dump())
        out[d["entrypoint"].split("/")[1]] = [[int(x.timestamp()) for x in asyncio.run(s.get_dates(10, datetime.fromtimestamp(start, timezone.utc)))] for start in json.load(open("starts.json"))]
print(json.dumps(out))
`)
	res.Accept(t, "schedules")
	var got map[string][][]int64
	if err := json.Unmarshal([]byte(res.Stdout), &got); err != nil {
		t.Fatal(err, res.Out)
	}
	for i, s := range schedules {
		for j, start := range templatestest.ScheduleStarts {
			fired, want := got[fmt.Sprintf("s-%02d", i)], templatestest.Firings(t, s, start, 10)
			if len(fired) <= j || !slices.Equal(fired[j], want) {
				t.Errorf("%v after %v fires at\n%v, want\n%v", s, start, fired, want)
			}
		}
	}
}
