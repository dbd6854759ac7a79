"""Tests that comparisons say what was tested, and that a missing cell is not ranked.

Modules: seqbench.report.observations, seqbench.report.tables.standings.
"""

from __future__ import annotations

from seqbench.records.schema import Record
from seqbench.report.observations import observations
from seqbench.report.tables.comparison import comparison_tables
from tests.report.tables.test_scores import record, texts, three_seeds


def test_comparison_says_what_was_tested_and_what_was_not() -> None:
    def seeds(model: str, scores: list[float | None]) -> list[Record]:
        return [
            record(score, model=model, seed=s, status="ok" if score is not None else "diverged")
            for s, score in enumerate(scores)
        ]

    few = [*seeds("gru", [0.9] * 5), *seeds("rnn", [0.2] * 5)]
    assert [row[-2:] for row in texts(comparison_tables(observations(few))[1])] == [["-", "not tested"]]
    many = [*seeds("gru", [0.9, 0.8, 0.9, 0.7, 0.9, 0.8]), *seeds("rnn", [0.2, 0.3, None, 0.1, 0.2, 0.3])]
    ranks, pairs = comparison_tables(observations(many))
    # All six the same way: 2 / 2**6. Median between 0.6 and 0.7, both over 0.875; the diverged one is beyond.
    assert texts(pairs) == [["gru", "rnn", "6", "6", "0", "0", "+0.743", "0.031", "better"]]
    assert texts(ranks) == [["gru", "1.00 [one task]", "1", "none"], ["rnn", "2.00 [one task]", "1", "none"]]


def test_a_missing_cell_is_missing_in_ranks_and_a_failed_one_ranks_last() -> None:
    records = [
        *three_seeds(0.9, 0.9, 0.9, model="gru"),
        *three_seeds(0.5, 0.6, model="rnn"),
        record(seed=2, model="rnn", status="interrupted"),
        *three_seeds(0.95, 0.95, model="lstm"),
        record(seed=2, model="lstm", status="failed"),
    ]
    ranks = comparison_tables(observations(records))[0]
    # Of the two that ran everywhere, lstm is first twice and last once.
    assert [row[:2] + row[3:] for row in texts(ranks)] == [
        ["lstm", "1.33 [one task]", "none"],
        ["gru", "1.67 [one task]", "none"],
        ["rnn", "not ranked", "1"],
    ]


def test_models_without_a_shared_cell_have_no_table_of_pairs() -> None:
    # A sweep that was interrupted: each model ran at another length.
    records = [record(0.5, model="gru", length=8), record(0.5, model="rnn", length=16)]
    assert [table.title for table in comparison_tables(observations(records))] == ["mean rank"]


def test_huge_differences_are_written_with_an_exponent() -> None:
    records = [record(score, model=model) for model, score in (("gru", 0.9), ("rnn", -6e22))]
    assert texts(comparison_tables(observations(records))[1])[0][6] == "+6.86e+22"
