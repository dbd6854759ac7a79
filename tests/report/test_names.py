"""Tests that many records are named by the few kinds among them as each would be named among all.

Modules: seqbench.report.names.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from seqbench.records.schema import Record
from seqbench.records.store import Store
from seqbench.records.variants import legend, model_names, task_names
from seqbench.report.names import names_of

QUICK = Path(__file__).parents[2] / "results" / "published" / "quick"


def another(record: Record, seed: int, **model: Any) -> Record:
    """Return a cell of another seed and key, whose model has these parameters or this label."""
    label = model.pop("label", "")
    used = record.cell.model
    parameters = {**model, **used.parameters, **model} if seed % 2 else {**used.parameters, **model}
    changed = used.model_copy(update={"parameters": parameters, "label": label})
    cell = record.cell.model_copy(update={"seed": seed, "model": changed})
    return record.model_copy(
        update={"key": f"{random.Random(f'{record.key}{seed}').getrandbits(80):x}", "cell": cell}
    )


def test_names_of_kinds_are_those_of_all_records() -> None:
    first = Store(QUICK).read()[::5]
    records = [
        *first,
        *(another(record, seed) for record in first for seed in (1, 2)),
        *(another(record, 3, hidden_size=9, dropout=0.25) for record in first[:4]),
        *(another(record, 4, dropout=0.25, hidden_size=9) for record in first[:4]),
        *(another(record, 5, label="wide", hidden_size=99) for record in first[4:6]),
        *(
            another(record, 6, initialisation="of a name that is far too long for any table")
            for record in first[7:]
        ),
    ]
    for shuffle in range(3):
        random.Random(shuffle).shuffle(records)
        names = names_of(records)
        assert names.tasks == task_names(records)
        assert names.models == model_names(records)
        assert list(names.legend) == legend(records)
        assert len(names.legend) >= 3
        assert len({kind.key for kind in names.kinds.values()}) < len(records) / 1.5


def test_records_of_two_versions_of_the_key_have_names_of_their_own() -> None:
    one = next(Store(QUICK).each())
    other = one.model_copy(
        update={"key": "0" * 20, "cell": one.cell.model_copy(update={"key_version": one.cell.key_version + 1})}
    )
    names = names_of([one, other])
    assert names.models == model_names([one, other])
    assert len(set(names.models.values())) == 2
