"""Tests the command line of targets, and that docs/targets.md is what it makes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from seqbench.cli.main import cli, run_line

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "results" / "targets"

PLUGIN = """
from seqbench import AtMost, BaselineScore, DataNeeded, Near, NotComparable, PublishedIn, Target, hookimpl

SOURCE = PublishedIn(paper="A 2020", place="table 1", reference="@misc{a2020, title = {A}, year = {2020}}")


def target(name, number, by, data=None):
    return Target(
        name=name, claim="a claim", number=number, metric="loss", source=SOURCE,
        tolerance=AtMost(0.01, "a reason"), measured_by=by, data=data,
    )


@hookimpl
def seqbench_targets():
    by = BaselineScore(
        task="copy", length=20, baseline="memoryless", metric="loss_all_positions",
        parameters={"train_examples": 10, "test_examples": 10},
    )
    yield target("mine-met", 0.5199, by)
    yield target("mine-missed", 0.1, by)
    yield target("mine-elsewhere", 1.0, by, DataNeeded("far/away.csv", "https://example.org"))
    yield target("mine-other", 1.0, NotComparable("it counts letters"))
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a file with four targets; the test is in its folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(PLUGIN)
    return "mine.py"


def ran(*arguments: str) -> tuple[int, str, str]:
    found = CliRunner().invoke(cli, ["targets", *arguments])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found.exit_code, found.stdout, found.stderr


NAMES = ("mine-met", "mine-missed", "mine-elsewhere", "mine-other")


def test_run_tells_each_outcome_and_a_missed_one_is_no_failure(plugin: str) -> None:
    status, out, err = ran("run", *NAMES, "--plugin", plugin, "--json")
    assert status == 0
    told = {each["name"]: each["outcome"] for each in json.loads(out)["targets"]}
    assert {name: each["status"] for name, each in told.items()} == {
        "mine-met": "met",
        "mine-missed": "missed",
        "mine-elsewhere": "no data",
        "mine-other": "not comparable",
    }
    assert told["mine-missed"]["beyond"] == pytest.approx(0.5199 - 0.11, abs=1e-3)
    assert "mine-missed: missed by 0.410" in err
    status, listed, _ = ran("list", "--plugin", plugin, "--json")
    assert {
        each["name"]: each["outcome"] for each in json.loads(listed)["targets"] if each["name"] in NAMES
    } == told


def test_tables_are_written_for_a_person_and_as_markdown(plugin: str) -> None:
    _, out, _ = ran("run", "mine-met", "mine-missed", "--plugin", plugin)
    assert "2 targets of 2 published numbers: 1 met, 1 missed." in out
    _, marked, _ = ran("run", "mine-met", "mine-missed", "--plugin", plugin, "--format", "markdown")
    assert "| mine-missed | loss | 0.1 | up to +0.01 | 0.5199 |" in marked
    status, shown, _ = ran("show", "mine-missed", "--plugin", plugin)
    assert status == 0
    assert "missed by 0.410: 0.5199, n = 1" in shown
    assert "A 2020, table 1" in shown


def test_experiment_of_a_trained_target_is_shown() -> None:
    status, out, _ = ran("show", "parity-rnn")
    assert status == 0
    assert "evaluate_lengths: [41, 64, 100, 200, 300, 400, 500]" in out


@pytest.mark.parametrize("name", ["mine-mat", "Mine-Met"])
def test_unknown_name_is_an_error_with_the_nearest_one(
    name: str, plugin: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["seqbench", "targets", "run", name, "--plugin", plugin])
    assert run_line() == 2
    said = capsys.readouterr().err
    assert f"no target is called {name!r}; did you mean 'mine-met'" in said
    assert "`seqbench targets list` names all" in said
    assert "wikitext-2-awd-lstm" not in said
    assert not Path("results").exists()


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("BaselineScore(task='cpoy', length=20, baseline='memoryless', metric='accuracy')", "did you mean 'copy'"),
        ("Computed(lambda path: None, 'nothing')", "its function returned None"),
        (
            "TrainedScore(experiment={'tasks': ['copy'], 'models': ['gru'], 'lengths': [20],"
            " 'training': {'stpes': 1}}, metric='accuracy')",
            "did you mean 'steps'",
        ),
        ("NotComparable('it counts letters')", ""),
    ],
)
def test_run_ends_with_three_if_an_error_kept_a_target_from_being_measured(
    by: str, words: str, plugin: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    yields = PLUGIN.replace('NotComparable("it counts letters")', by)
    Path(plugin).write_text(yields.replace("import AtMost", "import Computed, TrainedScore, AtMost"))
    monkeypatch.setattr("sys.argv", ["seqbench", "targets", "run", *NAMES, "--plugin", plugin])
    assert run_line() == (3 if words else 0)
    said = capsys.readouterr()
    assert words in said.out
    assert ("mine-other: failed" in said.err) == bool(words)
    assert "mine-met: met" in said.err


def test_folder_of_data_that_is_asked_for_has_to_be_there(
    plugin: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["seqbench", "targets", "run", "mine-elsewhere", "--plugin", plugin]
    monkeypatch.setattr("sys.argv", [*asked, "--data", "dta"])
    assert run_line() == 2
    assert "there is no folder dta" in capsys.readouterr().err
    # Without the one by default, a target says where its data come from.
    monkeypatch.setattr("sys.argv", asked)
    assert run_line() == 0
    assert "no data" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["list"], ["show", "mine-met"], ["run", "mine-met"]])
@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("typo", "the folder typo is not there; give --output"),
        ("empty", "the folder empty holds no outcomes of targets; give --output"),
        ("mine.py", "mine.py is a file, and results are a folder"),
        ("mine.py/below", "mine.py"),
    ],
)
def test_folder_of_outcomes_that_is_asked_for_has_to_hold_some_and_a_run_may_make_it(
    command: list[str],
    output: str,
    words: str,
    plugin: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("empty").mkdir()
    monkeypatch.setattr("sys.argv", ["seqbench", "targets", *command, "--plugin", plugin, "--output", output])
    if command[0] == "run" and "mine.py" not in output:
        assert run_line() == 0
        monkeypatch.setattr("sys.argv", ["seqbench", "targets", "list", "--plugin", plugin, "--output", output])
        assert run_line() == 0
        return
    assert run_line() == 2
    said = capsys.readouterr()
    assert (words in said.err, said.out) == (True, "")


def test_page_of_the_docs_is_what_the_command_makes_of_the_kept_outcomes() -> None:
    status, out, _ = ran("list", "--format", "markdown", "--output", str(KEPT))
    assert status == 0
    assert (ROOT / "docs" / "targets.md").read_text() == out, (
        "run: python -m seqbench targets list --format markdown > docs/targets.md"
    )
