"""Works out where each model stands on the board of a suite: rank, usable length, skill per task, verifiers."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from seqbench.board.bundle.suite import code_text
from seqbench.board.check.portable_bits import MARK, portable_bits
from seqbench.board.site.merge import Entered, SuiteBoard, search_told
from seqbench.records.schema import PluginUsed, Record
from seqbench.records.variants import model_names, natural, task_names
from seqbench.report.charts.lines import Look, looks
from seqbench.report.numbers import fixed
from seqbench.report.observations import observations
from seqbench.report.page.groups import MISSING, Group, groups
from seqbench.report.page.overview import Line, ModelOverview, overview
from seqbench.report.page.rows import Field, ends_and_n, run_on
from seqbench.statistics import summary

CHOICE = "settings chosen by a search: the choice is the submitter's word"
"""What a board says of tuned models: a bundle holds no trials."""


@dataclass(frozen=True)
class Vouch:
    """How far somebody other than the submitter has verified a model.

    Attributes:
        status: ``verified``, ``unverified`` or ``not confirmed``.
        told: the number of cells that were run again, and the results.
    """

    status: str
    told: str


@dataclass(frozen=True)
class OnBoard:
    """A model on the board of a suite.

    Attributes:
        name: its name on this board.
        slug: the name of its files; it does not depend on the rest of the board.
        used: name, version, parameters, distribution.
        look: in charts.
        entered: the bundles that it is in.
        records: its cells.
        vouch: its verification.
        lost: cells of the suite without an outcome.
        lost_joined: the same, cells that differ only in seed joined.
        disputed: cells on which bundles contradict each other and none is believed.
        bits: whether any x86-64 processor gives the bits of its cells, and why.
        run_on: the processors and GPUs that computed them.
    """

    name: str
    slug: str
    used: PluginUsed
    look: Look
    entered: tuple[Entered, ...]
    records: tuple[Record, ...]
    vouch: Vouch
    lost: tuple[str, ...]
    lost_joined: tuple[str, ...]
    disputed: int
    bits: tuple[str, str]
    run_on: tuple[str, ...]

    @property
    def choice(self) -> str:
        """What cannot be checked of its settings; empty where no search chose any."""
        return CHOICE if any(record.tuned for record in self.records) else ""

    @property
    def told(self) -> str:
        """How far it is verified, and what cannot be."""
        return "; ".join(filter(None, (self.vouch.told, self.choice)))

    @property
    def badges(self) -> tuple[str, ...]:
        """The labels beside its name."""
        return (
            self.vouch.status,
            *(["partial"] if self.lost else []),
            *(["disputed"] if self.disputed else []),
            *self._mark,
        )

    @property
    def _mark(self) -> tuple[str, ...]:
        return (MARK,) if self.bits[0] == "passed" else ()


@dataclass(frozen=True)
class Asked:
    """The lengths and seeds that a suite asks of one task."""

    lengths: frozenset[int]
    seeds: frozenset[int]


@dataclass(frozen=True)
class Standings:
    """The board of a suite, ready to be shown.

    Attributes:
        suite: the board of the suite.
        models: name -> model, in the natural order of names.
        groups: every model of a task at every length.
        overview: ranks and usable lengths, best first.
        skills: (model, task) -> mean skill over all lengths, with its interval over seeds; see `skill`.
        slugs: task -> slug of its file.
    """

    suite: SuiteBoard
    models: Mapping[str, OnBoard]
    groups: tuple[Group, ...]
    overview: ModelOverview
    skills: Mapping[tuple[str, str], Field]
    slugs: Mapping[str, str]

    def skill(self, model: str, task: str) -> Field:
        """Return a model's mean skill on a task; the model may not have been run on it."""
        return self.skills.get((model, task), Field(MISSING))

    @cached_property
    def look_of(self) -> dict[str, Look]:
        """Return model -> look."""
        return {name: model.look for name, model in self.models.items()}


def standings(suite: SuiteBoard) -> Standings:
    """Return the standings of all models of a suite."""
    names, tasks = model_names(suite.records), task_names(suite.records)
    found = tuple(groups(suite.records))
    look_of = looks(sorted(set(names.values()), key=natural))
    own = {name: [record for record in suite.records if names[record.key] == name] for name in look_of}
    models = {name: _on_board(name, records, look_of[name], suite) for name, records in own.items()}
    seen = overview(observations(suite.records), look_of)
    return Standings(
        suite,
        models,
        found,
        ModelOverview(seen.tasks, tuple(_of_whole_suite(line, models[line.model]) for line in seen.lines)),
        {key: _mean_skill(of_key, suite) for key, of_key in _by_model_and_task(found).items()},
        # A suite names each task once; the rest of a task's name, e.g. its data, may not be valid in a path.
        {tasks[record.key]: record.cell.task.name for record in suite.records},
    )


def _of_whole_suite(line: Line, model: OnBoard) -> Line:
    """Remove the rank of a model that was not run on the whole suite, even if no other model was."""
    missing = sum(each.endswith((": missing", ": interrupted")) for each in model.lost)
    if not missing:
        return line
    return replace(line, rank="not ranked", rank_note=f"{missing} cell{'' if missing == 1 else 's'} not run")


def _on_board(name: str, records: Sequence[Record], look: Look, suite: SuiteBoard) -> OnBoard:
    used = records[0].cell.model
    text, search = code_text(used), search_told(records[0])
    entered = tuple(each for each in suite.entered if (text, search) in each.models)
    return OnBoard(
        name=name,
        # Two searches of one model, or a search and none, are two names.
        slug=f"{used.name}-{hashlib.sha256(f'{text}{search}'.encode()).hexdigest()[:8]}",
        used=used,
        look=look,
        entered=entered,
        records=tuple(records),
        vouch=_vouch(entered, text, {suite.sources.get(record.key, "") for record in records}),
        lost=tuple(suite.grid.unfinished(records)),
        lost_joined=tuple(suite.grid.unfinished_joined(records)),
        disputed=sum(each.model == text and each.shown is None for each in suite.conflicts),
        bits=portable_bits(records),
        run_on=run_on(records),
    )


def _vouch(entered: Sequence[Entered], model: str, shown: Collection[str]) -> Vouch:
    """Return a model's verification; bundles that are not shown do not remove a badge of those that are."""
    own = _vouch_of([each for each in entered if each.file in shown], model, shown)
    return own if own.status == "verified" else _vouch_of(entered, model, shown)


def _vouch_of(entered: Sequence[Entered], model: str, shown: Collection[str]) -> Vouch:
    """Return the results of all cells of a model that were run again in these bundles, and what was compared.

    A model is verified if every cell that was run again is confirmed, and at least one of each shown bundle was.
    """
    reruns = [came for each in entered for came in each.reruns(model)]
    if not reruns:
        return Vouch("unverified", "no cell was run again")
    confirmed = [came for came in reruns if came.is_confirmed]
    told = f"{len(confirmed)} of {len(reruns)} cells that were run again are confirmed"
    if any(came.outcome == "differs" for came in reruns):
        return Vouch("not confirmed", f"{told}, {sum(came.outcome == 'differs' for came in reruns)} differ")
    if not confirmed:
        within = sum(came.outcome == "within spread" for came in reruns)
        why = f"the bits of {len(reruns)} could not be compared on the verifier's machine"
        return Vouch("unverified", f"{told}; {why}{f'; {within} lie where further seeds do' if within else ''}")
    if len(confirmed) < len(reruns):
        rest = len(reruns) - len(confirmed)
        return Vouch("unverified", f"{told}; {rest} could not be compared on the verifier's machine")
    unseen = [each.file for each in entered if each.file in shown and not each.reruns(model)]
    if unseen:
        return Vouch("unverified", f"{told}, and none of {', '.join(unseen)}, whose cells are shown too")
    kept = [{part.what for part in came.compared if part.outcome in ("same bits", "close")} for came in confirmed]
    compared = [part.what for part in confirmed[0].compared if all(part.what in each for each in kept)]
    return Vouch("verified", f"{told}, of which {', '.join(compared)} were compared")


def _by_model_and_task(found: Sequence[Group]) -> dict[tuple[str, str], list[Group]]:
    parted: dict[tuple[str, str], list[Group]] = {}
    for group in found:
        parted.setdefault((group.model, group.task), []).append(group)
    return parted


def _mean_skill(found: Sequence[Group], suite: SuiteBoard) -> Field:
    """Return the mean over seeds of each seed's mean skill over all lengths; a seed must have all lengths.

    The lengths and seeds are those of the suite, even if some are missing on the board.
    """
    asked = _asked(found, suite)
    skills: dict[int, list[float]] = {}
    for group in found:
        for record in group.records:
            if record.skill is not None:
                skills.setdefault(record.cell.seed, []).append(record.skill)
    whole = summary(
        (sum(each) / len(each) for each in skills.values() if len(each) == len(asked.lengths)), most=1.0
    )
    if whole is None:
        is_missing = len(found) < len(asked.lengths)
        lost = next((group.outcome() for group in found if group.outcome() != "ok"), None)
        return Field(lost or (MISSING if is_missing else "unknown"), is_loss=True)
    of = f" of {len(asked.seeds)}" if whole.n < len(asked.seeds) else ""
    return Field(fixed(whole.mean, 3), whole.mean, f"{ends_and_n(whole)}{of}")


def _asked(found: Sequence[Group], suite: SuiteBoard) -> Asked:
    """Return the lengths and seeds that the suite asks of the task of these groups."""
    names = {record.cell.task.name for group in found for record in group.records}
    cells = [cell for cell in suite.grid.cells if cell.task.name in names]
    return Asked(frozenset(cell.length for cell in cells), frozenset(cell.seed for cell in cells))
