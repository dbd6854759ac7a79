"""Tests that running cells again confirms honest scores only, and that nothing is sent without a request.

Modules: seqbench.board.verify.verify, seqbench.cli.board, seqbench.cli.board_lines.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import seqbench
from seqbench import Catalog
from seqbench.base.environment import describe
from seqbench.board.make import bundle
from seqbench.board.verify.receipt import Receipt, Rerun, path_beside, read_receipt
from seqbench.board.verify.verify import DrawnCells, draw, runner, verify_cells
from seqbench.cli import board as board_command
from seqbench.errors import BoardError
from seqbench.executors.serial import Serial
from seqbench.experiment.schema import Execution, load
from seqbench.plugins.grid import expand
from seqbench.plugins.load import load_catalog
from seqbench.records.schema import Record
from seqbench.records.store import Store
from seqbench.training.cell import run_cell
from tests.board.claims import AMD, moved, submission
from tests.boards import ABOUT, running, unzipped, with_records, zipped

SERIAL = Execution(name=Serial.name, jobs=1)


@pytest.fixture(scope="module")
def smoke_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of one model's cells of the suite smoke."""
    offers = load_catalog()
    results = Store(tmp_path_factory.mktemp("smoke") / "smoke")
    for cell in expand(load(offers.suite("smoke"), {"models": ["gru"]}), offers):
        results.write(run_cell(cell, offers, describe()))
    return results.path


@pytest.fixture(scope="module")
def smoke(smoke_run: Path) -> bytes:
    """Return the bundle of it."""
    return bundle(smoke_run, "smoke", ABOUT, load_catalog()).content


def test_cells_are_drawn_by_their_seed_and_from_every_model(tiny_bundle: bytes, tiny_offers: Catalog) -> None:
    found = submission(tiny_bundle, tiny_offers)
    drawn = draw(found, 2, 7, tiny_offers)
    assert draw(found, 2, 7, tiny_offers) == drawn
    assert {record.cell.model.name for record in drawn.records} == {"small", "plain"}
    assert len({draw(found, 2, seed, tiny_offers).records[0].key for seed in range(20)}) > 2


@pytest.mark.slow
def test_honest_bundle_is_confirmed_to_the_last_bit(smoke: bytes, tmp_path: Path) -> None:
    installed = load_catalog()
    found = submission(smoke, installed)
    receipt = verify_cells(found, draw(found, 3, 7, installed), 7, installed, runner(installed, SERIAL))
    assert receipt.is_confirmed
    assert [cell.told for cell in receipt.cells] == ["same bits"] * 3
    assert {part.what for part in receipt.cells[0].compared} == {
        "settings", "data", "examples", "metric", "baselines", "sizes", "gradients at initialisation", "scores",
        "gradients after training", "everything else",
    }  # fmt: skip
    bundle = tmp_path / "mine.zip"
    path_beside(bundle).write_text(receipt.to_json())
    assert read_receipt(bundle, found.id) == receipt
    assert read_receipt(bundle, "0" * 64) is None


@pytest.mark.slow
def test_invented_scores_are_found_out(smoke: bytes) -> None:
    def perfect(record: dict[str, Any]) -> None:
        record["test"]["scores"][record["metric"]["name"]], record["test"]["skill"] = record["metric"]["best"], 1.0

    installed = load_catalog()
    found = submission(with_records(smoke, perfect, first_only=False), installed)
    receipt = verify_cells(found, draw(found, 2, 1, installed), 1, installed, runner(installed, SERIAL))
    assert not any(cell.is_confirmed for cell in receipt.cells)
    assert "scores differs (T=16." in receipt.cells[0].told


def test_models_that_cannot_be_run_here_are_named(tiny_bundle: bytes, tiny_offers: Catalog) -> None:
    found = submission(tiny_bundle, tiny_offers)
    without = Catalog(
        tasks=tiny_offers.tasks, models={"small": tiny_offers.models["small"]}, suites=tiny_offers.suites
    )
    drawn = draw(found, 99, 1, without)
    assert {record.cell.model.name for record in drawn.records} == {"small"}
    assert (len(drawn.records), drawn.out_of) == (4, 4)
    assert "plain is not installed" in drawn.left_out[0]
    with pytest.raises(BoardError, match="plain is not installed"):
        draw(found, 1, 1, Catalog(tasks=tiny_offers.tasks, suites=tiny_offers.suites))


def test_claim_of_another_processor_is_held_against_the_spread_of_further_seeds(
    tiny_bundle: bytes, tiny_offers: Catalog
) -> None:
    found = submission(tiny_bundle, tiny_offers)
    record, run = found.records[0], running(tiny_offers)
    assert record.test is not None

    def verified(claimed: Record) -> Receipt:
        return verify_cells(found, DrawnCells((claimed,), 1, ()), 7, tiny_offers, run, seeds=8)

    off_by_one = ((record.test.scores["accuracy"] or 0.0) - 1 / 64 - 0.25) / 0.75
    receipt = verified(moved(record, off_by_one, **AMD))
    assert receipt.cells[0].outcome == "within spread"
    assert "scores within spread (of 8 seeds: accuracy" in receipt.cells[0].told
    # It is what the cell may come to, not that it did.
    assert not receipt.is_confirmed
    assert not receipt.is_contradicted
    (cell,) = verified(moved(record, -2.0, **AMD)).cells
    assert cell.outcome == "differs"
    assert "beyond the spread of 8 seeds: accuracy at T=4" in cell.told
    # What diverged has no score that could be compared.
    lost = record.model_copy(update={"status": "diverged", "environment": {**record.environment, **AMD}})
    assert verified(lost).cells[0].outcome == "not comparable"


def test_the_data_are_those_of_the_suite_and_never_of_a_path_that_a_bundle_names(
    tiny_bundle: bytes, tiny_offers: Catalog
) -> None:
    found = submission(tiny_bundle, tiny_offers)
    record = found.records[0]
    task = record.cell.task.model_copy(update={"parameters": {**record.cell.task.parameters, "symbols": 99}})
    claimed = record.model_copy(update={"cell": record.cell.model_copy(update={"task": task})})
    # The key is that of the suite's cell, which is what is run.
    drawn = DrawnCells((claimed,), 1, ())
    assert verify_cells(found, drawn, 7, tiny_offers, running(tiny_offers)).cells[0].has_same_bits


class Hub(BaseHTTPRequestHandler):
    """As much of the hub's protocol as an upload of small files speaks; keeps what it was sent."""

    said: list[tuple[str, bytes]] = []  # noqa: RUF012

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.said.append((self.path, body))
        here = f"http://{self.headers['Host']}/spaces/me/board"
        regular = {"uploadMode": "regular", "shouldIgnore": False, "oid": None}
        answers: dict[str, dict[str, Any]] = {
            "/repos/create": {"url": here},
            "/preupload/main": {"files": [{"path": path, **regular} for path in self._paths(body)]},
            "/commit/main": {"commitUrl": f"{here}/commit/1", "commitOid": "1", "success": True},
        }
        path = self.path.partition("?")[0]
        found = next((answer for ending, answer in answers.items() if path.endswith(ending)), {})
        self._answer(found)

    def do_GET(self) -> None:
        self.said.append((self.path, b""))
        self._answer({"name": "me", "type": "user"})

    def log_message(self, *args: object) -> None:
        pass

    def _paths(self, body: bytes) -> list[str]:
        found = json.loads(body) if "/preupload/" in self.path else {}
        return [file["path"] for file in found.get("files", [])]

    def _answer(self, tiny_bundle: dict[str, Any]) -> None:
        text = json.dumps(tiny_bundle).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


@pytest.fixture
def hub() -> Iterator[str]:
    Hub.said.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def said(*words: str | Path) -> tuple[int, str]:
    """Run the command; return its exit status, 2 for an error of ours, and what it said."""
    came = CliRunner().invoke(board_command.command, [str(word) for word in words])
    if isinstance(came.exception, seqbench.SeqbenchError):
        return 2, str(came.exception)
    return came.exit_code, came.output


@pytest.mark.slow
def test_receipt_of_more_confirmed_cells_is_kept_and_that_is_said(smoke: bytes, tmp_path: Path) -> None:
    zip_, installed = tmp_path / "mine.zip", load_catalog()
    zip_.write_bytes(smoke)
    found = submission(smoke, installed)
    cells = [
        Rerun(
            key=each.key, cell=each.title, model=0, outcome="confirmed", has_same_bits=True, told="", compared=()
        )
        for each in found.records
    ]
    kept = Receipt(submission=found.id, seed=1, cells=tuple(cells), environment={}).to_json()
    path_beside(zip_).write_text(kept)
    status, told = said("verify", zip_, "--cells", "1", "--jobs", "1")
    assert (status, path_beside(zip_).read_text()) == (0, kept)
    assert f"confirms {len(cells)} cells, 1 are run now: it is kept, unless one differs" in told
    assert f"is kept as it was: confirmed cells in it: {len(cells)}, now: 1; to have another written" in told
    # One that nobody can read is replaced, and that is said too.
    path_beside(zip_).write_text("{}")
    status, told = said("verify", zip_, "--cells", "1", "--jobs", "1")
    assert (status, "an earlier receipt will be replaced" in told) == (0, True)
    receipt = read_receipt(zip_, found.id)
    assert receipt is not None
    assert len(receipt.confirmed) == 1


def test_bundle_of_a_folder_without_results_says_so(tmp_path: Path) -> None:
    asked = ("--name", "Mine", "--licence", "MIT", "--contact", "me")
    assert said("bundle", tmp_path / "nope", *asked) == (
        2, f"there are no results in {tmp_path / 'nope'}: the folder does not exist",
    )  # fmt: skip
    status, told = said("bundle", tmp_path, *asked)
    assert (status, "there are no results in" in told, "which suite" in told) == (2, True, False)


@pytest.mark.slow
def test_commands_from_records_to_an_upload(
    smoke_run: Path, tmp_path: Path, hub: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    zip_, site = tmp_path / "in" / "mine.zip", tmp_path / "site"
    zip_.parent.mkdir()
    asked = (
        "bundle",
        smoke_run,
        "--name",
        "Mine",
        "--licence",
        "MIT",
        "--contact",
        "me@example.org",
        "--output",
        zip_,
    )
    assert said(*asked)[0] == 0
    status, told = said("check", zip_)
    assert (status, told.count("failed")) == (0, 0)
    assert "accepted" in told
    files = unzipped(zip_.read_bytes())
    bad = tmp_path / "bad.zip"
    bad.write_bytes(zipped({name: text for name, text in files.items() if "copy" not in name}))
    status, told = said("check", bad, zip_, "--json")
    assert (status, [each["ok"] for each in json.loads(told)["bundles"]]) == (4, [False, True])
    assert said("check", tmp_path / "missing.zip")[0] == said("check", smoke_run)[0] == 2
    (tmp_path / "text.zip").write_text("x")
    status, told = said("check", tmp_path / "text.zip")
    assert (status, "is no zip" in told) == (2, True)
    assert said("build", zip_.parent, "--output", site)[0] == 0
    assert said("table", zip_.parent, "--output", tmp_path / "README.md")[0] == 0
    assert "gru" in (tmp_path / "README.md").read_text()

    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub)
    monkeypatch.setenv("HF_TOKEN", "hf_made_up")
    status, told = said("publish", zip_, "--to", "hub:me/board")
    assert (status, Hub.said) == (0, [])
    assert f"{zip_.stat().st_size:>10}  mine.zip" in told
    assert "nothing was sent" in told
    status, told = said("publish", site, "--to", "hub:me/board", "--yes")
    assert status == 0, told
    path, commit = Hub.said[-1]
    assert path.partition("?")[0] == "/api/spaces/me/board/commit/main"
    sent = [json.loads(line) for line in commit.splitlines()]
    names = {line["value"]["path"] for line in sent if line["key"] == "file"}
    assert names == {each.relative_to(site).as_posix() for each in site.rglob("*") if each.is_file()}
    assert said("publish", bad, "--to", "hub:me/board", "--yes")[0] == 2
    assert said("publish", smoke_run, "--to", "hub:me/board")[0] == 2
