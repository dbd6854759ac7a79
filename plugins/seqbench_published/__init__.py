"""Offers targets: numbers of papers and of public result files, and what is to meet them here."""

from __future__ import annotations

from collections.abc import Iterator

from seqbench import Target, hookimpl
from seqbench_published.forecasts import forecast_targets
from seqbench_published.images import image_targets
from seqbench_published.memory import memory_targets
from seqbench_published.music import music_targets
from seqbench_published.parity import parity_targets
from seqbench_published.series import series_targets
from seqbench_published.treebank import treebank_targets
from seqbench_published.words import word_targets


@hookimpl
def seqbench_targets() -> Iterator[Target]:
    """Yield the targets; each was written down before it was run, or its claim says what was known."""
    yield from memory_targets()
    yield from parity_targets()
    yield from forecast_targets()
    yield from music_targets()
    yield from series_targets()
    yield from image_targets()
    yield from word_targets()
    yield from treebank_targets()
