"""Writes files of rows for the tests of data sources."""

from __future__ import annotations

import gzip
from pathlib import Path


def write(path: Path, content: str) -> str:
    data = content.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return str(path)
