"""Runs a pipeline's tasks as the launcher of Kubeflow Pipelines does, for tests: placeholders become paths below a folder.

argv: FILE SETTINGS, the latter JSON: root (a folder), path (PATH of the tasks), maps ([from, to] for folders of
containers), env (variables of the images), override (variables that a laptop sets otherwise), params (of the run),
kubelet (whether $(…) is expanded), secrets (variable → value). Prints JSON: task → {exit, argv, env, out}.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2 as ir


def kubelet(text, variables):
    """Expand as Kubernetes does (third_party/forked/golang/expansion)."""
    def one(match):
        found = match.group(0)
        return "$" if found == "$$" else variables.get(found[2:-1], found)
    return re.sub(r"\$\$|\$\([^)]*\)", one, text)


def shown(value):
    """Write a parameter as the launcher does (getPlaceholders)."""
    kind = value.WhichOneof("kind")
    if kind == "number_value":
        number = value.number_value
        return str(int(number)) if number == int(number) else format(number, "f") if "e" in repr(number) else repr(number)
    return {"string_value": value.string_value, "bool_value": "true" if value.bool_value else "false"}[kind]


def main():
    docs = list(yaml.safe_load_all(Path(sys.argv[1]).read_text(encoding="utf-8")))
    settings = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    spec = json_format.ParseDict(docs[0], ir.PipelineSpec())
    executors = json_format.ParseDict(docs[0]["deploymentSpec"], ir.PipelineDeploymentConfig()).executors
    platform = docs[1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"] if len(docs) > 1 else {}
    assert not platform or set(platform) == set(executors)
    root, tasks = Path(settings["root"]), dict(spec.root.dag.tasks)
    given = settings["params"]
    values = {}
    for name, definition in spec.root.input_definitions.parameters.items():
        value = definition.default_value
        if name in given:
            value = type(value)()
            json_format.ParseDict(given[name], value)
        assert value.WhichOneof("kind"), f"parameter {name} has no value"
        values[name] = value
    done, out = {}, {}

    def mapped(text):
        for old, new in settings["maps"]:
            text = text.replace(old, new)
        return text

    def run(name, task):
        component = spec.components[task.component_ref.name]
        container = executors[component.executor_label].container
        places = {}
        for key in component.input_definitions.parameters:
            source = task.inputs.parameters[key]
            if source.WhichOneof("kind") == "runtime_value":
                constant = source.runtime_value.constant.string_value
                assert constant == "{{$.pipeline_job_uuid}}", constant
                text = "run-uuid"
            else:
                text = shown(values[source.component_input_parameter])
            places["{{$.inputs.parameters['%s']}}" % key] = text
        for key in component.input_definitions.artifacts:
            source = task.inputs.artifacts[key].task_output_artifact
            assert source.producer_task in task.dependent_tasks, (name, key)
            made = spec.components[tasks[source.producer_task].component_ref.name].output_definitions.artifacts[source.output_artifact_key]
            assert made.artifact_type == component.input_definitions.artifacts[key].artifact_type, (name, key)
            places["{{$.inputs.artifacts['%s'].path}}" % key] = str(root / source.producer_task / source.output_artifact_key)
        for key in component.output_definitions.artifacts:
            path = root / name / key
            if settings["kubelet"]:  # the launcher makes the folder; Vertex makes none
                path.parent.mkdir(parents=True, exist_ok=True)
            places["{{$.outputs.artifacts['%s'].path}}" % key] = str(path)
        env = {"PATH": settings["path"], **settings["env"], "KFP_POD_NAME": "pod"}
        pod = {}
        for variable in container.env:
            pod[variable.name] = kubelet(variable.value, pod) if settings["kubelet"] else variable.value
        for entry in platform.get(component.executor_label, {}).get("fieldPathAsEnv", []):
            pod[entry["name"]] = {"metadata.labels['pipeline/runid']": "run-uuid"}[entry["fieldPath"]]
        for secret in platform.get(component.executor_label, {}).get("secretAsEnv", []):
            for key in secret["keyToEnv"]:
                pod[key["envVar"]] = settings["secrets"][key["envVar"]]
        argv = []
        for word in [*container.command, *container.args]:
            word = kubelet(word, pod) if settings["kubelet"] else word
            for place, text in places.items():
                word = word.replace(place, text)
            argv.append(mapped(word))
        env.update({key: mapped(text) for key, text in pod.items()})
        env.update({key: text for key, text in settings["override"].items() if key in pod})
        try:
            ended = subprocess.run(argv, env=env, cwd=root, capture_output=True, text=True)
            out[name] = {"exit": ended.returncode, "out": ended.stdout + ended.stderr}
        except OSError as fault:
            out[name] = {"exit": 127, "out": str(fault)}
        out[name].update(argv=argv, env=pod)
        return out[name]["exit"] == 0

    while len(done) < len(tasks):
        ready = [n for n, t in tasks.items() if n not in done and all(d in done for d in t.dependent_tasks)]
        assert ready, "the graph has a cycle"
        for name in sorted(ready):
            task = tasks[name]
            done[name] = all(done[d] for d in task.dependent_tasks) and run(name, task)
    print(json.dumps(out))


os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
main()
