"""Reads pipelines as the SDK and the backends do, strictly, and prints what came back.

argv: FILE. Prints JSON: spec (document 1 after a round trip through the proto types), platform (document 2, likewise).
"""

import json
import sys

import yaml
from google.protobuf import json_format
from kfp import components
from kfp.pipeline_spec import pipeline_spec_pb2 as ir

path = sys.argv[1]
with open(path, encoding="utf-8") as stream:
    docs = list(yaml.safe_load_all(stream))
spec = json_format.ParseDict(docs[0], ir.PipelineSpec())
# deploymentSpec is a Struct of PipelineSpec: its own type is strict.
deployment = json_format.ParseDict(docs[0]["deploymentSpec"], ir.PipelineDeploymentConfig())
held = json_format.MessageToDict(spec.deployment_spec)
assert json_format.ParseDict(held, ir.PipelineDeploymentConfig()) == deployment, "the deployment changed"
out = {"spec": json_format.MessageToDict(spec), "platform": None}
loaded = components.load_component_from_file(path)
assert loaded.pipeline_spec == spec, "the SDK's own loader reads another pipeline"
if len(docs) == 2:
    from kfp.kubernetes import kubernetes_executor_config_pb2 as kubernetes

    config = docs[1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert set(config) == set(deployment.executors), "the documents have other executors"
    parsed = {name: json_format.ParseDict(one, kubernetes.KubernetesExecutorConfig()) for name, one in config.items()}
    assert json_format.ParseDict(docs[1], ir.PlatformSpec()) == loaded.platform_spec, "another platform"
    out["platform"] = {name: json_format.MessageToDict(one) for name, one in parsed.items()}
    for name, one in parsed.items():
        again = json_format.ParseDict(json_format.MessageToDict(one), kubernetes.KubernetesExecutorConfig())
        assert again == one, name
# What is written is what is read: defaults of JSON apart.
written = json_format.ParseDict(json_format.MessageToDict(spec), ir.PipelineSpec())
assert written == spec
tasks = spec.root.dag.tasks
for name, task in tasks.items():
    component = spec.components[task.component_ref.name]
    assert component.executor_label in deployment.executors, name
    assert set(task.dependent_tasks) <= set(tasks), name
    for key, source in task.inputs.artifacts.items():
        assert source.task_output_artifact.producer_task in task.dependent_tasks, (name, key)
        made = spec.components[tasks[source.task_output_artifact.producer_task].component_ref.name].output_definitions
        assert source.task_output_artifact.output_artifact_key in made.artifacts, (name, key)
    assert set(task.inputs.parameters) == set(component.input_definitions.parameters), name
    assert set(task.inputs.artifacts) == set(component.input_definitions.artifacts), name
print(json.dumps(out))
