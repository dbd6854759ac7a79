"""Finds what a search tunes: each task, model and length of an experiment, with its cell and its search space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from seqbench.contracts.task import Task
from seqbench.errors import ExperimentError
from seqbench.experiment.cells import Cell
from seqbench.experiment.schema import Experiment, Gradients
from seqbench.experiment.search_space import Values
from seqbench.experiment.trials import TrialData
from seqbench.experiment.tune import Tune
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.grid import expansion
from seqbench.records.search import Place
from seqbench.tuning.settings import check_space, owner_of, space_of, with_setting


@dataclass(frozen=True)
class TunedPlace:
    """One task, model and length.

    Attributes:
        place: its names.
        cell: as the experiment has it, with the first of its seeds.
        task: its task.
        space: what is tuned there.
    """

    place: Place
    cell: Cell
    task: Task
    space: Mapping[str, Values]

    def trial(self, told: TrialData, seed: int, catalog: Catalog, tune: Tune) -> Cell:
        """Return the cell of a trial: on validation data alone, at one length, without gradient statistics.

        Raises:
            ExperimentError: its setting is refused.
        """
        return self._as_trial(with_setting(self.cell, told.setting, catalog), told, seed, tune)

    def refused_trial(self, told: TrialData, seed: int, tune: Tune) -> Cell:
        """Return the cell of a trial whose setting is refused: it tells the setting, and has that of the place."""
        return self._as_trial(self.cell, told, seed, tune)

    def _as_trial(self, tuned: Cell, told: TrialData, seed: int, tune: Tune) -> Cell:
        model = replace(tuned.model, label=self.cell.model.label, sized=self.cell.model.sized)
        training = (
            tuned.training if tune.steps is None else tuned.training.model_copy(update={"steps": tune.steps})
        )
        measured = Gradients(measure=False)
        return replace(
            tuned, model=model, training=training, seed=seed, evaluate_lengths=(), gradients=measured, trial=told
        )

    def tested(self, setting: Mapping[str, Any], seed: int, catalog: Catalog) -> Cell:
        """Return the cell with a chosen setting, as if the experiment had it."""
        tuned = with_setting(self.cell, setting, catalog)
        return replace(tuned, model=replace(tuned.model, sized=self.cell.model.sized), seed=seed)


def places_of(experiment: Experiment, tune: Tune, catalog: Catalog) -> tuple[TunedPlace, ...]:
    """Return what is tuned, in the order of the grid.

    Raises:
        ExperimentError: as `seqbench.plugins.grid.expand`; the space is unfit, or two models are shown alike.
    """
    found = expansion(experiment.model_copy(update={"seeds": experiment.seeds[:1]}), catalog)
    check_space(experiment, tune.space, found.cells, catalog)
    places: dict[Place, TunedPlace] = {}
    for cell in found.cells:
        place = Place(cell.task.shown, cell.model.titled, cell.length)
        if place in places:
            raise ExperimentError(
                f"two models are shown as {cell.model.titled}, and tables of trials could not tell them apart;"
                " give them labels"
            )
        space = space_of(tune.space, owner_of(cell, experiment))
        if not space:
            raise ExperimentError(
                f"{experiment.where('tune', 'space')}tune.space has nothing for {cell.model.shown}, whose trials"
                " would be the same; add a field of training or a parameter of it, or leave the model out"
            )
        places[place] = TunedPlace(place, cell, found.tasks[cell.key], space)
    return tuple(places.values())
