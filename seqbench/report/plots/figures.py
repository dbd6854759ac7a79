"""Draws gradient flow with matplotlib: norm against lag on a logarithmic axis, several models in one picture.

matplotlib comes with the extra ``report`` and is imported here alone.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from seqbench.errors import ExperimentError, reason
from seqbench.gradients.flow import Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

FORMATS = (".png", ".svg")
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""The palette of Okabe and Ito without yellow, which colour-blind readers can distinguish."""
_DASHES = ("-", "--", "-.", ":")
_LEAST_DECADES = 3


def check_picture(path: Path) -> None:
    """Check before any work is done that a picture can be written.

    Raises:
        ExperimentError: the file's ending is neither .png nor .svg, its folder is missing, or matplotlib is not
            installed.
    """
    if path.suffix.lower() not in FORMATS:
        raise ExperimentError(f"a picture is written as .png or .svg, and {path} ends otherwise")
    if not path.absolute().parent.is_dir():
        raise ExperimentError(f"the picture {path} cannot be written: there is no folder {path.parent}")
    if importlib.util.find_spec("matplotlib") is None:
        raise ExperimentError(
            "a picture needs matplotlib, which is not installed; get it with pip install 'seqbench[report]'"
        )


def draw_curves(panels: Mapping[str, Mapping[str, Curve]], path: Path, title: str = "") -> None:
    """Write a picture with a panel for each quantity and a line for each model.

    A line is the median over the examples, and its band spans the quartiles. On these axes a constant factor per
    step is a straight line.

    Args:
        panels: label of the axis of norms -> label of a line -> curve; lines with the same label look the same in
            every panel.
        path: ends in .png or .svg.
        title: title of the picture.

    Raises:
        ExperimentError: the file cannot be written, or see `check_picture`.
    """
    check_picture(path)
    import matplotlib
    from matplotlib.figure import Figure

    labels = list(dict.fromkeys(label for lines in panels.values() for label in lines))
    # No date, and no random names in the SVG, so that the same curves give the same bytes.
    with matplotlib.rc_context({"svg.hashsalt": "seqbench", "font.size": 11}):
        figure = Figure(figsize=(max(6.4, 4.6 * len(panels)), 4.6 + 0.25 * len(labels)), layout="constrained")
        handles = {}
        for i, (name, curves) in enumerate(panels.items(), start=1):
            axes = figure.add_subplot(1, len(panels), i)
            for label, curve in curves.items():
                handles[label] = _draw(axes, curve, labels.index(label))
            _dress(axes, name)
        figure.legend(handles.values(), handles, loc="outside lower left", frameon=False, handlelength=3)
        figure.suptitle(title, fontsize=12)
        try:
            figure.savefig(path, dpi=150, metadata={"Date": None} if path.suffix.lower() == ".svg" else {})
        except OSError as error:
            raise ExperimentError(f"the picture {path} cannot be written: {reason(error)}") from error


def _draw(axes: Axes, curve: Curve, number: int) -> Line2D:
    """Draw log10 of the norms, which may be outside the range of float64; an unknown norm is a gap."""
    colour = COLOURS[number % len(COLOURS)]
    q25, q75 = ([math.nan if norm is None else math.log10(norm) for norm in q] for q in (curve.q25, curve.q75))
    axes.fill_between(curve.lags, q25, q75, color=colour, alpha=0.2, linewidth=0)
    median = [math.nan if ln is None else ln / math.log(10) for ln in curve.ln_median]
    (line,) = axes.plot(curve.lags, median, color=colour, linestyle=_DASHES[number % len(_DASHES)], linewidth=2)
    return line


def _dress(axes: Axes, name: str) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.set_xlabel("lag (steps back from the last one)")
    axes.set_ylabel(name)
    axes.set_xlim(left=0)
    bottom, top = axes.get_ylim()
    # A nearly flat curve must not look steep.
    axes.set_ylim(min(bottom, top - _LEAST_DECADES), top)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=7, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda exponent, _: f"$10^{{{exponent:.0f}}}$"))
    axes.grid(visible=True, color="0.88", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
