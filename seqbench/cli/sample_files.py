"""Writes the samples of a trained network into files, such as pieces of music, where its task makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from seqbench.cli.console import say
from seqbench.cli.live_texts import Sample
from seqbench.contracts.task import Symbol, Task
from seqbench.errors import ContractError, ExperimentError
from seqbench.report.formats.output import check_output, write_whole

if TYPE_CHECKING:
    from seqbench.training.writing import Writer


@dataclass(frozen=True)
class SampleFiles:
    """The files that are asked for.

    Attributes:
        names: one of each kind.
        samples: how many samples there are; if several, their numbers are part of the names.
        is_replaced: whether a file that is there already is replaced.
    """

    names: tuple[Path, ...]
    samples: int
    is_replaced: bool

    @staticmethod
    def asked(output: Path | None, wav: Path | None, *, samples: int, is_replaced: bool) -> SampleFiles:
        """Return those of the options.

        Raises:
            UsageError: ``--wav`` names another kind of file.
        """
        if wav is not None and wav.suffix.lower() != ".wav":
            raise click.UsageError(f"--wav {wav}: a sound has the ending .wav")
        return SampleFiles(tuple(name for name in (output, wav) if name is not None), samples, is_replaced)

    def check(self, task: Task) -> None:
        """Check before any work is done that they can be written.

        Raises:
            ContractError: the task makes no such files.
            ExperimentError: a file is there already, or cannot be there.
        """
        for name in self.names:
            if name.suffix.lower() not in task.file_endings:
                known = ", ".join(task.file_endings)
                made = f"it makes {known}" if known else "its texts stand on stdout"
                raise ContractError(f"the task {task.name} makes no file {name.name} of what is written; {made}")
            for path in self._paths(name):
                check_output(path)
                if path.exists() and not self.is_replaced:
                    raise ExperimentError(f"{path} is there already; --force replaces it, or name another file")

    def try_out(
        self, writer: Writer, prompt: Sequence[Symbol], told: Callable[[], AbstractContextManager[None]]
    ) -> None:
        """Make each kind of file of the prompt alone, so that what is missing is told before anything is written.

        Raises:
            DataError: what makes a file is not installed.
        """
        for name in self.names:
            with told():
                writer.file(prompt, name.suffix.lower())

    def write(
        self, writer: Writer, samples: Sequence[Sample], told: Callable[[], AbstractContextManager[None]]
    ) -> None:
        """Write a file of each kind for each sample, its prompt first, and say which on stderr."""
        for name in self.names:
            for path, sample in zip(self._paths(name), samples, strict=False):
                with told():
                    content = writer.file([*sample.prompt, *sample.tokens], name.suffix.lower())
                say(f"{write_whole(path, content):,} bytes into {path}")

    def _paths(self, name: Path) -> Iterator[Path]:
        """Yield the file of each sample; several have their numbers, from 1."""
        if self.samples == 1:
            yield name
            return
        yield from (name.with_stem(f"{name.stem}-{number + 1}") for number in range(self.samples))
