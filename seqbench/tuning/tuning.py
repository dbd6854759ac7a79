"""Leads a search from its plan to the cells with the chosen settings. The records of its trials are its memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seqbench.base.counts import counted
from seqbench.errors import ExperimentError, StoreError
from seqbench.experiment.cells import Cell
from seqbench.experiment.schema import Execution, Experiment
from seqbench.experiment.shards import Shard
from seqbench.experiment.trials import TrialData, TunedData
from seqbench.experiment.tune import Tune
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.grid import Expansion
from seqbench.records.schema import FINAL, Record
from seqbench.records.search import TRIALS, Place, PlacePlan, Search, has_trials
from seqbench.records.store import Store
from seqbench.records.trials import (
    TrialRow,
    by_place_of_trials,
    chosen_number,
    load_trials,
    mean_scores,
    missing_trials,
    outcomes_hash,
    setting_text,
    why_open,
)
from seqbench.running.plan import OnExisting, Plan, plan_cells
from seqbench.tuning.budgets import begin, check_same, search_of
from seqbench.tuning.operations import OperationCounter
from seqbench.tuning.places import TunedPlace, places_of
from seqbench.tuning.proposals import GenerationProposer, GridProposer, Proposer, RandomPicker, RandomProposer
from seqbench.tuning.refused import RefusedTrial, keep_refused, refused_combination
from seqbench.tuning.repeats import repeats
from seqbench.tuning.shares import Share, share_of
from seqbench.tuning.tpe import TpePicker, check_installed
from seqbench.tuning.twins import once, refuse_twins


@dataclass(frozen=True)
class Chosen:
    """What a search came to.

    Attributes:
        plan: the cells with the chosen settings.
        choices: task, model and length -> what was chosen.
        open: a sentence about each task, model and length that has no setting, and why.
        waiting: likewise, where it waits for trials of other shares.
        shared: a sentence about cells that several labels of one model have come to, which run once.
    """

    plan: Plan
    choices: Mapping[Place, TunedData]
    open: tuple[str, ...]
    waiting: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()

    @property
    def settings(self) -> dict[Place, Mapping[str, Any]]:
        """Task, model and length -> the chosen setting."""
        return {place: tuned.setting for place, tuned in self.choices.items()}


@dataclass(frozen=True)
class Tuning:
    """A search of one experiment into one folder of results.

    Attributes:
        experiment, tune: what is tuned, and how.
        counter: counts operations, where they are the budget; its catalog has the tasks and models.
        folder: of the results; the trials are below it.
        places: each task, model and length.
        search: the plan.
        share: what this command runs of it, where other commands run the rest; None for all of it.
    """

    experiment: Experiment
    tune: Tune
    counter: OperationCounter
    folder: Path
    places: tuple[TunedPlace, ...]
    search: Search
    share: Share | None = None

    @property
    def catalog(self) -> Catalog:
        """The catalog that has the tasks and models."""
        return self.counter.catalog

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is to be known before the first trial, a sentence each.

        Tasks whose test rows are seen by trials, as the seed divides their data; trials that repeat a setting.

        Raises:
            DataError: the data of a task are missing or unfit.
        """
        tasks = {place.place.task: place.task for place in self.places}
        seen = tuple(
            f"{name}: the seed draws its test split from the rows of its training, so that trials, which have"
            " other seeds, learn from test rows of the tested cells, and settings are chosen with their help; give"
            " it data with a test split of their own, or say so beside the scores"
            for name, task in tasks.items()
            if task.divides_by_seed
        )
        return seen + repeats(self.tune, self.search, self.places)

    @property
    def trials(self) -> Store:
        """The store of the trials."""
        return Store(self.folder / TRIALS)

    def planned_trials(self, plan: PlacePlan) -> int:
        """Return how many trials of a place, each with one seed, this command is to run."""
        if self.share is not None:
            return self.share.count_of_trials(plan.place)
        return plan.trials * len(self.tune.trial_seeds)

    def rounds(self, policy: OnExisting) -> Iterator[Plan]:
        """Yield plans of trials, each to be run before the next is asked for.

        A setting that a model refuses, among those that are known from the start, is found before anything is
        written. A later one is recorded as refused.

        Raises:
            ExperimentError: a model refuses a setting.
            StoreError: the folder holds another search, or trials that this one did not plan.
        """
        if not policy.runs:
            check_same(self.search, self.folder)
        todo, refused = self._round(policy, ())
        if policy.runs:
            begin(self.search, self.trials, self.folder)
        planned = set[str]()
        while todo.cells or (refused and policy.runs):
            if policy.runs:
                keep_refused(refused, self.trials)
            if todo.cells:
                planned |= {cell.key for cell in todo.cells}
                yield todo
            todo, refused = self._round(policy, planned)

    def next_round(self, policy: OnExisting) -> Plan:
        """Return the trials that are decided by the results so far.

        Raises:
            StoreError: the folder holds another search, or trials that this one did not plan.
        """
        return self._round(policy, ())[0]

    def _round(self, policy: OnExisting, planned: Collection[str]) -> tuple[Plan, list[RefusedTrial]]:
        """Return the trials that are decided, without those of earlier rounds, and the ones that are refused."""
        cells: list[tuple[Cell, TunedPlace]] = []
        refused: list[RefusedTrial] = []
        for found, place in self._decided(policy):
            if isinstance(found, RefusedTrial):
                refused.append(found)
            elif found.key not in planned:
                cells.append((found, place))
        expansion = _expansion(cells)
        share = None if self.share is None else self.share.of_trials(expansion.cells)
        return plan_cells(expansion, self.trials, policy, share=share), refused

    def chosen(self, policy: OnExisting, *, trials_only: bool = False) -> Chosen:
        """Choose a setting for each place whose trials have all ended, and plan the cells to test.

        Args:
            policy: what becomes of trials and cells with a record.
            trials_only: whether the cells are not run, which a sentence about them then tells.

        Raises:
            StoreError: the folder holds trials that this search did not plan.
        """
        rows, (titles, mine) = load_trials(self.folder), self._results()
        problems: dict[Place, str] = {}
        waiting: list[str] = []
        choices: dict[Place, TunedData] = {}
        for place in self.places:
            found = [row for row in rows if row.place == place.place]
            if self.share is not None and (missing := missing_trials(self.search, found, place.place)):
                waiting += missing
            elif problem := why_open(self.search, found, place.place, policy.done):
                problems[place.place] = problem
            else:
                choices[place.place] = self._best(place, found)
        cells = self._to_test(choices)
        tested = by_place_of_trials(mine, rows)
        problems |= _chosen_otherwise(cells, tested)
        choices = {place: tuned for place, tuned in choices.items() if place not in problems}
        kept, same = once([each for each in cells if each[1].place in choices], titles, tested)
        expansion = _expansion(kept)
        share = None if self.share is None else self.share.of_tests(expansion.cells)
        plan = plan_cells(expansion, Store(self.folder), policy, share=share)
        told = tuple(f"{each.place}: {problems[each.place]}" for each in self.places if each.place in problems)
        shared = tuple(each.told(is_run=policy.runs and not trials_only) for each in same)
        return Chosen(plan, choices, told, tuple(waiting), shared)

    def tell(self, plan: Plan) -> int:
        """Tell the choice and its label in records of these cells that were there before, or tell another one.

        Such a cell was run before with the same setting, maybe under another label, or its choice was made while
        trials were still to come. Nothing is written where the plan runs nothing. Returns how many records were
        written again.
        """
        if not plan.on_existing.runs:
            return 0
        store, asked = Store(self.folder), {cell.key: cell for cell in plan.cells}
        stale = [
            record.key
            for record in store.light(is_broken_skipped=True, keys=asked.keys())
            if (record.tuned, record.cell.model.titled)
            != (asked[record.key].tuned, asked[record.key].model.titled)
        ]
        for key in stale:
            record = store.with_key(key)
            label = {"label": asked[key].model.label, "sized": asked[key].model.sized}
            model = record.cell.model.model_copy(update=label)
            cell = record.cell.model_copy(update={"tuned": asked[key].tuned, "model": model})
            store.write(record.model_copy(update={"cell": cell}))
        return len(stale)

    def _decided(self, policy: OnExisting) -> Iterator[tuple[Cell | RefusedTrial, TunedPlace]]:
        """Yield the trials that are decided, those that have ended too; not those with a record as refused."""
        rows: Sequence[TrialRow] = ()
        if has_trials(self.folder):
            check_same(self.search, self.folder)
            rows = load_trials(self.folder)
        proposer = proposer_of(self.tune)
        for place in self.places:
            own = [row for row in rows if row.place == place.place]
            trials = self.search.plan[place.place].trials
            known = {(row.number, row.seed) for row in own if row.refused is not None}
            proposed = proposer.known(place, trials, own, FINAL | policy.done)
            for number, each in sorted(proposed.items()):
                told = TrialData(self.search.search, number, each.setting, bars=each.bars)
                for seed in self.tune.trial_seeds:
                    if (number, seed) not in known:
                        yield self._trial(place, told, seed, may_refuse=proposer.is_by_results(number)), place

    def _trial(self, place: TunedPlace, told: TrialData, seed: int, *, may_refuse: bool) -> Cell | RefusedTrial:
        """Return a trial; where results of earlier ones have proposed it, its model may refuse it.

        Raises:
            ExperimentError: its model refuses it, and it was known from the start.
        """
        try:
            return self._counted(place.trial(told, seed, self.catalog, self.tune), told)
        except ExperimentError as error:
            if may_refuse:
                return RefusedTrial(place.refused_trial(told, seed, self.tune), str(error))
            where = self.experiment.where("tune", "space")
            raise ExperimentError(where + refused_combination(place.place, told, error)) from error

    def _counted(self, cell: Cell, told: TrialData) -> Cell:
        """Return a trial with its operations, where they are the budget."""
        if self.tune.compute is None:
            return cell
        return replace(cell, trial=replace(told, operations=self.counter.training(cell)))

    def _results(self) -> tuple[dict[str, str], list[Record]]:
        """Return key -> model, as tables show it, of each record that is no trial; and those of this search."""
        titles, mine = dict[str, str](), list[Record]()
        for record in Store(self.folder).light(is_broken_skipped=True) if self.folder.is_dir() else ():
            titles[record.key] = record.cell.model.titled
            if record.tuned is not None and record.tuned.search == self.search.search:
                mine.append(record)
        return titles, mine

    def _to_test(self, choices: Mapping[Place, TunedData]) -> list[tuple[Cell, TunedPlace]]:
        """Return the cells with the chosen settings, of all seeds of the experiment, with their places."""
        return [
            (replace(place.tested(tuned.setting, seed, self.catalog), tuned=tuned), place)
            for place in self.places
            if (tuned := choices.get(place.place)) is not None
            for seed in self.experiment.seeds
        ]

    def _best(self, place: TunedPlace, rows: Sequence[TrialRow]) -> TunedData:
        """Return the choice of a place.

        Raises:
            StoreError: the best trial tells another setting than it was trained with.
        """
        number, scores = chosen_number(rows), mean_scores(rows)
        best = [row for row in rows if row.number == number]
        for row in best:
            told = TrialData(self.search.search, row.number, row.setting, bars=row.bars)
            if place.trial(told, row.seed, self.catalog, self.tune).key != row.key:
                raise StoreError(
                    f"the trial {row.key} of {place.place} was changed: it is said to have tried"
                    f" {setting_text(row.setting)}, and was trained with another setting; move it away, and"
                    " `seqbench tune` with the same experiment runs it again"
                )
        return TunedData(
            search=self.search.search,
            method=self.search.method,
            trials=self.search.plan[place.place].trials,
            number=best[0].number,
            keys=tuple(row.key for row in best),
            validation_score=scores[best[0].number],
            outcomes=outcomes_hash(rows),
            setting=best[0].setting,
        )


def tuning_of(experiment: Experiment, catalog: Catalog, folder: Path, *, shard: str | None = None) -> Tuning:
    """Plan the search of an experiment; writes nothing.

    Args:
        experiment: what is tuned, and how.
        catalog: has its tasks and models.
        folder: of the results.
        shard: ``i/n`` for the i-th of n shares of the search.

    Raises:
        ExperimentError: it has no section ``tune``, or an unfit one; or the shard is invalid.
    """
    tune = experiment.tune
    if tune is None:
        raise ExperimentError(
            "the experiment has no section tune: say what to try, such as tune: {space: {learning_rate: log"
            " 1e-4..3e-2}, trials: 12}, or run it without a search"
        )
    if tune.method == "tpe":
        check_installed()
    places = places_of(experiment, tune, catalog)
    refuse_twins(places, experiment.where("tune", "space"))
    counter = OperationCounter(catalog)
    search = search_of(experiment, tune, places, counter)
    share = None if shard is None else share_of(Shard.read(shard), places, search, experiment.seeds)
    return Tuning(experiment, tune, counter, folder, places, search, share)


def proposer_of(tune: Tune) -> Proposer:
    """Return what proposes the settings of a search."""
    if tune.method == "grid":
        return GridProposer()
    if tune.method == "random" and not tune.prune:
        return RandomProposer(tune.seed)
    picker = TpePicker(tune.seed) if tune.method == "tpe" else RandomPicker(tune.seed)
    return GenerationProposer(picker, tune.generation, len(tune.trial_seeds), tune.prune)


def of_trials(settings: Execution) -> Execution:
    """Return how to run trials: as cells, but their weights are not kept and no logger watches them."""
    return settings.model_copy(update={"keep_weights": False, "loggers": ()})


def _chosen_otherwise(
    cells: Sequence[tuple[Cell, TunedPlace]], tested: Mapping[Place, Sequence[Record]]
) -> dict[Place, str]:
    """Return place -> what to do, for those of which records have another choice of the same search than now.

    Left out are records of cells that another label of the model has now come to: they become those of that label.
    """
    settings = {place.place: cell.tuned.setting for cell, place in cells if cell.tuned is not None}
    other = {
        place: [each for each in tested.get(place, ()) if each.tuned and each.tuned.setting != setting]
        for place, setting in settings.items()
    }
    asked = {cell.key for cell, place in cells if not other[place.place]}
    left = {place: [each for each in own if each.key not in asked] for place, own in other.items()}
    return {place: _earlier(own, settings[place]) for place, own in left.items() if own}


def _earlier(records: Sequence[Record], setting: Mapping[str, Any]) -> str:
    """Return what to do about records with an earlier choice than this setting."""
    earlier = setting_text(records[0].tuned.setting) if records[0].tuned else ""
    return (
        f"{counted(len(records), 'cell')} with an earlier choice of this search, {earlier}"
        f" ({records[0].key} first); outcomes of its trials have changed since, and now {setting_text(setting)} is"
        " chosen. Two choices are not averaged, so nothing more is tested there: move the records of the earlier"
        " choice away, or choose another folder"
    )


def _expansion(found: Sequence[tuple[Cell, TunedPlace]]) -> Expansion:
    return Expansion(tuple(cell for cell, _ in found), {cell.key: place.task for cell, place in found})
