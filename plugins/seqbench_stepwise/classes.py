"""Tells of splits whose examples are all of one class, on which no score says anything of a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seqbench import Split

_WHY = {
    "validation": "the best step is chosen by that answer",
    "test": "scores and skill there say nothing",
}


def one_class_splits(splits: Mapping[str, Split], names: Sequence[str], examples: str) -> Iterator[str]:
    """Yield a sentence for each split, validation or test, with examples of a single class.

    Args:
        splits: ``validation`` and ``test``, whose targets are classes: [examples].
        names: the names of the classes.
        examples: what they are, such as ``texts``.
    """
    for part, why in _WHY.items():
        classes = splits[part].targets.unique()  # type: ignore[union-attr]
        if len(classes) == 1:
            name = names[int(classes)]
            yield (
                f"the {part} split has {len(splits[part])} {examples}, all of the class {name!r}: a model that"
                f" always answers {name!r} is right, so that {why}; give {part} {examples} of every class"
            )
