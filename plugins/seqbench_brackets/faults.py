"""Makes strings of brackets ill-formed, at a distance of any size and without a trace in their counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqbench_brackets.strings import octaves

if TYPE_CHECKING:
    from torch import Generator, Tensor

CHUNK = 2**21
"""Steps that are looked at together, which bounds the memory."""


def with_faults(tokens: Tensor, spans: Tensor, pairs: int, rng: Generator) -> tuple[Tensor, int]:
    """Return strings with one fault each, and how many of them have a fault that their counts tell.

    Two neighbouring closing brackets of different kinds change places: ``( [ ] )`` becomes ``( [ ) ]``, with as
    many brackets of each kind as before. Of all such places in a string an octave of the distance from the inner
    bracket to its opening is drawn first, then a place in it. A string without such a place, a short one, has the
    kind of one closing bracket drawn anew instead.

    Args:
        tokens: [examples, length] well-formed strings; each has a closing bracket.
        spans: [examples, length], how far back each closing bracket was opened.
        pairs: kinds of brackets.
        rng: draws the faults.
    """
    import torch

    rows = max(1, CHUNK // tokens.shape[1])
    parts = zip(torch.split(tokens, rows), torch.split(spans, rows), strict=True)
    found = [_with_faults(part.long(), octaves(back.clamp_min(1)), pairs, rng) for part, back in parts]
    return torch.cat([part for part, _ in found]).to(tokens.dtype), sum(told for _, told in found)


def _with_faults(tokens: Tensor, groups: Tensor, pairs: int, rng: Generator) -> tuple[Tensor, int]:
    import torch

    is_closing = tokens >= pairs
    following = tokens.roll(-1, 1)
    can_swap = is_closing & (following >= pairs) & (following != tokens)
    can_swap[:, -1] = False
    is_swapped = can_swap.any(1)
    # Where nothing can change places, any closing bracket may be drawn anew.
    place = _drawn(torch.where(is_swapped[:, None], can_swap, is_closing), groups, rng)[:, None]
    here = tokens.gather(1, place)
    there = (place + 1).clamp_max(tokens.shape[1] - 1)
    anew = pairs + (here - pairs + torch.randint(1, pairs, here.shape, generator=rng)) % pairs
    is_swapped = is_swapped[:, None]
    faulty = tokens.scatter(1, place, torch.where(is_swapped, tokens.gather(1, there), anew))
    faulty = torch.where(is_swapped, faulty.scatter(1, there, here), faulty)
    return faulty, int((~is_swapped).sum())


def _drawn(is_place: Tensor, groups: Tensor, rng: Generator) -> Tensor:
    """Draw a place in each row: a group that has places first, each as likely, then a place in it: [examples]."""
    import torch

    most = int(groups.max()) + 1
    counts = torch.zeros(len(groups), most, dtype=torch.float32).scatter_add_(1, groups, is_place.float())
    weights = is_place / counts.gather(1, groups).clamp_min(1)
    # The smallest of exponentially distributed waiting times falls to each place in proportion to its weight.
    waits = torch.empty(weights.shape).exponential_(generator=rng) / weights
    return waits.argmin(1)
