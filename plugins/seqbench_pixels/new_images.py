"""Reads new images, a row each, for a network that was trained on images of one size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seqbench import DataError
from seqbench_pixels.images import PIXEL, Images


def new_images(rows: Sequence[Mapping[str, Any]], label_column: str, width: int, height: int) -> Images:
    """Return the images of some rows; their labels are empty.

    Pixels are in the columns that are named as pixels (``pixel0``), or else in all columns but the label's, row by
    row of the image.

    Raises:
        DataError: a row has more or fewer pixels, or one that is no finite number.
    """
    import numpy as np

    if not rows:
        raise DataError("there is no row; give one or more, an image in each")
    names = [name for name in rows[0] if name != label_column]
    pixels = [name for name in names if PIXEL.fullmatch(str(name))] or names
    if len(pixels) != width * height:
        raise DataError(
            f"the rows have {len(pixels)} columns of pixels, and the network was trained on images of {width} x"
            f" {height}, {width * height} pixels; give each pixel a column, and leave other columns out"
        )
    try:
        values = np.array([[row[name] for name in pixels] for row in rows], dtype=np.float32)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"a pixel is missing or is no number: {error}; give each row all {len(pixels)}") from error
    if not np.isfinite(values).all():
        row, column = np.argwhere(~np.isfinite(values))[0]
        raise DataError(f"row {row + 1} has no finite number in the column {pixels[column]}; fill it in")
    return Images(values, np.full(len(values), ""), width)
