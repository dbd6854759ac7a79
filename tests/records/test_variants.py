"""Tests the names by which records of variants of a model are told apart."""

from __future__ import annotations

from typing import Any

from seqbench.experiment.trials import TunedData
from seqbench.records.rows import rows
from seqbench.records.schema import Record
from seqbench.records.variants import legend, legend_title, model_names, settings_key, task_names
from seqbench.report.names import names_of
from tests.report.tables.test_scores import record


def test_long_names_of_variants_are_numbered_and_explained() -> None:
    settings = {"steps": 500, "batch_size": 16, "learning_rate": 0.01}
    records = [record(0.5), record(0.6, hidden_size=128, training=settings), record(0.7, model="gru")]
    assert sorted(model_names(records).values()) == [
        "gru (training.steps=1000, training.batch_size=32, training.learning_rate=0.003)",
        "lstm #1",
        "lstm #2",
    ]
    assert [line.split(" = ")[0] for line in legend(records)] == ["lstm #1", "lstm #2"]
    assert "hidden_size=128" in legend(records)[1]
    assert "training.steps=500" in legend(records)[1]


def tuned(
    rate: float, length: int, *, hidden_size: int = 64, search: str = "aaaabbbbcccc", seed: int = 0
) -> Record:
    own = record(0.5, length=length, seed=seed, hidden_size=hidden_size, training={"learning_rate": rate})
    setting = {"learning_rate": rate, "lstm.hidden_size": hidden_size}
    chosen = TunedData(search, "random", 4, 0, (), 0.5, "", setting)
    return own.model_copy(update={"cell": own.cell.model_copy(update={"tuned": chosen})})


def test_what_a_search_chose_is_in_no_name() -> None:
    records = [tuned(0.001, 8), tuned(0.01, 16, hidden_size=128), record(0.5, model="gru", length=8)]
    assert sorted(set(model_names(records[:2]).values())) == ["lstm"]
    assert sorted(set(model_names(records).values())) == [
        "gru (training.learning_rate=0.003)",
        "lstm (tuned=random)",
    ]
    assert names_of(records).models == model_names(records)
    assert legend(records) == []


def test_two_searches_are_two_models_and_so_are_tuned_cells_and_others() -> None:
    again = tuned(0.02, 8, search="ddddeeeeffff", seed=1)
    assert set(model_names([tuned(0.001, 8), again]).values()) == {
        "lstm (tuned=random aaaabbbb)",
        "lstm (tuned=random ddddeeee)",
    }
    # With the same settings, so that the name alone tells that one was tuned.
    same = [tuned(0.003, 8), record(0.5, length=16)]
    assert set(names_of(same).models.values()) == {"lstm #1", "lstm #2"}
    assert {line.partition(" = ")[2] for line in names_of(same).legend} == {
        "lstm (tuned=random)",
        "lstm (hidden_size=64, training.learning_rate=0.003)",
    }


def test_two_choices_of_one_search_at_one_length_are_two_models() -> None:
    records = [tuned(0.001, 8), tuned(0.01, 8, seed=1), tuned(0.02, 16)]
    names = model_names(records)
    assert len({names[each.key] for each in records}) == 3
    told = dict(line.split(" = ") for line in legend(records))
    assert [told[names[each.key]].partition("learning_rate=")[2] for each in records] == ["0.001)", "0.01)", ""]
    assert [row["model_name"] for row in rows(records)] == [names[each.key] for each in records]


def test_two_labelled_models_of_which_a_search_chose_all_that_differs_are_two_models() -> None:
    records = [tuned(0.001, 8, hidden_size=16), tuned(0.001, 16, hidden_size=16), tuned(0.001, 8, hidden_size=64)]
    labels = ["narrow", "narrow", "wide"]
    named = []
    for label, each in zip(labels, records, strict=True):
        model = each.cell.model.model_copy(update={"label": label})
        named.append(each.model_copy(update={"cell": each.cell.model_copy(update={"model": model})}))
    assert [model_names(named)[each.key] for each in named] == labels


def test_arithmetic_is_named_where_it_differs_and_truncation_always() -> None:
    portable = record(0.5, training={"arithmetic": "portable"})
    assert set(model_names([portable]).values()) == {"lstm"}
    native = record(0.5, training={"arithmetic": "native"}, length=16)
    assert set(model_names([portable, native]).values()) == {"lstm", "lstm (training.arithmetic=portable)"}
    assert set(model_names([record(0.5, training={"truncate": 8})]).values()) == {"lstm (training.truncate=8)"}


def from_file(kind: str, distribution: str, length: int, **settings: Any) -> Record:
    own = record(0.5, length=length, **settings)
    used = getattr(own.cell, kind).model_copy(update={"distribution": distribution})
    return own.model_copy(update={"cell": own.cell.model_copy(update={kind: used})})


def test_two_contents_of_one_plugin_file_are_two_models() -> None:
    first, second = "file mylayer.py sha256:1a2b3c4d5e6f", "file copy of mylayer.py sha256:f6e5d4c3b2a1"
    records = [from_file("model", first, 8), from_file("model", first, 16), from_file("model", second, 32)]
    assert set(model_names(records[:2]).values()) == {"lstm"}
    assert (legend(records[:2]), legend_title(records[:2])) == ([], "What the numbers in names stand for")
    named = ["lstm (file sha256=1a2b3c4d5e6f)"] * 2 + ["lstm (file sha256=f6e5d4c3b2a1)"]
    assert [model_names(records)[each.key] for each in records] == named
    assert names_of(records).models == model_names(records)
    assert [line.partition(":")[0] for line in legend(records)] == ["file sha256"]
    assert legend_title(records) == "What the names stand for"
    assert [row["model_name"] for row in rows(records)] == named
    assert [row["model.file sha256"] for row in rows(records)] == ["1a2b3c4d5e6f"] * 2 + ["f6e5d4c3b2a1"]
    # Renamed, and the same: one program.
    moved = from_file("model", first.replace("mylayer", "renamed"), 64)
    assert set(model_names([*records[:2], moved]).values()) == {"lstm"}


def test_two_contents_of_one_task_and_a_file_beside_what_is_installed_have_names_of_their_own() -> None:
    records = [from_file("task", f"file mytask.py sha256:{part * 12}", 8 * n) for n, part in enumerate("ab", 1)]
    names = {"copy (file sha256=aaaaaaaaaaaa)", "copy (file sha256=bbbbbbbbbbbb)"}
    assert set(task_names(records).values()) == set(names_of(records).tasks.values()) == names
    assert settings_key(records[0]) != settings_key(records[1])
    # Two versions of a distribution are told apart by the version of the plugin alone.
    installed = [from_file("task", f"mytasks {version}", 8, seed=version) for version in (1, 2)]
    assert set(task_names(installed).values()) == {"copy"}
    assert set(task_names([*installed, records[0]]).values()) == {"copy", "copy (file sha256=aaaaaaaaaaaa)"}
