"""Tests that running cells again confirms honest scores only, and that nothing is sent without a request."""

from __future__ import annotations

import dataclasses
import json
import random
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
from seqbench.board.check.agreement import agreement
from seqbench.board.check.check import Submission, check_bundle
from seqbench.board.make import bundle
from seqbench.board.site.publish import plan_upload
from seqbench.board.verify.receipt import Receipt, path_beside, read_receipt
from seqbench.board.verify.spread import _half_width
from seqbench.board.verify.verify import DrawnCells, draw, runner, verify_cells
from seqbench.cli import board as board_command
from seqbench.errors import BoardError
from seqbench.executors.serial import Serial
from seqbench.experiment.schema import Execution, load
from seqbench.plugins.grid import expand
from seqbench.plugins.load import load_catalog
from seqbench.records.schema import Record, WeightsData
from seqbench.records.store import Store
from seqbench.training.cell import run_cell
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


def submission(content: bytes, offers: Catalog) -> Submission:
    found = check_bundle(content, offers).submission
    assert found is not None
    return found


def test_cells_are_drawn_by_their_seed_and_from_every_model(tiny_bundle: bytes, tiny_offers: Catalog) -> None:
    found = submission(tiny_bundle, tiny_offers)
    drawn = draw(found, 2, 7, tiny_offers)
    assert draw(found, 2, 7, tiny_offers) == drawn
    assert {record.cell.model.name for record in drawn.records} == {"small", "plain"}
    assert len({draw(found, 2, seed, tiny_offers).records[0].key for seed in range(20)}) > 2


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


AMD = {"processor_class": {"vendor": "AuthenticAMD", "torch": "AVX2", "onednn": "AVX2", "mkl": "COMPATIBLE"}}


def moved(record: Record, skill: float, **facts: Any) -> Record:
    """Return a record whose score is another, with the skill that follows from it, on another machine."""
    assert record.test is not None
    scores = {**record.test.scores, "accuracy": 0.25 + 0.75 * skill}
    test = record.test.model_copy(update={"scores": scores, "skill": skill})
    return record.model_copy(update={"test": test, "environment": {**record.environment, **facts}})


def test_same_kind_must_give_the_same_bits_and_another_one_leaves_trained_scores_open(
    tiny_bundle: bytes, tiny_offers: Catalog
) -> None:
    first = moved(submission(tiny_bundle, tiny_offers).records[0], 0.5)
    assert agreement(first, first).text == "same bits"
    kept = first.model_copy(update={"weights": WeightsData(sha256="0" * 64, bytes=9)})
    assert agreement(kept, first).text == "same bits"
    assert agreement(first, moved(first, 0.5 + 1e-12)).outcome == "differs"
    # The kernel's version and the processor's name move no bits.
    kernel = str(first.environment["platform"]).replace("Linux-", "Linux-7.0-", 1)
    assert agreement(first, moved(first, 0.5 + 1e-12, platform=kernel)).outcome == "differs"
    assert agreement(first, moved(first, 0.5, **AMD)).outcome == "confirmed"
    told = agreement(first, moved(first, 0.9, **AMD))
    assert told.outcome == "not comparable"
    assert "not comparable on this processor: processor " in told.text
    assert "AuthenticAMD (torch AVX2, oneDNN AVX2, MKL COMPATIBLE)" in told.text
    assert "accuracy: claimed 0.625, here 0.925 (differs by 0.3)" in told.text
    # Records of earlier versions have no class: it is unknown whether their bits must be equal.
    without = {name: value for name, value in first.environment.items() if name != "processor_class"}
    early = first.model_copy(update={"environment": without})
    assert agreement(early, moved(first, 0.9)).outcome == "not comparable"
    assert agreement(early, first).outcome == "confirmed"
    assert agreement(first, first.model_copy(update={"status": "diverged"})).outcome == "differs"


def test_other_processor_is_held_to_data_metric_baselines_and_untrained_gradients(
    tiny_bundle: bytes, tiny_offers: Catalog
) -> None:
    first = submission(tiny_bundle, tiny_offers).records[0]
    there = moved(first, 0.9, **AMD)
    assert there.test is not None
    test, gradients = there.test, there.gradients
    assert gradients is not None

    def guess(score: float) -> Record:
        baseline = test.baselines[0].model_copy(update={"scores": {"accuracy": score}})
        return there.model_copy(update={"test": test.model_copy(update={"baselines": (baseline,)})})

    def gain(factor: float) -> Record:
        was = gradients.flows[0].summary
        summary = dataclasses.replace(was, gain_per_step=(was.gain_per_step or 0.0) * factor)
        flows = (gradients.flows[0].model_copy(update={"summary": summary}), *gradients.flows[1:])
        return there.model_copy(update={"gradients": gradients.model_copy(update={"flows": flows})})

    # Of 64 examples two are worth more than a hundredth of the way from worst to best, which is the most.
    spans = {"accuracy": 1.0}
    assert agreement(first, guess(0.25 + 1e-13)).outcome == "not comparable"
    assert agreement(first, guess(0.2502)).outcome == "not comparable"
    assert agreement(first, guess(0.259)).outcome == "differs"
    assert agreement(first, guess(0.259), spans).outcome == "not comparable"
    assert agreement(first, guess(0.261), spans).outcome == "differs"
    assert agreement(first, gain(1 + 1e-12)).outcome == "not comparable"
    assert agreement(first, gain(1 + 1e-6)).outcome == "differs"
    assert agreement(first, there.model_copy(update={"data_fingerprint": "0" * 32})).outcome == "differs"


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


def test_prediction_interval_holds_one_more_seed_as_often_as_it_says() -> None:
    # Of four numbers with standard deviation sqrt(4 / 3); t of 3 degrees of freedom at 99% is 5.8409.
    expected = 5.840909 * (4 / 3) ** 0.5 * (1 + 1 / 4) ** 0.5
    assert _half_width([-1.0, 1.0, -1.0, 1.0], 1, 0.0) == pytest.approx(expected)
    chance = random.Random(3)
    drawn = [[chance.gauss(0, 1) for _ in range(6)] for _ in range(2000)]
    within = sum(abs(last - sum(five) / 5) <= _half_width(five, 1, 0.0) for *five, last in drawn)
    assert 0.985 <= within / 2000 <= 0.995


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


def test_target_is_written_as_user_and_repository(tmp_path: Path, tiny_offers: Catalog) -> None:
    for target in ("me/board", "hub:me", "hub:me/../you", "hub:me/board/more", "s3:me/board"):
        with pytest.raises(BoardError, match="hub:USER/REPO"):
            plan_upload(tmp_path, target, tiny_offers)
