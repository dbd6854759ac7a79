"""Names the data of tasks, which were not generated, for tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath, PureWindowsPath

from seqbench.records.schema import Record
from seqbench.records.sides import Sides, split


def data_names(records: Sequence[Record], sides: Sides = ()) -> dict[str, str]:
    """Return fingerprint -> a name of the data that is unique on each side."""
    names: dict[str, str] = {}
    for record in records:
        for parameter, fingerprint in record.cell.data.items():
            name = _short(str(record.cell.task.parameters.get(parameter)), fingerprint)
            names[fingerprint] = min(name, names.get(fingerprint, name))
    # Same file name, other content: the file changed between two runs.
    taken: set[str] = set()
    for side in split(records, sides):
        own = [names[each] for each in {each for record in side for each in record.cell.data.values()}]
        taken |= {name for name in own if own.count(name) > 1}
    return {
        fingerprint: f"{name} {fingerprint.rpartition(':')[2][:12]}" if name in taken else name
        for fingerprint, name in names.items()
    }


def _short(path: str, fingerprint: str) -> str:
    if fingerprint.startswith("hub:"):
        return fingerprint.removeprefix("hub:").removesuffix("@main")
    return (PureWindowsPath(path) if "\\" in path else PurePosixPath(path)).name or path
