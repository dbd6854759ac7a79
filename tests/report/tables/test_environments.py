"""Tests that the table of environments tells apart what cells ran on."""

from __future__ import annotations

from seqbench.report.tables.environments import environment_table, environments, places
from tests.report.tables.test_scores import record, texts


def test_environments_are_told_apart_and_a_failed_cell_has_none_of_its_own() -> None:
    here = {"python": "3.11", "packages": {"torch": "2.13"}, "git_revision": None, "device": "cpu"}
    there = {**here, "packages": {"torch": "2.13+cu"}, "device": "NVIDIA H200"}
    failed = {name: value for name, value in here.items() if name != "device"}
    records = [
        record().model_copy(update={"environment": here}),
        record(seed=1, status="failed").model_copy(update={"environment": failed}),
        record(seed=2, model="gru").model_copy(update={"environment": there}),
    ]
    found = environments(records)
    assert texts(environment_table(found)) == [
        ["cells", "2", "1"],
        ["python", "3.11", "3.11"],
        ["torch", "2.13", "2.13+cu"],
        ["source revision", "not known", "not known"],
        ["device", "cpu", "NVIDIA H200"],
    ]
    assert places(found) == ["environment 1: copy lstm, T=12 seed 0, 1", "environment 2: copy gru, T=12 seed 2"]
    assert places(environments(records[:2])) == []
