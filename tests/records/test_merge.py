"""Tests that folders are merged whatever their order, and that every contradiction is named.

Modules: seqbench.base.differences.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seqbench.errors import StoreError
from seqbench.records.merge import told_elsewhere
from seqbench.records.schema import Costs
from seqbench.records.store import Store
from seqbench.report import FORMATS, read_records, whole_report
from seqbench.report.formats.terminal import to_text
from tests.report.tables.test_scores import record


def test_every_contradiction_is_named_with_both_places_whatever_the_order(tmp_path: Path) -> None:
    for each in (record(0.5), record(0.6, seed=1), record(0.7, seed=2)):
        Store(tmp_path / "a").write(each)
    for each in (record(0.5), record(0.61, seed=1), record(seed=2, status="diverged")):
        Store(tmp_path / "b").write(each)
    with pytest.raises(StoreError) as caught:
        read_records([tmp_path / "a", tmp_path / "b"])
    said = str(caught.value)
    assert "seed 0" not in said
    a, b = tmp_path / "a", tmp_path / "b"
    for part in (f"accuracy: {a} 0.6, {b} 0.61 (differs by 0.01)", f"status: {a} 'ok', {b} 'diverged'"):
        assert part in said


def test_contradiction_by_an_edited_plugin_file_says_so(tmp_path: Path) -> None:
    for folder, score, content in (("a", 0.5, "a"), ("b", 0.6, "b")):
        each = record(score)
        used = each.cell.model.model_copy(update={"distribution": f"file mine.py sha256:{content * 12}"})
        cell = each.cell.model_copy(update={"model": used})
        Store(tmp_path / folder).write(each.model_copy(update={"cell": cell}))
    with pytest.raises(
        StoreError, match=f"; the plugin file of {record().cell.model.name} was edited between them"
    ):
        read_records([tmp_path / "a", tmp_path / "b"])


def test_contradiction_names_the_metric_that_differs_and_never_a_pair_of_equal_numbers(tmp_path: Path) -> None:
    first = record(0.5)
    assert first.test is not None
    first = first.model_copy(
        update={"test": first.test.model_copy(update={"scores": {**first.test.scores, "loss": 0.25}})}
    )
    assert first.test is not None
    second = first.model_copy(
        update={"test": first.test.model_copy(update={"scores": {**first.test.scores, "loss": 0.75}})}
    )
    Store(tmp_path / "a").write(first)
    Store(tmp_path / "b").write(second)
    with pytest.raises(StoreError) as caught:
        read_records([tmp_path / "a", tmp_path / "b"])
    line = str(caught.value).splitlines()[1]
    assert f"T=12.loss: {tmp_path / 'a'} 0.25, {tmp_path / 'b'} 0.75 (differs by 0.5)" in line
    assert "accuracy" not in line


def test_folders_of_two_kinds_of_processors_are_merged_with_a_note_of_both_scores(tmp_path: Path) -> None:
    facts = {"python": "3.11", "platform": "Linux-6.1-x86_64-with-glibc2.36", "packages": {"torch": "2"}}
    intel = {"vendor": "GenuineIntel", "torch": "AVX512", "onednn": "AVX512_CORE", "mkl": "AVX512"}
    amd = {"vendor": "AuthenticAMD", "torch": "AVX2", "onednn": "AVX2", "mkl": "COMPATIBLE"}
    here, there = ({**facts, "device": "cpu", "processor_class": each} for each in (intel, amd))
    same = record(0.5, seed=1).model_copy(update={"environment": there})
    Store(tmp_path / "a").write(record(0.6).model_copy(update={"environment": here, "finished": "2026-01-01"}))
    Store(tmp_path / "a").write(same.model_copy(update={"environment": here}))
    Store(tmp_path / "b").write(record(0.4).model_copy(update={"environment": there, "finished": "2026-01-02"}))
    Store(tmp_path / "b").write(same)
    for folders in (("a", "b"), ("b", "a")):
        merged = read_records([tmp_path / each for each in folders])
        (told,) = told_elsewhere(merged)
        assert "accuracy: shown 0.6, the other 0.4 (differs by 0.2)" in told
        assert f"GenuineIntel (torch AVX512, oneDNN AVX512_CORE, MKL AVX512) in {tmp_path / 'a'}, which is" in told
        assert f"AuthenticAMD (torch AVX2, oneDNN AVX2, MKL COMPATIBLE) in {tmp_path / 'b'}" in told
        text = to_text(whole_report(merged))
        assert told.split(";")[0] in text
        assert json.loads(FORMATS["json"].write(merged))["told_elsewhere"] == [told]
        assert "processor's torch" in text
    # The same processor has the same bits, whatever its kernel's version.
    kernel = {**here, "platform": "Linux-6.9-x86_64-with-glibc2.36"}
    Store(tmp_path / "c").write(record(0.61).model_copy(update={"environment": kernel}))
    with pytest.raises(StoreError, match="on GenuineIntel"):
        read_records([tmp_path / "a", tmp_path / "c"])


def test_merging_does_not_depend_on_the_order_of_the_folders(tmp_path: Path) -> None:
    for name, seconds in (("a", 1.0), ("b", 2.0)):
        told = record().model_copy(
            update={"costs": Costs(seconds_per_step=seconds), "finished": f"2026-01-0{seconds:.0f}"}
        )
        Store(tmp_path / name).write(told)
    both = [read_records([tmp_path / one, tmp_path / other]) for one, other in (("a", "b"), ("b", "a"))]
    assert both[0] == both[1]
    assert both[0][0].costs.seconds_per_step == 1.0
