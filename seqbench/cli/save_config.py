"""Saves the experiment of a command as a file: ``seqbench run --save-config FILE``."""

from __future__ import annotations

from pathlib import Path

from seqbench.base.atomic_files import write_atomically
from seqbench.cli.console import say
from seqbench.errors import ExperimentError, reason
from seqbench.experiment.schema import Experiment
from seqbench.experiment.written import written


def save(experiment: Experiment, path: Path) -> None:
    """Write an experiment to a file that makes its cells again; one that says the same already is left alone.

    Raises:
        ExperimentError: the file is no YAML by its name, holds something else, or cannot be written.
    """
    if path.suffix not in (".yaml", ".yml"):
        raise ExperimentError(f"--save-config {path}: an experiment is read from a .yaml file; name it so")
    text = written(experiment)
    try:
        if path.exists() and path.read_bytes() == text.encode():
            return
        if path.exists():
            raise ExperimentError(
                f"--save-config {path}: it is there already, with other content; name another file"
            )
        write_atomically(path, text)
    except OSError as error:
        raise ExperimentError(
            f"--save-config {path} cannot be written: {reason(error)}; name another file"
        ) from error
    say(f"the experiment is in {path}; seqbench run {path} makes the same cells")
