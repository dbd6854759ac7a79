"""Runs randomly drawn cells of a bundle again, and compares everything that a board shows of them.

Runs the installed plugins on the data that the installed suite names, never anything that a bundle brings.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from seqbench.base.environment import describe
from seqbench.base.machines import is_same_kind
from seqbench.board.bundle.suite import model_text, other_versions, version_told
from seqbench.board.check.agreement import Agreement, agreement, with_spread
from seqbench.board.check.check import Submission
from seqbench.board.check.closeness import Spans
from seqbench.board.check.installed import Installed
from seqbench.board.verify.receipt import ComparedPart, Receipt, Rerun
from seqbench.board.verify.spread import fresh_seeds, spread_part
from seqbench.contracts.fields import code_named
from seqbench.errors import BoardError
from seqbench.experiment.cells import Cell
from seqbench.experiment.key_fields import scored_alike
from seqbench.experiment.schema import Execution, Gradients
from seqbench.jobs.events import Event
from seqbench.plugins.catalog import Catalog
from seqbench.records.making import cell_of
from seqbench.records.schema import PluginUsed, Record
from seqbench.records.store import Store
from seqbench.report.commands import gradient_settings
from seqbench.running.plan import plan_of
from seqbench.running.queue import Waiting
from seqbench.running.sweep import running_sweep

Runner = Callable[[Sequence[Cell]], Mapping[str, Record]]
"""Runs cells, and returns key -> record for those that have one."""


@dataclass(frozen=True)
class DrawnCells:
    """The cells to run again.

    Attributes:
        records: the bundle's records of them.
        out_of: number of cells from which they were drawn.
        left_out: models that cannot be run here, and tasks in another version, with the reason.
    """

    records: tuple[Record, ...]
    out_of: int
    left_out: tuple[str, ...]


def draw(
    submission: Submission, count: int, seed: int, catalog: Catalog, allowed: Collection[str] = ()
) -> DrawnCells:
    """Draw cells at random: one of each model, then another of each, until there are enough.

    Args:
        submission: a bundle that keeps the rules.
        count: number of cells.
        seed: by which they are drawn.
        catalog: has the tasks and models.
        allowed: the import paths of classes that cells may name; those that name others are left out.

    Raises:
        BoardError: no cell can be run here.
    """
    chance = random.Random(seed)
    found_missing = ((model, _missing(model, catalog, allowed)) for model in submission.manifest.models)
    missing = {model_text(model): why for model, why in found_missing if why}
    own, others = other_versions(submission.records, submission.grid)
    left_out = (*missing.values(), *_other_versions(others, submission))
    queues: dict[str, list[Record]] = {}
    for record in own:
        if record.is_final and model_text(record.cell.model) not in missing:
            queues.setdefault(model_text(record.cell.model), []).append(record)
    if not queues:
        raise BoardError(
            "no cell of this bundle can be run here:\n  " + "\n  ".join(left_out or ["it has no outcome"])
        )
    for queue in queues.values():
        chance.shuffle(queue)
    order = chance.sample(sorted(queues), len(queues))
    turns = max(map(len, queues.values()))
    found = [queues[name][turn] for turn in range(turns) for name in order if turn < len(queues[name])]
    return DrawnCells(tuple(found[:count]), len(found), left_out)


def verify_cells(
    submission: Submission,
    drawn: DrawnCells,
    seed: int,
    catalog: Catalog,
    run: Runner,
    *,
    seeds: int = 0,
) -> Receipt:
    """Run cells again, and compare everything that is claimed of them.

    Args:
        submission: a bundle that keeps the rules.
        drawn: the result of `draw`.
        seed: the seed with which they were drawn.
        catalog: has the tasks and models.
        run: runs cells, see `runner`.
        seeds: number of further seeds for each cell whose trained scores another processor leaves open.
    """
    expected = submission.grid.all_of(drawn.records)
    cells = {record.key: _cell(record, expected[record.key]) for record in drawn.records}
    found = run(list(cells.values()))
    installed = Installed(catalog)
    came = {
        record.key: _compared(record, found[record.key], cells[record.key], installed)
        for record in drawn.records
        if record.key in found and found[record.key].is_final
    }
    if seeds:
        fresh = fresh_seeds({record.cell.seed for record in submission.records}, seeds, seed)
        came |= dict(_with_seeds(drawn.records, cells, came, fresh, installed, run))
    models = [model_text(model) for model in submission.manifest.models]
    return Receipt(
        submission=submission.id,
        seed=seed,
        cells=tuple(
            _rerun(record, found.get(record.key), came.get(record.key), models) for record in drawn.records
        ),
        environment=next((each.environment for each in found.values()), describe()),
    )


def runner(
    catalog: Catalog,
    settings: Execution,
    tell: Callable[[Event | Waiting], None] = lambda event: None,
) -> Runner:
    """Return a function that runs cells in a folder that is removed afterwards.

    Args:
        catalog: has the tasks and models.
        settings: how cells are run.
        tell: called with each event.
    """

    def run(cells: Sequence[Cell]) -> Mapping[str, Record]:
        with tempfile.TemporaryDirectory(prefix="seqbench-verify-") as folder:
            store = Store(folder)
            with running_sweep(plan_of(cells, catalog), store, catalog, settings) as events:
                for event in events:
                    tell(event)
            return {record.key: record for record in store.each()}

    return run


def _with_seeds(
    records: Sequence[Record],
    cells: Mapping[str, Cell],
    came: Mapping[str, Agreement],
    seeds: Sequence[int],
    installed: Installed,
    run: Runner,
) -> Iterator[tuple[str, Agreement]]:
    """Yield the comparisons that further seeds decide: nothing differs, but scores are left open."""
    is_open = [r for r in records if r.key in came and came[r.key].outcome == "not comparable"]
    further = {
        record.key: [replace(cells[record.key], seed=seed, gradients=Gradients(measure=False)) for seed in seeds]
        for record in is_open
    }
    found = run([cell for each in further.values() for cell in each])
    for record in is_open:
        own = [found[cell.key] for cell in further[record.key] if cell.key in found]
        spans = _spans(cells[record.key], installed)
        yield record.key, with_spread(came[record.key], spread_part(record, own, spans))


def _compared(claimed: Record, found: Record, cell: Cell, installed: Installed) -> Agreement:
    # Data are loaded again only if another machine gets a tolerance.
    is_same = is_same_kind(claimed.environment, found.environment)
    return agreement(claimed, found, {} if is_same else _spans(cell, installed))


def _spans(cell: Cell, installed: Installed) -> Spans:
    loaded = installed.loaded(cell, cell.length)
    return {} if isinstance(loaded, str) else loaded.spans


def _other_versions(records: Sequence[Record], submission: Submission) -> list[str]:
    """Return what is installed in another version than the one that made these cells."""
    made = {told for record in records if (told := version_told(record, submission.grid)) is not None}
    return [f"{sentence}: cannot be compared" for _, sentence in sorted(made)]


def _missing(model: PluginUsed, catalog: Catalog, allowed: Collection[str]) -> str | None:
    """Return why a model cannot be run here; tasks can, because the suite was expanded with them."""
    known = catalog.models.get(model.name)
    if known is None:
        whence = model.distribution or "a distribution that is not named"
        return f"the model {model.name} is not installed; it comes from {whence}"
    if known.version != model.version:
        return f"the model {model.name} is version {model.version}, and version {known.version} is installed"
    if foreign := [path for path in code_named(known, model.parameters) if path not in allowed]:
        options = " ".join(f"--allow-layer {path}" for path in foreign)
        return f"{model.shown} runs code that the bundle names, {', '.join(foreign)}; if you trust it, {options}"
    return None


def _cell(record: Record, expected: Cell) -> Cell:
    """Return the cell to run: the suite's, with gradient settings as claimed and local limits removed."""
    # A slower or smaller machine may take its time.
    training = scored_alike(expected.training)
    measured = Gradients(measure=False)
    if record.gradients is not None:
        measured = Gradients.model_validate(gradient_settings(record))
        if record.cell.gradients is None:
            # An early record shows its gradient settings only in part, so the suite's are used.
            measured = expected.gradients.model_copy(update={"measure": True, "every": measured.every})
    return replace(expected, training=training, gradients=measured)


def _rerun(claimed: Record, found: Record | None, came: Agreement | None, models: Sequence[str]) -> Rerun:
    cell, model = str(cell_of(claimed.cell)), models.index(model_text(claimed.cell.model))
    if found is None or came is None:
        why = "" if found is None else f", and came to {found.status}: {found.reason or 'no reason is known'}"
        told = f"it was not run to its end here{why}"
        return Rerun(
            key=claimed.key, cell=cell, model=model, outcome="not comparable", has_same_bits=False, told=told,
            compared=(),
        )  # fmt: skip
    told = came.text if found.reason is None or came.has_same_bits else f"{came.text} ({found.reason})"
    return Rerun(
        key=claimed.key,
        cell=cell,
        model=model,
        outcome=came.outcome,
        has_same_bits=came.has_same_bits,
        told=told,
        compared=tuple(ComparedPart(what=p.what, outcome=p.outcome, told=p.told) for p in came.parts),
    )
