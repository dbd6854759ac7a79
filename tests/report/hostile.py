"""Gives records whose names and reasons are hard to write in any format."""

from __future__ import annotations

from pathlib import Path

from seqbench.records.schema import Record
from seqbench.records.store import Store
from seqbench.report import FORMATS
from tests.report.tables.test_scores import record

HOSTILE = (
    "50% of $x_1^2$ & #7 {\\input{/etc/passwd}} ~",
    "a|b\nc\r\nd,e;\"f\" 'g' `h`",
    "<script>alert(1)</script> ![x](http://y) *b* [l](m)",
    "\x1b[31mred\x07 \u202eleft",
    "模型 π ± [1]",
    "-- --output=x",
    "NA",
    "null",
    "007",
    "1e5",
    '=HYPERLINK("http://example.org")',
    "'=1",
    "C:\\new\\x1b",
)

TEXTS = [name for name in FORMATS if name not in ("html",)]


def hostile() -> list[Record]:
    return [
        record(0.1 + 0.8 / (i + 1.7), model=name, seed=s) for i, name in enumerate(HOSTILE) for s in (0, 1)
    ] + [
        record(model="lstm", length=64, status="failed", reason=HOSTILE[1]),
        record(model="lstm", length=64, seed=1, status="diverged"),
        record(model="null", length=64, elsewhere={128: 0.25}),
    ]


def stored(records: list[Record], folder: Path) -> Path:
    for each in records:
        Store(folder).write(each)
    return folder
