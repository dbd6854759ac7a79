"""Tests that the public board shows the content of bundles, refuses bad ones, and escapes everything.

Modules: seqbench.board.site.badge, seqbench.board.site.markdown, seqbench.board.site.picture,
seqbench.board.site.site, seqbench.board.site.standings.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from seqbench import Catalog
from seqbench.base.machines import CLASS
from seqbench.base.processor import PORTABLE_CLASS
from seqbench.board.bundle.folder import write_folder
from seqbench.board.bundle.manifest import about
from seqbench.board.check.portable_bits import MARK
from seqbench.board.make import bundle
from seqbench.board.site.markdown import to_markdown
from seqbench.board.site.merge import PublicBoard, read_board
from seqbench.board.site.picture import picture
from seqbench.board.site.site import site_files
from seqbench.board.verify.receipt import ComparedPart, Receipt, Rerun, path_beside
from seqbench.records.schema import Record
from seqbench.records.store import Store
from tests.boards import ABOUT, TINY, bundled, store, unzipped, with_manifest, with_records, zipped
from tests.browser import visit

EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory, tiny_offers: Catalog) -> bytes:
    told = about(EVIL, f"{EVIL} and 'more' \" &amp;", "MIT", f"javascript:{EVIL}")
    return bundled(store(tmp_path_factory.mktemp("evil"), tiny_offers, ("plain",), note=EVIL), tiny_offers, told)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, tiny_bundle: bytes, evil: bytes) -> Path:
    """Return a folder with two bundles, one that was tampered with, and one that is none."""
    made = tmp_path_factory.mktemp("bundles")
    (made / "both.zip").write_bytes(tiny_bundle)
    (made / "evil.zip").write_bytes(evil)
    files = unzipped(tiny_bundle)
    name = sorted(files)[1]
    (made / f"{EVIL.replace('/', '_')}.zip").write_bytes(zipped({**files, name: files[name] + b" "}))
    (made / "none.zip").write_text("no zip")
    return made


@pytest.fixture(scope="module")
def board(folder: Path, tiny_offers: Catalog) -> PublicBoard:
    return read_board(folder, tiny_offers)


@pytest.fixture(scope="module")
def built(board: PublicBoard, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("public") / "site"
    write_folder(path, site_files(board, "A board"))
    return path


def receipt(path: Path, offers: Catalog, *, is_confirmed: bool) -> None:
    """Write a receipt for the first cell of a bundle."""
    from seqbench.board.check.check import check_bundle

    found = check_bundle(path.read_bytes(), offers).submission
    assert found is not None
    cell = Rerun(
        key=found.records[0].key,
        cell="first",
        model=0,
        outcome="confirmed" if is_confirmed else "differs",
        has_same_bits=False,
        told="so",
        compared=(ComparedPart(what="scores", outcome="same bits"),),
    )
    made = Receipt(submission=found.id, seed=1, cells=(cell,), environment={})
    path_beside(path).write_text(made.to_json())


def test_site_has_every_page_and_the_data_of_the_records(
    built: Path, tiny_offers: Catalog, board: PublicBoard
) -> None:
    (suite,) = board.suites
    assert (built / ".nojekyll").exists()
    assert len(list(built.glob("models/tiny/*.html"))) == len(list(built.glob("badges/tiny/*.svg"))) == 3
    assert [path.stem for path in built.glob("tasks/tiny/*.html")] == ["last"]
    rows = list(csv.DictReader(io.StringIO((built / "data/tiny.csv").read_text())))
    scores = {record.key: record.test.scores["accuracy"] for record in suite.records if record.test}
    assert {row["key"]: float(row["score"]) for row in rows} == scores
    data = json.loads((built / "data/tiny.json").read_text())
    assert {found["file"] for found in data["submissions"]} == {"both.zip", "evil.zip"}
    assert len(data["refused"]) == 2
    assert "it was changed" in str(data["refused"])
    for path in built.glob("badges/tiny/*.svg"):
        ElementTree.parse(path)
    # Every link leads to a file of the site, or to a place in it.
    links = [(page, link.split('"')[0]) for page in built.rglob("*.html") for link in hrefs(page)]
    assert len({page for page, _ in links}) == len(list(built.rglob("*.html")))
    for page, target in links:
        file, _, place = target.partition("#")
        there = page.parent / file if file else page
        assert there.is_file(), (page, target)
        assert not place or f'id="{place}"' in there.read_text(), (page, target)


def hrefs(page: Path) -> list[str]:
    """Return what follows each href in a page."""
    return page.read_text().split('href="')[1:]


def test_same_bundles_give_the_same_bytes_wherever_they_lie(
    folder: Path, tiny_offers: Catalog, board: PublicBoard, tmp_path: Path
) -> None:
    for path in sorted(folder.iterdir(), reverse=True):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert site_files(read_board(tmp_path, tiny_offers), "A board") == site_files(board, "A board")


@pytest.mark.slow
def test_pages_open_without_errors_requests_scripts_of_others_or_serious_faults(
    built: Path, browser: Browser
) -> None:
    pages = [built / "index.html", *sorted(built.glob("models/tiny/plain*.html")), built / "tasks/tiny/last.html"]
    for scheme, width, file in [
        ("light", 1280, pages[0]),
        ("dark", 390, pages[0]),
        *(("dark", 1280, p) for p in pages[1:]),
    ]:
        viewport: Any = {"width": width, "height": 900}
        with visit(browser, file, color_scheme=scheme, viewport=viewport) as seen:
            page = seen.page
            assert page.locator("h1").count() == 1
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), file
            found = Axe().run(page).response["violations"]
            serious = [each["id"] for each in found if each["impact"] in ("serious", "critical")]
            assert not serious, (file, scheme, serious)
            assert seen.wrongs == []
            assert seen.requests == [file.as_uri()]
    with visit(browser, pages[0]) as seen:
        assert EVIL in seen.page.locator("body").inner_text()


def test_leaderboard_is_sorted_and_filtered_by_click_and_by_key(built: Path, browser: Browser) -> None:
    with visit(browser, built / "index.html") as seen:
        page = seen.page
        shown = page.locator("#suite-1 tbody tr:visible")

        def skills() -> list[float]:
            return [
                float(text)
                for text in page.locator("#suite-1 tbody td:nth-child(4)").evaluate_all(
                    "all => all.map(e => e.dataset.v)"
                )
            ]

        page.locator("#suite-1 thead button", has_text="last").click()
        assert skills() == sorted(skills(), reverse=True)
        page.keyboard.press("Enter")
        assert skills() == sorted(skills())
        assert shown.count() == 3
        page.get_by_label("Search").fill("small")
        assert shown.count() == 1
        page.get_by_role("button", name="Clear").press("Enter")
        page.get_by_label("Status").select_option("verified")
        assert shown.count() == 0
        assert page.locator("#suite-1-count").inner_text() == "0 of 3 rows"
        page.get_by_role("button", name="Clear").click()
        page.get_by_role("link", name="small").click()
        assert page.locator("h1").inner_text() == "small"
        assert page.locator("svg .line").count() >= 1
    with visit(browser, built / "tasks/tiny/last.html") as seen:
        assert seen.page.locator("#skill-0 .line").count() == 3


def test_contradiction_is_shown_and_a_verified_bundle_is_believed(
    tmp_path: Path, tiny_bundle: bytes, tiny_offers: Catalog
) -> None:
    def other(record: dict[str, Any]) -> None:
        test = record["test"]
        test["scores"]["accuracy"] = test["scores"]["accuracy"] / 4
        test["skill"] = (test["scores"]["accuracy"] - 0.25) / 0.75

    (tmp_path / "a.zip").write_bytes(tiny_bundle)
    (tmp_path / "b.zip").write_bytes(with_records(tiny_bundle, other))
    (suite,) = read_board(tmp_path, tiny_offers).suites
    (conflict,) = suite.conflicts
    assert conflict.shown is None
    assert conflict.key not in {record.key for record in suite.records}
    index = site_files(read_board(tmp_path, tiny_offers), "A board")["index.html"].decode()
    assert "disputed" in index
    assert "none is shown" in index
    receipt(tmp_path / "a.zip", tiny_offers, is_confirmed=True)
    (suite,) = read_board(tmp_path, tiny_offers).suites
    assert [conflict.shown for conflict in suite.conflicts] == ["a.zip"]
    assert len(suite.records) == 8
    receipt(tmp_path / "a.zip", tiny_offers, is_confirmed=False)
    (suite,) = read_board(tmp_path, tiny_offers).suites
    assert [conflict.shown for conflict in suite.conflicts] == ["b.zip"]


def test_badges_say_verified_only_for_models_of_which_a_cell_was_run_again(
    tmp_path: Path, tiny_bundle: bytes, tiny_offers: Catalog
) -> None:
    (tmp_path / "a.zip").write_bytes(tiny_bundle)
    receipt(tmp_path / "a.zip", tiny_offers, is_confirmed=True)
    files = site_files(read_board(tmp_path, tiny_offers), "A board")
    models = {each["name"]: each["badges"] for each in json.loads(files["data/tiny.json"])["models"]}
    assert models == {"plain": ["verified"], "small": ["unverified"]}
    # A receipt of another bundle says nothing about this one.
    path = path_beside(tmp_path / "a.zip")
    told = json.loads(path.read_text())
    path.write_text(json.dumps({**told, "submission": "0" * 64}))
    assert b'"verified"' not in site_files(read_board(tmp_path, tiny_offers), "A board")["data/tiny.json"]


def test_mark_of_portable_bits_and_what_each_row_was_run_on_stand_on_the_pages(board: PublicBoard) -> None:
    def portable(record: Record) -> Record:
        cell = record.cell.model_copy(update={"training": {**record.cell.training, "arithmetic": "portable"}})
        where = {**record.environment, CLASS: PORTABLE_CLASS, "processor": "A <b>processor</b>"}
        return record.model_copy(update={"cell": cell, "environment": where})

    (suite,) = board.suites
    moved = tuple(portable(each) if each.cell.model.name == "small" else each for each in suite.records)
    files = site_files(PublicBoard((dataclasses.replace(suite, records=moved),), ()), "A board")
    told = {each["name"]: each for each in json.loads(files["data/tiny.json"])["models"]}
    marked = [name for name, each in told.items() if MARK in each["badges"]]
    assert [name.partition(" ")[0] for name in marked] == ["small"]
    assert {each["same_bits_anywhere"][0] for name, each in told.items() if name not in marked} == {"not checked"}
    index = files["index.html"].decode()
    assert f'<span class="badge same-bits-anywhere">{MARK}</span>' in index.split("<tbody>")[1]
    assert "the same bits on any x86-64 processor, with the same versions" in index.split("<tbody>")[0]
    assert "run on A &lt;b&gt;processor&lt;/b&gt;" in index
    page = files[f"models/tiny/{told[marked[0]]['slug']}.html"].decode()
    assert "<dt>Same bits anywhere</dt><dd>passed: training.arithmetic=portable" in page
    assert page.count('<td class="text">A &lt;b&gt;processor&lt;/b&gt;</td>') == 2
    assert '<td class="text">A &lt;b&gt;processor&lt;/b&gt;</td>' in files["tasks/tiny/last.html"].decode()


def test_partial_bundle_is_marked(tmp_path: Path, tiny_bundle: bytes, tiny_offers: Catalog) -> None:
    from seqbench.board.check.check import check_bundle

    found = check_bundle(tiny_bundle, tiny_offers).submission
    assert found is not None
    part = Store(tmp_path / "tiny")
    for record in found.records[1:]:
        part.write(record)
    (tmp_path / "part.zip").write_bytes(bundled(part.path, tiny_offers, models=["plain"], is_partial=True))
    index = site_files(read_board(tmp_path, tiny_offers), "A board")["index.html"].decode()
    assert '<span class="badge partial">partial</span>' in index.split("<tbody>")[1]
    # The only model on the board has the best rank of all, and is not ranked all the same.
    assert "not ranked<small>1 cell not run" in index


@pytest.mark.parametrize(("left_out", "field"), [("_T6_", "not run"), ("_s1_", "(n = 1 of 2)")])
def test_cells_that_are_left_out_make_no_better_mean(
    left_out: str, field: str, tmp_path: Path, tiny_bundle: bytes, tiny_offers: Catalog
) -> None:
    kept = {name: text for name, text in unzipped(tiny_bundle).items() if left_out not in name}
    (tmp_path / "part.zip").write_bytes(with_manifest(kept, lambda manifest: manifest.update(is_partial=True)))
    text = to_markdown(read_board(tmp_path, tiny_offers), ["seqbench"])
    rows = [line.split(" | ")[3] for line in text.splitlines() if line.startswith(("| plain", "| small"))]
    assert len(rows) == 2
    assert all(field in row for row in rows)


def test_markdown_board_shows_its_command_and_the_picture_its_lines(
    board: PublicBoard, browser: Browser, tmp_path: Path
) -> None:
    text = to_markdown(
        board, ["seqbench", "board", "table", "my folder"], tmp_path / "skill.svg", tmp_path / "R.md"
    )
    assert text.endswith("```sh\nseqbench board table 'my folder'\n```\n")
    assert "](skill.svg)" in text
    assert "<script" not in text
    assert text.count("| unverified |") == 3
    file = tmp_path / "skill.svg"
    file.write_text(picture(board))
    ElementTree.parse(file)
    with visit(browser, file) as seen:
        # One in the legend and one in the chart, for each model.
        assert seen.page.locator(".chart path.line").count() == 6
        assert seen.wrongs == []
    assert ABOUT.name in text


def test_markdown_board_tells_the_processor_that_a_bundle_was_run_on(board: PublicBoard) -> None:
    (suite,) = board.suites
    entered = suite.entered[0]

    def text(arithmetic: str, found: dict[str, Any] | None) -> str:
        where = {"processor": "AMD EPYC", "device": "cpu", CLASS: found}
        records = [
            each.model_copy(
                update={
                    "environment": where,
                    "cell": each.cell.model_copy(update={"training": {"arithmetic": arithmetic}}),
                }
            )
            for each in entered.submission.records
        ]
        manifest = entered.submission.manifest.model_copy(update={"environments": (where,)})
        changed = dataclasses.replace(entered.submission, records=tuple(records), manifest=manifest)
        moved = dataclasses.replace(suite, entered=(dataclasses.replace(entered, submission=changed),))
        return to_markdown(PublicBoard((moved,), ()), ["made"])

    assert "run on AMD EPYC (portable: meant for any x86-64 processor), by" in text("portable", PORTABLE_CLASS)
    avx2 = {"vendor": "AuthenticAMD", "torch": "AVX2", "onednn": "AVX2", "mkl": "AVX2"}
    assert "run on AMD EPYC, AuthenticAMD (torch AVX2, oneDNN AVX2, MKL AVX2), by" in text("native", avx2)
    assert "run on AMD EPYC (class not recorded), by" in text("native", None)


def test_the_suite_of_the_most_cells_leads(tmp_path: Path, tiny_results: Path, tiny_offers: Catalog) -> None:
    few = tmp_path / "few.yaml"
    few.write_text(TINY.replace("[4, 6]", "[4]"))
    offers = dataclasses.replace(tiny_offers, suites={**tiny_offers.suites, "few": few})
    for name in ("few", "tiny"):
        (tmp_path / f"{name}.zip").write_bytes(bundle(tiny_results, name, ABOUT, offers).content)
    found = read_board(tmp_path, offers)
    assert [suite.grid.name for suite in found.suites] == ["tiny", "few"]
    assert "Skill against length, suite tiny" in picture(found)
