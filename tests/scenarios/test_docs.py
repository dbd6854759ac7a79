"""Runs the examples in the docs: every Python block, every experiment, every command, in a folder as described.

Python blocks run as they are, and so do commands that take seconds. A sweep is run up to its training; sweeps with
`--plugin` or `--keep-weights` are trained, because what follows needs them. A block that installs something is
only parsed: `.ci/run` follows the guide with pip.
"""

from __future__ import annotations

import inspect
import json
import math
import re
import shlex
import shutil
import sys
import textwrap
import tomllib
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest

from seqbench import BaselineScore, Catalog, Computed, Experiment, NotComparable, TrainedScore, run
from seqbench.cli.main import cli, run_line
from seqbench.experiment.overrides import settings
from seqbench.experiment.schema import Training, load, merge
from seqbench.plugins.grid import expand
from seqbench.plugins.hooks import Hooks
from seqbench.plugins.load import load_catalog
from seqbench.plugins.verify import executor_faults, target_faults
from seqbench.running.run import experiment_file
from seqbench.training.cell import run_cell

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.glob("*.md")), *sorted(DOCS.glob("learn/*.md"))]
PAGES += [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
FENCE = re.compile(r"^```(\S*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
LONG = {"doctor", "board", "targets", "demo"}
"""Commands that are parsed only: what they need or cost has tests of its own."""


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its language, and what stands in it."""

    page: str
    number: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}-{self.number}"


BLOCKS = [
    Block(page.stem, number, language, text)
    for page in PAGES
    for number, (language, text) in enumerate(FENCE.findall(page.read_text()))
]


def of(*languages: str) -> list[Block]:
    """Return the blocks in these languages; what two pages say alike once."""
    return list({block.text: block for block in reversed(BLOCKS) if block.language in languages}.values())


def files(page: str) -> Iterator[tuple[str, str]]:
    """Yield name and text of the blocks that begin with the name of a file."""
    for block in BLOCKS:
        named = re.match(r"# (\S+\.(?:py|toml|yaml))\n", block.text)
        if block.page == page and named:
            yield named[1], block.text


def commands(block: Block) -> Iterator[list[str]]:
    """Yield the arguments of every ``seqbench`` in a block, without what the shell does with it."""
    text = block.text.replace("\\\n", " ")
    for line in text.splitlines():
        words = shlex.split(line, comments=True) if not line.startswith("==== ") else []
        while "seqbench" in words:
            words = words[words.index("seqbench") + 1 :]
            ends = [i for i, word in enumerate(words) if word in ("&&", "|", ">", ">>", "&")]
            yield words[: ends[0]] if ends else words
            words = words[ends[0] :] if ends else []


def told(arguments: list[str]) -> int:
    """Run the command line in this process and return its exit status."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["seqbench", *arguments])
        return run_line()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go where the docs are followed: the files that they speak of are there, and a folder of results."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    for name, text in files("plugin-guide"):
        (tmp_path / name).write_text(text)
    (tmp_path / "wide.yaml").write_text(
        next(block.text for block in BLOCKS if block.page == "experiments" and block.language == "yaml")
    )
    (tmp_path / "tuned.yaml").write_text(dict(files("experiments"))["tuned.yaml"])
    (tmp_path / "mine.yaml").write_text("tasks: [copy]\nmodels: [rnn]\nlengths: [16]\n")
    _write_hours(tmp_path)
    (tmp_path / "ten.txt").write_text("please stay at home\n" * 10)
    reviews = "text,label\n" + "".join(f"text {i} is {'good' if i % 2 else 'bad'},{i % 2}\n" for i in range(40))
    (tmp_path / "reviews.csv").write_text(reviews)
    (tmp_path / "reviews").mkdir()
    for part in ("train", "test"):
        (tmp_path / "reviews" / f"{part}.csv").write_text(reviews.replace("text ", f"{part} "))
    return tmp_path


def _write_hours(folder: Path) -> None:
    """Write the load of a network for some weeks, and for the week after them."""
    start = datetime(2026, 1, 5)
    loads = [900 + 200 * math.sin(hour / 24 * math.tau) + hour * 37 % 11 for hour in range(168 * 9)]
    rows = [f"{start + timedelta(hours=n)},{load:.1f},{8 + n * 17 % 5}\n" for n, load in enumerate(loads)]
    for name, part in (("load.csv", rows[:-168]), ("next-week.csv", rows[-168:])):
        (folder / name).write_text("time,load,temperature\n" + "".join(part))


@pytest.fixture(scope="session")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of results of one small cell."""
    folder = tmp_path_factory.mktemp("stored")
    small = Experiment(
        tasks=("copy",),
        models=("rnn",),
        lengths=(16,),
        training=Training(steps=1, batch_size=2),
        parameters={"copy": {"train_examples": 8, "test_examples": 8}},
    )
    run(small, folder / "results", executor="serial")
    assert told(["report", str(folder / "results"), "--output", str(folder / "report.csv")]) == 0
    return folder / "results"


@pytest.fixture
def results(place: Path, stored: Path) -> None:
    for folder in ("results/quick", "results/long", "theirs/quick"):
        shutil.copytree(stored, place / folder)
    shutil.copy(stored.parent / "report.csv", place / "report.csv")


def fault_of(action: Callable[[], object]) -> str | None:
    """Return the traceback of what an action raises; None if it comes to its end."""
    try:
        action()
    except Exception:
        return traceback.format_exc()
    return None


@pytest.mark.parametrize("block", of("python"), ids=str)
def test_python_block_runs(block: Block, place: Path, results: None) -> None:
    names: dict[str, Any] = {"__name__": "shown", "__file__": str(place / "shown.py")}
    # Dataclasses look their module up.
    module = type(sys)("shown")
    module.__dict__.update(names)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "shown", module)
        code = compile(block.text, f"{block}.py", "exec", dont_inherit=True)
        assert fault_of(lambda: exec(code, module.__dict__)) is None


@pytest.mark.parametrize("block", of("yaml"), ids=str)
def test_experiment_loads_and_has_cells(block: Block, place: Path) -> None:
    (place / "shown.yaml").write_text(block.text)
    catalog = load_catalog(files=[name for name, _ in files(block.page) if name.endswith(".py")])
    assert expand(load(place / "shown.yaml"), catalog)


def test_architecture_names_every_room_and_plugin() -> None:
    named = set(re.findall(r"`([\w/]+(?:\.py|/))`", (DOCS / "architecture.md").read_text()))
    rooms = {f"{path.parent.name}/" for path in (ROOT / "seqbench").glob("*/__init__.py")}
    bundled = {path.name + "/" * path.is_dir() for path in (ROOT / "plugins").glob("seqbench_*")}
    assert rooms | bundled <= named


def test_paths_that_architecture_pages_name_are_there() -> None:
    for page in ("architecture.md", "where-does-my-change-go.md"):
        named = re.findall(r"`((?:seqbench|tests|plugins|benchmarks)/[\w./]*)`", (DOCS / page).read_text())
        assert named, page
        assert [path for path in named if "NAME" not in path and not (ROOT / path).exists()] == [], page


def test_every_link_has_a_text() -> None:
    # Sphinx fills in the page's title; GitHub shows nothing.
    assert [page.name for page in PAGES if "[](" in page.read_text()] == []


@pytest.mark.parametrize("block", of("toml"), ids=str)
def test_toml_is_what_pip_reads(block: Block) -> None:
    project = tomllib.loads(block.text)
    (point,) = project["project"]["entry-points"]["seqbench"].values()
    assert project["tool"]["setuptools"]["py-modules"] == [point]


SHORT = ["--set", "training.steps=1", "--executor", "serial"]
"""Added to a search, which is run."""
TAKES_SECONDS = re.compile("--keep-weights|seqbench tune|seqbench check")
LEARN = {page.stem for page in DOCS.glob("learn/*.md")}
"""Pages whose commands `test_learn.py` compares with what is shown, in the slow tests."""
TRAINED = {"--plugin", "--keep-weights"}
"""Options of sweeps that are trained: what follows in their blocks needs the results."""


def takes_seconds(block: Block) -> bool:
    return block.page in LEARN or TAKES_SECONDS.search(block.text) is not None


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(block, marks=[pytest.mark.slow] if takes_seconds(block) else [])
        for block in of("", "bash", "sh", "console")
        if any(commands(block))
    ],
    ids=str,
)
def test_command_does_what_it_says(block: Block, place: Path, results: None) -> None:
    installs = "pip install" in block.text
    planned: set[str] = set()  # folders of sweeps that are not trained here
    for arguments in commands(block):
        if any(word.startswith(("[", "$")) for word in arguments):
            continue  # a pattern, or a script's variables
        command = cli.get_command(cli.make_context("seqbench", ["--help"], resilient_parsing=True), arguments[0])
        assert command is not None, arguments
        context = command.make_context(arguments[0], list(arguments[1:]))
        if installs or arguments[0] in LONG or "--watch" in arguments or "--all" in arguments:
            continue
        if arguments[0] == "run" and not TRAINED & set(arguments):
            _expand(context.params)
            planned.add(str(context.params["output"]))
        elif planned & set(arguments):
            continue
        elif arguments[0] == "tune":
            # The search of a suite takes an hour, and is planned only.
            how = SHORT if arguments[1].endswith(".yaml") else ["--dry-run"]
            assert told([*arguments, *how]) == 0, arguments
        else:
            assert told(arguments) == 0, arguments


def _expand(given: dict[str, Any]) -> None:
    """Do of a sweep what is done before anything is trained."""
    example = ROOT / "plugins" / "example"
    catalog = load_catalog(
        files=["mymodel.py", *(example / f"seqbench_{name}.py" for name in ("mingru", "parity"))]
    )
    fields = ("tasks", "models", "lengths", "seeds", "evaluate_lengths")
    chosen = {name: given[name] for name in fields if given[name] is not None}
    overrides = merge(chosen, settings(given["assignments"]))
    assert expand(load(experiment_file(given["experiment"], catalog), overrides), catalog)


def shown_by(hook: str) -> str:
    """Return the indented code of a hook's docstring."""
    text = inspect.cleandoc(getattr(Hooks, hook).__doc__)
    return textwrap.dedent(text[text.index("    from") :])


def module(code: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "shown"}
    exec(compile(code, "shown", "exec", dont_inherit=True), names)
    return names


@pytest.mark.parametrize("source", ["guide", "hooks"])
def test_plugins_that_are_shown_give_a_score(source: str, place: Path) -> None:
    if source == "guide":
        catalog = load_catalog("off", files=["mymodel.py", "first.py"])
    else:
        models = {found.name: found for found in module(shown_by("seqbench_models"))["seqbench_models"]()}
        tasks = {found.name: found for found in module(shown_by("seqbench_tasks"))["seqbench_tasks"]()}
        catalog = Catalog(tasks=tasks, models=models)
    experiment = Experiment(
        tasks=("first",), models=tuple(catalog.models), lengths=(6,), training=Training(steps=200)
    )
    record = run_cell(expand(experiment, catalog)[0], catalog)
    assert record.test is not None, record.reason
    assert record.test.scores["accuracy"] == 1.0


def test_executor_that_is_shown_runs_cells(place: Path) -> None:
    (place / "here.py").write_text(shown_by("seqbench_executors"))
    catalog = load_catalog("recurrent,copy,suites", files=["here.py"])
    assert catalog.problems == ()
    assert executor_faults(catalog.executor("here")) == []
    settings = ["--lengths", "16", "--set", "training.steps=1", "--executor", "here", "--output", "out", "-q"]
    assert told(["run", "smoke", "--plugin", "here.py", "--tasks", "copy", "--models", "rnn", *settings]) == 0


def test_target_that_is_shown_is_one_beside_the_bundled_ones(place: Path) -> None:
    (place / "mine.py").write_text(shown_by("seqbench_targets"))
    catalog = load_catalog(files=["mine.py"])
    assert catalog.problems == ()
    (target,) = module(shown_by("seqbench_targets"))["seqbench_targets"]()
    assert target_faults(catalog.target(target.name)) == []


def test_targets_that_are_shown_are_measured_in_all_four_ways(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = [*load_catalog("off", files=["fourways.py"]).targets.values()]
    assert {type(each.measured_by) for each in shown} == {BaselineScore, Computed, TrainedScore, NotComparable}
    assert told(["targets", "run", *(each.name for each in shown), "--plugin", "fourways.py", "--json"]) == 0
    outcomes = {each["name"]: each["outcome"]["status"] for each in json.loads(capsys.readouterr().out)["targets"]}
    assert outcomes.pop("plateau-letters") == "not comparable"
    assert outcomes.pop("plateau-untrained") in ("met", "missed")
    assert set(outcomes.values()) == {"met"}


def test_commands_that_take_a_plugin_file_are_listed() -> None:
    def takes(command: click.Command) -> bool:
        below = command.commands.values() if isinstance(command, click.Group) else ()
        return any(option.name == "files" for option in command.params) or any(map(takes, below))

    text = (DOCS / "plugin-guide.md").read_text()
    sentence = text[text.index("`--plugin FILE` is an option of") :].split(", may be repeated")[0]
    context = click.Context(cli)
    found = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    assert {*re.findall(r"`([a-z]+)`", sentence)} == {name for name, each in found.items() if each and takes(each)}


def test_headings_are_deep_enough_for_links_and_no_deeper() -> None:
    for path in DOCS.rglob("*.md"):
        assert not re.search(r"^####", path.read_text(), re.MULTILINE), f"{path}: sites link to three levels only"


def test_every_training_field_is_in_the_docs() -> None:
    text = (DOCS / "experiments.md").read_text()
    for name in Training.model_fields:
        assert f"| `{name}` |" in text, name


def test_output_of_the_first_run_is_that_of_the_published_one() -> None:
    shown = re.findall(r"^```text\n(.*?)^```", (DOCS / "first-run.md").read_text(), re.DOTALL | re.MULTILINE)
    made = (ROOT / "results" / "published" / "quick" / "tables.txt").read_text().splitlines()
    published = "\n".join(line.rstrip() for line in made)
    assert len(shown) == 2
    assert all(block.rstrip() in published for block in shown)
