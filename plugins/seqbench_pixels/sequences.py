"""Lays images out in time: pixel by pixel, in rows or in a fixed random order, then noise up to the answer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, NamedTuple

from seqbench import generator
from seqbench_pixels.images import Images

if TYPE_CHECKING:
    from torch import Generator, Tensor

Order = Literal["rows", "permuted"]
Filler = Literal["noise", "blank"]


class Scale(NamedTuple):
    """Mean and standard deviation of the pixels of all training images."""

    mean: float
    deviation: float

    @staticmethod
    def of(images: Images) -> Scale:
        """Measure them; the deviation is 0 if all pixels are alike."""
        return Scale(float(images.pixels.mean(dtype="f8")), float(images.pixels.std(dtype="f8")))


def size_at(length: int, width: int, height: int) -> tuple[int, int]:
    """Return width and height of an image as it is read at a length: its own, or those of a smaller one that fits.

    >>> size_at(64, 8, 8), size_at(16, 8, 8), size_at(20, 8, 8), size_at(100, 28, 28)
    ((8, 8), (4, 4), (4, 4), (10, 10))
    """
    if width * height <= length:
        return width, height
    side = math.isqrt(length)
    wide = min(width, length // min(side, height))
    return (side, side) if width == height else (wide, min(height, length // wide))


def read_pixels(images: Images, length: int, scale: Scale) -> Tensor:
    """Return the pixels that are read at a length, with mean 0 and deviation 1: [images, pixels], row by row.

    An image with more pixels than steps is made smaller: each pixel is the mean of an area, and areas cover it.
    """
    import torch
    from torch.nn.functional import adaptive_avg_pool2d

    pixels = (torch.from_numpy(images.pixels) - scale.mean) / scale.deviation
    width, height = size_at(length, images.width, images.height)
    if width * height < pixels.shape[1]:
        areas = pixels.view(-1, 1, images.height, images.width)
        pixels = adaptive_avg_pool2d(areas, (height, width)).flatten(1)
    return pixels


def lay_out(pixels: Tensor, length: int, order: Order, filler: Filler, rng: Generator) -> Tensor:
    """Return [images, length, 1]: the pixels in their order, then noise (mean 0, deviation 1) or zeros."""
    import torch

    shape = len(pixels), length
    inputs = torch.zeros(shape) if filler == "blank" else torch.empty(shape).normal_(generator=rng)
    inputs[:, : pixels.shape[1]] = pixels[:, places(pixels.shape[1], order)]
    return inputs[:, :, None]


def places(pixels: int, order: Order) -> Tensor:
    """Return which pixel is read at each step: [pixels]. The permutation is one for all seeds and all images.

    >>> places(6, "rows").tolist(), sorted(places(6, "permuted").tolist())
    ([0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5])
    """
    import torch

    if order == "rows":
        return torch.arange(pixels)
    return torch.randperm(pixels, generator=generator(0, "pixels", "permutation", pixels))
