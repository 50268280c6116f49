"""Requests and answers of model servers, as rows and predictions.

Requests: the Open Inference Protocol (V2) with one input per column, as pandas' content type has it,
or with one tensor of rows; V1 ``instances``; MLflow's ``dataframe_split`` and ``dataframe_records``.
Rows without column names take the reference's columns in their order, without ``id`` and ``label``.
"""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]

ID = "id"
LABEL = "label"


class Unreadable(ValueError):
    """A payload of a form that is not known."""


def rows_of(payload: Any, names: list[str]) -> list[Row]:
    """Give the rows of a request."""
    if not isinstance(payload, dict):
        raise Unreadable("the payload is no object")
    if isinstance(payload.get("inputs"), list) and all(isinstance(i, dict) and "data" in i for i in payload["inputs"]):
        return _tensors(payload["inputs"], names)
    for key in ("instances", "inputs", "dataframe_records"):
        if isinstance(payload.get(key), list):
            return [_row(instance, names) for instance in payload[key]]
    split = payload.get("dataframe_split")
    if isinstance(split, dict) and isinstance(split.get("data"), list):
        return [_row(values, split.get("columns") or names) for values in split["data"]]
    raise Unreadable("neither V2 inputs, nor V1 instances, nor a dataframe")


def _row(instance: Any, names: list[str]) -> Row:
    if isinstance(instance, dict):
        return {str(name): value for name, value in instance.items()}
    values = instance if isinstance(instance, list) else [instance]
    if len(values) != len(names):
        raise Unreadable(f"a row has {len(values)} values, and the reference {len(names)} columns")
    return dict(zip(names, values, strict=True))


def _tensors(inputs: list[dict[str, Any]], names: list[str]) -> list[Row]:
    if len(inputs) == 1:
        shape, data = inputs[0].get("shape", []), inputs[0]["data"]
        if len(shape) == 2 and shape[1] > 1:
            flat = _flat(data)
            if len(flat) != shape[0] * shape[1]:
                raise Unreadable(f"a tensor of shape {shape} has {len(flat)} values")
            return [_row(flat[i * shape[1] : (i + 1) * shape[1]], names) for i in range(shape[0])]
    columns = {str(tensor.get("name", "")): _flat(tensor["data"]) for tensor in inputs}
    if len({len(values) for values in columns.values()}) != 1:
        raise Unreadable("the inputs have different lengths")
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _flat(data: Any) -> list[Any]:
    if not isinstance(data, list):
        return [data]
    return [value for item in data for value in (_flat(item) if isinstance(item, list) else [item])]


def predictions_of(payload: Any) -> list[Any]:
    """Give the predictions of an answer: one value or, with one score per class, one list each."""
    if not isinstance(payload, dict):
        raise Unreadable("the payload is no object")
    if isinstance(payload.get("predictions"), list):
        return [_single(value) for value in payload["predictions"]]
    outputs = payload.get("outputs")
    if not isinstance(outputs, list) or not outputs or not isinstance(outputs[0], dict):
        raise Unreadable("neither V2 outputs nor V1 predictions")
    flat, shape = _flat(outputs[0].get("data", [])), outputs[0].get("shape", [])
    if len(shape) == 2 and shape[1] > 1:
        return [flat[i * shape[1] : (i + 1) * shape[1]] for i in range(shape[0])]
    return flat


def _single(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value
