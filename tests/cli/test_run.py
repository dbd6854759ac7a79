"""Tests the command as a user types it: tables, JSON lines, dry runs, and bad input that ends with status 2.

Modules: seqbench.cli.dry_run, seqbench.cli.progress.events, seqbench.running.progress.plain,
seqbench.running.progress.tally, seqbench.cli.progress.watch, seqbench.executors.bundled,
seqbench.training.time_estimate.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest

from seqbench.base.process_identity import this_process
from seqbench.cli.main import run_line

SMALL = [
    "--models", "rnn", "--lengths", "8", "--set", "training.steps=2", "--set", "training.batch_size=4",
    "--set", "rnn.hidden_size=4",
]  # fmt: skip


def seqbench(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "100", "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "seqbench", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=200)


def test_run_prints_tables_on_stdout_and_resumes_what_is_done(tmp_path: Path) -> None:
    first = seqbench(tmp_path, "run", "smoke", "--tasks", "copy,forecasting", *SMALL)
    assert first.returncode == 0, first.stderr
    assert "copy: accuracy (higher is better, best 1)" in first.stdout
    assert "baseline: seasonal naive" in first.stdout
    assert "usable length" in first.stdout
    # On a busy machine, where a cell takes half a minute, there is an estimate of the time left between the two.
    ends = [line[:6] for line in first.stderr.splitlines() if " cells: " not in line]
    assert ends == ["[1/2] ", "[2/2] "]
    again = seqbench(tmp_path, "run", "smoke", "--tasks", "copy,forecasting", *SMALL)
    assert again.stdout == first.stdout
    assert again.stderr == "2 of 2 cells were done already\n"
    report = seqbench(tmp_path, "report", "results/smoke")
    assert report.stdout.splitlines()[:5] == first.stdout.splitlines()[:5]


@pytest.mark.slow
def test_json_lines_tell_every_event_and_a_dry_run_starts_nothing(tmp_path: Path) -> None:
    dry = seqbench(tmp_path, "run", "smoke", "--tasks", "copy", *SMALL, "--dry-run", "--json")
    plan = json.loads(dry.stdout)
    assert plan["cells_done"] == 0
    assert plan["cells"][0]["train_seconds"] > 0
    # Nothing like it has run: 512 MiB, and 4 for each of 8 steps.
    assert (plan["cells"][0]["memory_bytes"], plan["cells"][0]["memory_is_assumed"]) == (544 * 2**20, True)
    assert list(tmp_path.iterdir()) == []
    said = seqbench(tmp_path, "run", "smoke", "--tasks", "copy", *SMALL, "--json")
    events = [json.loads(line) for line in said.stdout.splitlines()]
    assert [event["event"] for event in events] == ["started", "progressed", "finished", "summary"]
    assert events[2]["record"]["key"] == plan["cells"][0]["key"]
    assert events[-1]["statuses"] == {"ok": 1}
    later = seqbench(tmp_path, "run", "smoke", "--tasks", "copy", *SMALL, "--seeds", "0,1", "--dry-run", "--json")
    done = json.loads(later.stdout)
    left = done["cells"][1]
    assert done["cells_done"] == 1
    # What the first cell took is what a sweep goes by for the second.
    assert (
        left["memory_bytes"] == events[2]["record"]["costs"]["peak_memory_bytes"] == done["largest_memory_bytes"]
    )
    assert left["memory_is_assumed"] is False


def reviews(folder: Path, text: str) -> str:
    path = folder / "reviews.csv"
    path.write_text(text)
    return f"sentiment.data={path}"


def series(folder: Path, rows: list[str]) -> str:
    path = folder / "series.csv"
    path.write_text("date,value\n" + "".join(f"2020-01-{1 + i:02d},{row}\n" for i, row in enumerate(rows)))
    return f"forecasting.data={path}"


GOOD_REVIEWS = "text,label\n" + "a good film,1\na bad film,0\n" * 20


@pytest.mark.parametrize(
    ("task", "setting", "words"),
    [
        ("sentiment", lambda folder: f"sentiment.data={folder / 'none.csv'}", ["none.csv", "no such file"]),
        ("sentiment", lambda folder: reviews(folder, ""), ["reviews.csv", "empty"]),
        pytest.param(
            "sentiment",
            lambda folder: reviews(folder, "text,label\n" + "good,1\n" * 30),
            ["class"],
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "sentiment",
            lambda folder: reviews(folder, GOOD_REVIEWS.replace("label", "stars")),
            ["label", "stars"],
            marks=pytest.mark.slow,
        ),
        ("forecasting", lambda folder: series(folder, ["1.5"] * 20 + [""] + ["2"] * 10), ["value", "missing"]),
        pytest.param(
            "forecasting",
            lambda folder: series(folder, [str(i) for i in range(31)]),
            ["rows"],
            marks=pytest.mark.slow,
        ),
    ],
    ids=[
        "missing file",
        "empty file",
        "one class",
        "missing column",
        "missing value",
        "too few rows",
    ],
)
def test_bad_data_end_with_status_2_a_sentence_and_nothing_written(
    tmp_path: Path,
    task: str,
    setting: Callable[[Path], str],
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = ["run", "smoke", "--tasks", task, *SMALL, "--set", setting(tmp_path), "--output", "out"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["seqbench", *line])
    assert run_line() == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    for word in words:
        assert word.lower() in said.err.lower(), said.err
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_data_set_that_is_not_on_this_machine_ends_a_real_process_with_status_2(tmp_path: Path) -> None:
    # What is offline is decided when the hub's library is imported.
    data = ["--set", "sentiment.data=nobody/nothing-here"]
    said = seqbench(tmp_path, "run", "smoke", "--tasks", "sentiment", *SMALL, *data, "--output", "out")
    assert said.returncode == 2, said.stderr
    assert said.stdout == ""
    assert "Traceback" not in said.stderr
    assert "nobody/nothing-here" in said.stderr
    assert "offline" in said.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "smoke", "--tasks", "cpoy"], "did you mean 'copy'"),
        (["run", "smoek"], "did you mean 'smoke'"),
        (["run", "none.yaml"], "none.yaml cannot be read"),
        (["run", "smoke", "--lengths", "0"], "lengths.0 is to be 1 or more, and 0 was given"),
        (["run", "smoke", "--lengths", "16,x"], "'x' was given"),
        (["run", "smoke", "--weights", "1k,,2k"], "'1k,,2k' has an empty place; write 1k,2k"),
        (["run", "smoke", "--set", "weights=10k"], "seqbench run has an option, --weights 10k"),
        (["run", "smoke", "--set", "lstm.hiden_size=3"], "did you mean 'hidden_size'"),
        (["run", "smoke", "--set", "training.steps=1.5"], "training.steps"),
        (["run", "typo.yaml"], "typo.yaml:2: no field of experiment is called 'modells'; did you mean 'models'"),
        (["run", "smoke", "--name", ".."], "it names a folder: letters, digits and the signs . _ - only"),
        (["run", "smoke", "--name", "a/b"], "and more than dots; 'a/b' was given"),
        (["run", "smoke", "--output", "file"], "file is a file"),
        (["run", "smoke", "--output", "file/below"], "cannot be written to"),
        (["run", "smoke", "--output", "other"], "schema version 99"),
        (["run", "smoke", "--job", "2"], "--jobs"),
        (["report", "nowhere"], "nowhere"),
        (["rum"], "run"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_usage_ends_with_status_2_and_says_what_is_right(
    tmp_path: Path,
    arguments: list[str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "typo.yaml").write_text("tasks: [copy]\nmodells: [rnn]\nlengths: [8]\n")
    (tmp_path / "file").write_text("kept")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "store.json").write_text('{"schema_version": 99}')
    before = sorted(tmp_path.rglob("*"))
    if "file/below" in arguments:
        arguments = [*arguments, "--tasks", "copy", *SMALL]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["seqbench", *arguments])
    assert run_line() == 2
    said = capsys.readouterr()
    assert words in said.err
    assert "Traceback" not in said.err
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "file").read_text() == "kept"


ENDLESS = ["run", "smoke", "--tasks", "copy", *SMALL, "--set", "training.steps=10000000", "--no-progress"]


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Start a command, and give it once its first cell runs."""
    command = [sys.executable, "-m", "seqbench", *arguments, "--json"]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            while '"progressed"' not in process.stdout.readline():
                assert process.poll() is None
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("signals", "status", "executor"),
    [
        ([signal.SIGINT], 130, "processes"),
        pytest.param([signal.SIGINT], 130, "serial", marks=pytest.mark.slow),
        pytest.param([signal.SIGTERM], 143, "processes", marks=pytest.mark.slow),
        pytest.param([signal.SIGINT, signal.SIGINT], 130, "processes", marks=pytest.mark.slow),
        pytest.param([signal.SIGINT, signal.SIGINT], 130, "serial", marks=pytest.mark.slow),
    ],
    ids=["once", "once, serial", "terminated", "twice", "twice, serial"],
)
def test_interrupt_ends_with_a_summary_a_status_and_a_record(
    tmp_path: Path, signals: list[signal.Signals], status: int, executor: str
) -> None:
    with started(tmp_path, *ENDLESS, "--executor", executor) as process:
        for number in signals:
            process.send_signal(number)
            time.sleep(0.05)
        said = process.communicate(timeout=30)[1]
    assert process.returncode == status, said
    told = said.splitlines()
    assert told[0] == "stopping: the running cells write their checkpoints and end; Ctrl-C again ends them at once"
    assert told[-1] == "interrupted: 0 of 1 cells are done, 1 left; the same command goes on"
    (path,) = (tmp_path / "results" / "smoke" / "records").iterdir()
    assert json.loads(path.read_text())["status"] == "interrupted"
    assert list((tmp_path / "results" / "smoke" / "claims").iterdir()) == []
    if len(signals) == 1:
        assert len(list((tmp_path / "results" / "smoke" / "checkpoints").iterdir())) == 1


@pytest.mark.slow
def test_cell_that_another_sweep_runs_is_an_event_and_a_line_until_it_is_free(tmp_path: Path) -> None:
    grid = [
        "run",
        "smoke",
        "--tasks",
        "copy",
        *SMALL,
        "--executor",
        "serial",
        "--set",
        "executor.claim_seconds=900",
    ]
    key = json.loads(seqbench(tmp_path, *grid, "--dry-run", "--json").stdout)["cells"][0]["key"]
    claims = tmp_path / "results" / "smoke" / "claims"
    claims.mkdir(parents=True)
    me = this_process()
    (claims / f"{key}.json").write_text(json.dumps({"cell": "x", "token": "t", **asdict(me)}))
    command = [sys.executable, "-m", "seqbench", *grid, "--json"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tmp_path, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        waiting = json.loads(process.stdout.readline())
        (claims / f"{key}.json").unlink()
        said = process.communicate(timeout=100)
    assert (waiting["event"], waiting["hosts"]) == ("waiting", [me.host])
    assert [cell["key"] for cell in waiting["cells"]] == [key]
    assert [json.loads(line)["event"] for line in said[0].splitlines()][1:] == [
        "progressed",
        "finished",
        "summary",
    ]
    assert said[1] == (
        f"cells that another sweep into this folder runs: 1 (on {me.host}); waiting for it; Ctrl-C ends this sweep"
        " only\n"
    )


@pytest.mark.slow
def test_two_commands_at_once_run_no_cell_twice_and_shards_only_their_own(tmp_path: Path) -> None:
    grid = ["run", "smoke", "--tasks", "copy", *SMALL, "--seeds", "0,1,2,3,4,5", "--set", "training.steps=150"]
    grid += ["--executor", "serial"]
    command = [sys.executable, "-m", "seqbench", *grid, "--json"]
    shard = seqbench(tmp_path, *grid, "--shard", "2/3", "--json")
    assert shard.returncode == 0, shard.stderr
    empty = seqbench(tmp_path, *grid, "--shard", "99/99", "--output", "nothing")
    assert (empty.returncode, (tmp_path / "nothing").exists()) == (0, False)
    assert "share 99/99 of these cells is empty" in empty.stderr
    both = [subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=200)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    events = [[json.loads(line) for line in text.splitlines()] for text in (shard.stdout, *said)]
    finished = [[event["key"] for event in each if event["event"] == "finished"] for each in events]
    assert len(finished[0]) == 2
    assert all(finished)
    keys = [key for each in finished for key in each]
    assert len(keys) == len(set(keys)) == 6
    assert [each[-1]["statuses"] for each in events] == [{"ok": 2}, {"ok": 6}, {"ok": 6}]


@pytest.mark.slow
def test_only_report_runs_nothing_and_says_what_is_missing(tmp_path: Path) -> None:
    nothing = seqbench(tmp_path, "run", "smoke", "--tasks", "copy", *SMALL, "--on-existing", "only-report")
    assert nothing.returncode == 2
    assert "the folder does not exist" in nothing.stderr
    assert list(tmp_path.iterdir()) == []
    seqbench(tmp_path, "run", "smoke", "--tasks", "copy", *SMALL, "--executor", "serial")
    before = sorted(tmp_path.rglob("*"))
    said = seqbench(
        tmp_path, "run", "smoke", "--tasks", "copy", *SMALL, "--seeds", "0,1", "--on-existing", "only-report"
    )
    assert said.returncode == 0
    assert said.stderr == "1 of 2 cells have no record yet\n"
    assert "copy: accuracy" in said.stdout
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.slow
def test_real_sets_run_end_to_end(tmp_path: Path, shared_data: Path) -> None:
    one_class_a_file = f"sentiment.data={shared_data / 'sentiment-mr'}"
    whole = f"sentiment.data={shared_data / 'sentiment-movie-reviews' / 'reviews.csv.gz'}"
    text = f"word-order.data={shared_data / 'word-order-tatoeba'}"
    classic = shared_data / "forecasting-classic-small"
    runs = [("sentiment", one_class_a_file), ("sentiment", whole), ("word-order", text)]
    runs += [("forecasting", f"forecasting.data={path}") for path in sorted(classic.glob("*.csv"))]
    assert len(runs) == 8
    for task, setting in runs:
        horizon = ["--set", "forecasting.horizon=6"] if task == "forecasting" else []
        said = seqbench(tmp_path, "run", "smoke", "--tasks", task, *SMALL, "--set", setting, *horizon)
        assert said.returncode == 0, f"{setting}: {said.stderr}"
