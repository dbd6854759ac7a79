"""Makes a store of many records from a small one: each record again under other seeds, with its key and checksum.

    python -m benchmarks.many_records_store SOURCE FOLDER COPIES [--unsealed]

Scores, losses, costs and times differ from copy to copy, as they would; the curves of gradient flows are the same.
``--unsealed``: as builds before checksums wrote them, with the fields of SOURCE and no others.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

from seqbench.base.checksums import sealed
from seqbench.experiment.cells import Cell, Configured
from seqbench.experiment.schema import Training
from seqbench.records.layout import Layout, stem
from seqbench.records.schema import CellData, PluginUsed, Record
from seqbench.records.store import Store


def main(source: Path, folder: Path, copies: int, is_sealed: bool) -> None:
    """Write the store."""
    store = Store(folder)
    store.prepare()
    rng, write = random.Random(0), sealed if is_sealed else str
    for file in Layout(source).record_files():
        record = Record.from_json(file.read_bytes(), str(file))
        content = json.loads(record.to_json()) if is_sealed else json.loads(file.read_bytes())
        for number in range(copies):
            cell = record.cell.model_copy(update={"seed": record.cell.seed + number})
            copy = record.model_copy(update={"cell": cell, "key": _key(cell)})
            path = store.layout.records / f"{stem(copy)}.json"
            path.write_text(write(json.dumps(_varied(content, copy, rng)) + "\n"), encoding="utf-8")


def _key(cell: CellData) -> str:
    return Cell(
        _configured(cell.task), _configured(cell.model), cell.length, cell.seed, Training(**cell.training),
        cell.evaluate_lengths, cell.data,
    ).key  # fmt: skip


def _configured(plugin: PluginUsed) -> Configured:
    return Configured(plugin.name, plugin.version, plugin.parameters)


def _varied(content: dict[str, Any], copy: Record, rng: random.Random) -> dict[str, Any]:
    """Return the content of a record with another cell, and with numbers that differ a little."""
    minute, second = rng.randrange(60), rng.randrange(60)
    return {
        **content,
        "key": copy.key,
        "cell": {**content["cell"], "seed": copy.cell.seed},
        "finished": f"2026-01-01T{rng.randrange(24):02}:{minute:02}:{second:02}+00:00",
        "data_fingerprint": f"{rng.getrandbits(128):032x}",
        **{name: _moved(content[name], rng) for name in ("test", "costs", "course", "validation_score")},
    }


def _moved(value: Any, rng: random.Random) -> Any:
    """Return the same structure with each float up to a thousandth nearer to 0."""
    if isinstance(value, float):
        return value * (1 - rng.random() / 1000)
    if isinstance(value, dict):
        return {name: _moved(each, rng) for name, each in value.items()}
    return [_moved(each, rng) for each in value] if isinstance(value, list) else value


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), "--unsealed" not in sys.argv)
