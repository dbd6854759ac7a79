"""Tests that cells are named of which some seeds learned and others did not."""

from __future__ import annotations

from pathlib import Path

from seqbench.records.store import Store
from seqbench.report.observations import observations
from seqbench.report.tables.divided import divided_lines, learned
from seqbench.report.write import write_report
from tests.report.tables.test_scores import record


def test_a_gap_of_half_the_skill_divides_and_what_is_below_the_baseline_does_not_widen_it() -> None:
    assert learned([1.0, 0.96, 0.0, 0.02, 0.97, 0.99]) == 4
    assert learned([-8.0, -2.0, 0.1]) is None
    assert learned([0.3, 0.6, 0.9]) is None
    assert learned([0.9]) is None


def test_divided_cells_stand_below_the_table_of_skill_and_on_the_page(tmp_path: Path) -> None:
    scores = {0: 1.0, 1: 0.13, 2: 0.99}
    records = [record(score, seed=seed) for seed, score in scores.items()]
    records += [record(0.5 + 0.1 * seed, seed=seed, length=24) for seed in scores]
    (line,) = divided_lines(observations(records))
    assert "copy lstm T=12 (2 of 3 learned)." in line
    for each in records:
        Store(tmp_path / "r").write(each)
    for name in ("page.html", "tables.md"):
        write_report(tmp_path / "r", tmp_path / name)
        assert "T=12 (2 of 3 learned)" in (tmp_path / name).read_text()
