"""Finds and removes what a folder of results holds beyond what is wanted: dropped cells, weights, logs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from seqbench.errors import StoreError, reason
from seqbench.records.layout import Layout, key_of
from seqbench.running.status import look


@dataclass(frozen=True)
class Prunable:
    """Files of one kind that can go.

    Attributes:
        kind: ``records``, ``weights``, ``logs``, ``checkpoints`` or ``loggers``.
        files: in the order of their names.
    """

    kind: str
    files: tuple[Path, ...]

    @property
    def bytes(self) -> int:
        """Their size together; a file that has gone meanwhile counts nothing."""
        return sum(path.stat().st_size for path in self.files if path.exists())


@dataclass(frozen=True)
class Stays:
    """What is to stay.

    Attributes:
        cells: keys of the cells whose records stay; None for all.
        weights: whether the weights of these cells stay.
        logs: whether their logs, and the curves of Lightning's loggers, stay.
    """

    cells: Collection[str] | None = None
    weights: bool = True
    logs: bool = True


def prunable(folder: Path, wanted: Stays) -> list[Prunable]:
    """Return what goes, by kind; kinds without files are left out.

    Files of a cell without a record go too, but for a checkpoint, from which its cell resumes, of a wanted cell.

    Raises:
        StoreError: the folder is no store, or a cell runs in it; a sweep between two cells is not seen.
    """
    state = look(folder)
    if alive := [each for each in state.running if each.stale is None]:
        raise StoreError(
            f"{folder}: a sweep runs in it ({alive[0].cell} on {alive[0].host}); prune it when the sweep has ended"
        )
    layout = Layout(folder)
    there = {key_of(path): path for path in layout.record_files()}
    stay = set(there) if wanted.cells is None else set(there) & set(wanted.cells)
    dropped = {key: path for key, path in there.items() if key not in stay}
    resumed = None if wanted.cells is None else set(wanted.cells)
    found = (
        Prunable("records", tuple(dropped.values())),
        Prunable("weights", _of_others(layout.weights("*"), stay if wanted.weights else ())),
        Prunable("logs", _of_others(layout.logs / "*.log", stay if wanted.logs else ())),
        Prunable("checkpoints", () if resumed is None else _of_others(layout.checkpoints / "*.ckpt", resumed)),
        Prunable("loggers", () if wanted.logs else tuple(_below(layout.logger("")))),
    )
    return [each for each in found if each.files]


def remove(found: Collection[Prunable]) -> None:
    """Remove files, the records last: what is left after an interruption is found again.

    Raises:
        StoreError: a file cannot be removed.
    """
    for each in sorted(found, key=lambda each: each.kind == "records"):
        for path in each.files:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise StoreError(f"{path} cannot be removed: {reason(error)}; the rest is as it was") from error


def _of_others(pattern: Path, stay: Collection[str]) -> tuple[Path, ...]:
    """Return the files of cells whose keys are not among those that stay."""
    files = sorted(path for path in pattern.parent.glob(pattern.name) if not path.name.startswith("."))
    return tuple(path for path in files if key_of(path) not in stay)


def _below(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.is_file() or path.is_symlink())
