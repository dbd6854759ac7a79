"""Writes the `seqbench run` command that reproduces a number, with every setting that is not at its default.

A command names exactly the cells that it stands for: it runs the keys of the records and no others.
"""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from seqbench.base.nested import flat, nested
from seqbench.base.ranges import in_ranges
from seqbench.experiment.labels import read_word
from seqbench.experiment.schema import Gradients, Training, merge
from seqbench.experiment.strict_yaml import read_scalar
from seqbench.experiment.weights import gives_way
from seqbench.gradients.flow import Flow
from seqbench.records.schema import PluginUsed, Record
from seqbench.records.variants import natural
from seqbench.report.names import Names, names_of

SUITE = "long"
"""The suite that commands start from: it sets only tasks, models, lengths and seeds, and `_SUITE_SETS`."""

_SUITE_SETS = {"steps", "batch_size", "validate_every"}

OUTPUT = "results/reproduced"
"""A separate folder, because cells that a store already holds are not run again."""

_STAND_IN = 7_316_524_908_137_260_549
"""A seed that stands for any seed; no other number in a command is as large."""

Settings = tuple[tuple[str, Any], ...]


def command(record: Record) -> str:
    """Return the command that runs this one cell."""
    return _command([record])


def command_around_seed(record: Record) -> tuple[str, str]:
    """Return what `command` writes before the seed and after it, which cells of one kind and length share."""
    other = record.cell.model_copy(update={"seed": _STAND_IN})
    before, _, after = _command([record.model_copy(update={"cell": other})]).partition(str(_STAND_IN))
    return before, after


def commands(records: Sequence[Record], names: Names | None = None) -> list[str]:
    """Return a small number of commands that run these cells and no others, ordered by task and model.

    Args:
        records: the records.
        names: their names, where they are known.
    """
    kinds = (names or names_of(records)).kinds
    few = {kind.key: kind for kind in kinds.values()}
    texts = {key: _same_but(kind, "length", "seed") for key, kind in few.items()}
    numbers = {text: number for number, text in enumerate(dict.fromkeys(texts.values()))}
    order = {key: (natural(kind.cell.task.name), natural(kind.cell.model.shown)) for key, kind in few.items()}

    def asked(grid: Sequence[Record]) -> int:
        return numbers[texts[kinds[grid[0].key].key]]

    def place(record: Record) -> Any:
        return order[kinds[record.key].key], record.cell.length, record.cell.seed, record.key

    grids = [[record] for record in sorted(records, key=place)]
    grids = _joined(grids, lambda grid: [asked(grid), grid[0].cell.length, grid[0].cell.model.shown])
    grids = _joined(grids, lambda grid: [asked(grid), _seeds(grid)])
    # One command gives a model one set of parameters, so each variant needs its own command.
    met: Counter[str] = Counter()

    def across_models(grid: Sequence[Record]) -> Any:
        # What a command sets for a model holds for its labelled variants too: these stand in one of their own.
        model, rest = grid[0].cell.model, _same_but(grid[0], "length", "seed", "model")
        signature = repr(
            [rest, _lengths(grid), _seeds(grid), bool(model.label), model.sized and model.sized.weights]
        )
        met[signature + model.shown] += 1
        return [signature, met[signature + model.shown]]

    # Cells of two versions of the key have one command.
    return list(dict.fromkeys(_command(grid) for grid in _joined(grids, across_models)))


def _joined(grids: Iterable[list[Record]], signature: Callable[[Sequence[Record]], Any]) -> list[list[Record]]:
    found: dict[str, list[Record]] = {}
    for grid in grids:
        found.setdefault(repr(signature(grid)), []).extend(grid)
    return list(found.values())


def _seeds(records: Iterable[Record]) -> list[int]:
    return sorted({record.cell.seed for record in records})


def _lengths(records: Iterable[Record]) -> list[int]:
    return sorted({record.cell.length for record in records})


def _same_but(record: Record, *free: str) -> str:
    """Return a text that is the same for records whose cells differ in these fields only."""
    cell = record.cell.model_dump(mode="json", exclude={"gradients", *free})
    return json.dumps([cell, _gradients(record)], sort_keys=True)


def _command(records: Sequence[Record]) -> str:
    """Return one command for a grid of cells that differ in model, length and seed only."""
    cell = records[0].cell
    models = {record.cell.model.shown: record.cell.model for record in records}
    grid: dict[str, list[Any]] = {
        "tasks": [cell.task.name],
        "models": [f"{model.label}={model.name}" if model.label else model.name for model in models.values()],
        "weights": sorted({model.sized.weights for model in models.values() if model.sized}),
        "lengths": _lengths(records),
        "seeds": in_ranges(_seeds(records)),
        "evaluate_lengths": list(cell.evaluate_lengths),
    }
    given = dict([*_task_settings(records[0]), *(pair for model in models.values() for pair in _changed(model))])
    used = (plugin for record in records for plugin in (record.cell.task, record.cell.model))
    files = sorted({plugin.file for plugin in used if plugin.file})
    write = _with_file if any(_text(value) is None for value in given.values()) else _with_options
    return write(grid, given) + "".join(f" --plugin {_quoted(file)}" for file in files)


def _task_settings(record: Record) -> Settings:
    cell = record.cell
    defaults = Training().model_dump()
    training = [
        (f"{cell.task.name}.training.{name}", value)
        for name, value in cell.training.items()
        if name in _SUITE_SETS or value != defaults.get(name)
    ]
    return (*_changed(cell.task), *training, *_gradients(record))


def _changed(plugin: PluginUsed) -> Iterator[tuple[str, Any]]:
    chosen = plugin.sized.parameters if plugin.sized else ()
    for name in plugin.changed:
        for each, value in flat({name: plugin.parameters[name]}):
            if each not in chosen or gives_way(each):
                yield f"{plugin.shown}.{each}", value


def _gradients(record: Record) -> Settings:
    """Return the requested gradient settings: they change the gradient tables, but no score."""
    found = gradient_settings(record)
    if found.get("measure") is False:
        return (("gradients.measure", False),)
    defaults = Gradients().model_dump()
    return tuple((f"gradients.{name}", value) for name, value in found.items() if value != defaults.get(name))


def gradient_settings(record: Record) -> dict[str, Any]:
    """Return the gradient settings of a cell; for early records, those that can be inferred."""
    return _measured(record) if record.cell.gradients is None else record.cell.gradients


def _measured(record: Record) -> dict[str, Any]:
    """Infer the settings from the measurements of an early record, which does not hold them."""
    if record.gradients is None:
        return {"measure": False} if record.status == "ok" else {}
    flows = record.gradients.flows
    during = [each.step for each in flows if each.when == "during"]
    defaults = Gradients()
    return {
        "every": min(during, default=None),
        "examples": max((each.flow.examples for each in flows), default=defaults.examples),
        "draws": max((each.flow.draws for each in flows), default=defaults.draws),
        "lags": max((_lags(each.flow, defaults.lags) for each in flows), default=defaults.lags),
    }


def _lags(flow: Flow, default: int) -> int:
    """Return the requested number of lags; a sequence with too few steps does not show it."""
    found = len(flow.curves[0].lags)
    return default if found == flow.length - 1 else found


def _with_options(grid: Mapping[str, list[Any]], given: Mapping[str, Any]) -> str:
    words = ["seqbench", "run", SUITE]
    for name, values in grid.items():
        if values:
            words += [f"--{name.replace('_', '-')}", ",".join(str(value) for value in values)]
    for name, value in given.items():
        words += ["--set", f"{name}={_text(value)}"]
    return " ".join(_quoted(word) for word in [*words, "--output", OUTPUT])


def _with_file(grid: Mapping[str, list[Any]], given: Mapping[str, Any]) -> str:
    """Return a command that first writes an experiment file, for values that no option can express."""
    models = [read_word(word) for word in grid["models"]]
    content: dict[str, Any] = {name: values for name, values in {**grid, "models": models}.items() if values}
    for target, value in given.items():
        owner, _, name = target.partition(".")
        if owner == "gradients":
            content.setdefault("gradients", {})[name] = value
        elif name.startswith("training."):
            content.setdefault("task_training", {}).setdefault(owner, {})[name.removeprefix("training.")] = value
        else:
            content["parameters"] = merge(content.get("parameters", {}), {owner: nested(name, value)})
    text = json.dumps(content, allow_nan=False, ensure_ascii=False)
    return f"printf %s {_quoted(text)} > cell.yaml && seqbench run cell.yaml --output {OUTPUT}"


def _text(value: Any) -> str | None:
    """Return a value as ``--set`` reads it; None if no text can express it."""
    text = value if isinstance(value, str) else json.dumps(value)
    read = read_scalar(text)
    return text if read == value and type(read) is type(value) else None


def _quoted(word: str) -> str:
    """Return a quoted word for the shell; unprintable characters are escaped as in ``$'\\n'``.

    >>> print(_quoted("a"), _quoted("it's 5"), _quoted("two\\nlines"))
    a 'it'"'"'s 5' $'two\\nlines'
    """
    if word.isprintable():
        return shlex.quote(word)
    parts = [char if char.isprintable() and char not in "\\'" else _escaped(char) for char in word]
    return f"$'{''.join(parts)}'"


def _escaped(char: str) -> str:
    if char in "\\'":
        return f"\\{char}"
    return "\\n" if char == "\n" else "".join(f"\\{byte:03o}" for byte in char.encode())
