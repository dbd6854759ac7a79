"""Tests the details of cells that a page holds in compressed parts, and its reading of records without curves.

Modules: seqbench.report.findings, seqbench.report.page.details, seqbench.report.page.texts.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from seqbench.records.schema import Record
from seqbench.records.store import Store
from seqbench.report import FORMATS, read_light, read_records
from seqbench.report.page.page import html_page
from tests.browser import visit
from tests.report.page.test_page import QUICK, details, faults, lost, many, with_seeds


@pytest.fixture(scope="module")
def records() -> list[Record]:
    """Return 1,200 cells: 60 kinds, each with 20 seeds, of which one failed."""
    found = many(read_records([QUICK]), 1200, with_seeds)
    failed = next(i for i, each in enumerate(found) if (each.cell.task.name, each.cell.seed) == ("adding", 7))
    found[failed] = lost(found[failed], "failed", "no room")
    return found


@pytest.fixture(scope="module")
def page(records: list[Record], tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("many") / "report.html"
    file.write_text(html_page(records), encoding="utf-8")
    return file


def test_page_of_many_cells_has_few_bytes_of_each(records: list[Record], page: Path) -> None:
    assert page.stat().st_size / len(records) < 1000
    shared, cells = details(page.read_text(encoding="utf-8"))
    assert cells.keys() == {record.key for record in records}
    # By hand: 60,000 points less 60 for each of 60 rows, for 1,200 cells.
    assert max(map(len, shared["grids"])) == 47
    record = next(each for each in records if each.status == "ok" and each.cell.seed == 5)
    (grid, losses), *_ = [curve[2:] for curve in cells[record.key]["curves"] if curve[0] == "loss"]
    known = dict(record.course.losses)
    true = [known[step] for step in shared["grids"][grid]]
    span = max(filter(None, true)) - min(filter(None, true))
    assert losses == pytest.approx(true, abs=span / 1000)


@pytest.mark.slow
def test_cell_among_many_opens_from_its_row(browser: Browser, records: list[Record], page: Path) -> None:
    record = next(each for each in records if each.status == "failed")
    cell = record.cell
    title = f"adding, {cell.model.name}, T={cell.length}, seed 7"
    with visit(browser, page) as seen:
        row = seen.page.locator("#rows tr[data-outcome='19 ok, 1 failed']")
        row.locator("summary", has_text="19 ok, 1 failed").press("Enter")
        row.get_by_role("link", name=f"{title}, failed").press("Enter")
        dialog = seen.page.get_by_role("dialog", name=title)
        dialog.wait_for()
        assert "no room" in dialog.inner_text()
        seen.page.evaluate("key => { location.hash = '#cell-' + key; }", records[-1].key)
        last = records[-1].cell
        other = seen.page.get_by_role("dialog", name=f", {last.model.name}, T={last.length}, seed {last.seed}")
        other.wait_for()
        assert f"--seeds {last.seed} " in other.inner_text()
        assert "at most 47 points of each curve, rounded to a thousandth of its range" in other.inner_text()
        assert faults(seen.page) == []
        assert (seen.requests, seen.wrongs) == ([page.as_uri()], [])


@pytest.mark.slow
def test_browser_that_cannot_unpack_says_so(browser: Browser, page: Path) -> None:
    with visit(browser, page) as seen:
        seen.page.add_init_script("delete window.DecompressionStream;")
        seen.page.reload()
        seen.page.locator("#rows summary").first.click()
        seen.page.locator("#rows td a:visible").first.click()
        dialog = seen.page.get_by_role("dialog")
        dialog.wait_for()
        assert "cannot be unpacked: this browser is too old for that" in dialog.inner_text()


def test_records_without_curves_give_the_same_reports(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    for record in many(read_records([QUICK])[:15], 40, with_seeds):
        store.write(record)
    whole = read_records([store.path])
    light, curves = read_light([store.path])
    assert not any(each.course.losses for each in light)
    for form in FORMATS.values():
        assert form.write(light, curves) == form.write(whole)
    indexed = Store(store.path, index_from=0)
    for _ in range(2):
        assert html_page(list(indexed.light()), curves=indexed.curves()) == html_page(whole)
