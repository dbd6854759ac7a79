"""Finds the records of a folder that belong to a tuned experiment: its trials, and cells with chosen settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from seqbench.errors import ExperimentError
from seqbench.experiment.schema import Experiment
from seqbench.experiment.tune import Tune
from seqbench.plugins.catalog import Catalog
from seqbench.records.layout import Layout, key_of
from seqbench.records.schema import Record
from seqbench.records.search import Place
from seqbench.records.store import Store
from seqbench.tuning.places import TunedPlace, places_of


def keys_kept(experiment: Experiment, tune: Tune, catalog: Catalog, folder: Path) -> set[str]:
    """Return the keys of all records of an experiment that a search made, whatever it chose.

    Checkpoints without a record count too: the setting of such a cell is told nowhere else.

    Args:
        experiment, tune: the experiment, and its section ``tune``.
        catalog: has its tasks and models.
        folder: of the results, or of their trials.

    Raises:
        SeqbenchError: the experiment or the folder is unfit.
    """
    places = {each.place: each for each in places_of(experiment, tune, catalog)}
    records = Store(folder).light(is_broken_skipped=True)
    layout = Layout(folder)
    unfinished = {key_of(path) for path in layout.checkpoints.glob("*.ckpt")}
    found = {record.key for record in records if _is_of(record, experiment, tune, places, catalog)}
    return found | (unfinished - {key_of(path) for path in layout.record_files()})


def _is_of(
    record: Record, experiment: Experiment, tune: Tune, places: Mapping[Place, TunedPlace], catalog: Catalog
) -> bool:
    """Say whether the experiment, at the setting of a record, has the cell of the record."""
    cell = record.cell
    place = places.get(Place(cell.task.shown, cell.model.titled, cell.length))
    told = record.trial or record.tuned
    if place is None or told is None or not set(told.setting) <= set(place.space):
        return False
    try:
        if record.trial is not None:
            is_asked = cell.seed in tune.trial_seeds
            own = place.trial(record.trial, cell.seed, catalog, tune)
        else:
            is_asked = cell.seed in experiment.seeds
            own = place.tested(told.setting, cell.seed, catalog)
    except ExperimentError:
        return False
    return is_asked and own.key == record.key
