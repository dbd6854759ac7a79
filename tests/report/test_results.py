"""Tests that results opened from Python say what a report says, and that a notebook can show them safely.

Modules: seqbench.report.page.notebook, seqbench.report.reading, seqbench.records.row_order.
"""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from seqbench import Results, StoreError, compare, load_gradients, load_results, write_report
from seqbench.records.frame import ResultFrame
from seqbench.records.store import Store
from seqbench.report import FORMATS, read_records
from seqbench.report.findings import findings
from seqbench.report.page.notebook import results_in_notebook
from seqbench.report.reading import read
from seqbench.report.tables.scores import skill_table
from tests.report.hostile import HOSTILE, hostile, stored
from tests.report.tables.test_scores import record

QUICK = Path(__file__).parents[2] / "results" / "published" / "quick"


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with two published cells, with their curves."""
    folder = tmp_path_factory.mktemp("results") / "two"
    for each in [each for each in read_records([QUICK]) if each.cell.task.name == "adding"][:2]:
        Store(folder).write(each)
    return folder


def test_tables_are_those_of_the_functions_and_two_folders_count_a_cell_once(two: Path) -> None:
    one = Results(two)
    pd.testing.assert_frame_equal(one.table, load_results(two))
    pd.testing.assert_frame_equal(one.gradients, load_gradients(two))
    both = Results(two, two)
    assert len(both.table) == len(one.table) == 2
    assert len(both.gradients) == len(one.gradients) > 0
    assert both.folders == (two, two)


def test_rows_stand_as_in_the_tables_of_a_report_whatever_the_format(tmp_path: Path) -> None:
    cells = [
        record(0.5, task=task, model=model, length=length, seed=seed)
        for task, model, length, seed in itertools.product(
            ("sort", "copy"), ("gru (hidden_size=128)", "gru (hidden_size=64)"), (1024, 96), (1, 0)
        )
    ]
    found = Results(stored(cells, tmp_path / "runs"))
    first = skill_table(found._found.seen)
    by_table = [(task.text, model.text) for task, model, *_ in first.rows for _ in range(4)]
    lengths = [(length, seed) for _ in first.rows for length in (96, 1024) for seed in (0, 1)]
    (tmp_path / "all.csv").write_text(FORMATS["csv"].write(cells))
    for table in (found.table, load_results(*found.folders), load_results(tmp_path / "all.csv")):
        assert list(zip(table["task_name"], table["model_name"], strict=True)) == by_table
        assert list(zip(table["length"], table["seed"], strict=True)) == lengths
    rows = json.loads(FORMATS["json"].write(cells))["rows"]
    assert [row["key"] for row in rows] == list(found.table["key"])


def test_scores_at_further_lengths_stand_by_length_also_in_a_csv(tmp_path: Path) -> None:
    further = record(0.5, elsewhere={100: 0.5, 24: 0.5, 1000: 0.5})
    Store(tmp_path / "r").write(further)
    named = [f"metrics.{name}@{length}" for name in ("accuracy", "error") for length in (24, 100, 1000)]
    table = Results(tmp_path / "r").table
    assert [name for name in table if "@" in name] == named
    write_report(tmp_path / "r", tmp_path / "r.csv")
    assert [name for name in load_results(tmp_path / "r.csv") if "@" in name] == named


def test_sentence_is_that_of_the_page_and_a_terminal_shows_it(tmp_path: Path) -> None:
    folder = stored([record(0.9), record(0.2, length=24), record(0.2, model="gru")], tmp_path / "runs")
    found = Results(folder)
    assert found.sentence == "lstm is usable up to 12 steps on copy; gru is not usable on copy."
    assert found.sentence in FORMATS["html"].write(Store(folder).read())
    assert found.sentence in repr(found)
    assert "3 cells (3 ok, 1 not run)" in repr(found)


def test_list_of_folders_is_each_of_them_and_an_empty_one_is_refused(two: Path) -> None:
    assert Results([two, two]).table.equals(Results(two).table)
    for nothing in (Results, lambda: Results([]), lambda: compare(two, []), lambda: write_report([], "page.html")):
        with pytest.raises(StoreError, match="no folder was named"):
            nothing()


def test_missing_folder_is_told_when_results_are_opened(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere"):
        Results(tmp_path / "nowhere")
    with pytest.raises(StoreError, match="name a folder of results"):
        Results()


def parsed(html: str) -> ElementTree.Element:
    """Return the elements of an output, which is well-formed."""
    return ElementTree.fromstring(html)


def test_notebook_gets_panels_and_usable_lengths_without_scripts_and_with_ids_of_its_own(tmp_path: Path) -> None:
    several = [
        record(0.9 if length < 48 else 0.2, length=length, model=m) for length in (12, 24, 48) for m in "ab"
    ]
    one, other = (Results(stored(each, tmp_path / name)) for name, each in (("x", several), ("y", several[:4])))
    html = one._repr_html_()
    root = parsed(html)
    assert one.sentence in html
    assert [each.text for each in root.iter("td")] == ["24 ", "24 "]
    (panel,) = root.iter("figure")
    assert len([each for each in panel.iter("path") if each.get("class") == "line"]) == 2
    assert not list(root.iter("script"))
    assert not re.search(r"\b(?:on\w+|src|href)=\"(?!#)", html)
    # What both have is the same everywhere: the marks, by which lines are told apart.
    shared = set(re.findall(r' id="([^"]+)"', html)) & set(re.findall(r' id="([^"]+)"', other._repr_html_()))
    assert all(re.fullmatch(r"[ks][0-7x]|scale|plot", each) for each in shared)
    assert all(f'id="{name}"' in html for name in re.findall(r"(?:url\(|href=\")#([\w-]+)", html))


def test_styles_of_an_output_end_at_its_own_element(tmp_path: Path) -> None:
    (css,) = [
        each.text or "" for each in parsed(Results(stored([record()], tmp_path))._repr_html_()).iter("style")
    ]
    depth, outside = 0, ""
    for sign in css:
        depth += (sign == "{") - (sign == "}")
        outside += sign if depth == 0 else ""
    selectors = [each.strip() for each in re.split("[,}]", outside) if each.strip()]
    assert depth == 0
    assert len(selectors) == 4
    assert all(each.endswith(".seqbench") for each in selectors)


def test_texts_of_records_are_escaped_in_a_notebook_and_a_terminal(tmp_path: Path) -> None:
    html = results_in_notebook(findings(hostile()))
    root = parsed(html)
    assert not list(root.iter("script"))
    assert "&lt;script&gt;" in html
    assert len(list(root.iter("tr"))) - 1 >= len(HOSTILE)
    found = Results(stored([record(model="<script>\x1b[31m\u202e")], tmp_path / "runs"))
    for shown in (html, found._repr_html_(), repr(found)):
        assert "\x1b" not in shown
        assert "\u202e" not in shown
    table = found.table._repr_html_()  # type: ignore[operator]
    assert "<script>" not in table
    assert f"and {len(found.table.columns) - 7} more columns" in table


def test_table_without_the_leading_columns_is_shown_as_pandas_does() -> None:
    assert ResultFrame({"a": [1]})._repr_html_() == pd.DataFrame({"a": [1]})._repr_html_()  # type: ignore[operator]


def test_what_a_report_is_made_of_is_read_from_one_folder_or_several(two: Path) -> None:
    assert read(two).records == read([two, str(two)]).records
    assert read(two).tried == ()
