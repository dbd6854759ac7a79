"""Do cells of a bundle come to the same scores here? Some are drawn at random, run again and compared.

Stands on sweep, check and agreement. Runs the plugins that are installed here, never what a bundle brings.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from seqbench.backlog import Waiting
from seqbench.board.agreement import agreement
from seqbench.board.check import Submission
from seqbench.board.receipt import Receipt, Rerun
from seqbench.board.suite import cell_of, model_text
from seqbench.cells import Cell
from seqbench.environment import describe
from seqbench.errors import BoardError
from seqbench.execution import Event
from seqbench.experiment import Execution, Gradients
from seqbench.plan import FINAL, Plan
from seqbench.plugins import Catalog
from seqbench.records import PluginUsed, Record
from seqbench.store import Store
from seqbench.sweep import sweep


@dataclass(frozen=True)
class Drawn:
    """The cells that are to be run again.

    Attributes:
        records: as the bundle has them.
        out_of: how many could have been drawn.
        left_out: models that cannot be run here, with the reason.
    """

    records: tuple[Record, ...]
    out_of: int
    left_out: tuple[str, ...]


def draw(submission: Submission, count: int, seed: int, catalog: Catalog) -> Drawn:
    """Draw cells at random: one of each model as far as they go, then another of each.

    Raises:
        BoardError: none can be run here.
    """
    chance = random.Random(seed)
    missing = {model_text(model): why for model in submission.manifest.models if (why := _missing(model, catalog))}
    queues: dict[str, list[Record]] = {}
    for record in submission.records:
        if record.status in FINAL and model_text(record.cell.model) not in missing:
            queues.setdefault(model_text(record.cell.model), []).append(record)
    if not queues:
        raise BoardError(
            "no cell of this bundle can be run here:\n  " + "\n  ".join(missing.values() or ["it has no outcome"])
        )
    for queue in queues.values():
        chance.shuffle(queue)
    order = chance.sample(sorted(queues), len(queues))
    turns = max(map(len, queues.values()))
    found = [queues[name][turn] for turn in range(turns) for name in order if turn < len(queues[name])]
    return Drawn(tuple(found[:count]), len(found), tuple(missing.values()))


def verify(
    submission: Submission,
    drawn: Drawn,
    seed: int,
    catalog: Catalog,
    settings: Execution | None = None,
    tell: Callable[[Event | Waiting], None] = lambda event: None,
) -> Receipt:
    """Run cells again, in a folder that is removed afterwards, and compare their scores.

    Args:
        submission: a bundle that keeps the rules.
        drawn: from `draw`.
        seed: by which they were drawn.
        catalog: where tasks and models are found.
        settings: how they are run.
        tell: is called with what happens.
    """
    cells = tuple(_cell(record) for record in drawn.records)
    found = _run(cells, catalog, settings, tell)
    models = [model_text(model) for model in submission.manifest.models]
    return Receipt(
        submission=submission.id,
        seed=seed,
        cells=tuple(_rerun(record, found.get(record.key), models) for record in drawn.records),
        environment=describe(),
    )


def _missing(model: PluginUsed, catalog: Catalog) -> str | None:
    """Return why a model cannot be run here; tasks can, as the suite was laid out with them."""
    known = catalog.models.get(model.name)
    if known is None:
        whence = model.distribution or "a distribution that is not named"
        return f"the model {model.name} is not installed; it comes from {whence}"
    if known.version != model.version:
        return f"the model {model.name} is version {model.version}, and version {known.version} is installed"
    return None


def _cell(record: Record) -> Cell:
    # What is measured of the gradients moves no score; a slower or smaller machine may take its time.
    cell = cell_of(record.cell)
    training = cell.training.model_copy(update={"time_limit": None, "recompute": "auto"})
    return replace(cell, training=training, gradients=Gradients(measure=False))


def _run(
    cells: Sequence[Cell], catalog: Catalog, settings: Execution | None, tell: Callable[[Event | Waiting], None]
) -> dict[str, Record]:
    with tempfile.TemporaryDirectory(prefix="seqbench-verify-") as folder:
        store = Store(folder)
        with closing(sweep(Plan(tuple(cells), tuple(cells)), store, catalog, settings)) as events:
            for event in events:
                tell(event)
        return {record.key: record for record in store.each()}


def _rerun(claimed: Record, found: Record | None, models: Sequence[str]) -> Rerun:
    cell, model = str(cell_of(claimed.cell)), models.index(model_text(claimed.cell.model))
    if found is None:
        return Rerun(
            key=claimed.key, cell=cell, model=model, is_confirmed=False, has_same_bits=False, told="not run"
        )
    came = agreement(claimed, found)
    told = came.text if found.reason is None or came.problem is None else f"{came.text} ({found.reason})"
    return Rerun(
        key=claimed.key,
        cell=cell,
        model=model,
        is_confirmed=came.problem is None,
        has_same_bits=came.has_same_bits,
        told=told,
    )
