"""Tests that the page of the audit states what its results hold, and that its file is the page of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from benchmarks.audit import AUDITS
from benchmarks.audit_page import page

LAYER = {"name": "one", "package": "one 1.0", "layer": "one:Layer", "promises": "causal"}


def result(**changed: dict[str, Any]) -> dict[str, Any]:
    ids = (
        "outputs",
        "causality",
        "carry-over",
        "state",
        "parameters",
        "dropout",
        "float64",
        "bfloat16",
        "batch",
        "time",
    )
    checks = {id: {"id": id, "status": "passed", "message": "", "figures": {}} for id in ids}
    for id, fields in changed.items():
        checks[id.replace("_", "-")].update(fields)
    return {"checks": list(checks.values()), "failed": 0}


def row(**changed: dict[str, Any]) -> list[str]:
    text = page({"torch": "2.13.0", "layers": [LAYER]}, {"one": result(**changed)})
    line = next(line for line in text.splitlines() if line.startswith("| Layer (one)"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_figures_of_failed_checks_are_in_the_row() -> None:
    leak = {"status": "failed", "figures": {"leak in evaluation": 0.0, "leak in training": 0.0213}}
    pieces = {"status": "failed", "figures": {"pieces of 1": 1e-15, "pieces of 7": 0.25}}
    zeros = {"figures": {"zeros instead of no state": 0.5}}
    idle = {"status": "failed", "figures": {"trainable numbers": 2208, "without a gradient": 12}}
    growth = {"figures": {"growth from 256 to 2048 steps": 64.0}}
    found = row(causality=leak, carry_over=pieces, state=zeros, parameters=idle, time=growth)
    assert found[1:5] == ["no: 0.02 in training", "no: 1: right, 7: 0.2", "no: 0.5", "no: 12 of 2,208 without"]
    assert found[-1] == "64 (2.0)"


def test_skips_have_words_of_their_own() -> None:
    told = {
        "bfloat16": "it does not run in bfloat16: no",
        "dropout": "no parameter with dropout in its name is above 0",
    }
    found = row(**{id: {"status": "skipped", "message": message} for id, message in told.items()})
    assert (found[5], found[7]) == ("-", "raises")


def test_page_is_that_of_the_results_beside_it() -> None:
    listed = yaml.safe_load((AUDITS / "layers.yaml").read_text())
    results = {path.stem: json.loads(path.read_text()) for path in Path(AUDITS).glob("*.json")}
    assert set(results) == {layer["name"] for layer in listed["layers"]}
    assert (AUDITS / "README.md").read_text() == page(listed, results)
    assert len(results) >= 12
    assert len({layer["package"] for layer in listed["layers"]}) >= 10
