"""Tests the first screen of a page: its numbers, its picture, what is saved of it, and the folded leaderboard.

Modules: seqbench.report.charts.canvas, seqbench.report.charts.extents, seqbench.report.charts.lines.
"""

from __future__ import annotations

import struct
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from seqbench.records.schema import Record
from seqbench.report import read_records
from seqbench.report.charts.lines import looks
from seqbench.report.findings import findings
from seqbench.report.page.answer import Answer, answer
from seqbench.report.page.groups import groups
from seqbench.report.page.page import html_page
from tests.browser import visit

QUICK = Path(__file__).parents[3] / "results" / "published" / "quick"
MODELS = ("gru", "lstm", "rnn")


@pytest.fixture(scope="module")
def quick() -> list[Record]:
    return read_records([QUICK])


@pytest.fixture(scope="module")
def adding_page(quick: list[Record], tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("answer") / "report.html"
    file.write_text(html_page([*of_task(quick, "adding"), *of_task(quick, "copy")]), encoding="utf-8")
    return file


def of_task(records: Sequence[Record], task: str) -> list[Record]:
    return [each for each in records if each.cell.task.name == task]


def answer_of(records: Sequence[Record], ranked: Sequence[str] = MODELS) -> Answer:
    known = findings(records)
    return answer(known.seen, groups(known.records, known.names), looks(sorted(ranked)), ranked)


def with_model(record: Record, name: str) -> Record:
    model = record.cell.model.model_copy(update={"name": name})
    cell = record.cell.model_copy(update={"model": model})
    return record.model_copy(update={"key": f"{record.key} {name}", "cell": cell})


# ---- the numbers


def test_answer_has_the_numbers_that_the_records_say(quick: list[Record]) -> None:
    found = answer_of(quick)
    rows = {(row[0], row[1]): row[2:] for row in found.reach.numbers.rows}
    assert len(rows) == 15
    by_hand: dict[tuple[str, str], dict[int, float]] = {}
    for record in quick:
        assert record.test is not None
        place = record.cell.task.name, record.cell.model.name
        by_hand.setdefault(place, {})[record.cell.length] = record.test.skill or 0.0
    for (task, model), skills in by_hand.items():
        if task != "forecasting":
            usable = [
                T for T in sorted(skills) if all(skills[shorter] >= 0.5 for shorter in skills if shorter <= T)
            ]
            assert rows[task, model][0] == (str(usable[-1]) if usable else "-")
    assert rows["forecasting", "gru"][0] == "64 to ≥ 1024"
    longest = {(r.cell.task.name, r.cell.model.name): r for r in quick if r.cell.length == 1024}
    for place, record in longest.items():
        assert record.gradients is not None
        lags = [each.summary.horizon.lag if each.summary.horizon else None for each in record.gradients.flows]
        assert list(rows[place][2:4]) == ["–" if lag is None else str(lag) for lag in (lags[0], lags[-1])]
    assert found.words.startswith("gru is usable up to 256 steps on adding, up to 16 steps on copy and sentiment")


def test_rows_stand_on_one_logarithmic_axis_of_steps(quick: list[Record]) -> None:
    found = answer_of(quick).reach
    # One step is at 176 and 1024 are at 600: each doubling has 42.4 units.
    assert [(tick.place, tick.text) for tick in found.ticks] == [
        (176, "1"), (261, "4"), (346, "16"), (430, "64"), (515, "256"), (600, "1024")
    ]  # fmt: skip
    adding, _, forecasting = found.tasks[:3]
    gru, lstm, rnn = adding.rows
    assert gru.bars.startswith("M174 ")
    assert "H517v9" in gru.bars
    assert "H348v9" in lstm.bars
    assert (rnn.bars, gru.more) == ("", "")
    assert forecasting.rows[0].bars.startswith("M428 ")
    # Half of the axis of adding is beyond all that copy reaches, and still there.
    assert answer_of(of_task(quick, "copy")).reach.ticks == found.ticks
    # At least 1024: an arrow head.
    assert forecasting.rows[0].more
    assert [row.y for of_task in found.tasks for row in of_task.rows] == sorted(
        {row.y for of_task in found.tasks for row in of_task.rows}
    )


def test_panels_have_the_same_axes_whatever_a_task_ran(quick: list[Record]) -> None:
    short = [r for r in quick if r.cell.task.name != "copy" or r.cell.length < 100]
    panels = answer_of(short).panels
    assert [panel.caption for panel in panels] == ["adding", "copy", "forecasting", "sentiment", "word-order"]
    for axis in ("x_ticks", "y_ticks", "rules"):
        assert len({getattr(panel, axis) for panel in panels}) == 1
    # On them copy ends earlier than adding: at 64 of 1024 steps.
    adding, copy = (max(spot.x for spot in panel.lines[0].spots) for panel in panels[:2])
    assert copy < adding


def test_many_models_are_cut_by_rank_and_stay_in_the_numbers(quick: list[Record]) -> None:
    names = [f"{model}-with-a-long-name-{i}" for i in range(4) for model in MODELS]
    records = [with_model(r, name) for r in quick for name in names if name.startswith(r.cell.model.name)]
    found = answer_of(records, names)
    assert {len(of_task.rows) for of_task in found.reach.tasks} == {6}
    assert found.left_out == 6
    assert len(found.reach.numbers.rows) == 5 * 12
    labels = [row.label for row in found.reach.tasks[0].rows]
    assert len(set(labels)) == 6
    assert all(len(label) <= 11 for label in labels)
    # Twelve bands would hide each other.
    assert not any(line.band for panel in found.panels for line in panel.lines)


# ---- in a browser


def saved(page: Page, name: str, folder: Path) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("button", name=name, exact=True).press("Enter")
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file.read_bytes()


@pytest.mark.slow
def test_a_panel_is_saved_by_key_as_svg_and_png_in_light_colours(
    browser: Browser, adding_page: Path, tmp_path: Path
) -> None:
    with visit(browser, adding_page, color_scheme="dark") as seen:
        seen.page.get_by_role("button", name="rnn", exact=True).click()
        svg = saved(seen.page, "Save as SVG: adding: skill against length", tmp_path)
        png = saved(seen.page, "Save as PNG: adding: skill against length", tmp_path)
        reach = saved(seen.page, "Save as SVG: Usable length and gradient horizon", tmp_path)
        seen.page.locator("#rows td a").first.click()
        saved(seen.page, "Save as SVG: Training loss", tmp_path)
        assert seen.requests == [adding_page.as_uri()]
        assert seen.wrongs == []
    names = sorted(file.name for file in tmp_path.iterdir())
    assert names == [
        "adding-skill-against-length.png",
        "adding-skill-against-length.svg",
        "training-loss.svg",
        "usable-length-and-gradient-horizon.svg",
    ]
    picture = ET.fromstring(svg)
    texts = [each.text for each in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert texts[0] == "adding: skill against length"
    # The legend has the models that are shown.
    assert texts[-2:] == ["gru", "lstm"]
    strokes = {each.get("stroke") for each in picture.iter("{http://www.w3.org/2000/svg}path")}
    # Blue and vermilion of Okabe and Ito as a light page has them; what only a page could resolve is gone.
    assert {"rgb(0, 114, 178)", "rgb(213, 94, 0)"} <= strokes
    assert "rgb(0, 158, 115)" not in strokes
    assert b"var(" not in svg + reach
    assert b"light-dark" not in svg + reach
    used = {each.get("href") for each in picture.iter("{http://www.w3.org/2000/svg}use")}
    held = {f"#{each.get('id')}" for each in picture.iter("{http://www.w3.org/2000/svg}path") if each.get("id")}
    assert used <= held
    width, height = int(picture.get("width") or 0), int(picture.get("height") or 0)
    assert struct.unpack(">II", png[16:24]) == (3 * width, 3 * height)
    assert len(set(pixels(png))) > 20


def pixels(png: bytes) -> bytes:
    """Return the bytes of the rows of a PNG, unpacked but still filtered."""
    data, at = b"", 8
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + size]
        at += 12 + size
    return zlib.decompress(data)


def test_leaderboard_is_folded_to_its_first_rows_in_any_order(browser: Browser, adding_page: Path) -> None:
    with visit(browser, adding_page, viewport={"width": 390, "height": 844}) as seen:

        def shown() -> list[str]:
            return [
                each.strip()
                for each in seen.page.locator("#rows tbody tr:visible td:nth-child(2)").all_inner_texts()
            ]

        assert len(shown()) == 12
        assert all("adding" in text for text in shown())
        seen.page.get_by_label("Task").select_option("copy")
        assert len(shown()) == 12
        assert all("copy" in text for text in shown())
        seen.page.get_by_role("button", name="Clear").press("Enter")
        button = seen.page.get_by_role("button", name="Show all 24 rows")
        assert button.get_attribute("aria-expanded") == "false"
        button.press("Enter")
        assert len(shown()) == 24
        seen.page.get_by_role("button", name="Show the first 12 rows").press("Enter")
        seen.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert len(shown()) == 24
        # On a phone two panels stand side by side, and nothing is wider than the window.
        tops = "[...document.querySelectorAll('figure[id^=panel-]')].map(each => each.getBoundingClientRect().top)"
        assert len(set(seen.page.evaluate(tops))) == 1
        assert seen.page.evaluate("document.documentElement.scrollWidth") == 390
