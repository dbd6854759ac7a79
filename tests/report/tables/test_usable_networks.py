"""Tests the table of usable networks, and that cells are named of which some seeds learned and others did not."""

from __future__ import annotations

from pathlib import Path

import scipy.stats

from seqbench.records.store import Store
from seqbench.report.observations import observations
from seqbench.report.tables.usable_networks import divided_lines, learned, usable_networks_table
from seqbench.report.write import write_report
from tests.report.tables.test_scores import record


def test_a_gap_of_half_the_skill_divides_and_what_is_below_the_baseline_does_not_widen_it() -> None:
    assert learned([1.0, 0.96, 0.0, 0.02, 0.97, 0.99]) == 4
    assert learned([-8.0, -2.0, 0.1]) is None
    assert learned([0.3, 0.6, 0.9]) is None
    assert learned([0.5, 1.0]) is None, "both are usable"
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


def test_networks_are_counted_with_the_share_that_would_be_usable_and_a_lost_one_is_not(tmp_path: Path) -> None:
    records = [record(score, seed=seed) for seed, score in enumerate((1.0, 0.99, 0.13))]
    records += [record(seed=3, status="diverged", reason="nan"), record(seed=4, status="failed", reason="no room")]
    table = usable_networks_table(observations(records))
    assert table is not None
    low, high = scipy.stats.binomtest(2, 4).proportion_ci(0.95, method="exact")
    (row,) = table.rows
    assert "T=12 (2 of 4 learned)" in divided_lines(observations(records))[0]
    assert [str(each) for each in row] == ["copy", "lstm", f"2 of 4 [{low:.2f}, {high:.2f}]"]
    assert usable_networks_table(observations(records[:1])) is None, "one seed tells no share"
