"""Reads ``--set NAME.FIELD=VALUE`` as changes of an experiment."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from seqbench.base.nested import nested
from seqbench.errors import ExperimentError, nearest
from seqbench.experiment.schema import SECTIONS, Training, in_full, merge
from seqbench.experiment.strict_yaml import read_scalar

_FORMS = {
    "training": "training.FIELD=VALUE, such as training.steps=500",
    "gradients": "gradients=on, gradients=off, or gradients.FIELD=VALUE, such as gradients.lags=32",
    "executor": "executor=NAME, or executor.FIELD=VALUE, such as executor.jobs=2",
    "tune": "tune=off, or tune.FIELD=VALUE, such as tune.trials=12",
}

_WITH_OPTIONS = ("tasks", "models", "weights", "lengths", "seeds", "evaluate_lengths")
"""Fields of an experiment that have an option of their own."""


def settings(assignments: Sequence[str]) -> dict[str, Any]:
    """Turn assignments like ``lstm.hidden_size=64`` into overrides of an experiment's fields.

    >>> settings(["lstm.hidden_size=64", "training.steps=500"])
    {'parameters': {'lstm': {'hidden_size': 64}}, 'training': {'steps': 500}}
    >>> settings(["copy.training.steps=900"])
    {'task_training': {'copy': {'steps': 900}}}
    >>> settings(["gradients=off", "executor=serial", "tune=off"])
    {'gradients': {'measure': False}, 'executor': {'name': 'serial'}, 'tune': None}
    >>> settings(["tune.trials=12", "tune.space.lstm.hidden_size=[64, 128]"])
    {'tune': {'trials': 12, 'space': {'lstm.hidden_size': [64, 128]}}}
    >>> settings(["module.arguments.units=64"])
    {'parameters': {'module': {'arguments': {'units': 64}}}}

    Raises:
        ExperimentError: one is not written as ``NAME.FIELD=VALUE``.
    """
    overrides: dict[str, Any] = {}
    for assignment in assignments:
        overrides = merge(overrides, _setting(assignment))
    return overrides


def with_owners(assignments: Sequence[str], parameters: Mapping[str, Collection[str]]) -> list[str]:
    """Return assignments with their owner in front: ``data=x.csv`` becomes ``sentiment.data=x.csv``.

    Texts that already name an owner, or are not assignments, stay unchanged.

    Args:
        assignments: as the user typed them.
        parameters: task or model of the experiment -> the names of its parameters.

    >>> with_owners(["data=x.csv", "gru.layers=2"], {"sentiment": ["data"], "gru": ["layers"]})
    ['sentiment.data=x.csv', 'gru.layers=2']

    Raises:
        ExperimentError: no task or model, or more than one, has such a parameter; the message names what to type.
    """
    return [_with_owner(assignment, parameters) for assignment in assignments]


def _with_owner(assignment: str, parameters: Mapping[str, Collection[str]]) -> str:
    target, equals, text = assignment.partition("=")
    name = target.strip()
    if not equals or not name or "." in name or name in SECTIONS:
        return assignment
    owners = [owner for owner, names in parameters.items() if name in names]
    if name in _WITH_OPTIONS and not owners:
        option = f"--{name.replace('_', '-')} {text.strip()}"
        raise ExperimentError(f"--set {assignment}: {name} is no parameter; seqbench run has an option, {option}")
    if name in Training.model_fields and not owners:
        raise ExperimentError(f"--set {assignment}: a field of training is written --set training.{name}={text}")
    if len(owners) == 1:
        return f"{owners[0]}.{name}={text}"
    if owners:
        lines = " or ".join(f"--set {owner}.{name}={text}" for owner in owners)
        raise ExperimentError(f"--set {assignment}: {' and '.join(owners)} each have {name}; write {lines}")
    known = {each: f"{owner}.{each}" for owner, names in parameters.items() for each in names}
    known |= {section: section for section in SECTIONS}
    near = nearest(name, known)
    line = f"{known[near]}={text}" if near else "lstm.hidden_size=64"
    raise ExperimentError(
        f"--set {assignment}: no task or model here has a parameter {name}; write it as NAME.FIELD=VALUE,"
        f" such as --set {line}"
    )


def _setting(assignment: str) -> dict[str, Any]:
    target, equals, _ = assignment.partition("=")
    owner, dot, name = target.strip().partition(".")
    is_section = owner in SECTIONS and not dot
    if not equals or not (is_section or (dot and owner and name)):
        raise ExperimentError(f"--set {assignment}: write it as NAME.FIELD=VALUE, such as lstm.hidden_size=64")
    value = assigned(assignment)
    if is_section:
        return {owner: _section(assignment, owner, value)}
    if owner == "tune" and name.startswith("space."):
        return {owner: {"space": {name.removeprefix("space."): value}}}
    if owner in SECTIONS:
        return {owner: {name: value}}
    if name.startswith("training."):
        return {"task_training": {owner: {name.removeprefix("training."): value}}}
    return {"parameters": {owner: nested(name, value)}}


def assigned(assignment: str) -> Any:
    """Return the value of an assignment: what follows its first ``=``.

    >>> assigned("copy.symbols=4"), assigned("sentiment.data=null")
    (4, None)

    Raises:
        ExperimentError: nothing follows; a path that was forgotten would count as one that is not wanted.
    """
    text = assignment.partition("=")[2].strip()
    if not text:
        raise ExperimentError(f"--set {assignment}: no value follows the =; write it, or leave the setting out")
    return read_scalar(text)


def _section(assignment: str, owner: str, value: Any) -> Mapping[str, Any] | None:
    """Return what ``gradients=off``, ``executor=ray`` or ``tune=off`` sets."""
    full = in_full(owner, value)
    if isinstance(full, Mapping) or (owner == "tune" and full is None):
        return full
    fields = ", ".join(sorted(SECTIONS[owner].model_fields))
    raise ExperimentError(f"--set {assignment}: write {_FORMS[owner]}; the fields are {fields}")
