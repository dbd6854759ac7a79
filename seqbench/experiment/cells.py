"""Defines a cell, one training run, and its key.

The key is a hash of everything that can move the score of a cell, and of nothing else.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from seqbench.experiment.key_fields import KEY_VERSION, in_key
from seqbench.experiment.schema import Gradients, Training
from seqbench.experiment.titles import title, title_of_several, titled
from seqbench.experiment.trials import TrialData, TunedData
from seqbench.experiment.weights import Sized


@dataclass(frozen=True)
class Configured:
    """A task or a model with all its parameters.

    Attributes:
        name, version: of the class.
        parameters: every parameter, defaults included, except those of `seqbench.added_later` at their defaults.
        changed: the parameters that are not at their defaults.
        distribution: the origin of the class: a distribution with its version, or a file with its hash.
        label: the name that an experiment gives it; it is part of no key.
        sized: what chose its width; None if it was given. The width is part of the key, this is not.
    """

    name: str
    version: int
    parameters: Mapping[str, Any]
    changed: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    distribution: str = dataclasses.field(default="", compare=False)
    label: str = dataclasses.field(default="", compare=False)
    sized: Sized | None = dataclasses.field(default=None, compare=False)

    @property
    def shown(self) -> str:
        """The name for a person: the label if there is one."""
        return self.label or self.name

    @property
    def titled(self) -> str:
        """The name, with the weights that chose the width."""
        return titled(self.shown, self.sized)


@dataclass(frozen=True)
class Cell:
    """One training run: everything that can move its score.

    Attributes:
        task, model: the task, and the model that is trained on it.
        length: time steps, as the task counts them.
        seed: decides the data, the initialisation and the order of the batches.
        training: the settings of the training.
        evaluate_lengths: further lengths to test at.
        data: parameter -> fingerprint of the data that it names; empty if the data are generated.
        gradients: the settings of gradient statistics; not part of the key.
        key_version: the version of its key; an older one for the cell of an older record.
        trial: what a search tries here, on validation data alone; None if this is no trial. It is part of the key.
        tuned: what chose its settings; it is not part of the key, the settings are.
    """

    task: Configured
    model: Configured
    length: int
    seed: int
    training: Training
    evaluate_lengths: tuple[int, ...] = ()
    data: Mapping[str, str] = dataclasses.field(default_factory=dict)
    gradients: Gradients = dataclasses.field(default_factory=lambda: Gradients())
    key_version: int = KEY_VERSION
    trial: TrialData | None = None
    tuned: TunedData | None = dataclasses.field(default=None, compare=False)

    @cached_property
    def key(self) -> str:
        """A hash that identifies the cell, on every machine and for every order of options."""
        text = json.dumps(self.identity, sort_keys=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()[:20]

    @property
    def identity(self) -> dict[str, Any]:
        """The content that the key hashes: data sources by their fingerprints, no paths, no time limit."""
        named = {name: value for name, value in self.task.parameters.items() if name not in self.data}
        return {
            "key_version": self.key_version,
            "task": [self.task.name, self.task.version, named],
            "model": [self.model.name, self.model.version, dict(self.model.parameters)],
            "length": self.length,
            "seed": self.seed,
            "training": in_key(self.training, self.key_version),
            "evaluate_lengths": sorted(self.evaluate_lengths),
            "data": dict(self.data),
            # Only where there is one: other cells keep their keys.
            **({"trial": self._trial_identity} if self.trial else {}),
        }

    @property
    def _trial_identity(self) -> list[Any]:
        trial = self.trial
        if trial is None:
            return []
        # Two labels of one model may come to the same setting, and each has trials of its own.
        return [trial.search, self.model.titled, trial.number, [list(bar) for bar in trial.bars]]

    def __str__(self) -> str:
        told = title(self.task.shown, self.model.titled, self.length, self.seed)
        return told if self.trial is None else f"{told} trial {self.trial.number}"


def titles(told: Iterable[tuple[Cell, str]]) -> list[tuple[str, str, int]]:
    """Return titles with their text and number of cells; cells of one text that differ only in seed are joined."""
    groups: dict[tuple[str, str, int, str, int], list[int]] = {}
    met: Counter[tuple[str, str]] = Counter()
    for cell, text in told:
        # Cells of one title are of models that are shown alike; each has a group of its own.
        met[str(cell), text] += 1
        group = (cell.task.shown, cell.model.titled, cell.length, text, met[str(cell), text])
        groups.setdefault(group, []).append(cell.seed)
    return [
        (title_of_several(task, model, length, seeds), text, len(seeds))
        for (task, model, length, text, _), seeds in groups.items()
    ]
