"""Tests that a page draws curves of scores in the view of a cell beside the baseline's, and lists them nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from seqbench.contracts.score_curves import ScoreCurve
from seqbench.records.schema import Record
from seqbench.report import read_records
from seqbench.report.page.page import html_page
from tests.browser import visit
from tests.report.page.test_page import QUICK, details

POINTS = {"loss_at_1": 1, "loss_at_2_3": 2, "loss_at_4_8": 4}


@pytest.fixture(scope="module")
def record() -> Record:
    """Return a record with a curve of three points, of which the network's last is unknown."""
    found = next(each for each in read_records([QUICK]) if each.cell.task.name == "copy" and each.test)
    assert found.test is not None
    scores = {**found.test.scores, "loss_at_1": 3.25, "loss_at_2_3": 2.125, "loss_at_4_8": None}
    reference = {name: 4.0 + x for name, x in POINTS.items()}
    baselines = tuple(
        each.model_copy(update={"scores": {**each.scores, **reference}}) for each in found.test.baselines
    )
    curves = {"loss by context": ScoreCurve("tokens of context", dict(POINTS))}
    test = found.test.model_copy(update={"scores": scores, "baselines": baselines, "curves": curves})
    return found.model_copy(update={"test": test})


@pytest.fixture(scope="module")
def page(record: Record, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("curves") / "report.html"
    file.write_text(html_page([record]), encoding="utf-8")
    return file


def test_curve_holds_the_network_s_scores_and_the_reference_baseline_s(record: Record, page: Path) -> None:
    shared, cells = details(page.read_text(encoding="utf-8"))
    (cell,) = cells.values()
    ((title, axis, lines),) = cell["scored"]
    assert (title, axis) == ("loss by context", "tokens of context")
    assert [(label, shared["grids"][grid], ys) for label, grid, ys in lines] == [
        ("network", [1, 2, 4], [3.25, 2.125, None]),
        (record.test.baseline_name if record.test else "", [1, 2, 4], [5, 6, 8]),
    ]
    labels = shared["shared"][cell["outcome"][0]]
    assert not set(POINTS) & set(labels)


def test_curve_is_drawn_with_the_names_of_its_axes(browser: Browser, record: Record, page: Path) -> None:
    with visit(browser, page, f"#cell-{record.key}") as seen:
        dialog = seen.page.get_by_role("dialog")
        dialog.wait_for()
        figure = dialog.locator("figure", has_text="loss by context")
        assert figure.locator(".line").count() == 2
        assert figure.locator(".label").all_text_contents() == ["tokens of context", "loss"]
        assert figure.locator(".ticks.x text").all_text_contents() == ["1", "2", "4"]
        assert "dashed: the baseline" in figure.inner_text()
        figure.locator("summary").click()
        # The table is made when it is opened, a moment after the click.
        figure.locator("tbody tr").first.wait_for()
        assert figure.locator("tbody tr").count() == 3
        assert seen.wrongs == []
