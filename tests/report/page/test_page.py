"""Tests that the page opens without network, agrees with the records, and escapes everything.

Modules: seqbench.report.charts.paths, seqbench.report.page.cells, seqbench.report.page.charts,
seqbench.report.page.groups, seqbench.report.page.rows.
"""

from __future__ import annotations

import base64
import json
import math
import random
import re
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from seqbench.records.curves import NormCurve
from seqbench.records.schema import Record
from seqbench.records.store import Store
from seqbench.report import read_records
from seqbench.report.charts.axes import count_axis, linear_axis
from seqbench.report.commands import command
from seqbench.report.page.gradients import norm_line
from seqbench.report.page.page import html_page
from tests.browser import visit

QUICK = Path(__file__).parents[3] / "results" / "published" / "quick"
EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="session")
def quick() -> list[Record]:
    return read_records([QUICK])


@pytest.fixture(scope="session")
def quick_page(quick: list[Record], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(quick, tmp_path_factory.mktemp("page"))


def written(records: list[Record], folder: Path) -> Path:
    file = folder / "report.html"
    file.write_text(html_page(records), encoding="utf-8")
    return file


def varied(record: Record, number: int, *, seed: int | None = None, model: str | None = None) -> Record:
    """Return another cell: with a key, scores and costs of its own."""
    random_ = random.Random(f"{record.key} {number}")
    cell = record.cell
    if seed is not None:
        cell = cell.model_copy(update={"seed": seed})
    if model is not None:
        cell = cell.model_copy(update={"model": cell.model.model_copy(update={"name": model})})
    test = record.test
    if test is not None and test.skill is not None and record.metric is not None:
        change = random_.gauss(0, 0.02)
        scores = {**test.scores, record.metric.name: (test.scores[record.metric.name] or 0) + change}
        test = test.model_copy(update={"scores": scores, "skill": min(1.0, test.skill + change)})
    course = record.course.model_copy(
        update={
            "losses": tuple((s, loss and loss * random_.uniform(0.8, 1.2)) for s, loss in record.course.losses)
        }
    )
    costs = record.costs.model_copy(
        update={"seconds_per_step": (record.costs.seconds_per_step or 1) * random_.uniform(0.9, 1.1)}
    )
    key = f"{random_.getrandbits(80):020x}"
    return record.model_copy(update={"key": key, "cell": cell, "test": test, "course": course, "costs": costs})


def lost(record: Record, status: Any, reason: str) -> Record:
    return record.model_copy(
        update={"status": status, "reason": reason, "metric": None, "test": None, "gradients": None}
    )


def many(records: list[Record], count: int, vary: Callable[[Record, int], Record]) -> list[Record]:
    return [vary(records[i % len(records)], i // len(records)) for i in range(count)]


def with_seeds(record: Record, number: int) -> Record:
    return varied(record, number, seed=number)


def with_models(record: Record, number: int) -> Record:
    return varied(record, number, model=f"{record.cell.model.name}-{number}")


def details(html: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the cells of a page share, and key -> the details of a cell."""
    parts = re.findall(r'<script type="application/octet-stream" class="cells">(.*?)</script>', html)
    shared, *found = (json.loads(zlib.decompress(base64.b64decode(part), wbits=-15)) for part in parts)
    return shared, {key: cell for part in found for key, cell in part.items()}


def texts(page: Page, selector: str) -> list[str]:
    return [text.strip() for text in page.locator(selector).all_inner_texts()]


def shown_rows(page: Page) -> list[str]:
    return texts(page, "#rows tbody tr:visible")


# ---- the file


def test_page_of_records_in_any_order_is_the_same_bytes(quick: list[Record]) -> None:
    records = [
        *quick,
        *(with_seeds(record, 1) for record in quick[:7]),
        lost(with_seeds(quick[9], 2), "failed", "x"),
    ]
    first = html_page(records)
    for shuffle in range(3):
        random.Random(shuffle).shuffle(records)
        assert html_page(records) == first


@pytest.mark.slow
@pytest.mark.parametrize("vary", [with_seeds, with_models])
def test_page_of_500_cells_is_small_and_quickly_made(
    quick: list[Record], vary: Callable[[Record, int], Record]
) -> None:
    records = many(quick, 500, vary)
    assert len({record.key for record in records}) == 500
    # Of the processor, so that a busy machine does not count.
    started = time.process_time()
    html = html_page(records)
    assert time.process_time() - started < 5
    assert len(html.encode()) < 2_000_000
    _, cells = details(html)
    assert len(cells) == 500
    # However many there are, every cell has its curves.
    for cell in cells.values():
        losses = [ys for chart, name, _, ys in cell["curves"] if (chart, name) == ("loss", "training")]
        assert [len(ys) >= 10 for ys in losses] == [True]


def test_curves_in_the_page_are_the_record_s_to_four_digits(quick: list[Record]) -> None:
    shared, cells = details(html_page(quick))
    record = next(r for r in quick if (r.cell.task.name, r.cell.model.name, r.cell.length) == ("copy", "lstm", 64))
    curves = {(chart, name): (shared["grids"][grid], ys) for chart, name, grid, ys in cells[record.key]["curves"]}
    steps, losses = curves["loss", "training"]
    assert steps == [step for step, _ in record.course.losses]
    assert losses == pytest.approx([loss for _, loss in record.course.losses], rel=1e-3)
    assert record.gradients is not None
    trained = record.gradients.flows[-1].flow.curve("state")
    lags, logs = curves["state", "trained"]
    assert tuple(lags) == trained.lags
    assert [10**y for y in logs] == pytest.approx(list(trained.median), rel=0.01)


def test_a_line_over_seeds_is_the_geometric_mean_also_where_no_float_holds_a_norm() -> None:
    def curve(lags: tuple[int, ...], logs: tuple[float | None, ...]) -> NormCurve:
        lns = tuple(None if log is None else log * math.log(10) for log in logs)
        norms = tuple(None if log is None or log < -300 else 10**log for log in logs)
        return NormCurve("trained", "state", lags, lns, norms, norms)

    line = norm_line([curve((1, 2, 5), (0, -200, -500)), curve((1, 3, 5), (-2, -302, -700))])
    assert line is not None
    # By hand: at lag 2 the second curve is read half-way from -2 to -302; the mean of -200 and -152 is -176.
    assert line.lags == (1, 2, 5)
    assert line.median == pytest.approx((-1, -176, -600))
    assert line.q25[2] is None


def test_a_tick_says_the_number_that_it_stands_at_and_the_axis_holds_all() -> None:
    random_ = random.Random(0)
    for _ in range(500):
        low, width = random_.uniform(-3, 3) * 10 ** random_.randint(-3, 4), 10 ** random_.uniform(-3, 4)
        for axis in (linear_axis("", [low, low + width]), count_axis("", [1, 1 + math.ceil(width)])):
            assert 2 <= len(axis.ticks) <= 10
            for tick in axis.ticks:
                assert float(tick.text.replace("−", "-")) == pytest.approx(tick.value, rel=1e-6, abs=1e-9)
            assert 0 <= axis.share(axis.ticks[0].value) < axis.share(axis.ticks[-1].value) <= 1
        assert axis.high == 1 + math.ceil(width)
        assert linear_axis("", [low, low + width]).low <= low + 1e-9 * abs(low)


# ---- in a browser


def test_page_opens_without_a_complaint_and_asks_for_nothing(browser: Browser, quick_page: Path) -> None:
    with visit(browser, quick_page) as seen:
        assert seen.page.title() == "seqbench report"
        assert "60 cells (60 ok): 5 tasks, 3 models, 4 lengths, 1 seed." in seen.page.inner_text("body")
        assert seen.requests == [quick_page.as_uri()]
        assert seen.wrongs == []


def test_charts_have_a_line_for_each_model(browser: Browser, quick: list[Record], quick_page: Path) -> None:
    tasks = len({record.cell.task.name for record in quick})
    models = len({record.cell.model.name for record in quick})
    lengths = len({(record.cell.task.name, record.cell.length) for record in quick})
    with visit(browser, quick_page) as seen:
        for charts, count in (
            ("skill-", tasks),
            ("gain-", 2 * tasks),
            ("norm-", 2 * lengths),
            ("seconds-", tasks),
        ):
            assert seen.page.locator(f"figure[id^={charts}]").count() == count
            assert seen.page.locator(f"figure[id^={charts}] .line").count() == count * models
        for svg in seen.page.locator("figure svg[role=img]").all():
            assert svg.get_attribute("aria-labelledby")
            assert svg.locator("title").first.text_content()
            assert len(svg.locator("desc").text_content() or "") > 40
        # The same colour and marker wherever a model is.
        lstm = {path.get_attribute("class") for path in seen.page.locator("figure g.m1").all()}
        assert lstm == {"m1 c1 d1"}
        seen.page.get_by_role("button", name="lstm", exact=True).click()
        assert seen.page.locator("#skill figure g.m1:visible").count() == 0
        assert seen.page.locator("#skill figure g.m0:visible").count() == tasks


def test_leaderboard_is_sorted_by_click_and_by_key(
    browser: Browser, quick: list[Record], quick_page: Path
) -> None:
    skills = [record.test.skill for record in quick if record.test and record.test.skill is not None]
    with visit(browser, quick_page) as seen:
        head = seen.page.locator("#rows thead th", has_text="Skill")

        def column() -> list[float]:
            cells = seen.page.locator("#rows tbody td:nth-child(4)").all()
            return [float(cell.get_attribute("data-v") or "nan") for cell in cells]

        head.get_by_role("button").click()
        assert head.get_attribute("aria-sort") == "descending"
        assert column() == pytest.approx(sorted(skills, reverse=True), abs=1e-6)
        head.get_by_role("button").press("Enter")
        assert head.get_attribute("aria-sort") == "ascending"
        assert column() == pytest.approx(sorted(skills), abs=1e-6)
        seen.page.locator("#rows thead th", has_text="Length").get_by_role("button").press("Space")
        assert [int(text) for text in texts(seen.page, "#rows td:nth-child(3)")] == sorted(
            r.cell.length for r in quick
        )
        assert head.get_attribute("aria-sort") is None


def test_leaderboard_is_filtered_by_choice_and_by_words(browser: Browser, quick_page: Path) -> None:
    with visit(browser, quick_page) as seen:
        seen.page.get_by_label("Task").select_option("copy")
        assert seen.page.inner_text("#rows-count") == "12 of 60 rows"
        seen.page.get_by_label("Search").focus()
        seen.page.keyboard.type("gru 1024")
        rows = shown_rows(seen.page)
        assert len(rows) == 1
        assert "copy" in rows[0]
        seen.page.get_by_role("button", name="Clear").press("Enter")
        expect(seen.page.locator("#rows-count")).to_have_text("60 of 60 rows")


def test_a_cell_opens_by_key_with_its_settings_curves_and_command(
    browser: Browser, quick: list[Record], quick_page: Path
) -> None:
    record = next(r for r in quick if (r.cell.task.name, r.cell.model.name, r.cell.length) == ("copy", "gru", 256))
    with visit(browser, quick_page) as seen:
        seen.page.get_by_role("button", name="Show all 60 rows").press("Enter")
        link = seen.page.get_by_role("link", name="copy, gru, T=256, seed 0")
        link.press("Enter")
        dialog = seen.page.get_by_role("dialog", name="copy, gru, T=256, seed 0")
        dialog.wait_for()
        text = dialog.inner_text()
        assert command(record) in text
        assert f"records/copy_gru_T256_s0_{record.key}.json" in text
        assert re.search(r"learning_rate\s+0.003", text)
        assert dialog.locator("figure").count() == 4
        assert dialog.locator("figure .line").count() == 5
        dialog.locator("summary").first.click()
        # The rows are made once the browser tells that the table is open.
        dialog.locator("tbody tr").first.wait_for(state="attached")
        assert dialog.locator("tbody tr").count() == len(record.course.losses)
        seen.page.keyboard.press("Escape")
        dialog.wait_for(state="hidden")
        assert link.evaluate("link => link === document.activeElement")
        assert seen.wrongs == []
    with visit(browser, quick_page, f"#cell-{record.key}") as seen:
        seen.page.get_by_role("dialog", name="copy, gru, T=256, seed 0").wait_for()


def test_lost_and_missing_cells_are_shown_as_what_they_are(
    browser: Browser, quick: list[Record], tmp_path: Path
) -> None:
    copies = [r for r in quick if r.cell.task.name == "copy"]
    every = [*copies, *(with_seeds(record, 1) for record in copies)]

    def become(record: Record) -> Record | None:
        cell = record.cell
        match (cell.model.name, cell.length, cell.seed):
            case ("rnn", 64, _):
                return lost(record, "diverged", "the loss was nan at step 7")
            case ("gru", 256, 1):
                return lost(record, "failed", "MemoryError: no room")
            case ("lstm", 1024, _):
                return None
        return record

    records = [kept for record in every if (kept := become(record)) is not None]
    with visit(browser, written(records, tmp_path)) as seen:
        assert "22 cells (19 ok, 2 diverged, 1 failed, 2 not run)" in seen.page.inner_text("body")
        diverged = seen.page.locator("#rows tr[data-outcome=diverged]")
        assert re.match(r"rnn\s+copy\s+accuracy ↑\s+64", diverged.inner_text())
        assert diverged.locator("td:nth-child(4)").get_attribute("data-v") == ""
        missing = seen.page.locator("#rows tr[data-outcome='not run']")
        assert re.match(r"lstm\s+copy\s+accuracy ↑\s+1024", missing.inner_text())
        assert missing.locator("td a").count() == 0
        head = seen.page.locator("#rows thead th", has_text="Score")
        for _ in range(2):
            head.get_by_role("button").click()
            assert texts(seen.page, "#rows tbody th")[-2:] == ["rnn", "lstm"]
        crosses = seen.page.locator("#skill use.lost title").all_text_contents()
        assert crosses == ["gru, T=256: 1 ok, 1 failed", "rnn, T=64: diverged"]
        assert texts(seen.page, "#skill figure .cross, .panels figure .cross") == ["a score is missing"] * 2
        for figure in ("#skill figure", ".panels figure"):
            (points, marks) = (
                [each.bounding_box() for each in seen.page.locator(f"{figure} {which}").all()]
                for which in ("use:not(.lost)[href^='#k'][x]", "use.lost")
            )
            assert max(box["y"] + box["height"] for box in points) < min(box["y"] for box in marks)
        seen.page.get_by_role("link", name="copy, gru, T=256, seed 1, failed").click()
        assert "MemoryError: no room" in seen.page.get_by_role("dialog").inner_text()
        assert seen.wrongs == []


def evil(record: Record) -> Record:
    """Return a record with markup in every text that a plugin or a file has a say in."""
    words = f'{EVIL}</script><script>alert(2)</script>"><img src=x onerror=alert(3)>{{{{ 7*7 }}}}'
    cell, test = record.cell, record.test
    assert test is not None
    assert record.metric is not None
    scores = {words: 0.5}
    baselines = tuple(each.model_copy(update={"name": words, "scores": scores}) for each in test.baselines)
    task, model = cell.task, cell.model
    return record.model_copy(
        update={
            "key": "</script><b>",
            "cell": cell.model_copy(
                update={
                    "model": model.model_copy(
                        update={
                            "name": EVIL,
                            "distribution": words,
                            "parameters": {**model.parameters, words: words},
                        }
                    ),
                    "task": task.model_copy(
                        update={
                            "name": words,
                            "distribution": words,
                            "parameters": {**task.parameters, words: words},
                        }
                    ),
                    "data": {words: words},
                }
            ),
            "metric": record.metric.model_copy(update={"name": words}),
            "test": test.model_copy(
                update={
                    "scores": scores,
                    "baselines": baselines,
                    "baseline_name": words,
                    "samples": ((words, f"after {words}"),),
                }
            ),
            "reason": words,
            "traceback": words,
            "notes": {words: words},
            "warnings": (words,),
            "facts": {words: words},
            "environment": {words: words},
        }
    )


def test_markup_in_records_is_text_and_runs_nowhere(browser: Browser, quick: list[Record], tmp_path: Path) -> None:
    file = written([evil(quick[0]), *quick[12:24]], tmp_path)
    with visit(browser, file) as seen:
        assert seen.page.locator("#rows th.model", has_text=EVIL).first.inner_text() == EVIL
        seen.page.locator("#rows tbody tr", has_text=EVIL).first.locator("a").first.click()
        dialog = seen.page.get_by_role("dialog")
        assert EVIL in dialog.inner_text()
        assert "{{ 7*7 }}" in dialog.inner_text()
        assert f"written  after {EVIL}" in dialog.inner_text()
        seen.page.keyboard.press("Escape")
        for summary in seen.page.locator("summary").all():
            summary.evaluate("summary => { summary.parentElement.open = true; }")
        assert seen.page.locator("img, b").count() == 0
        assert seen.page.locator("script:not(.cells)").count() == 8
        assert seen.requests == [file.as_uri()]
        assert seen.wrongs == []


def test_rolls_are_drawn_from_their_numbers_with_the_text_beside(
    browser: Browser, quick: list[Record], tmp_path: Path
) -> None:
    test = quick[0].test
    assert test is not None
    held = {"samples": (("", f"C4 E4{EVIL}\n-"),), "rolls": (((40, 44), (), (40,), (40, 52)),)}
    record = quick[0].model_copy(update={"test": test.model_copy(update=held)})
    names = {"label_names": tuple(f"{EVIL}{number}" for number in range(88))}
    named = quick[1].model_copy(update={"test": test.model_copy(update=held | names)})
    with visit(browser, written([record, named, *quick[2:12]], tmp_path)) as seen:
        address = seen.page.url.partition("#")[0]
        seen.page.goto(f"{address}#cell-{record.key}")
        roll = seen.page.get_by_role("img", name="Labels 40 (below) to 52 (above) against 4 steps")
        box = roll.bounding_box()
        assert box is not None
        assert box["width"] > 200
        path = roll.locator("path").get_attribute("d") or ""
        assert path.count("z") == 5
        # A label that goes on is drawn without a gap.
        assert "M2 12.1h1v0.8H2z" in path
        assert "M3 0.1h0.85v0.8H3z" in path
        text = seen.page.get_by_role("dialog").locator("details", has_text="As text")
        text.locator("summary").click()
        assert f"written  C4 E4{EVIL}" in text.inner_text()
        assert seen.page.locator(".names").count() == 0
        seen.page.goto(f"{address}#cell-{named.key}")
        roll = seen.page.get_by_role("img", name=f"{EVIL}40 (below) to {EVIL}52 (above) against 4 steps")
        assert roll.bounding_box() is not None
        # A name stands beside the row of its label.
        names_shown = seen.page.locator(".names span")
        assert names_shown.first.inner_text() == f"{EVIL}52"
        assert names_shown.count() == 13
        assert seen.page.locator("img, b").count() == 0
        assert seen.wrongs == []


@pytest.mark.parametrize("width", [1000, 1280])
def test_links_to_the_cells_stay_in_sight_beside_long_names(
    browser: Browser, quick: list[Record], tmp_path: Path, width: int
) -> None:
    def longer(record: Record) -> Record:
        cell = record.cell
        task = cell.task.model_copy(update={"name": "a-task-of-texts-with-a-name-that-is-rather-long"})
        model = cell.model.model_copy(update={"name": f"{cell.model.name}-with-a-name-that-is-rather-long-too"})
        return record.model_copy(update={"cell": cell.model_copy(update={"task": task, "model": model})})

    records = [longer(r) for r in quick if r.cell.task.name == "sentiment"]
    with visit(browser, written(records, tmp_path), viewport={"width": width, "height": 900}) as seen:
        table = seen.page.locator(".scroll:has(> #rows)").bounding_box()
        assert table is not None
        for link in seen.page.locator("#rows tbody a").all():
            box = link.bounding_box()
            assert box is not None
            assert box["x"] + box["width"] <= table["x"] + table["width"]


def test_page_shows_warnings_unknown_scores_and_what_an_example_is_worth(
    browser: Browser, quick: list[Record], tmp_path: Path
) -> None:
    own = [r for r in quick if (r.cell.task.name, r.cell.length) == ("sentiment", 16)]
    own.sort(key=lambda each: each.cell.model.name)
    test = own[0].test
    assert test is not None
    unknown = test.model_copy(update={"scores": dict.fromkeys(test.scores), "skill": None})
    # The rnn's skill is -0.098; one of nine texts is worth more.
    nine = {"examples": 9, "one_example": None}
    coarse = [r.model_copy(update={"test": r.test and r.test.model_copy(update=nine)}) for r in own[1:]]
    lost_one = own[0].model_copy(
        update={
            "test": unknown,
            "notes": {"skill@16": "7 of 9 outputs were not finite"},
            "warnings": ("9 copies",),
        }
    )
    with visit(browser, written([lost_one, *coarse], tmp_path)) as seen:
        assert "9 copies (1 cell: sentiment, " in seen.page.locator("#overview").inner_text()
        row = seen.page.locator("#rows tbody tr", has_text=re.compile(r"^\s*rnn")).inner_text()
        assert "-0.098 ≈" in row
        assert "one example: 0.244" in row
        last = seen.page.locator("#rows tbody tr").last
        assert "unknown" in last.inner_text()
        last.locator("a").click()
        dialog = seen.page.get_by_role("dialog").inner_text()
        assert "skill@16: 7 of 9 outputs were not finite" in dialog
        assert re.search(r"macro_f1\s+unknown", dialog)
        assert seen.wrongs == []


@pytest.fixture(scope="session")
def small_page(quick: list[Record], tmp_path_factory: pytest.TempPathFactory) -> Path:
    kept = [r for r in quick if r.cell.task.name == "copy" and r.cell.length < 100]
    kept[0] = lost(kept[0], "failed", "no room")
    return written(kept, tmp_path_factory.mktemp("small"))


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault_in_page_and_cell(browser: Browser, small_page: Path, scheme: Any) -> None:
    with visit(browser, small_page, color_scheme=scheme) as seen:
        assert faults(seen.page) == []
        seen.page.locator("#rows td a").last.click()
        seen.page.get_by_role("dialog").wait_for()
        assert faults(seen.page) == []


def test_long_names_of_models_hide_nothing_on_a_phone(
    quick: list[Record], browser: Browser, tmp_path: Path
) -> None:
    name = "lstm-with-forget-gate-bias-and-orthogonal_initialisation_of_all_weights"
    file = written([varied(record, 1, model=name) for record in quick[:3]], tmp_path)
    with visit(browser, file, viewport={"width": 360, "height": 740}) as seen:
        boxes = seen.page.locator("#rows tbody tr").first.evaluate(
            """row => [...row.cells].slice(0, 3).map(cell => {
                const text = document.createRange();
                text.selectNodeContents(cell);
                const { left, right, top, bottom } = text.getBoundingClientRect();
                return [left, right, top, bottom];
            })"""
        )
        (_, right, _, bottom), *others = boxes
        assert right <= 360
        assert all(top >= bottom - 1 for _, _, top, _ in others)


@pytest.mark.slow
def test_axe_finds_no_serious_fault_on_a_phone(browser: Browser, small_page: Path) -> None:
    with visit(browser, small_page, viewport={"width": 360, "height": 740}) as seen:
        assert faults(seen.page) == []
        assert seen.page.evaluate("document.documentElement.scrollWidth") == 360
        # A row is a card there, and still a row to a screen reader.
        assert seen.page.get_by_role("row").filter(has_text="accuracy ↑").count() == 6


def faults(page: Page) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:200]}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


def test_theme_is_switched_and_kept(browser: Browser, quick_page: Path) -> None:
    with visit(browser, quick_page, color_scheme="light") as seen:

        def background() -> str:
            return str(seen.page.evaluate("getComputedStyle(document.body).backgroundColor"))

        light = background()
        button = seen.page.get_by_role("button", name="Theme: auto")
        button.click()
        assert background() == light
        seen.page.get_by_role("button", name="Theme: light").press("Enter")
        assert background() != light
        dark = background()
        seen.page.reload()
        assert background() == dark


def test_print_shows_folded_charts_and_no_controls(browser: Browser, quick_page: Path) -> None:
    with visit(browser, quick_page) as seen:
        assert not seen.page.locator("#norm-3-64-init svg").is_visible()
        seen.page.emulate_media(media="print")
        seen.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert seen.page.locator("#norm-3-64-init svg").is_visible()
        assert not seen.page.locator(".filters").is_visible()
        assert seen.page.locator("#rows").is_visible()


A4 = 703
"""Pixels of a browser between margins of 12 mm on A4."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_print_fits_the_paper_in_dark_ink_whatever_the_theme(
    browser: Browser, quick: list[Record], tmp_path: Path, scheme: Any
) -> None:
    wide = [with_seeds(each, seed) for each in quick if each.cell.task.name == "sentiment" for seed in range(10)]
    viewport: Any = {"width": A4, "height": 1000}
    with visit(browser, written(wide, tmp_path), color_scheme=scheme, viewport=viewport) as seen:
        for _ in range(2):
            seen.page.locator("#theme").click()
        seen.page.emulate_media(media="print")
        seen.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        # What is wider shrinks every page of paper.
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= A4
        assert seen.page.evaluate("getComputedStyle(document.body).color") == "rgb(27, 31, 36)"
        assert not seen.page.locator("#rows td a").first.is_visible()


def test_a_cell_that_is_open_is_printed_whole_and_alone(browser: Browser, quick_page: Path) -> None:
    with visit(browser, quick_page) as seen:
        seen.page.locator("#rows td a").first.click()
        dialog = seen.page.locator("dialog")
        dialog.wait_for()
        seen.page.emulate_media(media="print")
        assert not seen.page.locator("main").is_visible()
        # A window would be fixed, and stand on every page of paper.
        assert dialog.evaluate("each => getComputedStyle(each).position") == "absolute"
        assert dialog.evaluate("each => each.scrollHeight <= each.clientHeight")


def test_command_writes_the_page(quick: list[Record], tmp_path: Path) -> None:
    from click.testing import CliRunner

    from seqbench.cli.report import command as report

    for record in quick[:2]:
        Store(tmp_path / "store").write(record)
    out = tmp_path / "page.html"
    result = CliRunner().invoke(report, [str(tmp_path / "store"), "--format", "html", "--output", str(out)])
    assert result.exit_code == 0, result.output
    assert out.read_text(encoding="utf-8") == html_page(quick[:2])
