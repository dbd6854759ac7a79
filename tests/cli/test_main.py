"""Tests that commands that only read answer quickly, exactly, and with the right exit status.

Modules: seqbench.__main__, seqbench.base.counts, seqbench.cli.doctor, seqbench.cli.exit_status, seqbench.cli.list,
seqbench.cli.plugin_files, seqbench.cli.short_forms, seqbench.errors.
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from seqbench.cli.main import COMMANDS, run_line
from seqbench.records.load import load_results
from seqbench.records.schema import BaselineData, CellData, Evaluation, MetricData, PluginUsed, Record
from seqbench.records.store import Store


@dataclass(frozen=True)
class Ran:
    """What a command left: its exit status and its two streams."""

    status: int
    out: str
    err: str


class Shell:
    """Runs the command line in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *arguments: str) -> Ran:
        self._monkeypatch.setattr(sys, "argv", ["seqbench", *arguments])
        return Ran(run_line(), *self._capsys.readouterr())


@pytest.fixture
def seqbench(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(monkeypatch, capsys)


@pytest.fixture(autouse=True)
def _few_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    # Only what this module needs, so that it does not stand or fall with the other plugins.
    monkeypatch.setenv("SEQBENCH_PLUGINS", "recurrent,copy,suites")


@pytest.fixture
def broken_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a distribution whose plugin cannot be imported."""
    folder = tmp_path / "site" / "seqbench_broken-0.3.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: seqbench-broken\nVersion: 0.3\n")
    (folder / "entry_points.txt").write_text("[seqbench]\nbroken = seqbench_broken_is_not_there\n")
    monkeypatch.syspath_prepend(folder.parent)
    monkeypatch.setenv("SEQBENCH_PLUGINS", "recurrent,broken")


def record(score: float | None, seed: int = 0) -> Record:
    is_ok = score is not None
    test = Evaluation(
        length=12,
        examples=10,
        scores={"accuracy": score, "loss": 0.5},
        baselines=(BaselineData(name="guess", scores={"accuracy": 0.5, "loss": 0.7}, is_reference=True),),
        baseline_name="guess",
        skill=None if score is None else (score - 0.5) / 0.5,
    )
    return Record(
        key=f"key{seed}",
        status="ok" if is_ok else "failed",
        reason=None if is_ok else "MemoryError: no room",
        cell=CellData(
            task=PluginUsed(name="copy", version=1, parameters={}),
            model=PluginUsed(name="lstm", version=1, parameters={}),
            length=12,
            seed=seed,
            training={},
            evaluate_lengths=(),
            data={},
        ),
        metric=MetricData(name="accuracy", best=1, is_higher_better=True) if is_ok else None,
        test=test if is_ok else None,
    )


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )


@pytest.mark.parametrize("arguments", [["list"], ["list", "--json"]], ids=["rich", "click"])
def test_reader_gone_then_the_status_of_sigpipe_and_not_a_word(arguments: list[str]) -> None:
    """`seqbench list | true`: both libraries that print make a SystemExit of it, which is no plugin's."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "seqbench", *arguments]
    ran = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (ran.returncode, ran.stderr) == (141, "")


def test_help_names_every_command_and_imports_none_of_them() -> None:
    code = "import sys; from seqbench.cli.main import cli; cli(['--help'], standalone_mode=False)"
    code += "; print(*sys.modules)"
    *lines, modules = run_python(code).stdout.splitlines()
    for name, sentence in COMMANDS.items():
        assert f"  {name}" in "\n".join(lines)
        assert sentence.split()[0] in "\n".join(lines)
    assert not {"torch", "pandas", "numpy", "pydantic", "rich", "seqbench.plugins.load"} & set(modules.split())


def test_help_answers_at_once() -> None:
    # The promise is 0.3 s. Processor time, the best of three: other programs may keep both cores busy.
    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "seqbench", "--help"], capture_output=True, timeout=60, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(3)) < 0.3


@pytest.mark.parametrize("arguments", [["list"], ["list", "--json"], ["report", "STORE"]])
def test_commands_that_train_nothing_import_no_torch(arguments: list[str], tmp_path: Path) -> None:
    Store(tmp_path).write(record(0.9))
    arguments = [str(tmp_path) if argument == "STORE" else argument for argument in arguments]
    code = f"import sys; from seqbench.cli.main import cli; cli({arguments!r}, standalone_mode=False)"
    assert run_python(f"{code}; sys.exit('torch' in sys.modules)").returncode == 0


@pytest.mark.parametrize("name", list(COMMANDS))
def test_help_of_a_command_begins_with_its_sentence_in_the_list(name: str, seqbench: Shell) -> None:
    ran = seqbench(name, "--help")
    assert ran.status == 0
    assert COMMANDS[name] in " ".join(ran.out.split())


def test_unknown_command_is_answered_with_the_nearest(seqbench: Shell) -> None:
    ran = seqbench("lst")
    assert (ran.status, ran.out) == (2, "")
    assert "Did you mean 'list'?" in ran.err


def test_unknown_name_is_one_sentence_without_a_traceback(seqbench: Shell) -> None:
    ran = seqbench("show", "lsmt")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("seqbench: no task, model or suite is called 'lsmt'; did you mean 'lstm'?")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("LIST", "Did you mean 'list'?"),
        ("show LSTM", "called 'LSTM'; did you mean 'lstm'?"),
        ("run SMOKE", "called 'SMOKE'; did you mean 'smoke'?"),
        ("run smoke --tasks Copy", "called 'Copy'; did you mean 'copy'?"),
        ("run smoke --tasks copy --models LSTM", "called 'LSTM'; did you mean 'lstm'?"),
        ("run smoke --tasks copy --set copy.Symbols=3", "called 'Symbols'; did you mean 'symbols'?"),
        ("run smoke --tasks copy --set SYMBOLS=3", "such as --set copy.symbols=3"),
        ("run smoke --tasks copy --set Executor=ray", "such as --set executor=ray"),
        ("run smoke --set training.STEPS=3", "called 'STEPS'; did you mean 'steps'?"),
    ],
)
def test_name_in_other_capitals_is_answered_with_the_right_one(seqbench: Shell, line: str, expected: str) -> None:
    ran = seqbench(*line.split())
    assert (ran.status, ran.out) == (2, "")
    assert expected in ran.err


def test_error_of_our_own_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["seqbench", "show", "copy", "--length", "1"])
    monkeypatch.setitem(sys.modules, "torch", None)  # a broken installation
    with pytest.raises(ImportError, match="import of torch halted"):
        run_line()


def test_list_shows_each_with_its_line_and_distribution(seqbench: Shell) -> None:
    ran = seqbench("list", "models", "--json")
    told = json.loads(ran.out)
    assert told["schema_version"] == 1
    assert "tasks" not in told
    lstm = next(item for item in told["models"] if item["name"] == "lstm")
    assert lstm["description"].startswith("Long short-term memory")
    assert lstm["distribution"] == "seqbench"
    assert "Long short-term memory" in seqbench("list").out


@pytest.mark.usefixtures("broken_plugin")
def test_broken_plugin_is_a_warning_and_the_rest_is_listed(seqbench: Shell) -> None:
    ran = seqbench("list", "models")
    assert ran.status == 0
    assert "lstm" in ran.out
    assert ran.err.count("warning") == 1
    assert "plugin 'broken' (seqbench-broken 0.3)" in ran.err


@pytest.mark.usefixtures("broken_plugin")
def test_doctor_with_a_broken_plugin_ends_with_status_4(seqbench: Shell) -> None:
    ran = seqbench("doctor", "--json")
    assert ran.status == 4
    assert "seqbench-broken 0.3" in json.loads(ran.out)["problems"][0]


def test_doctor_of_a_sound_installation_tells_versions_and_cache(seqbench: Shell) -> None:
    cache = Path(os.environ["SEQBENCH_CACHE"])
    cache.mkdir()
    (cache / "x.pt").write_bytes(b"1234")
    told = json.loads(seqbench("doctor", "--json").out)
    assert told["cache"] == {"folder": str(cache), "files": 1, "bytes": 4}
    assert {"python", "seqbench", "torch", "pytorch-lightning"} <= set(told["versions"])
    assert {name for name, version in told["versions"].items() if not re.match(r"\d+\.\d+", version)} == set()
    assert told["variables"]["SEQBENCH_PLUGINS"] == "recurrent,copy,suites"
    assert seqbench("doctor").status == 0


def test_show_task_gives_parameters_baselines_and_an_example(seqbench: Shell) -> None:
    told = json.loads(seqbench("show", "copy", "--length", "5", "--set", "symbols=4", "--json").out)
    assert next(p for p in told["parameters"] if p["name"] == "symbols")["value"] == 4
    assert told["baselines"][0]["scores"]["accuracy"] == pytest.approx(1 / 4)
    text = seqbench("show", "copy", "--length", "5", "--set", "copy.symbols=4").out
    assert told["example"] in text
    assert "Skill is measured from: " + told["reference"] in text


def test_show_in_a_narrow_terminal_keeps_every_score(seqbench: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    text = seqbench("show", "copy").out
    # Recalling 10 symbols out of 8 by chance: ln 8 = 2.079 nats, 8 ** -10 = 9.31e-10.
    for score in ("0.125", "2.08", "9.31e-10"):
        assert score in text


def test_show_model_counts_what_torch_counts(seqbench: Shell) -> None:
    told = json.loads(seqbench("show", "lstm", "--set", "hidden_size=16", "--json").out)
    # Four gates of 16 units, each with 32 inputs, 16 recurrent weights and torch's two biases; c and h are kept.
    assert (told["input_size"], told["output_size"]) == (32, 16)
    assert told["layer_parameters"] == 4 * 16 * (32 + 16 + 2)
    assert told["state_size"] == 32


def test_show_refuses_an_unknown_parameter_with_a_suggestion(seqbench: Shell) -> None:
    ran = seqbench("show", "lstm", "--set", "hidden_siz=16")
    assert ran.status == 2
    assert "did you mean 'hidden_size'" in ran.err


def test_show_experiment_counts_its_cells(seqbench: Shell, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("tasks: [copy]\nmodels: [lstm, gru]\nlengths: [4, 8]\nseeds: [0, 1, 2]\n")
    told = json.loads(seqbench("show", str(path), "--set", "training.steps=7", "--json").out)
    assert (told["cells"], told["name"], told["training"]["steps"]) == (12, "mine", 7)
    text = seqbench("show", str(path), "--set", "training.steps=7").out
    assert "experiment mine: 12 cells" in text
    assert "training.steps" in text


def test_report_json_has_the_rows_of_load_results(seqbench: Shell, tmp_path: Path) -> None:
    store = Store(tmp_path / "runs")
    for each in (record(0.9), record(None, seed=1)):
        store.write(each)
    told = json.loads(seqbench("report", str(store.path), "--json").out)
    table = load_results(store.path)
    assert [list(row) for row in told["rows"]] == [list(table.columns)] * 2
    assert [(row["length"], row["score"], row["status"]) for row in told["rows"]] == [
        (12, 0.9, "ok"),
        (12, None, "failed"),
    ]
    text = seqbench("report", str(store.path)).out
    assert "0.900 (n=1, 1 failed)" in text
    assert "copy lstm T=12, seed 1: failed: MemoryError: no room" in text


def test_report_of_an_empty_folder_is_an_input_error(seqbench: Shell, tmp_path: Path) -> None:
    ran = seqbench("report", str(tmp_path))
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("seqbench: there are no results in")


def test_report_is_plain_in_a_file_and_coloured_only_when_asked(tmp_path: Path) -> None:
    Store(tmp_path).write(record(0.9))
    code = f"from seqbench.cli.main import cli; cli(['report', {str(tmp_path)!r}], standalone_mode=False)"
    plain = run_python(code, FORCE_COLOR="", PYTHONIOENCODING="utf-8").stdout
    assert "\x1b" not in plain
    assert "\x1b[1m" in run_python(code, FORCE_COLOR="1").stdout
    ascii_only = run_python(code, FORCE_COLOR="", PYTHONIOENCODING="ascii").stdout
    assert "0.900" in ascii_only


@pytest.mark.parametrize("form", ["symbols=4", "copy.symbols=4"])
@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("show", "copy", "--json"), r'"value": (\d+)'),
        (("run", "smoke", "--tasks", "copy", "--models", "gru", "--dry-run", "--json"), r'"key": "(\w+)"'),
    ],
)
def test_set_takes_a_parameter_with_its_owner_and_without(
    seqbench: Shell, tmp_path: Path, command: tuple[str, ...], told: str, form: str
) -> None:
    output = () if command[0] == "show" else ("--output", str(tmp_path))
    short, long = (seqbench(*command, *output, "--set", each) for each in (form, "copy.symbols=4"))
    assert (short.status, short.err) == (0, long.err)
    found = [re.findall(told, ran.out) for ran in (short, long, seqbench(*command, *output))]
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize(
    "command",
    ["run smoke --tasks copy --set copy.layout=", "show copy --set layout=", "check copy --set layout="],
)
def test_set_without_a_value_ends_with_status_2(seqbench: Shell, command: str) -> None:
    ran = seqbench(*command.split())
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.endswith("layout=: no value follows the =; write it, or leave the setting out\n")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("run smoke --tasks copy --set hidden_size=4", "each have hidden_size; write --set rnn.hidden_size=4 or"),
        ("run smoke --tasks copy --set steps=4", "a field of training is written --set training.steps=4"),
        ("run smoke --tasks copy --set symbls=4", "such as --set copy.symbols=4"),
        ("check copy --set symbls=4", "such as --set copy.symbols=4"),
        ("gradients gru lstm --set layers=2", "write --set gru.layers=2 or --set lstm.layers=2"),
        ("show copy --set lstm.layers=2", "copy is shown, not lstm; give --set layers=2 for its own"),
        ("run smoke --tasks cpy --set symbols=4", "no task or model is called 'cpy'; did you mean 'copy'?"),
    ],
)  # fmt: skip
def test_set_that_is_not_clear_names_the_line_to_type(seqbench: Shell, command: str, expected: str) -> None:
    ran = seqbench(*command.split())
    assert ran.status == 2
    assert expected in ran.err
    assert len(ran.err.splitlines()) == 1
