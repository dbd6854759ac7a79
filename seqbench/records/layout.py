"""Defines the layout of a folder of results. Only names files; reads and writes none.

``records/``, ``checkpoints/``, ``logs/`` and ``claims/`` hold one file for each cell, ``loggers/`` the files of
Lightning's loggers, ``sweeps/`` the journals of sweeps. Builds on schema and cells.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from seqbench.experiment.cells import Cell
from seqbench.records.schema import Record

_NAMED = 5
"""Folders of results that a message names."""


@dataclass(frozen=True)
class Layout:
    """The paths of all files in a folder of results.

    >>> layout = Layout(Path("results/quick"))
    >>> layout.mark.as_posix(), layout.leases.as_posix()
    ('results/quick/store.json', 'results/quick/claims')
    """

    folder: Path

    @property
    def mark(self) -> Path:
        """The file that makes a folder a store: it holds the version of the schema."""
        return self.folder / "store.json"

    @property
    def records(self) -> Path:
        """The folder of records."""
        return self.folder / "records"

    @property
    def index(self) -> Path:
        """The file of `seqbench.records.index`, which is made from the records and may be deleted."""
        return self.folder / "index.parquet"

    @property
    def checkpoints(self) -> Path:
        """The folder of checkpoints of cells that have not ended."""
        return self.folder / "checkpoints"

    @property
    def leases(self) -> Path:
        """The folder of `seqbench.running.leases`, which older versions call claims."""
        return self.folder / "claims"

    @property
    def logs(self) -> Path:
        """The folder of the logs of cells."""
        return self.folder / "logs"

    @property
    def journals(self) -> Path:
        """The folder of `seqbench.running.journal`: two files for each sweep, its plan and its current state."""
        return self.folder / "sweeps"

    def logger(self, name: str) -> Path:
        """Return the folder of a Lightning logger."""
        return self.folder / "loggers" / name

    def weights(self, key: str) -> Path:
        """Return the file of a cell's weights, which may not exist."""
        return self.folder / "weights" / f"{key}.safetensors"

    def record(self, of: Cell | Record) -> Path:
        """Return the file of a cell's record, which may not exist."""
        return self.records / f"{stem(of)}.json"

    def checkpoint(self, cell: Cell) -> Path:
        """Return the file from which an interrupted cell resumes."""
        return self.checkpoints / f"{cell.key}.ckpt"

    def log(self, of: Cell | Record) -> Path:
        """Return the file of a cell's log."""
        return self.logs / f"{stem(of)}.log"

    def record_files(self) -> list[Path]:
        """Return the files of all existing records, in the order of their names."""
        return _files(self.records, ".json")

    def log_files(self) -> dict[str, Path]:
        """Return key -> log of every cell that has one."""
        return {key_of(path): path for path in _files(self.logs, ".log")}


def no_results(folder: Path) -> str:
    """Return the sentence for a folder without records; it names the folders of results in it."""
    inner = sorted(path.parent.as_posix() for path in folder.glob("*/store.json"))
    found = f"; there are some in {', '.join(inner[:_NAMED])}{', ...' * (len(inner) > _NAMED)}" if inner else ""
    return f"there are no results in {folder}: name the folder that a run wrote to{found}"


def stem(of: Cell | Record) -> str:
    """Return the stem of the names of a cell's files: a readable title and the key."""
    cell = of.cell if isinstance(of, Record) else of
    return f"{cell.task.name}_{cell.model.name}_T{cell.length}_s{cell.seed}_{of.key}"


def key_of(path: Path) -> str:
    """Return the key of the cell whose file this is.

    >>> key_of(Path("copy_lstm_T64_s0_5fb1.json"))
    '5fb1'
    """
    return path.stem.rpartition("_")[2]


def is_record_file(name: str) -> bool:
    """Say whether a name in the folder of records is that of a record."""
    return _is_file(name, ".json")


def _files(folder: Path, suffix: str) -> list[Path]:
    try:
        names = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []
    return [folder / name for name in sorted(names) if _is_file(name, suffix)]


def _is_file(name: str, suffix: str) -> bool:
    # Temporary files start with a dot, so a half-written file is never taken for a whole one.
    return name[0] != "." and name.endswith(suffix)
