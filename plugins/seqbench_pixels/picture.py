"""Draws an image with signs, for a person to look at."""

from __future__ import annotations

from collections.abc import Sequence

SHADES = ".:-=+*#%@"


def picture(pixels: Sequence[float], width: int) -> str:
    """Return rows of signs, two for each pixel, the darker the larger its number.

    >>> print(picture([0, 5, 9, 0], width=2))
    ..++
    @@..

    Args:
        pixels: numbers, row by row.
        width: pixels in a row.
    """
    least, most = min(pixels), max(pixels)
    steps = (len(SHADES) - 1) / (most - least) if most > least else 0
    signs = [SHADES[round((pixel - least) * steps)] * 2 for pixel in pixels]
    rows = [signs[begin : begin + width] for begin in range(0, len(signs), width)]
    return "\n".join("".join(row) for row in rows)
