"""Tests that new rows of every kind of file are answered, and that nothing is overwritten unasked.

Modules: seqbench.data.row_files.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from seqbench import DataError, load_trained, run
from seqbench.cli.main import cli
from seqbench.data.row_files import answer_rows, json_answers, lines_told, read_rows, written_rows
from seqbench.records.store import Store
from tests.scenarios.test_writing import WRITING, experiment

TEXTS = ["abc", "b", "ca"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("reverse")
    run(experiment(steps=5), folder, executor="serial", keep_weights=True, plugin_files=[WRITING])
    return Store(folder)


def predict(store: Store, source: Path, *options: str, plugin: Path = WRITING) -> Result:
    command = ["predict", str(store.path), "--input", str(source), "--plugin", str(plugin), *options]
    return CliRunner().invoke(cli, command)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.txt"
    path.write_text("\n".join(TEXTS) + "\n")
    return path


def test_rows_of_every_kind_of_file_get_the_same_answers(store: Store, tmp_path: Path, rows: Path) -> None:
    (record,) = store.read()
    answers = load_trained(store.path, record.key, plugin_files=[WRITING]).predict(
        [{"text": text} for text in TEXTS]
    )
    table = pd.DataFrame({"text": TEXTS})
    table.to_csv(tmp_path / "rows.csv", index=False)
    table.to_parquet(tmp_path / "rows.parquet")
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
    for name in ("rows.txt", "rows.csv", "rows.parquet", "rows.jsonl"):
        assert read_rows(tmp_path / name) == [{"text": text} for text in TEXTS]
    done = predict(store, tmp_path / "rows.jsonl", "--json", "--key", record.key[:6])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {
        "schema_version": 1,
        "key": record.key,
        "cell": record.title,
        "answers": answers,
    }
    assert predict(store, rows, "--output", str(tmp_path / "out.parquet")).exit_code == 0
    expected = {"input": [1, 2, 3], "answer": answers}
    assert pd.read_parquet(tmp_path / "out.parquet").to_dict("list") == expected
    (tmp_path / "out.csv").write_text(predict(store, rows).stdout)
    assert pd.read_csv(tmp_path / "out.csv", keep_default_na=False).to_dict("list") == expected
    lines = written_rows(answer_rows(answers), ".jsonl").decode().splitlines()
    assert [json.loads(line)["answer"] for line in lines] == answers


def test_a_file_is_replaced_only_by_force(store: Store, rows: Path, tmp_path: Path) -> None:
    there = tmp_path / "there.csv"
    there.write_text("mine\n")
    done = predict(store, rows, "--output", str(there))
    assert done.exit_code != 0
    assert "is there already; --force replaces it" in str(done.exception)
    assert there.read_text() == "mine\n"
    assert predict(store, rows, "--output", str(there), "--force").exit_code == 0
    assert there.read_text().startswith("input,answer\n1,")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--output", "answers.xlsx"], "its ending names no kind of table; give one of .csv, .jsonl, .parquet"),
        (["--output", "no/such/folder/answers.csv"], "there is no folder"),
        (["--json", "--output", "answers.csv"], "--json writes to stdout"),
        (["--input", "-"], "stdin is not read"),
        (["--input", "/dev/stdin"], "stdin is not read"),
        (["--seed", "4"], "holds no cell of seed 4; there are:"),
        (["--cell-seed", "4"], "holds no cell of seed 4; there are:"),
    ],
)
def test_wrong_use_is_told_in_a_sentence(store: Store, rows: Path, options: list[str], words: str) -> None:
    done = predict(store, rows, *options)
    assert done.exit_code != 0
    assert words in f"{done.output} {done.exception}"
    assert not done.stdout


def test_rows_that_do_not_fit_are_told_and_nothing_is_written(store: Store, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("words\nabc\n")
    done = predict(store, tmp_path / "rows.csv", "--output", str(tmp_path / "out.csv"))
    assert done.exit_code != 0
    assert "a row has no column or letter 'text'" in str(done.exception)
    assert not (tmp_path / "out.csv").exists()


def test_warnings_of_a_task_are_said_on_stderr_once_and_stdout_holds_answers_alone(
    store: Store, rows: Path, tmp_path: Path
) -> None:
    before = "        numbers = {letter: number"
    warning = "        for _ in rows:\n            __import__('warnings').warn('rows are long')\n"
    plugin = tmp_path / "writing.py"
    plugin.write_text(WRITING.read_text().replace(before, warning + before))
    warned = predict(store, rows, plugin=plugin)
    assert warned.exit_code == 0, warned.output
    assert warned.stderr.count("seqbench: rows are long\n") == 1
    assert warned.stdout == predict(store, rows).stdout


def test_a_task_that_cannot_predict_names_those_that_can(tmp_path: Path, rows: Path) -> None:
    from tests.spelling import kept

    plugin = Path(__file__).parents[1] / "spelling.py"
    done = predict(kept(tmp_path / "spelling", steps=1), rows, plugin=plugin)
    assert done.exit_code != 0
    assert "the task spelling cannot predict" in str(done.exception)
    assert "tasks that can: forecasting, " in str(done.exception)


def test_rows_are_read_with_none_where_a_value_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("n,word\n1,x\n,\n")
    assert read_rows(tmp_path / "a.csv") == [{"n": 1.0, "word": "x"}, {"n": None, "word": None}]
    table = pd.DataFrame({"n": [1]}, index=pd.Index(["2020-01-01"], name="day"))
    table.to_parquet(tmp_path / "b.parquet")
    assert read_rows(tmp_path / "b.parquet") == [{"day": "2020-01-01", "n": 1}]
    with pytest.raises(DataError, match="is a folder"):
        read_rows(tmp_path)


def test_rows_that_a_message_numbers_are_found_on_their_lines(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('text\n"two\nlines"\nx\n')
    told = lines_told("the text of row 2 is empty, as that of row 1 and of row 7", tmp_path / "a.csv")
    assert told == f" (row 2 is line 4, row 1 is line 2 of {tmp_path / 'a.csv'})"
    pd.DataFrame({"text": ["x"]}).to_parquet(tmp_path / "b.parquet")
    assert lines_told("the text of row 1 is empty", tmp_path / "b.parquet") == ""
    assert lines_told("no row", tmp_path / "a.csv") == ""


def test_answers_become_rows_and_numbers_that_are_not_finite_null() -> None:
    answers = [[1.5, float("nan")], {"label": "good", "probability": 0.75}]
    rows = answer_rows(answers)
    assert rows[0] == {"input": 1, "step": 1, "answer": 1.5}
    assert rows[2] == {"input": 2, "label": "good", "probability": 0.75}
    assert b'{"input": 1, "step": 2, "answer": null}' in written_rows(rows, ".jsonl")
    assert json_answers(answers)[0] == [1.5, None]
