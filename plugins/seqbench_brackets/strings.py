"""Draws strings of brackets of bounded depth, and finds which bracket is open at each step.

Pairs are numbered from 0; token p opens pair p, and token ``pairs`` + p closes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from seqbench import UNSCORED

if TYPE_CHECKING:
    from torch import Generator, Tensor


class Shape(NamedTuple):
    """What strings are drawn from: kinds of brackets, steps, and the deepest level.

    Attributes:
        pairs: kinds of brackets.
        length: steps of a string, at least 4.
        depth: most brackets that are open at a time, at least 2.
    """

    pairs: int
    length: int
    depth: int

    @property
    def children(self) -> float:
        """Return how many brackets one holds on average, so that those on level 2 span half a string.

        A bracket on the deepest level spans 2 steps, one on the level above 2 + 2 c with c brackets in it, and one
        on level 2 about 2 c ** (depth - 2). That is length / 2 for c = (length / 4) ** (1 / (depth - 2)).

        >>> Shape(pairs=8, length=1024, depth=6).children
        4.0
        """
        return float((self.length / 4) ** (1 / max(1, self.depth - 2)))


class Strings(NamedTuple):
    """Strings of brackets, [examples, length] each.

    Attributes:
        tokens: the brackets.
        innermost: the kind of the innermost open bracket after each closing one; UNSCORED after an opening one.
        spans: the steps from each closing bracket back to its opening one; 0 at an opening one.
    """

    tokens: Tensor
    innermost: Tensor
    spans: Tensor


def draw(sizes: Sequence[int], shape: Shape, rngs: Sequence[Generator]) -> list[Strings]:
    """Draw strings in which the first bracket stays open, so many by each generator.

    On level 1 a bracket opens, on level ``depth`` one closes; in between one opens with probability c / (1 + c),
    which makes c brackets in each on average. The kind of each bracket that opens is drawn uniformly.
    """
    import torch

    small = torch.int8 if 2 * shape.pairs <= 128 else torch.int16
    chance = shape.children / (1 + shape.children)
    drawn = [
        (
            torch.randint(shape.pairs, (shape.length, examples), generator=rng, dtype=small),
            torch.rand(shape.length, examples, generator=rng) < chance,
        )
        for examples, rng in zip(sizes, rngs, strict=True)
    ]
    # One walk for all: its time is that of the steps as long as there are few strings.
    tokens, may_open = (torch.cat(parts, 1) for parts in zip(*drawn, strict=True))
    found = _walked(tokens, may_open, shape)
    rows = zip(*(torch.split(steps.T.contiguous(), list(sizes)) for steps in found), strict=True)
    return [Strings(*parts) for parts in rows]


def _walked(tokens: Tensor, may_open: Tensor, shape: Shape) -> Strings:
    """Return strings from the kind that opens at each step, and whether it does if it can: [length, examples]."""
    import torch

    innermost = torch.full_like(tokens, UNSCORED)
    spans = torch.zeros(tokens.shape, dtype=torch.int32)
    kinds = tokens[:1].repeat(shape.depth + 1, 1)  # of what is open on each level, and where it was opened
    places = torch.zeros(kinds.shape, dtype=torch.int32)
    level = torch.ones(1, tokens.shape[1], dtype=torch.long)
    for step in range(1, shape.length):
        opens = (may_open[step] | (level == 1)) & (level < shape.depth)
        spans[step] = (step - places.gather(0, level)).masked_fill_(opens, 0)
        tokens[step] = torch.where(opens, tokens[step], kinds.gather(0, level) + shape.pairs)
        level = level + 2 * opens - 1
        top = torch.where(opens, tokens[step], kinds.gather(0, level))
        kinds.scatter_(0, level, top)
        places.scatter_(0, level, places.gather(0, level).masked_fill_(opens, step))
        innermost[step] = top.masked_fill_(opens, UNSCORED)
    return Strings(tokens, innermost, spans)


def levels(tokens: Tensor, pairs: int) -> Tensor:
    """Return how many brackets are open after each step: [examples, length].

    >>> import torch
    >>> levels(torch.tensor([[0, 1, 3, 0, 2]]), pairs=2).tolist()  # ( [ ] ( )
    [[1, 2, 1, 2, 1]]
    """
    return (1 - 2 * (tokens >= pairs).int()).cumsum(1)


def steps_since(tokens: Tensor, pairs: int) -> Tensor:
    """Return how many steps ago the innermost open bracket was opened: [examples, length]; 0 where it is now.

    >>> import torch
    >>> steps_since(torch.tensor([[0, 1, 3, 0, 2]]), pairs=2).tolist()
    [[0, 0, 2, 0, 4]]
    """
    import torch

    level, is_opening = levels(tokens, pairs), tokens < pairs
    steps = torch.arange(tokens.shape[1]).expand_as(tokens)
    opened = torch.zeros_like(steps)
    for each in range(1, int(level.max()) + 1):
        is_here = level == each
        latest = torch.where(is_here & is_opening, steps, 0).cummax(1).values
        opened = torch.where(is_here, latest, opened)
    return steps - opened


def octaves(distances: Tensor) -> Tensor:
    """Return the octave of each distance from 1 on: 0 for 1, 1 for 2 and 3, 2 for 4 to 7 and so on.

    >>> import torch
    >>> octaves(torch.tensor([1, 2, 3, 4, 7, 8, 8192])).tolist()
    [0, 1, 1, 2, 2, 3, 13]
    """
    import torch

    return torch.bucketize(distances, 2 ** torch.arange(1, 32, device=distances.device), right=True)
