"""Chooses the names under which tables show the task and the model of a record, and the settings that differ.

Runs with different parameters, data or training settings get different names, so that they are never averaged
together. A name shows only the fields that differ, or, if they are many, a number that `legend` explains.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from seqbench.base.nested import flat
from seqbench.experiment.key_fields import in_no_key, later
from seqbench.experiment.schema import Training
from seqbench.records.data_names import data_names
from seqbench.records.schema import PluginUsed, Record
from seqbench.records.sides import Sides, split

Fields = Mapping[str, str]

LATER: Mapping[str, Any] = later(Training)
"""Settings that older records lack, with their defaults. A name shows them if they were set: truncated or rounded
gradients make another experiment."""
_ALWAYS = {f"training.{name}" for name in LATER} - {"training.arithmetic"}
"""The arithmetic moves rounding alone: it is shown where it differs."""

UNSCORED = in_no_key(Training)
"""Settings that are not part of a cell's key: they decide whether there is a score, not which."""
_UNNAMED = UNSCORED | {"precision"}
"""The precision has a column of its own."""

FILE = "file sha256"
"""The field of a name that tells which content of a plugin file was run; no parameter has a space in its name."""

WEIGHTS = "weights"
"""The field of a name that tells for how many weights a width was chosen."""

_LONGEST = 48
"""Most characters of a name in a table."""


def task_names(records: Sequence[Record], sides: Sides = ()) -> dict[str, str]:
    """Return key -> name of the task, e.g. ``copy (symbols=4)``, ``sentiment (data=reviews.csv)``, ``copy #2``.

    Data that were not generated are always named. What differs between two sides alone is not shown.
    """
    return _numbered(_task_names(records, sides), {record.key: record.cell.task.name for record in records})


def model_names(records: Sequence[Record], sides: Sides = ()) -> dict[str, str]:
    """Return key -> name of the model, e.g. ``lstm (hidden_size=64, training.steps=500)`` or ``lstm #2``.

    A label replaces the model's name and all parameters. Records of equal parameters have one name: a label if
    some have one, and of two labels the first. Training settings are shown if they differ between any two records
    of a task, even of different models, so that a comparison of differently trained models shows it. What a search
    chose is not shown: a tuned model is one model, whatever was chosen at each length. Two choices of one search
    at one length are shown, so that they are never averaged. What differs between two sides alone is not shown.
    """
    asked = _all_asked_for(records, sides)
    return _numbered(_model_names(asked, sides), _own_names(asked))


def legend(records: Sequence[Record], sides: Sides = ()) -> list[str]:
    """Return the meaning of the numbers in names and of the labels.

    A line is ``lstm #1 = lstm (hidden_size=64, ...)``, or, with the parameters that are not at their defaults,
    ``lstm-wide: lstm (hidden_size=24)``. There is none for a name without a number or a label. A last line says
    that a plugin file was edited between these records, where names tell its contents apart.
    """
    pairs: set[tuple[str, str]] = set()
    asked = _all_asked_for(records, sides)
    for short, long in (
        (task_names(records, sides), _task_names(records, sides)),
        (model_names(records, sides), _model_names(asked, sides)),
    ):
        pairs |= {(short[key], long[key]) for key in short if short[key] != long[key]}
    numbers = [f"{short} = {long}" for short, long in sorted(pairs, key=lambda pair: natural(pair[0]))]
    return [*numbers, *_labels(asked), *([_EDITED] if _has_edited(records, sides) else [])]


def legend_title(records: Sequence[Record], sides: Sides = ()) -> str:
    """Return a heading for the lines of `legend`."""
    is_more = any(record.cell.model.label for record in records) or _has_edited(records, sides)
    return "What the names stand for" if is_more else "What the numbers in names stand for"


_EDITED = (
    f"{FILE}: the beginning of the hash of a plugin file, which was edited between these runs: each content is a"
    " program of its own"
)


def _has_edited(records: Sequence[Record], sides: Sides) -> bool:
    asked = _all_asked_for(records, sides)
    names = {*_task_names(records, sides).values(), *_model_names(asked, sides).values()}
    return any(f"{FILE}=" in name for name in names)


def _labels(records: Sequence[Record]) -> list[str]:
    own = _own_names(records)
    models = [(own[record.key], record.cell.model) for record in records]
    lines = {f"{name}: {variant_text(model)}" for name, model in models if model.label or name != model.name}
    return sorted(lines, key=natural)


def variant_text(model: PluginUsed) -> str:
    """Return a model with the parameters that are not at their defaults, e.g. ``lstm (hidden_size=24)``."""
    fields = {name: _text(value) for name, value in sorted(_told(model).items())}
    return _name(
        model.name, fields, {name for name in fields if name.partition(".")[0] in {*model.changed, WEIGHTS}}
    )


def content_of(plugin: PluginUsed) -> str:
    """Return the beginning of the hash of the plugin file that it came from; empty if it was installed."""
    return plugin.distribution.rpartition(" ")[2].removeprefix("sha256:") if plugin.file else ""


def settings_key(record: Record) -> str:
    """Return a text that is the same for all records that differ in seed, and if none is tuned in length, only.

    To name many records, it is enough to look at one record for each of these texts.
    """
    cell = record.cell
    task, model = ((p.name, p.version, content_of(p), _told(p), p.label) for p in (cell.task, cell.model))
    search = (record.tuned.search, cell.length) if record.tuned else ()
    return repr((task, model, cell.training, cell.evaluate_lengths, cell.data, cell.key_version, *search))


def differing_settings(records: Sequence[Record]) -> dict[str, dict[str, Any]]:
    """Return key -> column -> value of the settings that differ between these records.

    Columns are ``task.NAME`` for parameters that differ within a task, ``model.NAME`` within a model,
    ``training.NAME`` and ``evaluate_lengths`` between any two records. A record without such a setting lacks the
    column. Versions, the precision, and settings that cannot move a score are left out.
    """
    data = data_names(records)
    task = {record.key: _task_values(record, data) for record in records}
    model = {record.key: _model_values(record) for record in records}
    training = {record.key: _training_values(record) for record in records}
    shown = _differing(_plain(each) for each in training.values())
    for groups, values in ((_by_task(records), task), (_by_model(records), model)):
        for _, group in groups:
            shown |= _differing(_plain(values[record.key]) for record in group)
    every = {key: {**task[key], **model[key], **training[key]} for key in task}
    return {key: {name: value for name, value in own.items() if name in shown} for key, own in every.items()}


def _all_asked_for(records: Sequence[Record], sides: Sides) -> list[Record]:
    """Return records without the settings that searches chose, but for places where one search chose two.

    A search chooses one setting for a task, model and length. An index tells no lengths (they are 0), so that two
    choices cannot be told from one at each of two lengths there.
    """
    asked = [_asked_for(record) for record in records]
    places = {each.key: settings_key(each) for each in asked if each.tuned and each.cell.length}
    twice: set[str] = set()
    for side in split(records, sides):
        chosen: dict[str, Mapping[str, Any]] = {}
        for record in side:
            place = places.get(record.key)
            if record.tuned and place and chosen.setdefault(place, record.tuned.setting) != record.tuned.setting:
                twice.add(place)
    return [record if places.get(record.key) in twice else own for record, own in zip(records, asked, strict=True)]


def _asked_for(record: Record) -> Record:
    """Return a record without the settings that a search chose for its task, model and length."""
    if record.tuned is None:
        return record
    cell, chosen = record.cell, record.tuned.setting
    own = {name.partition(".")[2] for name in chosen if "." in name}
    parameters = {name: value for name, value in flat(cell.model.parameters) if name not in own}
    model = cell.model.model_copy(update={"parameters": parameters})
    training = {name: value for name, value in cell.training.items() if name not in chosen}
    return record.model_copy(update={"cell": cell.model_copy(update={"model": model, "training": training})})


def _task_values(record: Record, data: Mapping[str, str]) -> dict[str, Any]:
    named = {name: data[fingerprint] for name, fingerprint in record.cell.data.items()}
    values = flat({**record.cell.task.parameters, **named, **_content(record.cell.task)})
    return {f"task.{name}": value for name, value in values}


def _model_values(record: Record) -> dict[str, Any]:
    model = record.cell.model
    values = {**_told(model), **dict(flat(model.parameters)), **_content(model)}
    return {f"model.{name}": value for name, value in values.items()}


def _training_values(record: Record) -> dict[str, Any]:
    training = {**LATER, **record.cell.training}
    settings = {f"training.{name}": value for name, value in training.items() if name not in _UNNAMED}
    return {**settings, "evaluate_lengths": list(record.cell.evaluate_lengths)}


def _plain(values: Mapping[str, Any]) -> Fields:
    return {name: json.dumps(value, sort_keys=True) for name, value in values.items()}


def _task_names(records: Sequence[Record], sides: Sides) -> dict[str, str]:
    data = data_names(records, sides)
    fields: dict[str, Fields] = {}
    for _, group in _by_task(records):
        fields |= _alike_ordered({record.key: _task_fields(record, data) for record in group})
    shown = {name: _shown(fields, group, sides) for name, group in _by_task(records)}
    return {
        record.key: _name(
            record.cell.task.name, fields[record.key], shown[record.cell.task.name] | set(record.cell.data)
        )
        for record in records
    }


def _model_names(records: Sequence[Record], sides: Sides) -> dict[str, str]:
    own = _own_names(records)
    named = [
        (name, [record for record in records if own[record.key] == name]) for name in sorted(set(own.values()))
    ]
    fields: dict[str, Fields] = {}
    for _, group in named:
        fields |= _alike_ordered({record.key: _model_fields(record.cell.model) for record in group})
    shown = {name: _shown(fields, group, sides) for name, group in named}
    is_of_several = any(
        len({record.tuned.search for record in side if record.tuned}) > 1 for side in split(records, sides)
    )
    trained = _alike_ordered(
        {record.key: {**_training_fields(record), **_tuned_field(record, is_of_several)} for record in records}
    )
    shown_in = {name: _shown(trained, group, sides) for name, group in _by_task(records)}
    return {
        record.key: _name(
            own[record.key],
            {**fields[record.key], **trained[record.key]},
            shown[own[record.key]] | shown_in[record.cell.task.name] | _ALWAYS,
        )
        for record in records
    }


def _own_names(records: Sequence[Record]) -> dict[str, str]:
    """Return key -> the label of a model, or its name."""
    # Two labelled models may differ in what a search chose alone.
    chosen = {
        record.key: record.cell.model.label
        for record in records
        if record.tuned and any("." in name for name in record.tuned.setting)
    }
    models = {
        record.key: json.dumps([_model_fields(record.cell.model), chosen.get(record.key)], sort_keys=True)
        for record in records
    }
    labels: dict[str, set[str]] = {}
    for record in records:
        labels.setdefault(models[record.key], set()).update(filter(None, [record.cell.model.label]))
    return {
        record.key: min(labels[models[record.key]], key=natural, default=record.cell.model.name)
        for record in records
    }


def _numbered(names: Mapping[str, str], bases: Mapping[str, str]) -> dict[str, str]:
    """Number the variants of a plugin if one of their names is too long."""
    variants: dict[str, list[str]] = {}
    for key in names:
        variants.setdefault(bases[key], []).append(names[key])
    short: dict[str, str] = {}
    for base, long in variants.items():
        ordered = sorted(set(long), key=natural)
        is_numbered = len(ordered) > 1 and max(map(len, ordered)) > _LONGEST
        short |= {name: f"{base} #{i}" if is_numbered else name for i, name in enumerate(ordered, start=1)}
    return {key: short[name] for key, name in names.items()}


def natural(name: str) -> list[tuple[int, float, str]]:
    """Return a key that sorts numbers in names by value.

    >>> sorted(["lstm (hidden_size=128)", "lstm (hidden_size=64)"], key=natural)
    ['lstm (hidden_size=64)', 'lstm (hidden_size=128)']
    """
    parts = re.split(r"([0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?)", name)
    return [(1, float(part), part) if i % 2 else (0, 0.0, part) for i, part in enumerate(parts)]


def _by_task(records: Sequence[Record]) -> list[tuple[str, list[Record]]]:
    names = sorted({record.cell.task.name for record in records})
    return [(name, [record for record in records if record.cell.task.name == name]) for name in names]


def _by_model(records: Sequence[Record]) -> list[tuple[str, list[Record]]]:
    names = sorted({record.cell.model.name for record in records})
    return [(name, [record for record in records if record.cell.model.name == name]) for name in names]


def _task_fields(record: Record, data: Mapping[str, str]) -> Fields:
    named = {name: data[fingerprint] for name, fingerprint in record.cell.data.items()}
    return {**_plugin_fields(record.cell.task), **named}


def _model_fields(plugin: PluginUsed) -> Fields:
    # One label may stand for several models, in folders of several people.
    return {"model": plugin.name, **_plugin_fields(plugin)}


def _plugin_fields(plugin: PluginUsed) -> Fields:
    told = {name: _text(value) for name, value in _told(plugin).items()}
    return {"version": str(plugin.version), **told, **_content(plugin)}


def _content(plugin: PluginUsed) -> Fields:
    """Return the content of a plugin file; nothing for a plugin that was installed, whose version tells it."""
    return {FILE: content_of(plugin)} if plugin.file else {}


def _told(plugin: PluginUsed) -> dict[str, Any]:
    """Return the parameters of a plugin; where a number of weights chose its width, that number instead.

    The width is another on each task, since the layers' inputs are.
    """
    told = dict(flat(plugin.parameters))
    if plugin.sized is None:
        return told
    return {WEIGHTS: plugin.sized.weights} | {
        name: value for name, value in told.items() if name not in plugin.sized.parameters
    }


def _training_fields(record: Record) -> Fields:
    training = record.cell.training
    absent = UNSCORED | {name for name, default in LATER.items() if training.get(name, default) == default}
    settings = {f"training.{name}": _text(value) for name, value in training.items() if name not in absent}
    further = {"evaluate_lengths": _text(record.cell.evaluate_lengths or "none")}
    return {**settings, **further, "key_version": str(record.cell.key_version)}


def _tuned_field(record: Record, is_of_several: bool) -> Fields:
    """Return how the settings of a record were chosen; several searches of a report are told apart."""
    if record.tuned is None:
        return {}
    return {"tuned": record.tuned.method + (f" {record.tuned.search[:8]}" if is_of_several else "")}


def _text(value: Any) -> str:
    is_plain = isinstance(value, str) and ", " not in value and not _is_json(value)
    return str(value) if is_plain else json.dumps(value, sort_keys=True, ensure_ascii=False)


def _is_json(text: str) -> bool:
    """Say whether a text would be read as a number or another value, and so must be quoted."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _alike_ordered(fields: Mapping[str, Fields]) -> dict[str, Fields]:
    """Return the same fields in one order for all, because the order in a record means nothing."""
    order = list(dict.fromkeys(name for key in sorted(fields) for name in fields[key]))
    return {key: {name: own[name] for name in order if name in own} for key, own in fields.items()}


def _shown(fields: Mapping[str, Fields], group: Sequence[Record], sides: Sides) -> set[str]:
    """Return the fields that differ within a side: those tell its records apart, on every side."""
    return {name for side in split(group, sides) for name in _differing(fields[record.key] for record in side)}


def _differing(fields: Iterable[Fields]) -> set[str]:
    """Return the fields that do not have the same value everywhere; an absent field differs."""
    kept = list(fields)
    names = {name for some in kept for name in some}
    return {name for name in names if len({each.get(name) for each in kept}) > 1}


def _name(name: str, fields: Fields, shown: set[str]) -> str:
    parts = [f"{field}={value}" for field, value in fields.items() if field in shown]
    return f"{name} ({', '.join(parts)})" if parts else name
