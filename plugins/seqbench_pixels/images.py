"""Reads images and their classes: the digits of scikit-learn, or tables with a column for each pixel."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from seqbench import DataError, place_of_row, read_tables

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

DIGITS_WIDTH = 8

PIXEL = re.compile(r"pixel[ _.-]?\d+", re.IGNORECASE)
"""A column that is a pixel by its name."""


class Images(NamedTuple):
    """Images of one size.

    Attributes:
        pixels: [images, pixels] numbers, row by row.
        labels: [images], the name of each image's class.
        width: pixels in a row.
    """

    pixels: np.ndarray
    labels: np.ndarray
    width: int

    @property
    def height(self) -> int:
        """Rows of an image."""
        return int(self.pixels.shape[1]) // self.width

    def take(self, rows: np.ndarray) -> Images:
        """Return the images with these numbers."""
        return Images(self.pixels[rows], self.labels[rows], self.width)


def digits() -> dict[str, Images]:
    """Return the 1,797 digits of scikit-learn: 8 x 8 pixels from 0 to 16."""
    import numpy as np
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    return {"all": Images(pixels.astype(np.float32), labels.astype(str), DIGITS_WIDTH)}


def read_images(data: str, label_column: str, width: int | None) -> dict[str, Images]:
    """Return the images of a data source by split.

    Args:
        data: a folder of idx files, or tables as `seqbench.read_tables` reads them.
        label_column: the column of classes; each other column is a pixel.
        width: pixels in a row; None takes what the files say, or else a square.

    Raises:
        DataError: the data are missing or unfit, or splits differ in their pixels.
    """
    found = {
        part: _images(table, f"{data} ({part})", label_column, width) for part, table in read_tables(data).items()
    }
    sizes = {part: (images.width, images.height) for part, images in found.items()}
    if len(set(sizes.values())) > 1:
        raise DataError(f"{data}: the images of its splits differ in size: {_told(sizes)}; make them alike")
    return found


def _told(sizes: Mapping[str, tuple[int, int]]) -> str:
    return ", ".join(f"{part} {width} x {height}" for part, (width, height) in sizes.items())


def _images(table: pd.DataFrame, where: str, label_column: str, width: int | None) -> Images:
    import numpy as np

    if label_column not in table.columns:
        shown = ", ".join(map(str, table.columns[:10]))
        raise DataError(f"{where} has no column {label_column!r}; it has {shown}; name it with label_column")
    labels = _labels(table[label_column], where)
    pixels = table.drop(columns=label_column)
    _check_columns(pixels, where, label_column)
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is told
        values = pixels.to_numpy(np.float32)
    if not np.isfinite(values).all():
        row, column = np.argwhere(~np.isfinite(values))[0]
        value = float(pixels.to_numpy(float)[row, column])
        raise DataError(f"{where}: {place_of_row(table, int(row))} has {_unfit(value, pixels.columns[column])}")
    return Images(values, labels, _width(values.shape[1], where, width, table.attrs))


def _labels(labels: pd.Series, where: str) -> np.ndarray:
    """Return the name of each image's class: [images]."""
    if labels.isna().any():
        place = place_of_row(labels, int(labels.isna().argmax()))
        raise DataError(f"{where}: {place} has no {labels.name}; leave it out, or label it")
    if labels.dtype.kind == "f" and (labels % 1 != 0).any():
        row = int((labels % 1 != 0).argmax())
        raise DataError(
            f"{where}: the column {labels.name} holds numbers, not classes: {place_of_row(labels, row)} has"
            f" {labels.iloc[row]}; name the column of classes with label_column"
        )
    return labels.astype(str).to_numpy(str)


def _check_columns(pixels: pd.DataFrame, where: str, label_column: str) -> None:
    """Refuse columns that are no pixels: without numbers, or of another name where some are named pixelN."""
    import pandas as pd

    for column in pixels.columns:
        if pixels[column].dtype.kind not in "iufb":
            row = int(pd.to_numeric(pixels[column], errors="coerce").isna().to_numpy().argmax())
            raise DataError(
                f"{where}: the column {column} holds no numbers: {place_of_row(pixels, row)} has"
                f" {str(pixels[column].iloc[row])[:60]!r}; each column but {label_column} is one pixel, row by row"
            )
    others = [column for column in pixels.columns if not PIXEL.fullmatch(str(column))]
    if 0 < len(others) < pixels.shape[1]:
        raise DataError(
            f"{where}: the column {others[0]} is none of the pixels, whose columns are named as"
            f" {next(column for column in pixels.columns if column not in others)} is; leave it out"
        )


def _unfit(value: float, column: str) -> str:
    """Say what is wrong with a number that is missing, or infinite in 32 bits."""
    if math.isnan(value):
        return f"no number in the column {column}; fill it in"
    return f"{value} in the column {column}, which is too large for a number of 32 bits; make it smaller"


def _width(pixels: int, where: str, width: int | None, told: Mapping[Any, Any]) -> int:
    """Return how many pixels a row has."""
    found = width or told.get("width") or math.isqrt(pixels)
    if not pixels:
        raise DataError(f"{where} has no column but the label; each pixel has a column of its own")
    if pixels % found or (not width and "width" not in told and found**2 != pixels):
        raise DataError(
            f"{where} has {pixels} pixels in a row of the table, which do not make rows of {found}; leave out"
            " columns that are no pixels, or set width"
        )
    return found
