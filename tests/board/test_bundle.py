"""Tests that a tampered bundle is refused with its reason, and an honest one accepted."""

from __future__ import annotations

import io
import json
import re
import stat
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqbench import Catalog
from seqbench.board.bundle.archive import RefusedError
from seqbench.board.bundle.manifest import about
from seqbench.board.bundle.strict_json import strict_json
from seqbench.board.bundle.suite import cell_of
from seqbench.board.check.check import check_bundle
from seqbench.errors import BoardError
from seqbench.records.schema import CellData
from seqbench.records.store import Store
from tests.boards import ABOUT, bundled, unzipped, with_manifest, with_records, zipped


def reasons(content: bytes, offers: Catalog) -> str:
    """Return why a bundle is refused."""
    checked = check_bundle(content, offers)
    assert checked.submission is None
    return "\n".join(checked.reasons)


def test_bundle_of_a_whole_run_is_accepted_and_has_the_same_bytes_again(
    tiny_bundle: bytes, tiny_results: Path, tiny_offers: Catalog
) -> None:
    found = check_bundle(tiny_bundle, tiny_offers).submission
    assert found is not None
    assert {record.to_json() for record in found.records} == {
        record.to_json() for record in Store(tiny_results).read()
    }
    assert found.manifest.about.licence == "CC-BY-4.0"
    assert [model.name for model in found.manifest.models] == ["plain", "small"]
    assert bundled(tiny_results, tiny_offers) == tiny_bundle
    # Zipped by something else, with other dates, it is the same submission.
    again = check_bundle(zipped(unzipped(tiny_bundle)), tiny_offers).submission
    assert again is not None
    assert again.id == found.id


def test_one_digit_of_one_score_is_found_by_its_hash_and_without_hashes_by_its_skill(
    tiny_bundle: bytes, tiny_offers: Catalog
) -> None:
    files = unzipped(tiny_bundle)
    name = sorted(files)[1]
    score = str(json.loads(files[name])["test"]["scores"]["accuracy"])
    digit = score[:-1] + ("1" if score[-1] != "1" else "2")
    files[name] = files[name].replace(f'"accuracy": {score}'.encode(), f'"accuracy": {digit}'.encode(), 1)
    assert f"hashes: {name} is not the file that the manifest names" in reasons(zipped(files), tiny_offers)
    assert "a number was changed" in reasons(with_manifest(files, lambda manifest: None), tiny_offers)


def _key(record: dict[str, Any]) -> None:
    record["key"] = cell_of(CellData.model_validate(record["cell"])).key


def _steps(record: dict[str, Any]) -> None:
    record["cell"]["training"]["steps"] = 4


def _steps_and_key(record: dict[str, Any]) -> None:
    _steps(record)
    _key(record)


def _task_parameter(record: dict[str, Any]) -> None:
    record["cell"]["task"]["parameters"]["symbols"] = 3
    _key(record)


def _model_parameter(record: dict[str, Any]) -> None:
    record["cell"]["model"]["parameters"]["hidden_size"] = 9
    _key(record)


def _beyond(record: dict[str, Any]) -> None:
    record["test"]["scores"]["accuracy"], record["test"]["skill"] = 1.5, (1.5 - 0.25) / 0.75


def _baseline(record: dict[str, Any]) -> None:
    test = record["test"]
    test["baselines"][0]["scores"]["accuracy"] = 0.1
    test["skill"] = (test["scores"]["accuracy"] - 0.1) / 0.9


def _diverged(record: dict[str, Any]) -> None:
    record["status"] = "diverged"


def _evil_name(record: dict[str, Any]) -> None:
    record["cell"]["model"]["name"] = "Evil"
    _key(record)


def _no_cost(record: dict[str, Any]) -> None:
    record["costs"]["seconds_per_step"] = -1.0


def _failed(record: dict[str, Any]) -> None:
    record.update(status="failed", metric=None, test=None)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_steps, "a setting or the key was changed"),
        (_steps_and_key, "training.steps is 4, the suite has 3"),
        (_task_parameter, "task.parameters.symbols is 3, the suite has 4"),
        (_model_parameter, "missing"),
        (_beyond, "beyond its best possible value"),
        (_baseline, "have the same data and other baselines"),
        (_diverged, "is diverged and has a score all the same"),
        (_failed, "failed; a bundle without all outcomes is made with --partial"),
        (_no_cost, "the records cannot be shown"),
        (_evil_name, "is no name of a model"),
    ],
)
def test_changed_record_with_fitting_hashes_is_refused_for_what_was_changed(
    tiny_bundle: bytes, tiny_offers: Catalog, change: Callable[[dict[str, Any]], None], why: str
) -> None:
    assert why in reasons(with_records(tiny_bundle, change), tiny_offers)


def test_missing_and_extra_files_are_refused(tiny_bundle: bytes, tiny_offers: Catalog) -> None:
    files = unzipped(tiny_bundle)
    name = sorted(files)[1]
    lost = {other: text for other, text in files.items() if other != name}
    assert f"{name} is in the manifest and not in the bundle" in reasons(zipped(lost), tiny_offers)
    assert re.search(
        r"suite: last \w+ T=4 seed \d: missing", reasons(with_manifest(lost, lambda m: None), tiny_offers)
    )
    assert "nothing else; here is 'notes.txt'" in reasons(zipped({**files, "notes.txt": b""}), tiny_offers)
    assert "there is no manifest.json" in reasons(zipped({name: files[name]}), tiny_offers)
    assert "suite: the bundle was made for another version" in reasons(
        with_manifest(files, lambda manifest: manifest["suite"].update(sha256="0" * 64)), tiny_offers
    )
    assert "its models are not those of the records" in reasons(
        with_manifest(files, lambda manifest: manifest["models"].pop()), tiny_offers
    )


def test_json_that_two_readers_could_read_differently_is_refused(tiny_bundle: bytes, tiny_offers: Catalog) -> None:
    files = unzipped(tiny_bundle)
    name = sorted(files)[1]
    twice = files[name].replace(b'"status": "ok"', b'"status": "failed", "status": "ok"')
    nan = re.sub(rb'"hidden_size": 8', b'"hidden_size": NaN', files[name])
    for text, why in ((twice, "stands twice"), (nan, "NaN is no number"), (b"\xff", "no strict JSON")):
        assert why in reasons(with_manifest({**files, name: text}, lambda manifest: None), tiny_offers)
    half = with_manifest(files, lambda manifest: manifest["about"].update(name="half a pair: \ud800"))
    assert "is no manifest of schema version 1: about.name" in reasons(half, tiny_offers)
    with pytest.raises(RefusedError, match="no strict JSON"):
        strict_json(b"[" * 100_000, "deep")


def test_partial_bundle_is_refused_unless_it_is_asked_for_and_then_marked(
    tmp_path: Path, tiny_results: Path, tiny_offers: Catalog
) -> None:
    part = Store(tmp_path / "tiny")
    for record in Store(tiny_results).read()[1:]:
        part.write(record)
    with pytest.raises(BoardError, match=r"1 cells in .* have no outcome"):
        bundled(part.path, tiny_offers)
    content = bundled(part.path, tiny_offers, is_partial=True)
    found = check_bundle(content, tiny_offers).submission
    assert found is not None
    assert found.manifest.is_partial
    files = unzipped(content)
    whole = with_manifest(files, lambda manifest: manifest.update(is_partial=False))
    assert "missing; a bundle without all outcomes" in reasons(whole, tiny_offers)
    one = bundled(part.path, tiny_offers, models=["small"])
    assert [model["name"] for model in json.loads(unzipped(one)["manifest.json"])["models"]] == ["small"]


def test_model_that_is_not_installed_is_accepted_and_said_to_be_unchecked(
    tiny_bundle: bytes, tiny_offers: Catalog
) -> None:
    fewer = Catalog(
        tasks=tiny_offers.tasks,
        models={name: model for name, model in tiny_offers.models.items() if name != "plain"},
        suites=tiny_offers.suites,
    )
    checked = check_bundle(tiny_bundle, fewer)
    assert checked.submission is not None
    (told,) = (finding for finding in checked.findings if finding.rule == "model plain")
    assert told.status == "not checked"
    assert "cannot be re-run" in told.message


def test_about_takes_spdx_licences_only() -> None:
    assert about("x", "", "apache-2.0 or mit", "y").licence == "Apache-2.0 OR MIT"
    with pytest.raises(BoardError, match=r"licence: it is to be an SPDX identifier.*'mine'"):
        about("x", "", "mine", "y")
    with pytest.raises(BoardError, match="contact"):
        about("x", "", "MIT", "")
    assert ABOUT.name == "A test"


def _entry(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["/etc/passwd"], "absolute"),
        (["C:/x.json"], "absolute"),
        (["\\x.json"], "absolute"),
        (["../x.json"], "leads out"),
        (["records/../../x.json"], "leads out"),
        (["records\\..\\x.json"], "leads out"),
        (["records\\x.json"], "backslash"),
        (["records/x.json\0.txt"], "nothing else"),
        (["records/"], "nothing else"),
        (["records/.x.json"], "nothing else"),
        (["records/x.json", "records/x.json"], "same name"),
        (["records/x.json", "records/X.json"], "differ in case only"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_path_that_leads_elsewhere_or_stands_twice_is_refused(
    names: list[str], why: str, tiny_offers: Catalog
) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(_entry(name.replace("\0", "%")), b"{}")
    # The standard library writes no such name, and cuts it where it reads one.
    content = target.getvalue().replace(b"%", b"\0")
    assert why in reasons(content, tiny_offers)


def test_symbolic_link_encryption_and_trailing_bytes_are_refused(tiny_bundle: bytes, tiny_offers: Catalog) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(_entry("manifest.json", stat.S_IFLNK | 0o777), b"/etc/passwd")
    assert "symbolic link" in reasons(target.getvalue(), tiny_offers)
    locked = bytearray(tiny_bundle)
    locked[locked.index(b"PK\1\2") + 8] |= 1
    assert "encrypted" in reasons(bytes(locked), tiny_offers)
    assert "cut off, or something follows" in reasons(tiny_bundle + b"x", tiny_offers)
    assert "cut off" in reasons(tiny_bundle[:-30], tiny_offers)
    damaged = bytearray(tiny_bundle)
    damaged[200] ^= 255
    assert "damaged" in reasons(bytes(damaged), tiny_offers)


def bomb(declared: int, crc: int = 0, blocks: int = 1024) -> bytes:
    """Return a zip with a file that unpacks to so many times 10 MiB of spaces and declares what it likes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(b" " * (10 * 2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    body, name = block * blocks + b"\3\0", b"manifest.json"
    # Sizes that do not fit stand in a zip64 field.
    extra = struct.pack("<HHQ", 1, 8, declared) if declared >= 2**32 else b""
    sizes = struct.pack("<III", crc, len(body), min(declared, 2**32 - 1))
    head = b"PK\3\4" + struct.pack("<5H", 45, 0, 8, 0, 0x21) + sizes + struct.pack("<HH", len(name), 0) + name
    entry = b"PK\1\2" + struct.pack("<6H", 45, 45, 0, 8, 0, 0x21) + sizes
    entry += struct.pack("<5HII", len(name), len(extra), 0, 0, 0, 0, 0) + name + extra
    end = b"PK\5\6" + struct.pack("<4H2IH", 0, 0, 1, 1, len(entry), len(head) + len(body), 0)
    return head + body + entry + end


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (bomb(10 * 2**30), "unpacks to 10737418240 bytes; a file of a bundle has at most"),
        (bomb(100, zlib.crc32(b" " * 100)), "something is hidden behind it"),
        # 500 MiB that pass for 8.
        (bomb(8 * 2**20, blocks=50), "the zip is damaged"),
    ],
    ids=["honest", "lying", "lying within the limits"],
)
def test_bomb_is_refused_without_being_unpacked(content: bytes, why: str, tiny_offers: Catalog) -> None:
    tracemalloc.start()
    try:
        assert why in reasons(content, tiny_offers)
        assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
    finally:
        tracemalloc.stop()


def test_bomb_of_many_files_and_one_of_high_ratio_are_refused(tiny_offers: Catalog) -> None:
    many = {f"records/{i}.json": bytes(2**20) for i in range(3)}
    assert "zip bomb" in reasons(zipped(many), tiny_offers)
    assert "declares 10001 files" in reasons(
        zipped({f"records/{i}.json": b"" for i in range(10_001)}), tiny_offers
    )
