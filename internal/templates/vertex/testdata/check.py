"""Asks Google's own client what it says to a pipeline's files, and prints what it read.

argv: folder of the pipeline, parameters as JSON, names of accelerators as JSON.
"""

import json
import sys
from pathlib import Path

from google.auth.credentials import AnonymousCredentials
from google.cloud import aiplatform
from google.cloud.aiplatform_v1.types import AcceleratorType, CreateScheduleRequest, PipelineJob, Schedule
from google.protobuf import json_format

folder, given, accelerators = Path(sys.argv[1]), json.loads(sys.argv[2]), json.loads(sys.argv[3])
for name in accelerators:
    assert name in AcceleratorType.__members__, name
settings = json.loads((folder / "vertex_job.json").read_text(encoding="utf-8"))
job = aiplatform.PipelineJob(
    display_name=settings["displayName"], template_path=str(folder / "vertex_pipeline.json"),
    pipeline_root=settings["runtimeConfig"]["gcsOutputDirectory"], parameter_values={**settings["runtimeConfig"]["parameterValues"], **given},
    project="p", location="europe-west1", credentials=AnonymousCredentials(), labels=settings["labels"],
)
read = json_format.MessageToDict(job._gca_resource._pb)
strict = json_format.ParseDict(settings, PipelineJob()._pb)
out = {"runtimeConfig": read["runtimeConfig"], "pipelineSpec": read["pipelineSpec"], "job": json_format.MessageToDict(strict), "schedule": None}
held = json.loads((folder / "vertex_pipeline.json").read_text(encoding="utf-8"))
assert read["pipelineSpec"] == held, "the client changed the pipeline"
if (folder / "vertex_schedule.json").exists():
    written = json.loads((folder / "vertex_schedule.json").read_text(encoding="utf-8"))
    parsed = json_format.ParseDict(written, Schedule()._pb)
    again = json_format.MessageToDict(parsed)
    assert json_format.ParseDict(again, Schedule()._pb) == parsed
    out["schedule"] = again
print(json.dumps(out))
