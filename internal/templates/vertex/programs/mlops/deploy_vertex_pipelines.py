"""Brings a pipeline's schedule to what the repository says: ``python -m mlops.deploy_vertex_pipelines``.

vertex_schedule.json holds what it is to be; this program makes it anew when it, the pipeline or the programs differ.
Without that file there is to be none. Repeating it changes nothing. Variables: see mlops.vertex_pipelines.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from mlops import start
from mlops.errors import program, say
from mlops.vertex_pipelines import Vertex, settings


def same(have: Mapping[str, Any], want: Mapping[str, Any]) -> bool:
    """Tell whether a schedule is as it is to be. Servers leave out what is false."""
    if have.get("state", "ACTIVE") != "ACTIVE":
        return False
    if any(have.get(key) != want.get(key) for key in ("cron", "maxConcurrentRunCount")):
        return False
    jobs = [schedule["createPipelineJobRequest"]["pipelineJob"] for schedule in (have, want)]
    values = [job.get("runtimeConfig", {}).get("parameterValues") for job in jobs]
    return (
        bool(have.get("allowQueueing")) == bool(want.get("allowQueueing"))
        and values[0] == values[1]
        and all(jobs[0].get(key) == jobs[1].get(key) for key in ("labels", "serviceAccount"))
    )


@program
def main(argv: Sequence[str] | None = None) -> None:
    """Make, replace or remove the schedule."""
    request = start.parse(argv, "python -m mlops.deploy_vertex_pipelines")
    folder, vertex = request.path.parent, Vertex()
    mine = settings(folder / "vertex_job.json")["labels"]
    old, page = [], ""
    while True:
        query = {"filter": f'display_name="{request.pipeline.name}"', "pageSize": "100", "pageToken": page}
        reply = vertex.http.get(f"v1/{vertex.parent}/schedules", query) or {}
        for have in reply.get("schedules") or []:
            labels = have.get("createPipelineJobRequest", {}).get("pipelineJob", {}).get("labels", {})
            if all(labels.get(key) == mine[key] for key in ("mlops-pipeline", "mlops-platform", "managed-by")):
                old.append(have)
        page = reply.get("nextPageToken") or ""
        if not page:
            break
    keep = ""
    file = folder / "vertex_schedule.json"
    if file.exists():
        want = settings(file)
        vertex.complete(want["createPipelineJobRequest"]["pipelineJob"], request)
        want["createPipelineJobRequest"]["parent"] = vertex.parent
        found = next((schedule for schedule in old if same(schedule, want)), None)
        made = found or vertex.http.post(f"v1/{vertex.parent}/schedules", want)
        keep = str(made["name"])
        say(f"schedule: {keep.rpartition('/')[2]} ({'unchanged' if found else 'made'})")
    for schedule in old:
        if schedule["name"] != keep:
            vertex.http.send("DELETE", f"v1/{schedule['name']}", accept=(404,))
            say(f"schedule: {schedule['name'].rpartition('/')[2]} (removed)")


if __name__ == "__main__":
    sys.exit(main())
