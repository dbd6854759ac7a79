"""Tests that zips that lead elsewhere, hide something or unpack without end are refused."""

from __future__ import annotations

import io
import stat
import struct
import tracemalloc
import zipfile
import zlib

import pytest

from seqbench import Catalog
from tests.board.reasons import reasons
from tests.boards import zipped


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
