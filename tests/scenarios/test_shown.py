"""Tests that text from outside reaches the terminal printable and cut, and that only plain files are read.

Modules: seqbench.base.checksums, seqbench.base.plain_files, seqbench.cli.console,
seqbench.running.progress.sentences.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from torch import nn

from seqbench import DataError, Experiment, ExperimentError, Model, StoreError, fingerprint, load_results, run
from seqbench.base.checksums import sealed
from seqbench.base.plain_files import NotPlainError, read_plain
from seqbench.base.printable import MOST
from seqbench.cli.main import cli
from seqbench.experiment.schema import load
from seqbench.plugins.grid import expand
from seqbench.records.making import bounded, cell_data
from seqbench.records.record_files import BROKEN
from seqbench.records.schema import MOST_TEXT, Record
from seqbench.records.store import Store
from seqbench.report import FORMATS, read_records
from seqbench.running.plan import RETRY_FAILED
from seqbench.running.progress.sentences import outcome
from seqbench.running.status import look
from seqbench.training.cell import run_cell
from tests.nasty import NASTY
from tests.toys import CATALOG, toy_cell


@pytest.fixture(scope="module")
def record() -> Record:
    return run_cell(toy_cell(), CATALOG)


def seqbench(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command, environment = [sys.executable, "-m", "seqbench", *arguments], {**os.environ, **variables}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


RAISES = '''
from dataclasses import dataclass
from torch import nn
from seqbench import Model, hookimpl

@dataclass(frozen=True)
class Raises(Model):
    """Raises \x1b[31m what a terminal would obey."""

    name = "raises"
    version = 1

    def build(self, input_size):
        raise RuntimeError({nasty!r})

@hookimpl
def seqbench_models():
    yield Raises
'''.replace("{nasty!r}", ascii(NASTY))


def test_exception_that_forges_a_line_is_harmless_wherever_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "raises.py").write_text(RAISES)
    fields = {"tasks": ["copy"], "models": ["raises"], "lengths": [8]}
    run(
        Experiment.model_validate(fields),
        tmp_path / "out",
        executor="serial",
        plugin_files=[tmp_path / "raises.py"],
    )
    (written,) = Store(tmp_path / "out").each()
    status = CliRunner().invoke(cli, ["status", str(tmp_path / "out")])
    report = CliRunner().invoke(cli, ["report", str(tmp_path / "out")])
    for told in (outcome(written), status.stdout, report.stdout):
        assert not set(told) & {"\x1b", "\x07", "\r", "\u202e", "\x9b"}
        assert not [line for line in told.splitlines() if line.startswith("[1/1] copy gru") or len(line) > 2000]
        assert r"RuntimeError: \x1b[2J" in told
    (kept,) = Store(tmp_path / "out").read()
    assert kept.reason is not None
    assert MOST_TEXT <= len(kept.reason) < MOST_TEXT + 100
    assert "\x1b[2J" in kept.reason
    listed = CliRunner().invoke(cli, ["list", "models", "--plugin", str(tmp_path / "raises.py")])
    assert "\x1b" not in listed.stdout
    assert r"Raises \x1b[31m" in listed.stdout


class Own(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")


class Base(BaseException):
    pass


@dataclass(frozen=True)
class RaisesOwn(Model):
    """Raises what has no text."""

    name = "own"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        raise Own


@dataclass(frozen=True)
class RaisesBase(Model):
    """Raises what is no Exception."""

    name = "base"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        raise Base("base")


@pytest.mark.parametrize(("model", "reason"), [("own", "Own, whose text cannot be had"), ("base", "Base: base")])
def test_exception_without_a_text_or_beyond_exception_is_a_failed_cell(model: str, reason: str) -> None:
    catalog = replace(CATALOG, models={"own": RaisesOwn, "base": RaisesBase})
    fields = {"tasks": ["last"], "models": [model], "lengths": [6]}
    failed = run_cell(expand(Experiment.model_validate(fields), catalog)[0], catalog)
    assert (failed.status, failed.reason) == ("failed", reason)


def test_record_of_megabytes_is_bounded_when_written_and_cut_when_shown(tmp_path: Path, record: Record) -> None:
    huge = "x" * 2_000_000
    told = record.model_copy(
        update={
            "status": "failed", "reason": huge, "traceback": huge, "warnings": (huge,) * 3,
            "facts": {"fact": huge}, "notes": {"note": huge},
            "environment": {"variable": huge, "packages": {"a": huge}},
        }
    )  # fmt: skip
    assert len(bounded(told).to_json()) < 2_000_000
    assert len(outcome(told)) < MOST + 100
    # As somebody else may have written it.
    store = Store(tmp_path)
    store.write(told)
    texts = [write(read_records([tmp_path])) for name, format_ in FORMATS.items() if (write := format_.write)
             and name in ("terminal", "markdown", "latex")]  # fmt: skip
    assert [0 < len(text) < 1_000_000 for text in texts] == [True] * 3


@pytest.mark.parametrize("columns", ["0", "-5", "abc", "1", "50", "²", "9" * 30])
def test_report_shows_every_score_whatever_columns_says(columns: str, tmp_path: Path, record: Record) -> None:
    from seqbench.cli.console import width

    Store(tmp_path / "out").write(record)
    environment = {"COLUMNS": columns}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", columns)
        assert width(sys.stdout) == {"1": 40, "50": 50}.get(columns, 120)
    if columns in ("0", "1"):
        shown = seqbench(tmp_path, "report", "out", **environment)
        assert shown.returncode == 0, shown.stderr
        assert record.test is not None
        assert f"{record.test.scores['accuracy']:.3f}"[:4] in shown.stdout.replace("\n", "")


def damaged(path: Path) -> None:
    content = bytearray(path.read_bytes())
    place = content.index(b'"scores": {"accuracy": 0.') + len(b'"scores": {"accuracy": 0.')
    content[place] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "damage",
    [
        damaged,
        lambda path: path.write_bytes(path.read_bytes()[:700] + path.read_bytes()[900:]),
        lambda path: path.write_bytes(path.read_bytes().replace(b'"course"', b"\x00" * 8)),
        lambda path: path.write_bytes(path.read_bytes()[:-1000]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("[" * 100_000),
        lambda path: path.write_bytes(path.read_bytes().replace(b'_version": 1', b'_version": 3', 1)),
    ],
    ids=["digit", "middle", "zeros", "cut", "empty", "deep", "version"],
)
def test_record_that_is_broken_is_not_done_and_is_kept_aside_when_its_cell_has_run_again(
    damage: Callable[[Path], object], tmp_path: Path, record: Record
) -> None:
    store, cell = Store(tmp_path), toy_cell()
    path = store.write(record)
    store.prepare()
    damage(path)
    broken = path.read_bytes()
    (seen,) = store.seen().values()
    assert (seen.status, store.seen().keys()) == (BROKEN, {record.key})
    assert path.name in str(seen.problem)
    assert not RETRY_FAILED.is_done(store.look(cell), seen)
    assert not RETRY_FAILED.is_done(store.look(cell), None)
    assert look(tmp_path).states == {BROKEN: 1}
    assert [each.status for each in look(tmp_path).failures] == [BROKEN]
    with pytest.raises(StoreError, match=path.name):
        load_results(tmp_path)
    assert list(store.whole()) == []
    store.write(record)
    assert store.read() == [record]
    assert path.with_name(f"{path.name}.broken").read_bytes() == broken


def test_record_under_the_name_of_another_cell_is_not_that_cells(tmp_path: Path, record: Record) -> None:
    store = Store(tmp_path)
    path, other = store.write(record), toy_cell(steps=41)
    path.rename(store.layout.record(other))
    found = store.look(other)
    assert found is not None
    assert found.status == BROKEN
    assert "the record of another cell" in str(found.problem)
    moved = store.layout.record(other)
    whole = moved.read_bytes()
    store.write(record.model_copy(update={"key": other.key, "cell": cell_data(other)}))
    assert moved.with_name(f"{moved.name}.broken").read_bytes() == whole


def test_record_of_an_older_version_has_no_checksum_and_is_read(tmp_path: Path, record: Record) -> None:
    store = Store(tmp_path)
    path = store.write(record)
    assert path.read_text() == sealed(record.to_json())
    path.write_text(record.to_json())
    assert store.status() == {record.key: "ok"}
    # Rewritten by another program.
    path.write_text(json.dumps(json.loads(sealed(record.to_json()))))
    assert store.read() == [record]


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def broken_link(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


def folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("put", [pipe, device, broken_link, folder])
def test_what_is_no_plain_file_is_one_sentence_for_each_kind_of_file(
    put: Callable[[Path], None], tmp_path: Path, record: Record
) -> None:
    experiment, data = tmp_path / "mine.yaml", tmp_path / "data.csv"
    put(experiment)
    with pytest.raises(ExperimentError, match=r"the experiment .*mine\.yaml cannot be read: (it is|no such)"):
        load(experiment)
    put(data)
    with pytest.raises(DataError, match=r"data\.csv|has no file called train"):
        fingerprint(str(data))
    store = Store(tmp_path / "store")
    store.prepare()
    put(store.layout.record(toy_cell()))
    with pytest.raises(StoreError, match=r"the record .* cannot be read: it is a"):
        store.seen()
    with pytest.raises(StoreError, match=r"the record .* cannot be read: it is a"):
        load_results(store.path)
    marked = tmp_path / "marked"
    marked.mkdir()
    put(marked / "store.json")
    if put is not broken_link:
        with pytest.raises(StoreError, match=r"store\.json cannot be read: it is a"):
            Store(marked)
    put(tmp_path / "records")
    if put is not folder:
        with pytest.raises(StoreError, match=r"records is (no folder|a link)"):
            Store(tmp_path)
    if put is not broken_link:
        with pytest.raises(NotPlainError, match="it is a "):
            read_plain(experiment)


def test_claim_note_and_log_that_are_pipes_are_not_waited_for(tmp_path: Path) -> None:
    fields = {"tasks": ["copy"], "models": ["rnn"], "lengths": [8], "gradients": {"measure": False}}
    tiny = Experiment.model_validate({**fields, "training": {"steps": 1}})
    run(tiny, tmp_path, executor="serial")
    (record,) = (tmp_path / "records").iterdir()
    key = record.stem.rpartition("_")[2]
    for path in (record, *(tmp_path / "logs").iterdir(), *(tmp_path / "sweeps").iterdir()):
        path.unlink()
        if path != record:
            os.mkfifo(path)
    os.mkfifo(tmp_path / "claims" / f"{key}.json")
    assert list(run(tiny, tmp_path, executor="serial")["status"]) == ["ok"]
    assert look(tmp_path).states["ok"] == 1


def test_data_with_a_name_that_no_file_can_have_is_a_sentence() -> None:
    with pytest.raises(DataError, match="cannot be read: file name too long"):
        fingerprint("./" + "x" * 5000)
