"""Decodes a batch: generates tokens after the prefix of each row."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from seqbench.contracts.decoding import Decoding
from seqbench.contracts.examples import Batch
from seqbench.contracts.finite import NotFinite
from seqbench.decoding.beam import beam
from seqbench.decoding.greedy import greedy
from seqbench.decoding.rows import Rows
from seqbench.network.network import Network


@dataclass(frozen=True)
class Written:
    """The tokens that a network wrote.

    Attributes:
        tokens: [batch, longest], padded with UNSCORED; the stop token and what follows it are left out.
        not_finite: steps at which the scores of the next token were not all finite numbers. A step is counted
            from the start of the row, its prefix included.
    """

    tokens: Tensor
    not_finite: NotFinite


@torch.no_grad()
def decode(network: Network, prompts: Batch, decoding: Decoding) -> Written:
    """Generate tokens after prefixes with a network in evaluation mode.

    All rows advance together, one step at a time; rows with a longer prefix still read it, and no padding is ever
    read before a token. A layer with a state carries it over; a layer without one runs on the whole row again at
    each step.

    Args:
        network: maps tokens to classes.
        prompts: inputs [batch, longest prefix] and lengths [batch], as `Decoding.prompts` makes them; its targets
            are ignored.
        decoding: the prefix, the end and the number of hypotheses.
    """
    rows = Rows(prompts, decoding, decoding.beams)
    if decoding.beams == 1:
        greedy(network, rows)
    else:
        beam(network, rows)
    return Written(decoding.cut(rows.written[:, 0]), rows.not_finite())
