"""What came of re-running cells of a bundle? A small file beside it, which the board reads. Stands on manifest.

Whoever keeps the board writes it; one that a stranger sends proves nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from seqbench.board.archive import RefusedError
from seqbench.board.strict import strict_json
from seqbench.errors import BoardError
from seqbench.records import Data

SCHEMA_VERSION = 1
ENDING = ".verified.json"
_MOST_BYTES = 2**20


class Rerun(Data):
    """One cell that was run again.

    Attributes:
        key, cell: which.
        model: its place in the manifest's list of models.
        is_confirmed: whether the two runs agree.
        has_same_bits: whether they do so to the last bit.
        told: how they agree, or why they do not.
    """

    key: str
    cell: str
    model: int
    is_confirmed: bool
    has_same_bits: bool
    told: str


class Receipt(Data):
    """What came of a bundle.

    Attributes:
        submission: SHA-256 of its manifest.
        seed: by which the cells were drawn.
        cells: those that were run again.
        environment: where.
    """

    schema_version: Literal[1] = 1
    submission: str
    seed: int
    cells: tuple[Rerun, ...]
    environment: dict[str, Any]

    @property
    def is_confirmed(self) -> bool:
        """Whether every cell agrees."""
        return bool(self.cells) and all(cell.is_confirmed for cell in self.cells)

    def to_json(self) -> str:
        """Return strict JSON."""
        return json.dumps(self.model_dump(mode="json"), allow_nan=False, indent=1) + "\n"


def path_beside(bundle: Path) -> Path:
    """Return where the receipt of a bundle lies: ``mine.zip`` has ``mine.verified.json``."""
    return bundle.with_suffix(ENDING)


def read_receipt(bundle: Path, submission: str) -> Receipt | None:
    """Return the receipt beside a bundle; None where there is none of exactly this bundle.

    Raises:
        BoardError: the file is there and is no receipt.
    """
    path = path_beside(bundle)
    if not path.exists():
        return None
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BoardError(f"{path} is too large for a receipt; remove it, and verify the bundle again")
        receipt = Receipt.model_validate(strict_json(path.read_bytes(), str(path)))
    except (OSError, ValidationError, RefusedError) as error:
        raise BoardError(f"{path} is no receipt: {error}; remove it, and verify the bundle again") from error
    return receipt if receipt.submission == submission else None
