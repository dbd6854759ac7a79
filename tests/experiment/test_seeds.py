"""Tests that seeds are read from numbers and ranges in files, on the command line and from Python alike.

Modules: seqbench.experiment.titles.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as some

from seqbench import Experiment, ExperimentError
from seqbench.base.ranges import in_ranges
from seqbench.cli.main import cli
from seqbench.cli.run import command as run_command
from seqbench.experiment.schema import load
from seqbench.experiment.seeds import MOST_SEEDS

COPY = "tasks: [copy]\nmodels: [lstm]\nlengths: [16]\n"
SMOKE = ["run", "smoke", "--tasks", "copy", "--models", "rnn,gru", "--dry-run"]


def of_python(seeds: Any) -> tuple[int, ...]:
    return Experiment(tasks=["copy"], models=["lstm"], lengths=[16], seeds=seeds).seeds


def of_file(text: str, folder: Path) -> tuple[int, ...]:
    (folder / "mine.yaml").write_text(f"{COPY}{text}")
    return load(folder / "mine.yaml").seeds


def of_command_line(word: str) -> tuple[int, ...]:
    return of_python(run_command.make_context("run", ["--seeds", word]).params["seeds"])


def test_numbers_and_ranges_are_read_alike_wherever_they_stand(tmp_path: Path) -> None:
    expected = (0, 1, 2, 3, 4, 9)
    for seeds in ("0..4,9", "0..4, 9", ["0..4", 9], ("0..4", 9), [0, 1, "2..4", "9..9"]):
        assert of_python(seeds) == expected
    for text in (
        "seeds: 0..4,9",
        "seeds: 0..4, 9",
        "seeds: [0..4, 9]",
        "seeds:\n- 0..4\n- 9",
        'seeds: ["0..4", 9]',
    ):
        assert of_file(text, tmp_path) == expected
    assert of_command_line("0..4,9") == of_command_line("0..4, 9") == expected
    assert of_command_line("0..99") == of_file("seeds: 0..99", tmp_path) == of_python("0..99") == tuple(range(100))
    assert len(of_python(f"0..{MOST_SEEDS - 1}")) == MOST_SEEDS


@given(some.lists(some.integers(0, 30) | some.integers(2**63 - 5, 2**63 - 1), unique=True, min_size=1))
def test_ranges_of_seeds_are_read_as_the_seeds_that_were_written(seeds: list[int]) -> None:
    words = in_ranges(seeds)
    assert of_command_line(",".join(map(str, words))) == of_python(words) == tuple(seeds)


@pytest.mark.parametrize(
    ("seeds", "line", "words"),
    [
        ("9..0", 4, "seeds.0: the range 9..0 ends before it begins; write 0..9"),
        (
            "[1,\n2..x]",
            5,
            "seeds.1: a range is its first and its last number, such as 0..99, and '2..x' was given",
        ),
        ("[1,\n\n3..2]", 6, "seeds.1: the range 3..2 ends before it begins"),
        ("[0..4, 3]", 4, "seeds: 3 stands here twice; keep one"),
        (
            "0..1000000000",
            4,
            "seeds.0: the range 0..1000000000 has 1,000,000,001 numbers, and 100,000 is the most",
        ),
        (
            "[0..99998, 100000..100002]",
            4,
            "seeds: there are 100,002 of them, and an experiment has 100,000 at most",
        ),
        (f"{2**63 - 1}..{2**63}", 4, "seeds.0 is to be less than 9223372036854775808"),
        ("[0-4]", 4, "seeds.0: write a whole number, or a range such as 0..99; '0-4' was given"),
        ("0-4", 4, "seeds: it is a list of numbers, such as [16, 64], or ranges such as 0..99; '0-4' was given"),
    ],
)
def test_seeds_that_are_wrong_are_told_with_their_line(seeds: str, line: int, words: str, tmp_path: Path) -> None:
    with pytest.raises(ExperimentError) as caught:
        of_file(f"seeds: {seeds}", tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / 'mine.yaml'}:{line}: {words}")


def test_command_line_that_is_wrong_ends_with_status_2_and_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "seqbench", "run", "smoke", "--seeds", "0..1000000000"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert "1,000,000,001 numbers" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_dry_run_joins_the_seeds_of_like_cells_and_json_has_each(tmp_path: Path) -> None:
    grid = [*SMOKE, "--seeds", "0..3,7", "--output", str(tmp_path)]
    told = CliRunner().invoke(cli, grid).stdout.splitlines()
    assert [line.partition("  ")[0] for line in told[:2]] == [
        "copy rnn T=16 seeds 0..3, 7",
        "copy gru T=16 seeds 0..3, 7",
    ]
    assert all("  each about " in line for line in told[:2])
    assert told[2].startswith("10 cells, 0 done, 10 to run")
    cells = json.loads(CliRunner().invoke(cli, [*grid, "--json"]).stdout)["cells"]
    assert [cell["seed"] for cell in cells[:5]] == [0, 1, 2, 3, 7]


def test_experiment_is_shown_with_ranges_and_as_json_with_numbers(tmp_path: Path) -> None:
    of_file("seeds: [0..3, 7]", tmp_path)
    arguments = ["show", str(tmp_path / "mine.yaml")]
    assert "0..3, 7" in CliRunner().invoke(cli, arguments).stdout
    assert json.loads(CliRunner().invoke(cli, [*arguments, "--json"]).stdout)["seeds"] == [0, 1, 2, 3, 7]
