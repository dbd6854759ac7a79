"""Gives commands the options that replace the axes of a grid, such as ``--models`` and ``--lengths``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from seqbench.experiment.labels import read_word
from seqbench.experiment.strict_yaml import read_scalar

Command = TypeVar("Command", bound=Callable[..., Any])


def _names(context: click.Context, option: click.Parameter, value: str | None) -> list[Any] | None:
    if value is None:
        return None
    if not value.strip(" ,"):
        raise click.BadParameter("it names nothing; give one or more, or leave the option out")
    items = [item.strip() for item in value.split(",")]
    if not all(items):
        raise click.BadParameter(f"{value!r} has an empty place; write {','.join(filter(None, items))}")
    return [read_scalar(item) for item in items]


def _models(context: click.Context, option: click.Parameter, value: str | None) -> list[Any] | None:
    names = _names(context, option, value)
    return names and [read_word(name) if isinstance(name, str) else name for name in names]


_OPTIONS = (
    click.option("--tasks", callback=_names, metavar="NAME,NAME", help="Tasks, instead of the experiment's."),
    click.option(
        "--models",
        callback=_models,
        metavar="NAME,NAME",
        help="Models, instead of the experiment's; LABEL=NAME is one under a name of your own, whose parameters"
        " --set LABEL.FIELD=VALUE sets: --models lstm,wide=lstm --set wide.hidden_size=256.",
    ),
    click.option(
        "--weights",
        callback=_names,
        metavar="N,N",
        help="Weights of the layer, such as 1k,10k: each model gets the width that comes nearest.",
    ),
    click.option("--lengths", callback=_names, metavar="N,N", help="Sequence lengths in steps."),
    click.option(
        "--seeds", callback=_names, metavar="N,N..N", help="Seeds, such as 0..4,9; each is a cell of its own."
    ),
    click.option(
        "--evaluate-lengths",
        callback=_names,
        metavar="N,N",
        help="Further lengths to test the trained networks at.",
    ),
)


def grid_options(command: Command) -> Command:
    """Add the options; each is a list of what was written, or None, under the name of its field."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
