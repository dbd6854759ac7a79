"""Tests that the figures of the tutorial are made by commands of seqbench."""

from __future__ import annotations

import shlex
from pathlib import Path

import click
import pytest

from benchmarks.tutorial_figures import FIGURES, FINE, SWEEP, make
from seqbench.cli.main import cli


def test_commands_are_those_of_seqbench() -> None:
    for command in (SWEEP, *(f"{figure.command} figure.svg" for figure in FIGURES.values())):
        name, *arguments = shlex.split(command.format(results="results/adding"))
        found = cli.get_command(click.Context(cli), name)
        assert found is not None
        found.make_context(name, arguments)


def test_fine_digits_are_left_out_and_small_numbers_are_kept() -> None:
    assert FINE.sub(r"\1", "L 12.3456 -0.015625 \n   z 10") == "L 12.3 -0.015625\nz 10"


@pytest.mark.slow
def test_figure_holds_what_the_page_says(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    make(["vanishing"], tmp_path / "results", tmp_path / "figures")
    assert FIGURES["vanishing"].command.startswith("gradients")
    # Whether letters are text or shapes is matplotlib's setting; the title is in the file's comments in both.
    assert "spectral radius 0.9" in (tmp_path / "figures" / "vanishing.svg").read_text()
