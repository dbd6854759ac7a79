"""Tests that all formats have the same full content for any records."""

from __future__ import annotations

import csv
import html
import io
import json
import random
import re
import shutil
import subprocess
from pathlib import Path

import click
import pandas as pd
import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from seqbench import load_results
from seqbench.base.csv_fields import from_csv_text, is_hidden
from seqbench.cli.report import command as report_command
from seqbench.errors import ExperimentError, StoreError
from seqbench.records.schema import Record
from seqbench.records.store import Store
from seqbench.records.variants import legend, model_names
from seqbench.report import FORMATS, print_report, whole_report
from seqbench.report.formats.output import write_whole
from tests.report.tables.test_scores import record, three_seeds

HOSTILE = (
    "50% of $x_1^2$ & #7 {\\input{/etc/passwd}} ~",
    "a|b\nc\r\nd,e;\"f\" 'g' `h`",
    "<script>alert(1)</script> ![x](http://y) *b* [l](m)",
    "\x1b[31mred\x07 \u202eleft",
    "模型 π ± [1]",
    "-- --output=x",
    "NA",
    "null",
    "007",
    "1e5",
    '=HYPERLINK("http://example.org")',
    "'=1",
    "C:\\new\\x1b",
)
TEXTS = [name for name in FORMATS if name not in ("html",)]


def hostile() -> list[Record]:
    return [
        record(0.1 + 0.8 / (i + 1.7), model=name, seed=s) for i, name in enumerate(HOSTILE) for s in (0, 1)
    ] + [
        record(model="lstm", length=64, status="failed", reason=HOSTILE[1]),
        record(model="lstm", length=64, seed=1, status="diverged"),
        record(model="null", length=64, elsewhere={128: 0.25}),
    ]


def fields() -> set[str]:
    """Every text that a table of the hostile records shows, as a terminal may see it."""
    return {
        entry.text
        for section in whole_report(hostile()).sections
        for table in section.tables
        for row in table.rows
        for entry in row
        if entry.text.isprintable()
    }


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_holds_what_steers_a_terminal_or_turns_a_text_round(name: str) -> None:
    text = FORMATS[name].write(hostile())
    assert not {char for char in text if is_hidden(char)} - {"\n", "\t"}
    assert "left" in text


def stored(records: list[Record], folder: Path) -> Path:
    for each in records:
        Store(folder).write(each)
    return folder


def names(records: list[Record]) -> list[Record]:
    """Return records whose files can be named: a slash in a model's name would be a folder."""
    return [each for each in records if "/" not in each.cell.model.name]


def test_csv_reads_back_as_load_results_to_the_last_bit(tmp_path: Path) -> None:
    folder = stored(names(hostile()), tmp_path / "runs")
    with pytest.warns(UserWarning, match=r"null on copy .*evaluate_lengths"):
        expected = load_results(folder)
    (tmp_path / "all.csv").write_bytes(FORMATS["csv"].write(Store(folder).read()).encode())
    with pytest.warns(UserWarning, match="group by task_name and model_name"):
        found = load_results(tmp_path / "all.csv")
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert list(found["model"]) == list(expected["model"])
    assert {"NA", "null", "007", HOSTILE[1]} <= set(found["model"])
    # Another reader of CSV finds the same fields, with what steers a terminal or is a formula made harmless.
    text = (tmp_path / "all.csv").read_bytes().decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [from_csv_text(row["model"]) for row in rows] == list(expected["model"])
    assert not any(map(is_hidden, text.replace("\n", "")))
    assert not any(field.startswith(("=", "+", "@")) for row in rows for field in row.values())
    assert [row["score"] and float(row["score"]) for row in rows] == [
        "" if s != s else s for s in expected["score"]
    ]


def test_load_results_has_the_same_types_whatever_is_known(tmp_path: Path) -> None:
    full = load_results(stored([record()], tmp_path / "a"))
    empty = load_results(stored([record(status="failed")], tmp_path / "b"))
    shared = ["task", "status", "metric", "score", "skill", "stopped", "gain_init", "verdict", "train_seconds"]
    assert list(full[shared].dtypes) == list(empty[shared].dtypes)


def test_load_results_of_another_csv_says_so(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(StoreError, match="is no table of results"):
        load_results(tmp_path / "other.csv")


def test_json_is_strict_and_holds_what_the_tables_say() -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    records = [
        *three_seeds(0.92, 0.93, 0.94),
        *three_seeds(0.5, 0.6, 0.7, model="gru"),
        record(seed=3, status="failed"),
    ]
    told = json.loads(FORMATS["json"].write(records), parse_constant=refuse)
    by_model = {each["model"]: each for each in told["summaries"]}
    assert by_model["lstm"]["score"]["mean"] == pytest.approx(0.93)
    assert by_model["lstm"]["score"]["n"] == 3
    assert by_model["lstm"]["statuses"] == {"failed": 1, "ok": 3}
    assert told["comparisons"][0]["n"] == 3
    assert told["comparisons"][0]["p"] is None
    assert {each["model"]: (each["rank"], each["missing"]) for each in told["mean_ranks"]} == {
        "lstm": (None, 0),  # the only one that ran everywhere: first of one
        "gru": (None, 1),
    }
    assert set(told["commands"]) == {each.key for each in records}


def test_markdown_shows_every_field_as_it_is() -> None:
    parsed = MarkdownIt("commonmark").enable("table").render(FORMATS["markdown"].write(hostile()))
    assert "<script" not in parsed
    assert "<img" not in parsed
    assert "<a " not in parsed
    shown = {
        html.unescape(cell).strip() for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", parsed, flags=re.DOTALL)
    }
    for text in fields():
        assert any(cell.startswith(text) for cell in shown), text


def test_terminal_is_not_steered_by_a_record() -> None:
    file = io.StringIO()
    print_report(whole_report(hostile()), Console(file=file, width=200, force_terminal=False))
    for text in (file.getvalue(), FORMATS["terminal"].write(hostile())):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", text)
        assert "\\x1b[31mred" in text


@pytest.mark.skipif(
    shutil.which("pdflatex") is None, reason="pdflatex is not installed (Debian: texlive-latex-base)"
)
def test_latex_compiles_and_loses_no_field(tmp_path: Path) -> None:
    (tmp_path / "report.tex").write_text(FORMATS["latex"].write(hostile()), encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "report.tex"],
        cwd=tmp_path,
        capture_output=True,
        timeout=120,
        check=False,
    )
    said = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, said[-2000:]
    assert "Missing character" not in said
    assert (tmp_path / "report.pdf").stat().st_size > 10_000


def test_latex_has_booktabs_rules_and_as_many_fields_as_columns() -> None:
    text = FORMATS["latex"].write(hostile())
    tables = re.findall(r"\\begin\{tabular\}\{([lr]+)\}\n(.*?)\\end\{tabular\}", text, flags=re.DOTALL)
    assert len(tables) >= 6
    for columns, body in tables:
        assert [body.count(rule) for rule in ("\\toprule", "\\midrule", "\\bottomrule")] == [1, 1, 1]
        rows = [line for line in body.splitlines() if line.endswith("\\\\")]
        assert rows
        assert all(len(re.findall(r"(?<!\\)&", row)) == len(columns) - 1 for row in rows)
    # Nothing of a record is a command.
    assert "\\input" not in text
    assert text.isascii() or set(filter(lambda c: not c.isascii(), text)) <= set("é")


@pytest.mark.parametrize("name", TEXTS)
def test_same_records_give_the_same_bytes_in_any_order(name: str) -> None:
    records = hostile()
    first = FORMATS[name].write(records)
    random.Random(0).shuffle(records)
    assert FORMATS[name].write(records) == first


@pytest.mark.parametrize("name", TEXTS)
def test_a_cell_without_a_score_is_named_in_every_format(name: str) -> None:
    text = FORMATS[name].write([record(), record(seed=1, status="diverged"), record(length=64, model="gru")])
    assert "diverged" in text


def test_output_that_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "report.md"
    assert write_whole(target, "é first") == 8
    with pytest.raises(UnicodeEncodeError):
        write_whole(target, "broken \ud800")
    assert target.read_text() == "é first"
    with pytest.raises(ExperimentError, match="is a folder"):
        write_whole(tmp_path, "x")
    with pytest.raises(ExperimentError, match="no ordinary file"):
        write_whole(Path("/dev/null"), "x")
    with pytest.raises(ExperimentError, match="there is no folder"):
        write_whole(tmp_path / "nowhere" / "x", "x")
    (tmp_path / "link.md").symlink_to(target)
    write_whole(tmp_path / "link.md", "second")
    assert target.read_text() == "second"
    assert (tmp_path / "link.md").is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.md", "report.md"]


def test_command_writes_the_format_that_the_ending_names_and_says_what_it_wrote(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    folder = stored([record(), record(model="gru")], tmp_path / "runs")
    for name in TEXTS:
        target = tmp_path / f"report{FORMATS[name].ending}"
        report_command.main([str(folder), "--output", str(target)], standalone_mode=False)
        said = capsys.readouterr()
        assert target.read_text() == FORMATS[name].write(Store(folder).read())
        assert said.out == ""
        assert said.err == f"wrote {target} ({target.stat().st_size} bytes, {name}, 2 cells)\n"
        report_command.main([str(folder), "--format", name], standalone_mode=False)
        assert capsys.readouterr().out == target.read_text()
    with pytest.raises(click.UsageError, match=r"\.pdf names no format"):
        report_command.main([str(folder), "--output", str(tmp_path / "x.pdf")], standalone_mode=False)


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
