"""Reads pickles that hold plain data and numpy arrays, and refuses all others before they run anything.

A pickle is a program: it may call any function that it names. Here it may name those of numpy that make an array
or a number, and no other. Imports nothing of seqbench but its errors.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seqbench import DataError


class PlainUnpickler(pickle.Unpickler):
    """Reads dicts, lists, tuples, sets, texts, numbers and numpy arrays of numbers."""

    def find_class(self, module: str, name: str) -> Any:
        """Return what makes arrays and numbers of numpy.

        Raises:
            UnpicklingError: the pickle names anything else.
        """
        found = _allowed().get((module.replace("numpy.core", "numpy._core"), name))
        if found is None:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which could run code")
        return found


def _allowed() -> Mapping[tuple[str, str], Any]:
    import numpy as np
    from numpy._core.multiarray import _reconstruct, scalar

    return {
        ("numpy._core.numeric", "_frombuffer"): _from_buffer,
        ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
        ("numpy._core.multiarray", "scalar"): scalar,
        ("_codecs", "encode"): _latin1,
        ("__builtin__", "bytes"): _no_bytes,
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
    }


def _latin1(text: str, encoding: str) -> bytes:
    """Return the bytes that older pickles write as text.

    Raises:
        UnpicklingError: another encoding is named.
    """
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"it names the encoding {encoding}")
    return text.encode("latin1")


def _from_buffer(
    buffer: Any, dtype: Any, shape: tuple[int, ...], order: str, axis_order: tuple[int, ...] | None = None
) -> Any:
    """Return the array that protocol 5 writes as the bytes of its numbers."""
    import numpy as np

    numbers = np.frombuffer(buffer, dtype)
    if axis_order is not None:
        return numbers.reshape(shape).transpose(axis_order)
    return numbers.reshape(shape, order="F" if order == "F" else "C")


def _no_bytes() -> bytes:
    """Return the bytes of an array without numbers, as older pickles name them."""
    return b""


def read_plain_pickle(path: Path) -> Any:
    """Return the content of a pickle of Python 2 or 3.

    Raises:
        DataError: it cannot be read, or holds more than plain data.
    """
    try:
        with path.open("rb") as file:
            return PlainUnpickler(file, encoding="latin1").load()
    except Exception as error:
        # Broken pickles cause many kinds of errors.
        raise DataError(
            f"{path} is not read ({error}). A pickle may hold lists, tuples, dicts, numbers, texts and numpy"
            " arrays only. Write the pieces as .mat or .json instead, or as MIDI files"
        ) from error
