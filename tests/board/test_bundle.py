"""Tests that a tampered bundle is refused with its reason, and an honest one accepted.

Modules: seqbench.board.bundle.suite, seqbench.board.make.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqbench import Catalog
from seqbench.board.check.check import check_bundle
from seqbench.errors import BoardError
from seqbench.records.making import cell_of
from seqbench.records.schema import CellData
from seqbench.records.store import Store
from tests.board.reasons import reasons
from tests.boards import bundled, unzipped, with_manifest, with_records, zipped


def test_bundle_of_a_whole_run_is_accepted_and_has_the_same_bytes_again(
    tiny_bundle: bytes, tiny_results: Path, tiny_offers: Catalog
) -> None:
    found = check_bundle(tiny_bundle, tiny_offers).submission
    assert found is not None
    assert {record.to_json() for record in found.records} == {
        record.to_json() for record in Store(tiny_results).read()
    }
    assert found.manifest.about.licence == "CC-BY-4.0"
    assert [model.name for model in found.manifest.models] == ["plain", "small"]
    assert bundled(tiny_results, tiny_offers) == tiny_bundle
    # Zipped by something else, with other dates, it is the same submission.
    again = check_bundle(zipped(unzipped(tiny_bundle)), tiny_offers).submission
    assert again is not None
    assert again.id == found.id


def test_one_digit_of_one_score_is_found_by_its_hash_and_without_hashes_by_its_skill(
    tiny_bundle: bytes, tiny_offers: Catalog
) -> None:
    files = unzipped(tiny_bundle)
    name = sorted(files)[1]
    score = str(json.loads(files[name])["test"]["scores"]["accuracy"])
    digit = score[:-1] + ("1" if score[-1] != "1" else "2")
    files[name] = files[name].replace(f'"accuracy": {score}'.encode(), f'"accuracy": {digit}'.encode(), 1)
    assert f"hashes: {name} is not the file that the manifest names" in reasons(zipped(files), tiny_offers)
    assert "a number was changed" in reasons(with_manifest(files, lambda manifest: None), tiny_offers)


def _key(record: dict[str, Any]) -> None:
    record["key"] = cell_of(CellData.model_validate(record["cell"])).key


def _steps(record: dict[str, Any]) -> None:
    record["cell"]["training"]["steps"] = 4


def _steps_and_key(record: dict[str, Any]) -> None:
    _steps(record)
    _key(record)


def _task_parameter(record: dict[str, Any]) -> None:
    record["cell"]["task"]["parameters"]["symbols"] = 3
    _key(record)


def _model_parameter(record: dict[str, Any]) -> None:
    record["cell"]["model"]["parameters"]["hidden_size"] = 9
    _key(record)


def _beyond(record: dict[str, Any]) -> None:
    record["test"]["scores"]["accuracy"], record["test"]["skill"] = 1.5, (1.5 - 0.25) / 0.75


def _baseline(record: dict[str, Any]) -> None:
    test = record["test"]
    test["baselines"][0]["scores"]["accuracy"] = 0.1
    test["skill"] = (test["scores"]["accuracy"] - 0.1) / 0.9


def _diverged(record: dict[str, Any]) -> None:
    record["status"] = "diverged"


def _evil_name(record: dict[str, Any]) -> None:
    record["cell"]["model"]["name"] = "Evil"
    _key(record)


def _no_cost(record: dict[str, Any]) -> None:
    record["costs"]["seconds_per_step"] = -1.0


def _failed(record: dict[str, Any]) -> None:
    record.update(status="failed", metric=None, test=None)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_steps, "a setting or the key was changed"),
        (_steps_and_key, "training.steps is 4, the suite has 3"),
        (_task_parameter, "task.parameters.symbols is 3, the suite has 4"),
        (_model_parameter, "missing"),
        (_beyond, "beyond its best possible value"),
        (_baseline, "have the same data and other baselines"),
        (_diverged, "is diverged and has a score all the same"),
        (_failed, "failed; a bundle without all outcomes is made with --partial"),
        (_no_cost, "the records cannot be shown"),
        (_evil_name, "is no name of a model"),
    ],
)
def test_changed_record_with_fitting_hashes_is_refused_for_what_was_changed(
    tiny_bundle: bytes, tiny_offers: Catalog, change: Callable[[dict[str, Any]], None], why: str
) -> None:
    assert why in reasons(with_records(tiny_bundle, change), tiny_offers)


def test_missing_and_extra_files_are_refused(tiny_bundle: bytes, tiny_offers: Catalog) -> None:
    files = unzipped(tiny_bundle)
    name = sorted(files)[1]
    lost = {other: text for other, text in files.items() if other != name}
    assert f"{name} is in the manifest and not in the bundle" in reasons(zipped(lost), tiny_offers)
    assert re.search(
        r"suite: last \w+ T=4 seed \d: missing", reasons(with_manifest(lost, lambda m: None), tiny_offers)
    )
    assert "nothing else; here is 'notes.txt'" in reasons(zipped({**files, "notes.txt": b""}), tiny_offers)
    assert "there is no manifest.json" in reasons(zipped({name: files[name]}), tiny_offers)
    assert "suite: the bundle was made for another version" in reasons(
        with_manifest(files, lambda manifest: manifest["suite"].update(sha256="0" * 64)), tiny_offers
    )
    assert "its models are not those of the records" in reasons(
        with_manifest(files, lambda manifest: manifest["models"].pop()), tiny_offers
    )


def test_partial_bundle_is_refused_unless_it_is_asked_for_and_then_marked(
    tmp_path: Path, tiny_results: Path, tiny_offers: Catalog
) -> None:
    part = Store(tmp_path / "tiny")
    for record in Store(tiny_results).read()[1:]:
        part.write(record)
    with pytest.raises(BoardError, match=r"1 cells in .* have no outcome"):
        bundled(part.path, tiny_offers)
    content = bundled(part.path, tiny_offers, is_partial=True)
    found = check_bundle(content, tiny_offers).submission
    assert found is not None
    assert found.manifest.is_partial
    files = unzipped(content)
    whole = with_manifest(files, lambda manifest: manifest.update(is_partial=False))
    assert "missing; a bundle without all outcomes" in reasons(whole, tiny_offers)
    one = bundled(part.path, tiny_offers, models=["small"])
    assert [model["name"] for model in json.loads(unzipped(one)["manifest.json"])["models"]] == ["small"]


def test_model_that_is_not_installed_is_accepted_and_said_to_be_unchecked(
    tiny_bundle: bytes, tiny_offers: Catalog
) -> None:
    fewer = Catalog(
        tasks=tiny_offers.tasks,
        models={name: model for name, model in tiny_offers.models.items() if name != "plain"},
        suites=tiny_offers.suites,
    )
    checked = check_bundle(tiny_bundle, fewer)
    assert checked.submission is not None
    (told,) = (finding for finding in checked.findings if finding.rule == "model plain")
    assert told.status == "not checked"
    assert "cannot be re-run" in told.message
