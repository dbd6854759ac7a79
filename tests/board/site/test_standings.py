"""Tests boards of a suite that tunes: two choices are not averaged, and searches have pages of their own.

Modules: seqbench.board.site.merge, seqbench.board.site.site.
"""

from __future__ import annotations

import dataclasses
import html
import json
from pathlib import Path
from typing import Any

import pytest

from seqbench import Catalog
from seqbench.board.bundle.manifest import models_of, plugins_of
from seqbench.board.site.markdown import to_markdown
from seqbench.board.site.merge import PublicBoard, read_board
from seqbench.board.site.site import site_files
from seqbench.board.site.standings import CHOICE
from seqbench.records.making import cell_of
from seqbench.records.schema import CellData, Record
from tests.boards import bundled, unzipped, with_manifest, with_records


@pytest.fixture(scope="module")
def first(tuned_offers: Catalog, tuned_results: Path) -> bytes:
    return bundled(tuned_results, tuned_offers)


def with_choice(content: bytes, rate: float, search: str | None = None) -> bytes:
    """Return a bundle in which a search has chosen another rate."""

    def changed(record: dict[str, Any]) -> None:
        tuned = record["cell"]["tuned"]
        record["cell"]["training"]["learning_rate"] = tuned["setting"]["learning_rate"] = rate
        tuned["search"] = search or tuned["search"]
        record["key"] = cell_of(CellData.model_validate(record["cell"])).key

    return with_records(content, changed, first_only=False)


def board(folder: Path, tuned_offers: Catalog, *bundles: bytes) -> PublicBoard:
    for number, content in enumerate(bundles):
        (folder / f"{number}.zip").write_bytes(content)
    found = read_board(folder, tuned_offers)
    assert not found.refused
    return found


def test_two_choices_of_one_search_are_a_conflict_and_neither_is_shown(
    tmp_path: Path, tuned_offers: Catalog, first: bytes
) -> None:
    (suite,) = board(tmp_path, tuned_offers, first, with_choice(first, 0.0125)).suites
    assert suite.records == ()
    assert len(suite.conflicts) == 4
    assert "one search chose learning_rate=" in suite.conflicts[0].told


def test_two_searches_of_one_model_have_two_names_and_two_pages(
    tmp_path: Path, tuned_offers: Catalog, first: bytes
) -> None:
    found = board(tmp_path, tuned_offers, first, with_choice(first, 0.0125, "0" * 20))
    assert (len(found.suites[0].records), found.suites[0].conflicts) == (4, ())
    files = site_files(found, "A board")
    assert len([name for name in files if name.startswith("models/tiny/")]) == 2
    models = json.loads(files["data/tiny.json"])["models"]
    assert [model["files"] for model in sorted(models, key=lambda model: model["files"])] == [["0.zip"], ["1.zip"]]


def test_choice_of_a_search_is_said_to_be_the_word_of_its_submitter(
    tmp_path: Path, tuned_offers: Catalog, first: bytes
) -> None:
    found = board(tmp_path, tuned_offers, first)
    text = to_markdown(found, ["made"])
    assert "small: settings chosen by a search: the choice is the submitter's word, since a bundle" in text
    files = site_files(found, "A board")
    shown = [name for name, content in files.items() if CHOICE in html.unescape(content.decode())]
    (slug,) = [model["slug"] for model in json.loads(files["data/tiny.json"])["models"]]
    assert shown == [f"badges/tiny/{slug}.svg", "data/tiny.json", "index.html", f"models/tiny/{slug}.html"]
    untuned = dataclasses.replace(found.suites[0], records=tuple(map(without_search, found.suites[0].records)))
    assert CHOICE not in to_markdown(PublicBoard((untuned,), ()), ["made"])


def without_search(record: Record) -> Record:
    """Return a record that no search is said to have chosen the setting of."""
    return record.model_copy(update={"cell": record.cell.model_copy(update={"tuned": None})})


def test_two_contents_of_one_plugin_file_have_two_names_and_two_pages(
    tmp_path: Path, tuned_offers: Catalog, first: bytes
) -> None:
    def edited(record: dict[str, Any]) -> None:
        content = "ab"[record["cell"]["seed"] % 2] * 12
        record["cell"]["model"]["distribution"] = f"file mine.py sha256:{content}"

    files = unzipped(with_records(first, edited, first_only=False))
    records = [Record.from_json(files[name], name) for name in files if name != "manifest.json"]
    used: dict[str, Any] = {
        "models": [each.model_dump(mode="json") for each in models_of(records)],
        "plugins": plugins_of(records),
    }
    (tmp_path / "0.zip").write_bytes(with_manifest(files, lambda manifest: manifest.update(used)))
    (refused,) = read_board(tmp_path, tuned_offers).refused
    assert "made with --partial" in refused.reasons[0]
    used["is_partial"] = True
    found = board(tmp_path, tuned_offers, with_manifest(files, lambda manifest: manifest.update(used)))
    pages = site_files(found, "A board")
    assert len([name for name in pages if name.startswith("models/tiny/")]) == 2
    models = json.loads(pages["data/tiny.json"])["models"]
    assert {model["name"].partition("file ")[2] for model in models} == {f"sha256={each * 12})" for each in "ab"}
