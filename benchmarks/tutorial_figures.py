"""Makes the figures of the tutorial in docs/learn/, each by one command of seqbench.

    python -m benchmarks.tutorial_figures [NAME...] [--results DIR] [--output docs/figures]

Without names all are made. Commands are told as they are run, and CPU seconds at the end. The same versions on the
same kind of processor give the same bytes.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SWEEP = (
    "run --tasks adding --models rnn,lstm,gru --lengths 100 --set training.batch_size=50 --set training.steps=1500"
    " --set training.validate_every=125 --set gradients.examples=16 --executor serial --quiet --output {results}"
)
"""Trains what the figures of the last page show."""
FACTOR = "gradients rnn --set rnn.nonlinearity=identity --gain {gain} --length 100 --plot"
STANDARD = ROOT / "results" / "published" / "standard"


@dataclass(frozen=True)
class Figure:
    """A figure.

    Attributes:
        command: arguments of seqbench, to which the path of the figure is added.
        is_trained: whether it shows the results of `SWEEP`.
    """

    command: str
    is_trained: bool = False


FIGURES = {
    "vanishing": Figure(FACTOR.format(gain=0.9)),
    "exploding": Figure(FACTOR.format(gain=1.9)),
    "at-the-start": Figure("gradients rnn lstm gru --length 100 --plot"),
    "before-and-after": Figure("plot {results} --what gradients --output", is_trained=True),
    "standard-adding": Figure(f"plot {STANDARD} --what skill --task adding --width one --output"),
}
"""Name of a file in docs/figures/ -> how it is made."""
STYLE = "svg.fonttype: none\nfont.sans-serif: DejaVu Sans\n"
"""Settings of matplotlib: text stays text, which can be searched and takes less room than shapes of letters."""
FINE = re.compile(r"([1-9]\d*\.\d)\d+|(?<=\n) +| (?=\n)")
"""Digits below a tenth of a point, and spaces at the ends of lines, which are left out."""


def main() -> None:
    """Make figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(FIGURES)}")
    parser.add_argument("--results", type=Path, help="folder of trained cells; what is there is not trained again")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "figures")
    given = parser.parse_args()
    if unknown := sorted({*given.names} - {*FIGURES}):
        parser.error(f"there is no figure {unknown[0]}; the figures are {', '.join(FIGURES)}")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MATPLOTLIBRC"] = str(Path(folder) / "matplotlibrc")
        Path(folder, "matplotlibrc").write_text(STYLE)
        make(given.names or [*FIGURES], given.results or Path(folder) / "adding", given.output)
    times = os.times()
    print(f"{times.children_user + times.children_system:.0f} s of CPU time")


def make(names: Sequence[str], results: Path, output: Path) -> None:
    """Write the figures of these names into a folder, and train first if one of them needs it."""
    output.mkdir(parents=True, exist_ok=True)
    if any(FIGURES[name].is_trained for name in names):
        _seqbench(SWEEP.format(results=shlex.quote(str(results))))
    for name in names:
        command = FIGURES[name].command.format(results=shlex.quote(str(results)))
        file = output / f"{name}.svg"
        _seqbench(f"{command} {shlex.quote(str(file))}")
        file.write_text(FINE.sub(r"\1", file.read_text()))


def _seqbench(command: str) -> None:
    print(f"seqbench {command}", flush=True)
    subprocess.run(
        [sys.executable, "-m", "seqbench", *shlex.split(command)], check=True, stdout=subprocess.DEVNULL
    )


if __name__ == "__main__":
    main()
