"""Says whether any x86-64 processor gives the bits of a bundle: the mark ``same bits anywhere``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from seqbench.base.counts import counted
from seqbench.base.machines import CLASS
from seqbench.base.processor import PORTABLE_CLASS
from seqbench.records.schema import Record

MARK = "same bits anywhere"


def portable_bits(records: Sequence[Record]) -> tuple[Literal["passed", "failed", "not checked"], str]:
    """Return the outcome of the mark for the records of a bundle, and why.

    It is failed where records contradict themselves: portable by their settings, and computed otherwise.
    """
    portable = [each for each in records if each.cell.training.get("arithmetic") == "portable"]
    others = [each for each in portable if each.environment.get(CLASS) != PORTABLE_CLASS]
    if others:
        return "failed", (
            f"{others[0].title}: its training.arithmetic is portable, and its processor_class is"
            f" {others[0].environment.get(CLASS)}"
        )
    if len(portable) < len(records):
        native = counted(len(records) - len(portable), "cell")
        return "not checked", (
            f"{native} of {len(records)} were run with training.arithmetic=native: only processors of one class,"
            " with the same versions, give their bits"
        )
    return (
        "passed",
        "training.arithmetic=portable: any x86-64 processor is meant to give these bits, with the same versions",
    )
