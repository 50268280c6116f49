"""What the client of Weights & Biases itself says of a request and of its answer.

Requests are those of its generated operations, of its runs module, or of its program wandb-core, which holds the text
of each of its requests. Inputs and answers are read with the generated models; wandb-core reads its own answers.
"""

import importlib
import mmap
import re
from pathlib import Path

import wandb
from wandb.apis import _generated as of_api
from wandb.apis.public.runs import RUN_FRAGMENT
from wandb.sdk.artifacts import _generated as of_artifacts
from wandb.sdk.artifacts._generated import input_types
from wandb.sdk.internal import _generated as of_server

from wandb_graphql import Document, Wrong


def plain(text):
    """Give a request without its layout: wandb-core writes it anew when it leaves out a field."""
    return re.sub(r"[\s,]+", "", text)


def generated():
    """Give the model of an answer by the plain text of its request."""
    found = {}
    for module in (of_artifacts, of_api, of_server):
        texts = importlib.import_module(f"{module.__name__}.operations")
        for name in texts.__all__:
            text = getattr(texts, name)
            model = getattr(module, Document(text).name, None)
            if model is not None:
                found[plain(text)] = model
    assert len(found) > 40, "the client has other modules of generated operations"
    return found


class Client:
    """The operations that the installed client can send."""

    def __init__(self):
        self.models = generated()
        with Path(wandb.__file__).with_name("bin").joinpath("wandb-core").open("rb") as program:
            self.program = mmap.mmap(program.fileno(), 0, access=mmap.ACCESS_READ)

    def model(self, text):
        """Give the model of a request's answer, None when wandb-core or the runs module reads it; refuse others."""
        known = self.models.get(plain(text))
        if known is not None:
            return known
        if self.program.find(text.encode()) >= 0 or RUN_FRAGMENT in text:
            return None
        raise Wrong("the client has no such request")

    def inputs(self, declared, variables):
        """Read the inputs of a request as the client's own types, without anything beside."""
        for name, each in declared.items():
            kind = getattr(input_types, each["type"].rstrip("!"), None)
            if kind is None or variables.get(name) is None:
                continue
            fields = {field.alias or key for key, field in kind.model_fields.items()}
            if beside := set(variables[name]) - fields:
                raise Wrong(f"{kind.__name__} has no {sorted(beside)}")
            kind.model_validate(variables[name])
