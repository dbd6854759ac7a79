"""Tests that a board imports no code that a bundle names, and runs it again only where it is allowed by name."""

from __future__ import annotations

import dataclasses
import sys
from typing import Any

import pytest
from seqbench_module import Module

from seqbench import Catalog
from seqbench.board.bundle.manifest import models_of
from seqbench.board.check.check import check_bundle
from seqbench.board.verify.verify import draw
from seqbench.contracts.fields import code_named
from seqbench.records.making import cell_of
from seqbench.records.schema import CellData, Record
from tests.board.claims import submission
from tests.boards import unzipped, with_manifest, with_records

NEVER = "tests.board.never_imported"
INNER = {"class": f"{NEVER}:Settings", "depth": 1}


def with_layer(content: bytes, **parameters: Any) -> bytes:
    """Return a bundle in which the model plain is a layer of a package."""

    def changed(record: dict[str, Any]) -> None:
        model = record["cell"]["model"]
        if model["name"] == "plain":
            told = {
                "layer": f"{NEVER}:Layer",
                "arguments": {"config": INNER},
                "package": "never 1.0",
                **parameters,
            }
            model.update(name="module", version=1, parameters=told, changed=sorted(told), label="module-layer")
            record["key"] = cell_of(CellData.model_validate(record["cell"])).key

    files = unzipped(with_records(content, changed, first_only=False))
    records = [Record.model_validate_json(text) for name, text in files.items() if name != "manifest.json"]
    models = [model.model_dump(mode="json") for model in models_of(records)]
    return with_manifest(files, lambda manifest: manifest.update(models=models))


@pytest.fixture
def offers(tiny_offers: Catalog) -> Catalog:
    return dataclasses.replace(tiny_offers, models={**tiny_offers.models, "module": Module})


def test_check_passes_names_path_and_version_and_imports_nothing(tiny_bundle: bytes, offers: Catalog) -> None:
    found = check_bundle(with_layer(tiny_bundle), offers)
    assert found.reasons == []
    (told,) = (each.message for each in found.findings if each.rule == "model module-layer (module)")
    assert told.startswith(f"it names {NEVER}:Layer, {NEVER}:Settings of never 1.0: imported by no check")
    assert NEVER not in sys.modules


def test_check_refuses_parameters_of_another_type_without_an_import(tiny_bundle: bytes, offers: Catalog) -> None:
    found = check_bundle(with_layer(tiny_bundle, arguments=[1]), offers)
    assert any("module.arguments" in reason for reason in found.reasons)


def test_verify_leaves_out_what_is_not_allowed_by_its_whole_name(tiny_bundle: bytes, offers: Catalog) -> None:
    found = submission(with_layer(tiny_bundle), offers)
    paths = (f"{NEVER}:Layer", f"{NEVER}:Settings")
    for allowed in ((), paths[:1], (NEVER, f"{NEVER}:Layers")):
        drawn = draw(found, 99, 1, offers, allowed)
        assert {record.cell.model.name for record in drawn.records} == {"small"}
        assert "module-layer runs code that the bundle names" in drawn.left_out[0]
        assert f"--allow-layer {NEVER}:Settings" in drawn.left_out[0]
    drawn = draw(found, 99, 1, offers, paths)
    assert ({record.cell.model.name for record in drawn.records}, drawn.left_out) == ({"small", "module"}, ())
    assert NEVER not in sys.modules


def test_code_is_found_at_any_depth_and_texts_of_other_keys_are_none() -> None:
    arguments = {"a": [{"class": "x:A", "b": {"class": "x:B"}}], "mode": "pure", "class": "x:C"}
    assert code_named(Module, {"layer": "x:L", "arguments": arguments, "package": "p"}) == (
        "x:L",
        "x:A",
        "x:B",
        "x:C",
    )
