"""Stores the result of running a bundle's cells again in a small file beside it, which the board reads.

Whoever keeps the board writes it; a receipt from a stranger proves nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import ValidationError

from seqbench.board.bundle.archive import RefusedError
from seqbench.board.bundle.strict_json import strict_json
from seqbench.errors import BoardError
from seqbench.records.schema import Data

SCHEMA_VERSION = 2
ENDING = ".verified.json"
_MOST_BYTES = 2**20

Outcome = Literal["confirmed", "within spread", "differs", "not comparable"]


class ComparedPart(Data):
    """The result of one part of a cell: its name, ``same bits``, ``close`` and so on, and the difference."""

    what: str
    outcome: str
    told: str = ""


class Rerun(Data):
    """One cell that was run again.

    Attributes:
        key, cell: the cell.
        model: its index in the manifest's list of models.
        outcome: the outcome of the comparison. ``not comparable``: nothing differs, but another processor or other
            versions leave the trained scores open. ``within spread``: such scores are within the range of further
            seeds.
        has_same_bits: whether every part has the same bits.
        told: how they agree, or why they do not.
        compared: every compared part with its result.
    """

    key: str
    cell: str
    model: int
    outcome: Outcome
    has_same_bits: bool
    told: str
    compared: tuple[ComparedPart, ...]

    @property
    def is_confirmed(self) -> bool:
        """Whether everything that was claimed was compared and agrees."""
        return self.outcome == "confirmed"


class Receipt(Data):
    """The result of verifying a bundle.

    Attributes:
        submission: SHA-256 of its manifest.
        seed: the seed with which the cells were drawn.
        cells: the cells that were run again.
        environment: the machine and versions.
    """

    schema_version: Literal[2] = 2
    submission: str
    seed: int
    cells: tuple[Rerun, ...]
    environment: dict[str, Any]

    @property
    def is_confirmed(self) -> bool:
        """Whether every cell is confirmed."""
        return bool(self.cells) and all(cell.is_confirmed for cell in self.cells)

    @property
    def is_contradicted(self) -> bool:
        """Whether a cell differs."""
        return any(cell.outcome == "differs" for cell in self.cells)

    @property
    def confirmed(self) -> frozenset[str]:
        """The keys of the cells that are confirmed."""
        return frozenset(cell.key for cell in self.cells if cell.is_confirmed)

    def counted(self) -> str:
        """Return the number of cells with each outcome, e.g. ``3 confirmed, 2 not comparable``."""
        found = {what: sum(cell.outcome == what for cell in self.cells) for what in get_args(Outcome)}
        return ", ".join(f"{n} {what}" for what, n in found.items() if n) or "no cell was run again"

    def to_json(self) -> str:
        """Return strict JSON."""
        return json.dumps(self.model_dump(mode="json"), allow_nan=False, indent=1) + "\n"


def path_beside(bundle: Path) -> Path:
    """Return the path of a bundle's receipt: ``mine.zip`` has ``mine.verified.json``."""
    return bundle.with_suffix(ENDING)


def read_receipt(bundle: Path, submission: str) -> Receipt | None:
    """Return the receipt beside a bundle; None if there is none for exactly this bundle.

    Raises:
        BoardError: the file is not a receipt.
    """
    path = path_beside(bundle)
    if not path.exists():
        return None
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BoardError(f"{path} is too large for a receipt; remove it, and verify the bundle again")
        told = strict_json(path.read_bytes(), str(path))
        if isinstance(told, dict) and told.get("schema_version") == 1:
            raise BoardError(
                f"{path} was written by an earlier seqbench, which compared scores alone; verify the bundle again"
            )
        receipt = Receipt.model_validate(told)
    except (OSError, ValidationError, RefusedError) as error:
        raise BoardError(f"{path} is no receipt: {error}; remove it, and verify the bundle again") from error
    return receipt if receipt.submission == submission else None


def why_kept(old: Receipt | None, new: Receipt) -> str | None:
    """Return why the receipt of a bundle stays where it says more than a new one; None if the new one replaces it.

    A cell that differs is always recorded, and stays so until that cell is run again and confirmed.
    """
    if old is None or new.is_contradicted:
        return None
    differing = [cell for cell in old.cells if cell.outcome == "differs"]
    if failed := [cell.cell for cell in differing if cell.key not in new.confirmed]:
        return f"{failed[0]} differs in it, and is not confirmed now"
    if not differing and len(old.confirmed) > len(new.confirmed):
        return f"confirmed cells in it: {len(old.confirmed)}, now: {len(new.confirmed)}"
    return None
