"""Places metrics on curves: a score for each part of some axis, such as the loss by tokens of context.

Imports nothing of seqbench.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class CurvePoint:
    """The place of a metric on a curve of scores.

    Reports draw the metrics of one curve as a line, and leave them out of lists of scores.

    Attributes:
        curve: the name of the curve, as a chart's title has it: ``loss by context``. Its first word names the
            scores.
        x: the place on the axis; above 0, for the axis is logarithmic.
        axis: what the axis counts, with its unit: ``tokens of context``.

    >>> CurvePoint("loss by context", x=4, axis="tokens of context").x
    4

    Raises:
        ValueError: ``x`` is not above 0.
    """

    curve: str
    x: float
    axis: str

    def __post_init__(self) -> None:
        """Refuse a place that a logarithmic axis does not have."""
        if not self.x > 0:
            raise ValueError(f"a point of the curve {self.curve!r} is at {self.x}; its axis begins above 0")


@dataclass(frozen=True)
class ScoreCurve:
    """A curve of scores as a record keeps it.

    Attributes:
        axis: what the axis counts.
        points: metric -> its place on the axis.
    """

    axis: str
    points: dict[str, float]


def score_curves(places: Iterable[tuple[str, CurvePoint | None]]) -> dict[str, ScoreCurve]:
    """Return the curves that some metrics make up, by name; each metric is given with its place.

    >>> score_curves([("loss", None), ("loss_at_1", CurvePoint("loss by context", 1, "tokens"))])
    {'loss by context': ScoreCurve(axis='tokens', points={'loss_at_1': 1})}
    """
    known = [(name, at) for name, at in places if at is not None]
    return {
        curve: ScoreCurve(axis=axis, points={name: at.x for name, at in known if at.curve == curve})
        for curve, axis in {at.curve: at.axis for _, at in known}.items()
    }
