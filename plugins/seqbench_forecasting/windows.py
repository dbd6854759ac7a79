"""Splits the rows of a series and cuts them into windows.

Windows are views of one series: their memory does not grow with the look-back.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from seqbench import DataError

if TYPE_CHECKING:
    from torch import Tensor

_REST = "rest"

Parts = tuple[int, int, int]
"""Rows of train, validation and test, which follow one another."""


class Windows(NamedTuple):
    """Views of a series.

    Attributes:
        inputs: [windows, look-back, channels]
        targets: [windows, horizon, predicted channels]
    """

    inputs: Tensor
    targets: Tensor


def parse_split(split: str) -> tuple[Fraction, Fraction, Fraction]:
    """Read train/validation/test as fractions of the rows or, where their sum is above 1, as rows.

    ``rest`` in the place of the training rows is 0 here, and means all rows that the other parts leave.

    >>> [str(part) for part in parse_split("0.7/0.1/0.2")]
    ['7/10', '1/10', '1/5']

    Raises:
        ValueError: it is neither.
    """
    try:
        train, validation, test = (
            Fraction(_number(part.strip(), place)) for place, part in enumerate(split.split("/"))
        )
    except (ValueError, ZeroDivisionError) as error:
        raise ValueError(_says_split(split)) from error
    parts = train, validation, test
    is_rest = split.strip().startswith(_REST)
    if (
        min(parts[1:]) <= 0
        or (train <= 0 and not is_rest)
        or (is_rest and not is_in_rows(parts))
        or (is_in_rows(parts) and any(part.denominator != 1 for part in parts))
    ):
        raise ValueError(_says_split(split))
    return parts


def _number(part: str, place: int) -> str:
    return "0" if part == _REST and place == 0 else part


def is_in_rows(parts: tuple[Fraction, Fraction, Fraction]) -> bool:
    """Say whether the parts are numbers of rows, not fractions."""
    return sum(parts) > 1


def _says_split(split: str) -> str:
    return (
        f"split has to be train/validation/test in fractions, such as 0.7/0.1/0.2 with a sum of at most 1, or in"
        f" rows, such as 8640/2880/2880 or rest/24/24, and it is {split!r}"
    )


def split_rows(split: str, rows: int) -> Parts:
    """Return how many rows each part gets.

    Fractions of train and test are rounded down and validation gets what is left of their sum.

    >>> split_rows("0.7/0.1/0.2", 966), split_rows("rest/24/24", 966)
    ((676, 97, 193), (918, 24, 24))

    Raises:
        DataError: more rows are requested than there are.
    """
    train, validation, test = parts = parse_split(split)
    if not is_in_rows(parts):
        first, last = int(train * rows), int(test * rows)
        return first, int(sum(parts) * rows) - first - last, last
    if train == 0:
        train = max(Fraction(0), rows - validation - test)
    if train + validation + test > rows:
        raise DataError(
            f"split={split} asks for {train + validation + test} rows, and there are {rows}; ask for fewer"
        )
    return int(train), int(validation), int(test)


def check_parts(parts: Parts, length: int, horizon: int, rows: int, where: str = "") -> None:
    """Refuse parts in which no window fits, and name the options that would make one fit.

    Raises:
        DataError: training has fewer rows than a look-back and a horizon, or another part than a horizon.
    """
    needs = (length + horizon, horizon, horizon)
    if any(part < need for part, need in zip(parts, needs, strict=True)):
        raise DataError(
            f"a look-back of {length} and a horizon of {horizon} need at least {needs[0]} rows for training,"
            f" {horizon} for validation and {horizon} for test, and of {rows} rows{where} these have {parts[0]},"
            f" {parts[1]} and {parts[2]}; {_ways_out(parts, length, horizon, rows)}"
        )


def _ways_out(parts: Parts, length: int, horizon: int, rows: int) -> str:
    ways = []
    if (most := min(parts[0] - length, parts[1], parts[2])) >= 1:
        ways.append(f"--set forecasting.horizon={most} fits")
    if rows - 2 * horizon >= length + horizon:
        ways.append(f"--set forecasting.split=rest/{horizon}/{horizon} fits")
    if min(parts[1], parts[2]) >= horizon and (longest := parts[0] - horizon) >= 1:
        ways.append(f"a length of {longest} or less fits")
    return ", or ".join(ways) or "there are too few rows for any split; shorten both length and horizon"


def cut(
    inputs: Tensor, targets: Tensor, parts: Parts, length: int, horizon: int
) -> tuple[Windows, Windows, Windows]:
    """Return the windows of train, validation and test, one for every row at which a target can start.

    Validation and test reach back into the part before for their input.

    >>> import torch
    >>> rows = torch.arange(10.0)[:, None]
    >>> [len(part.targets) for part in cut(rows, rows, (5, 2, 3), length=3, horizon=2)]
    [1, 1, 2]

    Args:
        inputs: [rows, channels]
        targets: [rows, predicted channels]
        parts: rows of each part.
        length: steps of input.
        horizon: steps of target.
    """
    train, validation, _ = parts
    return (
        _between(inputs, targets, length, horizon, slice(length, train)),
        _between(inputs, targets, length, horizon, slice(train, train + validation)),
        cut_test(inputs, targets, parts, length, horizon),
    )


def cut_test(inputs: Tensor, targets: Tensor, parts: Parts, length: int, horizon: int) -> Windows:
    """Return the windows of test alone; the training rows may be too few for windows of this length.

    Args:
        inputs: [rows, channels]
        targets: [rows, predicted channels]
        parts: rows of each part.
        length: steps of input, at most as many as rows of train and validation.
        horizon: steps of target.
    """
    first = parts[0] + parts[1]
    return _between(inputs, targets, length, horizon, slice(first, first + parts[2]))


def _between(inputs: Tensor, targets: Tensor, length: int, horizon: int, rows: slice) -> Windows:
    """Cut the windows whose targets lie in these rows."""
    past = inputs[rows.start - length : rows.stop - horizon]
    return Windows(_views(past, length), _views(targets[rows], horizon))


def _views(rows: Tensor, steps: int) -> Tensor:
    """Return every window of [rows, channels] as a view: [windows, steps, channels]."""
    return rows.unfold(0, steps, 1).mT
