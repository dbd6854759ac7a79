"""Tests that texts are written live, the same in every process, and that what stands in the way is told.

Modules: seqbench.cli.live_texts, seqbench.cli.cell_options, seqbench.training.writing.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result

from seqbench import ContractError, Sampling, StepClass, Tokens, load_trained
from seqbench.cli.exit_status import READER_GONE
from seqbench.cli.live_texts import Sample, print_live
from seqbench.cli.main import cli, run_line
from seqbench.cli.sample_writing import _undisturbed
from seqbench.contracts.task import Symbol
from seqbench.decoding.continuing import Drawn
from seqbench.network.network import Network
from seqbench.records.store import Store
from seqbench.training.writing import Writer
from tests.spelling import CATALOG, Spelling, kept

PLUGIN = Path(__file__).parents[1] / "spelling.py"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return kept(tmp_path_factory.mktemp("spelling"))


def generate(store: Store, *options: str, plugin: Path = PLUGIN, given: str | None = None) -> Result:
    runner = CliRunner()
    return runner.invoke(cli, ["generate", str(store.path), "--plugin", str(plugin), *options], input=given)


def content(store: Store, *options: str) -> dict[str, Any]:
    done = generate(store, *options, "--json")
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_learned_line_is_written_to_its_end(store: Store) -> None:
    done = generate(store, "--prompt", "please stay at", "--tokens", "28", "--greedy")
    assert done.exit_code == 0, done.output
    assert done.stdout == "please stay at home\nthe fête is far\npleas\n"
    (record,) = store.read()
    assert "28 tokens in" in done.stderr
    assert f"by spelling small T=24 seed 0, {record.key}" in done.stderr


def test_a_line_end_that_no_user_gave_is_not_shown_before_a_text() -> None:
    def text(tokens: Sequence[Symbol]) -> str:
        return "".join("\nabC"[int(str(token))] for token in tokens)

    drawn = [Drawn(token, 0.0) for token in (1, 2)]
    for start, is_given, shown in ((0, False, "ab\n"), (0, True, "\nab\n"), (3, False, "Cab\n")):
        sample, out = Sample(0, (start,), is_given=is_given), io.StringIO()
        with redirect_stdout(out):
            print_live(sample, iter(drawn), text, 2, heads=None)
        assert (out.getvalue(), sample.text) == (shown, "ab")


def test_json_holds_what_was_drawn_and_with_which_settings(store: Store) -> None:
    found = content(store, "--prompt", "the", "--tokens", "12", "--top-k", "5", "--seed", "7")
    (sample,) = found["samples"]
    assert found["prompt_tokens"] == [256, *b"the"]
    assert found["settings"] == {
        "tokens": 12,
        "samples": 1,
        "seed": 7,
        "temperature": 1.0,
        "top_k": 5,
        "top_p": 1.0,
    }
    assert sample["text"] == Spelling().text(sample["tokens"], {"encoding": "utf-8"})
    assert len(sample["tokens"]) == len(sample["log_probabilities"]) == 12
    assert all(number <= 0 for number in sample["log_probabilities"])
    assert (found["is_stopped"], found["scores"], found["slower_with_each_token"]) == (False, None, None)
    trained = load_trained(store.path, found["key"], catalog=CATALOG)
    again = trained.generate("the", tokens=12, sampling=Sampling(top_k=5), seed=7)
    assert list(again.tokens) == sample["tokens"]
    assert list(again.log_probabilities) == sample["log_probabilities"]
    assert again.prompt == (256, *b"the")


def texts(found: dict[str, Any]) -> list[str]:
    return [sample["text"] for sample in found["samples"]]


def test_a_sample_is_the_same_however_many_there_are(store: Store) -> None:
    many = texts(content(store, "--tokens", "20", "--samples", "5", "--temperature", "2"))
    assert texts(content(store, "--tokens", "20", "--samples", "3", "--temperature", "2")) == many[:3]
    assert len(set(many)) == 5
    (record,) = store.read()
    trained, hot = load_trained(store.path, record.key, catalog=CATALOG), Sampling(temperature=2)
    assert trained.generate(tokens=20, sampling=hot, sample=4).text == many[4]
    assert trained.generate(tokens=20, sampling=hot, seed=1).text not in many


@pytest.mark.slow
def test_another_process_writes_the_same_text(store: Store) -> None:
    options = ["--tokens", "40", "--samples", "2", "--temperature", "1.5", "--json"]
    command = [sys.executable, "-m", "seqbench", "generate", str(store.path), "--plugin", str(PLUGIN), *options]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert texts(found) == texts(content(store, *options[:-1]))


def test_several_samples_have_heads_and_are_judged_together(store: Store) -> None:
    done = generate(store, "--tokens", "4", "--samples", "2", "--prompt", "pl", "--score", "--top-k", "1")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("--- sample 1 of 2\nplease\n\n--- sample 2 of 2\nplease\n")
    assert "judged by spelling" in done.stdout
    assert "known_bytes   1       share of bytes that the lines have" in done.stdout
    assert "copied_9      -  " in done.stdout
    assert content(store, "--tokens", "3", "--score", "--top-k", "1")["scores"]["samples"] == 1


def test_a_prompt_is_read_from_stdin_without_its_last_line_end(store: Store) -> None:
    options = ["--greedy", "--tokens", "5"]
    piped = generate(store, "--prompt-file", "-", *options, given="please stay at\n")
    assert piped.stdout == generate(store, "--prompt", "please stay at", *options).stdout


STOPPING = """
import itertools, signal
from dataclasses import dataclass
from tests.spelling import Spelling as Whole, seqbench_models
from seqbench import hookimpl

calls = itertools.count()

@dataclass(frozen=True)
class Spelling(Whole):
    'Stop at a call.'

    name = "spelling"

    def text(self, tokens, fitted):
        if next(calls) == 25:
            signal.raise_signal(signal.SIGINT)
        return super().text(tokens, fitted)

@hookimpl
def seqbench_tasks():
    yield Spelling
"""


@pytest.mark.parametrize("as_json", [False, True])
def test_ctrl_c_keeps_what_was_written_and_says_that_it_is_not_judged(
    store: Store, tmp_path: Path, as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    plugin = tmp_path / "stopping.py"
    plugin.write_text(STOPPING.replace("== 25", "== 0") if as_json else STOPPING)
    options = ["--prompt", "please", "--greedy", "--tokens", "1000"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["seqbench", "generate", str(store.path), "--plugin", str(plugin), *options])
        patch.setattr(sys, "stdout", written := io.StringIO())
        sys.argv += ["--score"]
        if as_json:
            sys.argv += ["--tokens", "20", "--json"]
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            assert run_line() == 130
        finally:
            signal.signal(signal.SIGINT, before)
    assert "the texts were not judged" in capsys.readouterr().err
    if as_json:
        assert json.loads(written.getvalue())["is_stopped"]
    else:
        assert written.getvalue().startswith("please stay at ")
        assert len(written.getvalue()) < 100


def test_a_second_ctrl_c_does_not_cut_off_what_was_written() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with _undisturbed(KeyboardInterrupt()):
            os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt), _undisturbed(None):
            os.kill(os.getpid(), signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("raised", ["BrokenPipeError('mine')", "KeyError('mine')"])
def test_only_what_the_task_raises_is_blamed_on_it(store: Store, tmp_path: Path, raised: str) -> None:
    plugin = tmp_path / "raising.py"
    text = "def text(self, tokens, fitted): raise RAISED".replace("RAISED", raised)
    plugin.write_text(JUDGING.replace("JUDGE", text))
    done = generate(store, "--tokens", "3", plugin=plugin)
    assert "task spelling (" in str(done.exception)
    assert "cannot continue a text: " in str(done.exception)


def test_a_reader_that_leaves_ends_it_quietly(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        monkeypatch.setattr(sys, "argv", ["seqbench", "generate", str(store.path), "--plugin", str(PLUGIN)])
        monkeypatch.setattr(sys, "stdout", closed)
        assert run_line() == READER_GONE
    assert not capsys.readouterr().err


def test_a_network_that_fails_is_told_of_its_model_and_nothing_is_printed(store: Store, tmp_path: Path) -> None:
    plugin = tmp_path / "failing.py"
    plugin.write_text(
        "from dataclasses import dataclass\nimport torch\nfrom seqbench import hookimpl\n"
        "from tests import spelling\n"
        "from tests.spelling import seqbench_tasks\n\n"
        "class Failing(torch.nn.GRU):\n"
        "    def forward(self, inputs, state=None):\n"
        "        if inputs.shape[1] == 5:\n            raise RuntimeError('out of order')\n"
        "        return super().forward(inputs, state)\n\n"
        "@dataclass(frozen=True)\nclass Small(spelling.Small):\n"
        "    'Fail on five tokens.'\n\n"
        "    def build(self, input_size):\n"
        "        return Failing(input_size, self.hidden_size, batch_first=True)\n\n"
        "@hookimpl\ndef seqbench_models():\n    yield Small\n"
    )
    done = generate(store, "--prompt", "plea", "--json", plugin=plugin)
    assert "model small (" in str(done.exception)
    assert "cannot continue a text: RuntimeError: out of order" in str(done.exception)
    assert not done.stdout


def test_warnings_of_a_prompt_are_said_on_stderr(store: Store, tmp_path: Path) -> None:
    plugin = tmp_path / "warning.py"
    code = """def prompt(self, text, fitted):
        import warnings

        warnings.warn("1 of 2 words is unknown", stacklevel=2)
        return super().prompt(text, fitted)
"""
    plugin.write_text(JUDGING.replace("JUDGE", code))
    assert "seqbench: 1 of 2 words is unknown\n" in generate(store, "--tokens", "3", plugin=plugin).stderr


JUDGING = """
from dataclasses import dataclass
from tests.spelling import Spelling as Whole, seqbench_models
from seqbench import DataError, Task, hookimpl

@dataclass(frozen=True)
class Spelling(Whole):
    'Judge as told.'

    name = "spelling"

    JUDGE

@hookimpl
def seqbench_tasks():
    yield Spelling
"""


def test_a_task_that_does_not_judge_is_told_before_anything_is_written(store: Store, tmp_path: Path) -> None:
    plugin = tmp_path / "silent.py"
    plugin.write_text(JUDGING.replace("JUDGE", "judge = Task.judge"))
    done = generate(store, "--score", plugin=plugin)
    assert not done.stdout
    assert "the task spelling does not judge texts" in str(done.exception)


def test_texts_are_kept_where_judging_them_fails(store: Store, tmp_path: Path) -> None:
    plugin = tmp_path / "without.py"
    plugin.write_text(
        JUDGING.replace("JUDGE", "def judge(self, samples, length, seed): raise DataError('the text is gone')")
    )
    done = generate(store, "--score", "--tokens", "3", "--json", plugin=plugin)
    found = json.loads(done.stdout)
    assert len(found["samples"][0]["tokens"]) == 3
    assert not found["is_stopped"]
    assert str(done.exception) == "the text is gone"
    plugin.write_text(
        JUDGING.replace("JUDGE", "def judge(self, samples, length, seed): return {'a': float('inf')}")
    )
    assert json.loads(generate(store, "--score", "--json", plugin=plugin).stdout)["scores"] == {"a": None}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--prompt", "a", "--prompt-file", "-"], "--prompt and --prompt-file are both given"),
        (["--greedy", "--temperature", "0.5"], "--greedy and --temperature 0.5 contradict each other"),
        (["--greedy", "--samples", "2"], "greedily there is one text, and --samples asks for 2"),
        (["--top-p", "0"], "--top-p"),
        (["--temperature", "nan"], "--temperature is nan; it must be a finite number, at least 0"),
        (["--temperature", "inf"], "--temperature is inf; it must be a finite number, at least 0"),
        (["--tokens", "0"], "--tokens"),
        (["--tokens", "99999999999999999999"], "is not in the range 1<=x<=100000000"),
        (["--prompt", "\0"], "a prompt cannot hold the byte 0"),
        (["--model", "lstm"], "holds no cell of model lstm; there are:"),
    ],
)
def test_wrong_use_is_told_in_a_sentence(store: Store, options: list[str], words: str) -> None:
    done = generate(store, *options)
    assert done.exit_code != 0
    assert words in f"{done.output} {done.exception}"
    assert not done.stdout


def network(causal: bool = True) -> Network:
    made = Network(torch.nn.GRU(4, 4, batch_first=True), Tokens(257), StepClass(256), 4)
    return made.eval()


def test_tasks_and_models_that_cannot_write_are_refused() -> None:
    from tests.toys import Last

    with pytest.raises(ContractError, match="the task last cannot continue a text"):
        Writer(network(), Last(), Tokens(257), {})
    with pytest.raises(
        ContractError, match="has inputs of Tokens.*to continue a text it needs Tokens and StepClass"
    ):
        Writer(network(), Spelling(), Tokens(255), {})


def test_a_model_that_looks_ahead_is_refused() -> None:
    from seqbench import load_catalog
    from seqbench.network.network import build_network
    from seqbench.plugins.parameters import make

    model = make(load_catalog().model("gru"), {"hidden_size": 3, "bidirectional": True})
    made = build_network(model, Tokens(257), StepClass(256), 4)
    with pytest.raises(ContractError, match="the model looks ahead"):
        Writer(made, Spelling(), Tokens(257), {})


def test_a_task_that_cannot_write_names_those_that_can(tmp_path: Path) -> None:
    from seqbench.training.cell import run_cell
    from tests import toys

    store, cell = Store(tmp_path / "last"), toys.toy_cell(steps=1)
    store.prepare()
    store.write(run_cell(cell, toys.CATALOG, weights=store.layout.weights(cell.key)))
    plugin = tmp_path / "last.py"
    plugin.write_text(
        "from seqbench import hookimpl\nfrom tests.toys import Gru, Last\nfrom tests.spelling import Spelling\n\n"
        "@hookimpl\ndef seqbench_tasks():\n    return [Last, Spelling]\n\n"
        "@hookimpl\ndef seqbench_models():\n    return [Gru]\n"
    )
    done = generate(store, plugin=plugin)
    assert done.exit_code != 0
    assert "the task last cannot continue a text" in str(done.exception)
    assert "tasks that can: " in str(done.exception)
    assert "spelling" in str(done.exception).split("tasks that can: ")[1]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_control_characters_are_spelled_out_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for screen, expected in ((Terminal(), "a\\x1b[2J\n\n"), (io.StringIO(), "a\x1b[2J\n\n")):
        monkeypatch.setattr(sys, "stdout", screen)
        drawn = iter([Drawn(token, 0.0) for token in b"\x1b[2J\n"])
        sample = Sample(0, tuple(b"a"))
        print_live(sample, drawn, lambda tokens: bytes(tokens).decode(), 5, heads=None)
        assert screen.getvalue() == expected
        assert sample.text == "\x1b[2J\n"
