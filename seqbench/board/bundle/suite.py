"""Lists the cells that a suite asks of any model.

A submission brings its own model; tasks, lengths, seeds and training are the suite's, but for the fields that the
suite has tuned.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from seqbench.base.nested import flat
from seqbench.errors import BoardError
from seqbench.experiment.cells import Cell, Configured, titles
from seqbench.experiment.key_fields import KEY_VERSION, in_no_key
from seqbench.experiment.schema import Gradients, Training, load
from seqbench.experiment.tune import Tune
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.grid import expand
from seqbench.records.making import cell_of
from seqbench.records.schema import FINAL, PluginUsed, Record
from seqbench.records.variants import content_of


@dataclass(frozen=True)
class Grid:
    """The cells of a suite.

    Attributes:
        name: the name of the suite.
        cells: the cells of one model; it does not matter which.
        tune: the search of the suite; None without one.
    """

    name: str
    cells: tuple[Cell, ...]
    tune: Tune | None = None

    @cached_property
    def sha256(self) -> str:
        """A hash of the cells without the model, which identifies the version of the suite."""
        texts = sorted(json.dumps(without_model(cell), sort_keys=True, allow_nan=False) for cell in self.cells)
        if self.tune is not None:
            texts.append(json.dumps(self.tune.told, sort_keys=True, allow_nan=False))
        return hashlib.sha256("\n".join(texts).encode()).hexdigest()

    def of(self, model: Configured) -> list[Cell]:
        """Return the cells that the suite asks of a model."""
        return [replace(cell, model=model) for cell in self.cells]

    def all_of(self, records: Iterable[Record]) -> dict[str, Cell]:
        """Return key -> cell for all cells that the suite asks of the models of these records.

        Where the suite tunes, and a record has a chosen setting, that is asked for at each seed.
        """
        models: dict[str, Configured] = {}
        tuned: dict[tuple[str, str, int], dict[str, Training]] = {}
        for record in records:
            text = model_text(record.cell.model)
            models[text] = cell_of(record.cell).model
            if (training := self._tuned(record)) is not None:
                place = text, record.cell.task.name, record.cell.length
                tuned.setdefault(place, {})[training.model_dump_json()] = training
        found: dict[str, Cell] = {}
        for text, model in sorted(models.items()):
            for cell in self.of(model):
                for training in tuned.get((text, cell.task.name, cell.length), {"": cell.training}).values():
                    own = replace(cell, training=training)
                    found[own.key] = own
        return found

    def _tuned(self, record: Record) -> Training | None:
        """Return the suite's training with the chosen fields of a tuned record; None if the suite tunes others."""
        if self.tune is None or record.tuned is None or not set(record.tuned.setting) <= set(self.tune.space):
            return None
        own = {name: record.cell.training.get(name) for name in record.tuned.setting if "." not in name}
        asked = [cell.training for cell in self.cells if cell.task.name == record.cell.task.name]
        try:
            return Training.model_validate({**asked[0].model_dump(), **own}) if asked else None
        except ValueError:
            return None

    def of_tasks(self, records: Iterable[Record]) -> Grid:
        """Return the cells of the tasks of these records."""
        names = {record.cell.task.name for record in records}
        return replace(self, cells=tuple(cell for cell in self.cells if cell.task.name in names))

    def measured_otherwise(self, records: Iterable[Record]) -> Iterator[str]:
        """Yield the records whose gradient settings differ from the suite's, except in `every`."""
        for record in records:
            if record.gradients is None or record.cell.gradients is None:
                continue
            asked, told = self.cells[0].gradients, Gradients.model_validate(record.cell.gradients)
            for name in ("examples", "draws", "lags", "from_scored"):
                if getattr(told, name) != getattr(asked, name):
                    yield (
                        f"{cell_of(record.cell)}: gradients.{name} is {getattr(told, name)}, the suite has"
                        f" {getattr(asked, name)}: other settings measure other gradients"
                    )

    def unfinished(self, records: Sequence[Record]) -> list[str]:
        """Return descriptions of the cells that the suite asks of these models and that have no outcome."""
        return [f"{cell}: {status}" for cell, status in self._lost(records)]

    def unfinished_joined(self, records: Sequence[Record]) -> list[str]:
        """Return what `unfinished` returns, cells that differ only in seed joined."""
        return [f"{title}: {status}" for title, status, _ in titles(self._lost(records))]

    def _lost(self, records: Sequence[Record]) -> Iterator[tuple[Cell, str]]:
        # Each content of a plugin file is a model of its own, under the same keys.
        for content in sorted({content_of(record.cell.model) for record in records}):
            own = [record for record in records if content_of(record.cell.model) == content]
            status = {record.key: record.status for record in own}
            for key, cell in self.all_of(own).items():
                if status.get(key) not in FINAL:
                    yield cell, status.get(key, "missing")


def grid(name: str, catalog: Catalog) -> Grid:
    """Return the cells of an installed suite.

    Raises:
        SeqbenchError: it is not installed, or its tasks are not.
    """
    suite = load(catalog.suite(name))
    known = [each.model for each in suite.variants if each.model in catalog.models] or sorted(catalog.models)
    if not known:
        raise BoardError(
            "no model is installed here, and a suite cannot be laid out without one: install seqbench"
        )
    return Grid(name, tuple(expand(suite.model_copy(update={"models": (known[0],)}), catalog)), suite.tune)


def other_versions(records: Iterable[Record], grid: Grid) -> tuple[list[Record], list[Record]]:
    """Split records into those made as the suite is here, and those of other versions of a task or of the key."""
    parted: tuple[list[Record], list[Record]] = ([], [])
    for record in records:
        parted[version_told(record, grid) is not None].append(record)
    return parted


def version_told(record: Record, grid: Grid) -> tuple[str, str] | None:
    """Return what has another version here than where a record was made, and a sentence; None if nothing has."""
    task, key = record.cell.task, record.cell.key_version
    here = {cell.task.name: cell.task.version for cell in grid.cells}.get(task.name, task.version)
    if here != task.version:
        what = f"task {task.name}"
        return what, f"made by version {task.version} of the {what}; version {here} is installed"
    if key != KEY_VERSION:
        return "key", f"made with version {key} of the key; seqbench with version {KEY_VERSION} is installed"
    return None


def without_model(cell: Cell) -> dict[str, Any]:
    """Return the identity of a cell without its model."""
    return {name: value for name, value in cell.identity.items() if name != "model"}


def model_text(model: Configured | PluginUsed) -> str:
    """Return a text that is the same for the same model, version and parameters."""
    return json.dumps([model.name, model.version, dict(model.parameters)], sort_keys=True)


def code_text(model: PluginUsed) -> str:
    """Return the `model_text`, with the content of the plugin file that a model came from."""
    return model_text(model) + content_of(model)


def asked_text(record: Record) -> str:
    """Return the `model_text` of a record's model without the parameters that a search chose.

    Two labelled models may differ in these alone, so that the label stays.
    """
    model, tuned = record.cell.model, record.tuned
    own = {name.partition(".")[2] for name in tuned.setting if "." in name} if tuned else set()
    if not own:
        return model_text(model)
    parameters = {name: value for name, value in flat(model.parameters) if name not in own}
    return json.dumps([model.name, model.version, parameters, model.label], sort_keys=True)


def differences(cell: Cell, grid: Grid) -> list[str]:
    """Return descriptions of the settings in which a cell differs from the suite; empty if the suite has it."""
    found = [list(_differing(_told(other), _told(cell))) for other in grid.cells]
    return min(found, key=len, default=["the suite has no cells"])


def _told(cell: Cell) -> dict[str, Any]:
    """Return the identity of a cell without its model, with the training settings that a key leaves out."""
    training = cell.training.model_dump(exclude=in_no_key(type(cell.training)))
    return {**without_model(cell), "training": training}


def _differing(asked: Any, found: Any, place: str = "") -> Iterator[str]:
    if isinstance(asked, dict) and isinstance(found, dict):
        for name in sorted({*asked, *found}):
            inner = f"{place}.{name}".lstrip(".")
            # A parameter of a task that was added later is left out at its default.
            absent = _Absent("its default" if place == "task.parameters" else "none")
            yield from _differing(asked.get(name, absent), found.get(name, absent), inner)
    elif isinstance(asked, (list, tuple)) and isinstance(found, (list, tuple)) and len(asked) == len(found):
        for i, (one, other) in enumerate(zip(asked, found, strict=True)):
            yield from _differing(one, other, f"{place}.{_PARTS[i]}" if place == "task" else f"{place}[{i}]")
    elif asked != found:
        yield f"{place} is {found!r}, the suite has {asked!r}"


@dataclass(frozen=True)
class _Absent:
    """Stands for a setting that a cell does not tell."""

    text: str

    def __repr__(self) -> str:
        return self.text


_PARTS = ("name", "version", "parameters")
"""The parts of a task in the identity of a cell."""
