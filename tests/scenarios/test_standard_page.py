"""Tests that docs/standard.md and README.md say of the suite standard what its published records say."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from seqbench.report import Table, read_records, result_tables

ROOT = Path(__file__).parents[2]
TASKS = ("adding", "copy", "sentiment", "word-order", "forecasting")


@cache
def tables() -> dict[str, Table]:
    return {table.title: table for table in result_tables(read_records([ROOT / "results/published/standard"]))}


def fields(title: str) -> dict[tuple[str, str], list[str]]:
    """Return task, model -> what a table of the report says."""
    return {(str(row[0]), str(row[1])): [entry.text for entry in row[2:]] for row in tables()[title].rows}


def shown(path: Path, head: str) -> list[list[str]]:
    """Return the rows of the Markdown table with this first line."""
    block = path.read_text().partition(f"\n{head}\n")[2].split("\n\n")[0]
    assert block, f"{path.name} has no table with the head {head}"
    return [[field.strip() for field in line.strip("|").split("|")] for line in block.splitlines()[1:]]


def by_task(rows: list[list[str]]) -> dict[tuple[str, str], list[str]]:
    found, task = {}, ""
    for first, model, *others in rows:
        task = first or task
        found[task, model] = others
    return found


def test_skills_and_usable_lengths() -> None:
    told = by_task(
        shown(ROOT / "docs/standard.md", "| task | model | usable length | T=16 | T=64 | T=256 | T=1024 |")
    )
    table = tables()["skill"]
    usable = {(str(row[0]), str(row[1])): str(row[2]) for row in table.rows}
    assert {key: row[0] for key, row in told.items()} == usable
    assert {key: row[1:] for key, row in told.items()} == {key: row[1:] for key, row in fields("skill").items()}


def test_numbers_of_networks_that_learned() -> None:
    told = by_task(shown(ROOT / "docs/standard.md", "| task | model | T=16 | T=64 | T=256 | T=1024 |"))
    counts = {key: [text.partition(" ")[0] for text in row] for key, row in fields("usable networks").items()}
    memory = {key: row for key, row in counts.items() if key[0] != "forecasting" and row != ["0"] * 4}
    assert told == memory


def test_horizons() -> None:
    head = "| horizon after training, lower median | T=16 | T=64 | T=256 | T=1024 |"
    found = shown(ROOT / "docs/standard.md", head)
    assert len(found) == 9
    for name, *horizons in found:
        task, model = name.split(", ")
        flow = tables()[f"{task}: gradient flow"]
        (row,) = (row for row in flow.rows if [str(row[0]), str(row[1])] == [model, "trained"])
        assert [str(entry).rpartition(", ")[2] for entry in row[2:]] == horizons, name


def test_first_table_of_the_readme_marks_what_the_seeds_leave_open() -> None:
    head = f"| usable length in steps, 64 units | {' | '.join(TASKS)} |"
    usable = {(str(row[0]), str(row[1])): row[2] for row in tables()["skill"].rows}
    found = shown(ROOT / "README.md", head)
    assert [row[0] for row in found] == ["GRU", "LSTM", "RNN"]
    for model, *told in found:
        for task, text in zip(TASKS, told, strict=True):
            entry = usable[task, model.lower()]
            low, high = re.fullmatch(r"\[(.*), (.*)\]", entry.note).groups()  # type: ignore[union-attr]
            assert ("(?)" in text) == (low != high), (task, model)
            assert (text == "none") == (entry.text == "-"), (task, model)
            assert all(number in text for number in re.findall(r"^\d+|(?<=^>= )\d+", entry.text)), (task, model)
            again = [int(number) for number in re.findall(r"\d+", text.partition("again")[2])]
            assert again == lengths_again(task, model.lower()), (task, model)


def lengths_again(task: str, model: str) -> list[int]:
    """Return the ends of the lengths at which mean skill is at least 0.5 beyond the usable length."""
    (row,) = (row for row in tables()["skill"].rows if [str(row[0]), str(row[1])] == [task, model])
    if task == "forecasting" or row[2].value is None:
        return []
    known = zip((16, 64, 256, 1024), (entry.value for entry in row[3:]), strict=True)
    beyond = [n for n, skill in known if n > row[2].value and skill is not None and skill >= 0.5]
    return sorted({beyond[0], beyond[-1]}) if beyond else []
