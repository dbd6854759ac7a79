"""Tests boards of bundles with missing cells, with contradictions, and from several kinds of machines."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqbench import Catalog
from seqbench.base.environment import describe
from seqbench.board.site.markdown import to_markdown
from seqbench.board.site.merge import read_board
from seqbench.board.site.picture import picture
from seqbench.board.site.site import site_files
from seqbench.errors import BoardError
from seqbench.experiment.schema import load
from seqbench.plugins.grid import expand
from seqbench.records.schema import Costs, Course, Record
from seqbench.records.store import Store
from seqbench.training.cell import run_cell
from tests.boards import TINY, bundled, catalog, unzipped, with_manifest, with_records
from tests.toys import Last

Make = Callable[..., bytes]


@dataclasses.dataclass(frozen=True)
class First(Last):
    """The same task under another name."""

    name = "first"


@pytest.fixture(scope="module")
def offers(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Return the toys with a suite of two tasks."""
    folder = tmp_path_factory.mktemp("two")
    found = catalog(folder)
    (folder / "tiny.yaml").write_text(TINY.replace("[last]", "[last, first]").replace("[4, 6]", "[4]"))
    return dataclasses.replace(found, tasks={**found.tasks, "first": First})


@pytest.fixture(scope="module")
def make(offers: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Return what makes a partial bundle."""

    def made(
        model: str,
        tasks: list[str],
        hidden_size: int = 8,
        seeds: tuple[int, ...] = (0, 1),
        edit: Callable[[Record], Record] = lambda record: record,
    ) -> bytes:
        changed = {"parameters": {model: {"hidden_size": hidden_size}}, "seeds": list(seeds)}
        experiment = load(offers.suite("tiny"), {"models": [model], "tasks": tasks, **changed})
        results = Store(tmp_path_factory.mktemp("run") / "tiny")
        results.prepare()
        for cell in expand(experiment, offers):
            results.write(edit(run_cell(cell, offers, describe())))
        return bundled(results.path, offers, is_partial=True)

    return made


@pytest.fixture(scope="module")
def last(make: Make) -> bytes:
    """Return a bundle of one model and one of the two tasks."""
    return make("small", ["last"])


def failed(record: Record) -> Record:
    lost: dict[str, Any] = dict.fromkeys(
        ("metric", "test", "gradients", "validation_score", "stopped", "data_fingerprint")
    )
    said = {"status": "failed", "reason": "RuntimeError: \x1b[31mred\nand \u202eturned", "traceback": "\x07"}
    return record.model_copy(update={**lost, **said, "evaluations": (), "course": Course(), "costs": Costs()})


def unknown(record: Record) -> Record:
    def scoreless(test: Any) -> Any:
        return test.model_copy(update={"scores": {"accuracy": None}, "skill": None})

    update = {"test": scoreless(record.test), "evaluations": tuple(map(scoreless, record.evaluations))}
    return record.model_copy(update=update)


def built(folder: Path, offers: Catalog, **bundles: bytes) -> tuple[str, dict[str, str]]:
    """Return the board of these bundles as Markdown and as a site."""
    folder.mkdir(exist_ok=True)
    for name, content in bundles.items():
        (folder / f"{name}.zip").write_bytes(content)
    board = read_board(folder, offers)
    assert not board.refused
    files = {name: text.decode() for name, text in site_files(board, "A board").items()}
    return to_markdown(board, ["made"]), files


@pytest.mark.slow
def test_bundles_of_different_tasks_and_parameters_leave_empty_fields(
    tmp_path: Path, offers: Catalog, make: Make, last: bytes
) -> None:
    bundles = {
        "last": last,
        "both": make("plain", ["last", "first"]),
        "other": make("plain", ["first"], 4),
        "one_seed": make("small", ["first"], 4, (0,)),
        "failed": make("small", ["first"], 5, edit=failed),
        "unknown": make("small", ["last"], 6, edit=unknown),
    }
    text, files = built(tmp_path / "all", offers, **bundles)
    rows = {line.split(" | ")[0]: line.split(" | ")[3:] for line in text.splitlines() if line.startswith("| ")}
    assert rows[r"| small (hidden\_size=8)"][0] == "not run"
    assert "usable" in rows[r"| small (hidden\_size=8)"][1]
    assert rows[r"| plain (hidden\_size=4)"][1] == "not run |"
    assert rows[r"| small (hidden\_size=5)"][0].startswith("failed")
    assert rows[r"| small (hidden\_size=6)"][1].startswith("unknown")
    assert "not run" in files["index.html"]
    assert len([name for name in files if name.endswith(".svg")]) == 6
    assert {row["status"] for row in csv.DictReader(io.StringIO(files["data/tiny.csv"]))} == {"ok", "failed"}
    assert not {char for text in files.values() for char in text if char in "\x1b\x07\u202e"}
    assert "<svg" in picture(read_board(tmp_path / "all", offers))
    for name in ("failed", "unknown"):
        built(tmp_path / name, offers, **{name: bundles[name]})
        assert "<svg" in picture(read_board(tmp_path / name, offers))


def quartered(record: dict[str, Any]) -> None:
    for test in (record["test"], *record["evaluations"]):
        test["scores"]["accuracy"] /= 4
        test["skill"] = (test["scores"]["accuracy"] - 0.25) / 0.75


def test_board_all_of_whose_cells_are_disputed_is_built_and_says_so(
    tmp_path: Path, offers: Catalog, last: bytes
) -> None:
    text, files = built(tmp_path / "in", offers, a=last, b=with_records(last, quartered, first_only=False))
    assert "No cell is shown: all are disputed." in text
    assert "none is shown" in files["index.html"]
    with pytest.raises(BoardError, match="there is nothing to draw"):
        picture(read_board(tmp_path / "in", offers))


def test_scores_of_another_processor_are_no_conflict_and_both_are_told(
    tmp_path: Path, offers: Catalog, last: bytes
) -> None:
    amd = {"vendor": "AuthenticAMD", "torch": "AVX2", "onednn": "AVX2", "mkl": "COMPATIBLE"}

    def there(record: dict[str, Any]) -> None:
        quartered(record)
        record["environment"]["processor_class"] = amd

    def told(manifest: dict[str, Any]) -> None:
        manifest["environments"][0]["processor_class"] = amd

    other = with_manifest(unzipped(with_records(last, there, first_only=False)), told)
    text, files = built(tmp_path / "in", offers, a=last, b=other)
    assert "Cells that other kinds of machines tell otherwise" in text
    data = json.loads(files["data/tiny.json"])
    assert data["conflicts"] == []
    assert len(data["notes"]) == 2
    assert "not comparable on this processor" in data["notes"][0]
    assert "AuthenticAMD (torch AVX2" in data["notes"][0]


def test_other_baselines_of_equal_data_are_a_conflict_that_the_installed_task_decides(
    tmp_path: Path, offers: Catalog, make: Make, last: bytes
) -> None:
    def weak(record: dict[str, Any]) -> None:
        # Of a seed whose data `check` does not load, and of another model: no cell is in both bundles.
        for test in (record["test"], *record["evaluations"]) if record["cell"]["seed"] == 1 else ():
            test["baselines"][0]["scores"]["accuracy"] = 0.01
            test["skill"] = (test["scores"]["accuracy"] - 0.01) / 0.99

    forged = with_records(make("plain", ["last"]), weak, first_only=False)
    _, files = built(tmp_path / "in", offers, a=forged, honest=last)
    conflicts = json.loads(files["data/tiny.json"])["conflicts"]
    assert [(each["cell"], each["shown"]) for each in conflicts] == [("last plain T=4 seed 1", "honest.zip")]
    assert "baselines.T=4.guess.accuracy: one says 0.25, the other 0.01" in conflicts[0]["told"]
    shown = {(row["model"], row["seed"]) for row in csv.DictReader(io.StringIO(files["data/tiny.csv"]))}
    assert shown == {("plain", "0"), ("small", "0"), ("small", "1")}
