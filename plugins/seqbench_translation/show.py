"""Shows a test row, and warns of what a user must know about the data."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

from seqbench_stepwise.columns import columns

from seqbench import UNSCORED, Decoding, Split
from seqbench_translation.rows import TARGET_PER_SOURCE
from seqbench_translation.vocabulary import STOP, Numbering

_MUCH_UNKNOWN = 0.2
"""Share of spelled words from which rows are mostly letters."""

_SHOWN = 14
"""Steps of a long row that are shown at each end."""


def shown(test: Split, row: int, decoding: Decoding, numbering: Numbering) -> str:
    """Return the tokens of a row above its targets, and both texts."""
    import torch

    batch = test.batch(torch.tensor([row]))
    given = decoding.prompts(batch)
    prefix = int(given.lengths[0])
    tokens, targets = batch.inputs[0].tolist(), batch.targets[0].tolist()
    signs = [numbering.source.sign(token) for token in tokens[: prefix - 1]] + [">"]
    lines = {
        "input": signs + [numbering.target.sign(token) for token in tokens[prefix:]],
        "target": [_answer(token, numbering) for token in targets],
        "scored": ["" if token == UNSCORED else "^" for token in targets],
    }
    return columns(lines, keep=_SHOWN)


def _answer(token: int, numbering: Numbering) -> str:
    return "" if token == UNSCORED else "$" if token == STOP else numbering.target.sign(token)


def warn(facts: Mapping[str, float | int | str]) -> None:
    """Warn of pairs that were left out, and of many unknown words."""
    if empty := facts["pairs_with_an_empty_side"]:
        warnings.warn(f"pairs with an empty side were left out: {empty}; give both texts of a pair", stacklevel=3)
    if overlapping := facts["pairs_in_two_splits"]:
        warnings.warn(
            f"{overlapping} pairs of training and validation were left out: their source stands in a later split"
            " too",
            stacklevel=3,
        )
    unknown = max(float(facts["oov_rate_source"]), float(facts["oov_rate_target"]))
    if unknown >= _MUCH_UNKNOWN:
        warnings.warn(
            f"{unknown:.0%} of the test words of one side have no token of their own and are spelled; give more"
            " training text, raise vocabulary_size or lower minimum_count",
            stacklevel=3,
        )


def warn_of_long(sources: Sequence[int], length: int) -> None:
    """Warn of new texts that are longer than any that the network was trained on.

    Args:
        sources: source tokens of each text.
        length: the most of a training row.
    """
    long = [tokens for tokens in sources if tokens > length]
    if long:
        warnings.warn(
            f"{len(long)} of {len(sources)} rows are longer than the {length} source tokens that the network was"
            f" trained on at most, the longest has {max(long)}: their translations are hardly to be trusted, and"
            f" end after {TARGET_PER_SOURCE * length} tokens at the latest; give shorter texts, or train at a"
            " greater length",
            stacklevel=3,
        )
