"""Tests that a figure of windows has every trial of a search, with and without results."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

import seqbench
from seqbench.errors import ExperimentError
from seqbench.records.curves import curves_of
from seqbench.records.store import Store
from seqbench.report.plots.contents import Contents
from seqbench.report.plots.windows import window_panels
from seqbench.report.tuning import read_tried
from tests.report.tables.test_scores import record
from tests.searches import RATES, folder_of, search_of, trials_of, tuned_cells

pytest.importorskip("matplotlib", reason="matplotlib is not installed: pip install 'seqbench[report]'")


@pytest.mark.slow
@pytest.mark.parametrize("has_results", [True, False])
def test_every_trial_is_a_point_or_a_cross(tmp_path: Path, has_results: bool) -> None:
    search = search_of()
    folder = folder_of(tmp_path / "runs", search, trials_of(search))
    for each in tuned_cells(folder, search) if has_results else ():
        Store(folder).write(each)
    eight, longer = seqbench.plot(folder, what="windows").axes
    assert [axes.get_title(loc="left") for axes in (eight, longer)] == ["copy, T=8", "copy, T=32"]
    rule, lstm, rnn, cross = eight.get_lines()
    assert list(lstm.get_xdata()) == pytest.approx([math.log10(rate) for rate in RATES])
    assert list(lstm.get_ydata()) == [0.2, 0.9, 0.9, 0.2]
    assert list(rnn.get_ydata()) == [0.2, 0.2, 0.9]
    # What counts as learned is half of the way from 0.2 to 0.9; the last trial of rnn diverged.
    assert rule.get_ydata()[0] == pytest.approx(0.55)
    assert (cross.get_marker(), cross.get_xdata()[0]) == ("x", -1.0)
    (alone,) = seqbench.plot(folder, what="windows", models=["rnn"], length=32).axes
    assert alone.get_title(loc="left") == "copy, T=32"


def test_without_a_search_a_sentence_says_so(tmp_path: Path) -> None:
    Store(tmp_path / "r").write(record(0.5))
    with pytest.raises(ExperimentError, match=re.escape("no record has score against learning rate of a search")):
        seqbench.plot(tmp_path / "r", what="windows")


def test_panels_of_several_searches_stay_apart_and_name_their_folders(tmp_path: Path) -> None:
    search = search_of(lengths=(8,))
    folders = [folder_of(tmp_path / name, search, trials_of(search)) for name in "ab"]
    panels = window_panels(Contents((), curves_of, {}, tried=read_tried(folders)))
    assert [panel.title for panel in panels] == [f"copy, T=8 ({folder})" for folder in folders]
    assert [[each.name for each in panel.series] for panel in panels] == [["lstm", "rnn"]] * 2
