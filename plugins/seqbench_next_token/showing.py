"""Shows a row of tokens for a person: input above target, in columns."""

from __future__ import annotations

from collections.abc import Sequence

from seqbench import Split
from seqbench_next_token.units import Unit

HEAD, TAIL = 14, 6
"""Steps that are shown of the start and of the end of a row."""


def shown(split: Split, row: int, unit: Unit) -> str:
    """Return some steps of a row: tokens of context, input, target."""
    import torch

    batch = split.batch(torch.tensor([row]))
    steps = int(batch.lengths[0])
    inputs, targets = (unit.names(each[0, :steps].tolist()) for each in (batch.inputs, batch.targets))
    numbers = [str(step) for step in range(1, steps + 1)]
    lines = [_middle_left_out(line, steps) for line in (numbers, inputs, targets)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        f"{label:<8}{' '.join(f'{name:<{width}}' for name, width in zip(line, widths, strict=True)).rstrip()}"
        for label, line in zip(("context", "input", "target"), lines, strict=True)
    )


def _middle_left_out(names: Sequence[str], steps: int) -> Sequence[str]:
    if steps <= HEAD + TAIL:
        return names
    return [*names[:HEAD], f"({steps - HEAD - TAIL} more)", *names[-TAIL:]]
