"""Tests that the closing tables agree with the records: every outcome, nothing imputed, nothing mixed.

Modules: seqbench.report.tables.seed_summaries.
"""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from seqbench.errors import StoreError
from seqbench.experiment.schema import Training
from seqbench.records.schema import BaselineData, CellData, Evaluation, MetricData, PluginUsed, Record
from seqbench.records.store import Store
from seqbench.report import Report, Table, print_report, read_records, result_tables, whole_report
from seqbench.report.document import results
from seqbench.report.tables.failures import failures


def evaluation(score: float | None, *, length: int, baseline: float = 0.125, examples: int = 1000) -> Evaluation:
    return Evaluation(
        length=length,
        examples=examples,
        scores={"accuracy": score, "error": None if score is None else 1 - score},
        baselines=(
            BaselineData(name="guess", scores={"accuracy": baseline, "error": 1 - baseline}, is_reference=True),
            BaselineData(name="oracle", scores={"accuracy": 1.0}, is_reference=False),
        ),
        baseline_name="guess",
        skill=None if score is None else (score - baseline) / (1 - baseline),
    )


def record(
    score: float | None = 0.9,
    *,
    task: str = "copy",
    model: str = "lstm",
    length: int = 12,
    seed: int = 0,
    status: Any = "ok",
    reason: str | None = None,
    hidden_size: int = 64,
    training: dict[str, Any] | None = None,
    data: tuple[str, str] | None = None,
    elsewhere: dict[int, float] | None = None,
    baseline: float = 0.125,
    notes: dict[str, str] | None = None,
) -> Record:
    used = {"symbols": 8, **({"data": data[0]} if data else {})}
    settings = Training.model_validate(training or {}).model_dump()
    told = (task, model, length, seed, hidden_size, training, data, sorted(elsewhere or {}))
    return Record(
        key=f"{random.Random(repr(told)).getrandbits(80):020x}",
        status=status,
        reason=reason,
        cell=CellData(
            task=PluginUsed(name=task, version=1, parameters=used),
            model=PluginUsed(name=model, version=1, parameters={"hidden_size": hidden_size}),
            length=length,
            seed=seed,
            training=settings,
            evaluate_lengths=tuple(elsewhere or {}),
            data={"data": data[1]} if data else {},
        ),
        metric=MetricData(name="accuracy", best=1.0, is_higher_better=True) if status == "ok" else None,
        test=evaluation(score, length=length, baseline=baseline) if status == "ok" else None,
        evaluations=tuple(evaluation(s, length=n) for n, s in (elsewhere or {}).items()) if status == "ok" else (),
        notes=notes or {},
    )


def texts(table: Table) -> list[list[str]]:
    return [[str(entry) for entry in row] for row in table.rows]


def printed(records: list[Record], width: int = 120, make: Callable[[list[Record]], Report] = whole_report) -> str:
    file = io.StringIO()
    console = Console(file=file, width=width, markup=False, highlight=False, emoji=False)
    print_report(make(records), console)
    return file.getvalue()


def three_seeds(*scores: float, **rest: Any) -> list[Record]:
    return [record(score, seed=seed, **rest) for seed, score in enumerate(scores)]


def test_score_table_over_three_seeds_shows_mean_spread_and_baseline() -> None:
    # By hand: mean 0.93, deviations -0.01, 0, 0.01, so the sample standard deviation is 0.01.
    table, skill, _ = result_tables(three_seeds(0.92, 0.93, 0.94))
    assert table.title == "copy: accuracy (higher is better, best 1)"
    assert table.lines[0] == (
        "Mean ± standard deviation over 3 seeds; test examples: 1000; skill is measured from: guess."
    )
    # Student's t with two degrees of freedom is 4.303: 4.303 * 0.01 / sqrt(3) = 0.0248.
    assert texts(table) == [
        ["baseline: guess", "0.125"],
        ["baseline: oracle", "1.00"],
        ["lstm", "0.930 ± 0.010 [0.905, 0.955]"],
    ]
    # (0.93 - 0.125) / 0.875 = 0.92; the spread is 0.01 / 0.875 = 0.0114.
    assert texts(skill) == [["copy", "lstm", ">= 12 [>= 12, >= 12]", "0.920 ± 0.011 [0.892, 0.948]"]]


def test_score_table_where_a_seed_diverged_shows_it_beside_the_mean_of_the_others() -> None:
    records = [*three_seeds(0.92, 0.94), record(seed=2, status="diverged", reason="the loss was nan")]
    table, skill, _ = result_tables(records)
    assert texts(table)[-1] == ["lstm", "0.930 ± 0.014 [0.803, 1.000] (n=2, 1 diverged)"]
    # It holds in the mean of two seeds, and still does not count: a seed diverged.
    assert texts(skill)[0][2] == "- [-, -]"


def test_score_table_where_no_seed_has_a_score_shows_each_status_in_its_place() -> None:
    records = [
        record(),
        record(length=50, status="timeout"),
        *(record(seed=s, model="gru", status="diverged") for s in (0, 1)),
        record(seed=2, model="gru", status="failed"),
    ]
    table, skill, _ = result_tables(records)
    assert texts(table) == [
        ["baseline: guess", "0.125", "unknown"],
        ["baseline: oracle", "1.00", "unknown"],
        ["gru", "diverged 2 of 3, failed 1 of 3", "·"],
        ["lstm", "0.900 (n=1)", "timeout 1 of 3"],
    ]
    assert [row[2] for row in texts(skill)] == ["-", ">= 12 (T=50 unknown)"]


def test_interval_ends_where_the_metric_has_its_worst_and_its_best_value() -> None:
    seeds = three_seeds(0.02, 0.1, 0.9)
    assert "[-0.869, 1.000]" in texts(result_tables(seeds)[0])[-1][1]
    told = MetricData(name="accuracy", best=1.0, is_higher_better=True, worst=0.0)
    bounded = [each.model_copy(update={"metric": told}) for each in seeds]
    assert "[0.000, 1.000]" in texts(result_tables(bounded)[0])[-1][1]


def test_tables_of_records_without_any_score_still_show_what_happened() -> None:
    table, skill = result_tables([record(status="failed")])
    assert table.title == "copy: no scores"
    assert texts(table) == [["lstm", "failed"]]
    assert texts(skill) == [["copy", "lstm", "? (T=12 unknown)", "failed"]]


def test_skill_that_is_unknown_is_never_a_number() -> None:
    known = record(0.9)
    assert known.test is not None
    odd = known.model_copy(
        update={
            "test": known.test.model_copy(update={"skill": None}),
            "notes": {"skill": "the baseline is perfect"},
        }
    )
    score, skill = result_tables([odd])
    assert texts(score)[-1] == ["lstm", "0.900"]
    assert texts(skill)[0][2:] == ["? (T=12 unknown)", "unknown"]
    assert failures([odd]) == ["copy lstm T=12, seed 0: skill is unknown: the baseline is perfect"]


def test_variants_of_one_name_are_never_averaged_and_show_only_what_differs() -> None:
    records = [
        record(0.5, hidden_size=64),
        record(0.7, hidden_size=128),
        record(0.3, model="gru", training={"time_limit": 5.0}),
    ]
    assert [row[0] for row in texts(result_tables(records)[0])] == [
        "baseline: guess",
        "baseline: oracle",
        "gru",
        "lstm (hidden_size=64)",
        "lstm (hidden_size=128)",
    ]


def test_models_that_were_trained_differently_say_so() -> None:
    records = [record(0.5), record(0.7, model="gru", training={"steps": 500})]
    names = [row[0] for row in texts(result_tables(records)[0])]
    assert names[2:] == ["gru (training.steps=500)", "lstm (training.steps=1000)"]


def test_data_are_known_by_content_and_named_by_file() -> None:
    one = record(0.5, task="sentiment", data=("/a/reviews.csv", "csv:sha256:" + "1" * 64))
    moved = record(0.7, task="sentiment", seed=1, data=("/b/reviews.csv", "csv:sha256:" + "1" * 64))
    assert result_tables([one, moved])[0].title.startswith("sentiment (data=reviews.csv): accuracy")
    changed = record(0.7, task="sentiment", seed=1, data=("/a/reviews.csv", "csv:sha256:" + "2" * 64))
    titles = [table.title for table in result_tables([one, changed])]
    assert titles[0].startswith("sentiment (data=reviews.csv 111111111111): accuracy")
    assert titles[1].startswith("sentiment (data=reviews.csv 222222222222): accuracy")
    hub = record(0.5, task="sentiment", data=("owner/name", "hub:owner/name@main"))
    assert result_tables([hub])[0].title.startswith("sentiment (data=owner/name): accuracy")


def test_evaluate_lengths_get_a_table_of_their_own() -> None:
    _score, transfer, skill = result_tables(
        [record(0.9, elsewhere={24: 0.6, 48: 0.2}), record(model="gru", status="failed", elsewhere={24: 0, 48: 0})]
    )
    assert transfer.title == "copy, tested at further lengths: accuracy (higher is better, best 1)"
    assert transfer.columns == ("model", "trained at", "T=24", "T=48")
    assert texts(transfer) == [
        ["baseline: guess", "", "0.125", "0.125"],
        ["baseline: oracle", "", "1.00", "1.00"],
        ["gru", "T=12", "failed", "failed"],
        ["lstm", "T=12", "0.600", "0.200"],
    ]
    assert skill.columns == ("task", "model", "usable length", "T=12")


def test_baselines_that_differ_between_seeds_are_averaged_over_seeds_not_over_cells() -> None:
    # Two models share the data of seed 0, one has seed 1: the mean is of 0.2 and 0.4, not of 0.2, 0.2 and 0.4.
    records = [
        record(baseline=0.2),
        record(model="gru", baseline=0.2),
        record(seed=1, baseline=0.4),
    ]
    baseline = result_tables(records)[0].rows[0][1]
    assert baseline.value == pytest.approx(0.3)
    assert baseline.text == "0.300 ± 0.141"


def test_failures_name_cell_status_and_reason_and_join_seeds() -> None:
    records = [
        record(),
        record(seed=1, status="diverged", reason="the loss was nan"),
        record(seed=2, status="diverged", reason="the loss was nan"),
        record(model="gru", status="failed", reason="MemoryError: no room"),
    ]
    log = f"logs/copy_gru_T12_s0_{records[-1].key}.log"
    assert failures(records) == [
        f"copy gru T=12, seed 0: failed: MemoryError: no room (log: {log})",
        "copy lstm T=12, seeds 1, 2: diverged: the loss was nan",
    ]


def test_report_in_any_order_of_records_gives_the_same_bytes() -> None:
    records = [
        record(0.1 * seed + 0.3, model=model, length=length, seed=seed, hidden_size=size)
        for model in ("lstm", "gru")
        for length in (12, 50)
        for seed in (0, 1, 2)
        for size in (64, 128)
    ] + [record(seed=s, model="rnn", status="failed", reason=f"reason {s}") for s in (0, 1)]
    first = printed(records)
    for shuffle in range(5):
        random.Random(shuffle).shuffle(records)
        assert printed(records) == first


@pytest.mark.parametrize("width", [40, 80, 120])
def test_report_in_a_narrow_terminal_loses_no_digit(width: int) -> None:
    lengths = (12, 25, 50, 100, 200, 400, 800)
    records = [
        record(round(0.9 - length / 1000 + seed / 100, 4), length=length, seed=seed)
        for length in lengths
        for seed in (0, 1, 2)
    ] + [record(length=length, seed=3, status="diverged") for length in lengths[4:]]
    text = printed(records, width, results)
    is_reason = re.compile("  copy lstm")
    assert max(len(line) for line in text.splitlines() if not is_reason.match(line)) <= width
    for table in result_tables(records):
        for row in table.rows:
            for entry in row[table.keys :]:
                assert entry.text in text
                assert all(word in text for word in entry.note.split())


def test_report_on_a_file_is_plain() -> None:
    text = printed([record()])
    assert "copy" in text
    assert "\x1b" not in text


def test_heading_of_what_has_no_score_stands_where_something_has_none_only() -> None:
    heading = "What has no score, and why"
    failed = record(seed=1, status="failed", reason="MemoryError: no room")
    assert heading in printed([record(), failed])
    assert heading not in printed([record()])


def test_read_records_of_two_folders_takes_an_outcome_before_a_failure(tmp_path: Path) -> None:
    Store(tmp_path / "a").write(record(status="failed"))
    Store(tmp_path / "a").write(record(0.5, seed=1))
    Store(tmp_path / "b").write(record(0.9))
    for folders in (["a", "b"], ["b", "a"]):
        records = read_records([tmp_path / folder for folder in folders])
        assert sorted((r.cell.seed, r.status) for r in records) == [(0, "ok"), (1, "ok")]


def test_read_records_that_contradict_each_other_are_refused_with_both_folders(tmp_path: Path) -> None:
    Store(tmp_path / "a").write(record(0.5))
    Store(tmp_path / "b").write(record(0.9))
    with pytest.raises(StoreError, match=r"accuracy: \S*a 0\.5, \S*b 0\.9 \(differs by 0\.4\)"):
        read_records([tmp_path / "a", tmp_path / "b"])


def test_read_records_of_an_empty_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no results"):
        read_records([tmp_path])
