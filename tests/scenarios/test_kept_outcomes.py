"""Tests that every outcome of a target in results/ is what its records say."""

from __future__ import annotations

from pathlib import Path

import pytest

from seqbench import Target, TrainedScore, load_catalog
from seqbench.targets.measuring import measured_by_records
from seqbench.targets.outcomes import kept_outcome
from seqbench.targets.run import judged

ROOT = Path(__file__).parents[2]


def _assert_follow(targets: list[Target], results: Path, least: int) -> None:
    """Assert that trained outcomes of these targets are those of the records beside them."""
    seen = 0
    for target in targets:
        kept, by = kept_outcome(results, target), target.measured_by
        if kept is None or not isinstance(by, TrainedScore) or not kept.is_measured:
            continue
        measured = measured_by_records(kept.keys, by, results)
        assert measured is not None, f"{target.name}: a record is missing, or is no result"
        assert judged(target, measured) == kept, target.name
        seen += 1
    assert seen >= least


def test_bundled_targets() -> None:
    _assert_follow([*load_catalog().targets.values()], ROOT / "results" / "targets", 25)


def test_targets_of_cogscale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "plugins" / "cogscale"))
    from seqbench_cogscale.published import targets

    _assert_follow([*targets()], ROOT / "plugins" / "cogscale" / "results", 148)
