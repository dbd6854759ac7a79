"""What does ``--set NAME.FIELD=VALUE`` change of an experiment? Stands on experiment and strict_yaml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seqbench.errors import ExperimentError
from seqbench.experiment import SECTIONS, in_full, merge
from seqbench.strict_yaml import read_scalar

_FORMS = {
    "training": "training.FIELD=VALUE, such as training.steps=500",
    "gradients": "gradients=on, gradients=off, or gradients.FIELD=VALUE, such as gradients.lags=32",
    "executor": "executor=NAME, or executor.FIELD=VALUE, such as executor.jobs=2",
}


def settings(assignments: Sequence[str]) -> dict[str, Any]:
    """Turn assignments, such as ``lstm.hidden_size=64``, into overrides of an experiment's fields.

    >>> settings(["lstm.hidden_size=64", "training.steps=500"])
    {'parameters': {'lstm': {'hidden_size': 64}}, 'training': {'steps': 500}}
    >>> settings(["copy.training.steps=900"])
    {'task_training': {'copy': {'steps': 900}}}
    >>> settings(["gradients=off", "executor=serial"])
    {'gradients': {'measure': False}, 'executor': {'name': 'serial'}}

    Raises:
        ExperimentError: one is not written as ``NAME.FIELD=VALUE``.
    """
    overrides: dict[str, Any] = {}
    for assignment in assignments:
        overrides = merge(overrides, _setting(assignment))
    return overrides


def _setting(assignment: str) -> dict[str, Any]:
    target, equals, text = assignment.partition("=")
    owner, dot, name = target.strip().partition(".")
    if equals and owner in SECTIONS and not dot:
        return {owner: _section(assignment, owner, text.strip())}
    if not (equals and dot and owner and name):
        raise ExperimentError(f"--set {assignment}: write it as NAME.FIELD=VALUE, such as lstm.hidden_size=64")
    value = read_scalar(text)
    if owner in SECTIONS:
        return {owner: {name: value}}
    if name.startswith("training."):
        return {"task_training": {owner: {name.removeprefix("training."): value}}}
    return {"parameters": {owner: {name: value}}}


def _section(assignment: str, owner: str, text: str) -> Mapping[str, Any]:
    """Return what ``gradients=off`` or ``executor=ray`` sets."""
    full = in_full(owner, read_scalar(text))
    if isinstance(full, Mapping):
        return full
    fields = ", ".join(sorted(SECTIONS[owner].model_fields))
    raise ExperimentError(f"--set {assignment}: write {_FORMS[owner]}; the fields are {fields}")
