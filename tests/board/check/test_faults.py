"""Tests bundles of a suite that tunes: each model has its own settings, and what its records tell must fit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqbench import Catalog
from seqbench.board.bundle.suite import cell_of
from seqbench.board.check.check import check_bundle
from seqbench.board.verify.verify import draw, verify_cells
from seqbench.errors import BoardError
from seqbench.records.schema import CellData
from tests.board.reasons import reasons
from tests.boards import bundled, running, with_records


def test_a_tuned_suite_is_bundled_checked_and_confirmed(tuned_offers: Catalog, tuned_results: Path) -> None:
    content = bundled(tuned_results, tuned_offers)
    found = check_bundle(content, tuned_offers).submission
    assert found is not None
    assert {record.tuned.trials for record in found.records if record.tuned} == {2}
    receipt = verify_cells(found, draw(found, 1, 0, tuned_offers), 0, tuned_offers, running(tuned_offers))
    assert receipt.is_confirmed, receipt


def _budget(record: dict[str, Any]) -> None:
    record["cell"]["tuned"]["trials"] = 4


def _setting(record: dict[str, Any]) -> None:
    record["cell"]["tuned"]["setting"]["learning_rate"] = 0.5


def _own_rate(record: dict[str, Any]) -> None:
    for part in (record["cell"]["training"], record["cell"]["tuned"]["setting"]):
        part["learning_rate"] = 0.5
    record["key"] = cell_of(CellData.model_validate(record["cell"])).key


def _no_rate(record: dict[str, Any]) -> None:
    record["cell"]["tuned"]["setting"] = {}


def _trial(record: dict[str, Any]) -> None:
    tuned = record["cell"].pop("tuned")
    record["cell"]["trial"] = {"search": tuned["search"], "number": 0, "setting": tuned["setting"]}
    record["key"] = cell_of(CellData.model_validate(record["cell"])).key


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_budget, "chosen by random among 4 trials; the suite gives each model 2, by random"),
        (_setting, "the setting that a search chose has another learning_rate than its cell"),
        (_own_rate, "missing"),
        (_trial, "it is a trial of a search, scored on validation data, and no result"),
    ],
)
def test_what_a_record_tells_of_its_search_must_fit(
    tuned_offers: Catalog, tuned_results: Path, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    assert said in reasons(with_records(bundled(tuned_results, tuned_offers), change), tuned_offers)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            _own_rate,
            "learning_rate is 0.5, and the suite searches log 1e-3..1e-1: no search of the suite chooses it",
        ),
        (_no_rate, "the suite searches learning_rate, and the setting that was chosen has none"),
    ],
)
def test_a_setting_that_no_search_of_the_suite_chooses_is_refused_for_all_seeds_alike(
    tuned_offers: Catalog, tuned_results: Path, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    content = with_records(bundled(tuned_results, tuned_offers), change, first_only=False)
    assert said in reasons(content, tuned_offers)


def test_a_folder_of_trials_is_no_bundle(tuned_offers: Catalog, tuned_results: Path) -> None:
    with pytest.raises(BoardError):
        bundled(tuned_results / "trials", tuned_offers)
